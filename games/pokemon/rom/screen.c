/* What is on the screen: the ground that scrolls, people and creatures, boxes of text. */
#include "game.h"

#define PAPER 65
#define EDGE 66
#define TILE(number) ((u16)((number) | 1 << 12)) /* with the colours of text */

/* Put the kinds of ground into the map of 64 x 64 tiles, which lies in four parts of 32 x 32. */
void draw_ground(void)
{
    for (u8 y = 0; y < HIGH * 2; y++)
        for (u8 x = 0; x < WIDE * 2; x++) {
            u16 tile = (u16)(state.ground[y / 2][x / 2] * 4 + y % 2 * 2 + x % 2);
            GROUND_MAP[(y / 32 * 2 + x / 32) * 1024 + y % 32 * 32 + x % 32] = tile;
        }
}

void show_ground(s16 left, s16 top)
{
    BG1HOFS = (u16)left;
    BG1VOFS = (u16)top;
}

void hide_sprites(void)
{
    for (u8 i = 0; i < 128; i++) OAM[i * 4] = 0x200;
}

/* `size` is 1 for 16 x 16 and 2 for 32 x 32 pixels. What is off the screen is hidden. */
void sprite(u8 place, s16 x, s16 y, u16 tile, u8 palette, bool is_flipped, u8 size)
{
    volatile u16 *entry = OAM + place * 4;
    if (x <= -32 || x >= 240 || y <= -32 || y >= 160) {
        entry[0] = 0x200;
        return;
    }
    entry[0] = (u16)(y & 255);
    entry[1] = (u16)((x & 511) | (is_flipped ? 1 << 12 : 0) | size << 14);
    entry[2] = (u16)(tile | (size == 1) << 10 | palette << 12); /* creatures lie above the text */
}

void clear_text(void)
{
    for (u16 i = 0; i < 32 * 20; i++) TEXT_MAP[i] = 0;
}

void box(u8 x, u8 y, u8 wide, u8 high)
{
    for (u8 row = 0; row < high; row++)
        for (u8 column = 0; column < wide; column++) {
            bool is_edge = !row || !column || row == high - 1 || column == wide - 1;
            TEXT_MAP[(y + row) * 32 + x + column] = TILE(is_edge ? EDGE : PAPER);
        }
}

void print(u8 x, u8 y, const char *text)
{
    for (; *text; text++) TEXT_MAP[y * 32 + x++] = TILE(*text - 31);
}

void print_number(u8 x, u8 y, u32 number)
{
    char digits[11];
    u8 at = 10;
    digits[at] = 0;
    do digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    print(x, y, digits + at);
}

/* A bar of six tiles. */
void bar(u8 x, u8 y, u8 value, u8 most)
{
    u32 pixels = most ? (u32)value * 48 / most : 0;
    for (u8 i = 0; i < 6; i++) {
        u32 part = pixels > i * 8u ? pixels - i * 8u : 0;
        TEXT_MAP[y * 32 + x + i] = TILE(67 + (part > 8 ? 8 : part));
    }
}
