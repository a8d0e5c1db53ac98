/* All pictures, drawn by the game itself as it begins: ground, people, creatures, letters. */
#include "font.h"
#include "game.h"

static u8 canvas[32][32];

static void fill(u8 x0, u8 y0, u8 x1, u8 y1, u8 colour)
{
    for (u8 y = y0; y <= y1; y++)
        for (u8 x = x0; x <= x1; x++) canvas[y][x] = colour;
}

/* Scatter dots, always the same for the same number. */
static void dots(u32 number, u8 count, u8 colour)
{
    u32 hash = number * 2654435761u + 1;
    while (count--) {
        hash ^= hash << 13, hash ^= hash >> 17, hash ^= hash << 5;
        canvas[hash >> 8 & 15][hash >> 20 & 15] = colour;
    }
}

/* Copy a square of the canvas, `side` tiles wide, into tiles one after another. */
static void keep(volatile u32 *tiles, u8 side)
{
    for (u8 tile = 0; tile < side * side; tile++)
        for (u8 row = 0; row < 8; row++) {
            const u8 *from = &canvas[tile / side * 8 + row][tile % side * 8];
            u32 packed = 0;
            for (u8 x = 0; x < 8; x++) packed |= (u32)from[x] << (4 * x);
            tiles[tile * 8 + row] = packed;
        }
}

/* Colours of the ground: 1 earth 2 pebble 3 lawn 4 dark lawn 5 leaves 6 dark leaves 7 trunk 8 water 9 foam 10 wall
   11 roof 12 dark 13 petal 14 floor 15 light. */
static const u16 GROUND_COLOURS[16] = {
    RGB(0, 0, 0), RGB(25, 21, 14), RGB(22, 18, 11), RGB(15, 25, 12), RGB(12, 22, 10), RGB(6, 18, 8), RGB(3, 12, 6),
    RGB(14, 9, 5), RGB(9, 17, 28), RGB(17, 24, 31), RGB(28, 25, 20), RGB(26, 10, 8), RGB(6, 5, 7), RGB(30, 14, 18),
    RGB(24, 18, 13), RGB(31, 30, 26),
};

static void draw_kind(u8 kind, u8 phase)
{
    bool is_inside = kind == FLOOR || kind == MAT || kind == COUNTER || kind == SHELF;
    fill(0, 0, 15, 15, kind == NOTHING ? 12 : is_inside ? 14 : kind == PATH ? 1 : 3);
    if (kind == PATH) dots(7, 9, 2);
    if (kind == LAWN || kind == FLOWER || kind == FENCE || kind == SIGN || kind == TREE) dots(3, 12, 4);
    if (kind == FLOOR) { fill(0, 7, 15, 7, 10); fill(0, 15, 15, 15, 10); }
    if (kind == GRASS)
        for (u8 x = 0; x < 16; x += 4) {
            fill(x, 3, x, 7, 5); fill(x + 1, 1, x + 1, 7, 6); fill(x + 2, 4, x + 2, 7, 5);
            fill(x, 11, x, 15, 5); fill(x + 1, 9, x + 1, 15, 6); fill(x + 2, 12, x + 2, 15, 5);
        }
    if (kind == FLOWER) {
        u8 shift = phase & 1;
        fill(3 + shift, 3, 5 + shift, 5, 13); canvas[4][4 + shift] = 15;
        fill(10 - shift, 9, 12 - shift, 11, 13); canvas[10][11 - shift] = 15;
    }
    if (kind == TREE) {
        fill(6, 11, 9, 15, 7); fill(2, 2, 13, 11, 6); fill(4, 0, 11, 12, 6); fill(4, 2, 10, 8, 5); dots(11, 6, 6);
    }
    if (kind == WATER) {
        fill(0, 0, 15, 15, 8);
        for (u8 row = 0; row < 16; row += 5) {
            u8 x = (u8)((row * 3 + phase * 4) & 15);
            for (u8 i = 0; i < 5; i++) canvas[row][(x + i) & 15] = 9;
        }
    }
    if (kind == FENCE) { fill(0, 5, 15, 6, 7); fill(0, 10, 15, 11, 7); fill(3, 3, 5, 14, 7); fill(11, 3, 13, 14, 7); }
    if (kind == WALL || kind == WINDOW || kind == DOOR_HOME || kind == DOOR_SHOP) {
        fill(0, 0, 15, 15, 10); fill(0, 0, 15, 0, 12);
        for (u8 row = 5; row < 16; row += 5) fill(0, row, 15, row, 14);
    }
    if (kind == WINDOW) { fill(4, 4, 11, 10, 12); fill(5, 5, 10, 9, 9); }
    if (kind == DOOR_HOME || kind == DOOR_SHOP) {
        fill(2, 1, 13, 15, 12); fill(3, 2, 12, 15, kind == DOOR_SHOP ? 8 : 7); canvas[9][11] = 15;
        if (kind == DOOR_SHOP) fill(4, 3, 11, 5, 15);
    }
    if (kind == ROOF)
        for (u8 row = 0; row < 16; row++) fill(0, row, 15, row, row % 4 == 3 ? 12 : 11);
    if (kind == SIGN) { fill(7, 9, 8, 15, 7); fill(2, 3, 13, 9, 7); fill(3, 4, 12, 8, 15); fill(4, 6, 11, 6, 12); }
    if (kind == INWALL) { fill(0, 0, 15, 15, 10); fill(0, 13, 15, 15, 7); for (u8 x = 3; x < 16; x += 6) fill(x, 0, x, 12, 15); }
    if (kind == COUNTER) { fill(0, 2, 15, 15, 7); fill(0, 2, 15, 6, 14); fill(0, 7, 15, 7, 12); }
    if (kind == SHELF) {
        fill(0, 0, 15, 15, 7); fill(1, 2, 14, 6, 12); fill(1, 9, 14, 13, 12);
        for (u8 x = 2; x < 14; x += 3) { fill(x, 3, x + 1, 6, 8 + x % 4); fill(x, 10, x + 1, 13, 11); }
    }
    if (kind == MAT) { fill(2, 4, 13, 13, 11); fill(4, 6, 11, 11, 13); }
}

static void keep_kind(u8 kind, u8 phase)
{
    draw_kind(kind, phase);
    keep(MAP_TILES + kind * 32, 2);
}

/* Water flows and flowers nod, whatever one does. */
void animate_ground(void)
{
    if (state.frame % 16 == 0) keep_kind(WATER, (u8)(state.frame / 16 % 4));
    if (state.frame % 32 == 8) keep_kind(FLOWER, (u8)(state.frame / 32 % 2));
}

/* People. Colours: 1 skin 2 hair 3 coat 4 trousers 5 dark. Facing down, up or left; legs together or apart. */
static void draw_person(u8 facing, u8 legs)
{
    fill(0, 0, 15, 15, 0);
    fill(4, 1, 11, 8, 2);
    if (facing == DOWNWARD) { fill(5, 4, 10, 8, 1); canvas[6][6] = canvas[6][9] = 5; }
    if (facing == LEFTWARD) { fill(4, 4, 8, 8, 1); canvas[6][5] = 5; }
    fill(4, 9, 11, 12, 3);
    if (facing == UPWARD) fill(6, 9, 9, 11, 5);
    fill(3, 9, 3, 11, 1); fill(12, 9, 12, 11, 1);
    u8 left = legs == 1 ? 1 : 0, right = legs == 2 ? 1 : 0;
    fill(5, 13, 7, (u8)(15 - left), 4); fill(8, 13, 10, (u8)(15 - right), 4);
    if (legs) { fill(legs == 1 ? 3 : 12, 9, legs == 1 ? 3 : 12, 10, 3); }
}

static const u16 COATS[PEOPLE + 1][2] = {
    {RGB(5, 12, 26), RGB(10, 5, 3)}, {RGB(26, 8, 8), RGB(28, 22, 8)}, {RGB(8, 22, 12), RGB(4, 4, 4)},
    {RGB(24, 16, 4), RGB(20, 20, 22)}, {RGB(20, 8, 22), RGB(16, 8, 4)}, {RGB(6, 20, 24), RGB(26, 12, 4)},
    {RGB(28, 28, 28), RGB(8, 8, 14)},
};

static void load_people(void)
{
    for (u8 facing = 0; facing < 3; facing++)
        for (u8 legs = 0; legs < 3; legs++) {
            draw_person(facing, legs);
            keep(SPRITE_TILES + (facing * 3 + legs) * 32, 2);
        }
    for (u8 look = 0; look <= PEOPLE; look++) {
        volatile u16 *colours = SPRITE_PALETTE + look * 16;
        colours[1] = RGB(30, 23, 17); colours[2] = COATS[look][1]; colours[3] = COATS[look][0];
        colours[4] = RGB(9, 8, 12); colours[5] = RGB(2, 2, 3);
    }
    fill(0, 0, 15, 15, 0); /* the bubble */
    fill(2, 2, 13, 11, 5); fill(3, 3, 12, 10, 1); fill(7, 4, 8, 7, 5); fill(7, 9, 8, 9, 5); fill(6, 12, 8, 13, 5);
    keep(SPRITE_TILES + 9 * 32, 2);
}

/* A creature of 32 x 32 pixels, the same on both sides, grown from its number. */
void load_creature(u8 foe, u8 place)
{
    u32 hash = (foe + 1) * 2654435761u;
    fill(0, 0, 31, 31, 0);
    for (u8 y = 4; y < 30; y += 2)
        for (u8 x = 0; x < 14; x += 2) {
            hash ^= hash << 13, hash ^= hash >> 17, hash ^= hash << 5;
            s32 far = (s32)(x * x) + (s32)((y - 17) * (y - 17));
            u8 colour = (hash >> 9 & 255) + far > 240 ? 0 : 1 + (hash >> 24 & 1);
            for (u8 i = 0; i < 2; i++)
                for (u8 j = 0; j < 2; j++) canvas[y + j][16 + x + i] = canvas[y + j][15 - x - i] = colour;
        }
    fill(10, 12, 12, 15, 4); fill(19, 12, 21, 15, 4); fill(11, 13, 12, 14, 5); fill(19, 13, 20, 14, 5);
    keep(SPRITE_TILES + (place ? 20 : 12) * 64, 4);
    volatile u16 *colours = SPRITE_PALETTE + (8 + place) * 16;
    u32 tint = (foe + 3) * 0x9E3779B9u;
    colours[1] = RGB(8 + (tint >> 4 & 15), 8 + (tint >> 12 & 15), 8 + (tint >> 20 & 15));
    colours[2] = RGB(4 + (tint >> 4 & 15), 4 + (tint >> 12 & 15), 4 + (tint >> 20 & 15));
    colours[4] = RGB(31, 31, 31); colours[5] = RGB(1, 1, 2);
}

/* Tiles of text: 0 nothing, 1 to 64 letters, 65 paper, 66 edge, 67 to 75 a bar, 76 the sky of a battle. */
static void load_text(void)
{
    for (u8 letter = 0; letter < 64; letter++) {
        fill(0, 0, 7, 7, 2);
        for (u8 row = 0; row < 7; row++)
            for (u8 x = 0; x < 5; x++)
                if (FONT[letter][row] >> (4 - x) & 1) canvas[row][x + 1] = 1;
        keep(TEXT_TILES + (1 + letter) * 8, 1);
    }
    fill(0, 0, 7, 7, 2); keep(TEXT_TILES + 65 * 8, 1);
    fill(0, 0, 7, 7, 3); fill(2, 2, 5, 5, 4); keep(TEXT_TILES + 66 * 8, 1);
    for (u8 part = 0; part <= 8; part++) {
        fill(0, 0, 7, 7, 2); fill(0, 2, 7, 5, 5);
        if (part) fill(0, 2, (u8)(part - 1), 5, 6);
        keep(TEXT_TILES + (67 + part) * 8, 1);
    }
    fill(0, 0, 7, 7, 7); fill(0, 6, 7, 6, 8); keep(TEXT_TILES + 76 * 8, 1);
}

void load_art(void)
{
    static const u16 TEXT_COLOURS[9] = {
        0, RGB(4, 4, 6), RGB(31, 31, 29), RGB(8, 12, 20), RGB(18, 22, 28), RGB(12, 12, 12), RGB(8, 26, 10),
        RGB(22, 28, 24), RGB(20, 26, 22),
    };
    for (u8 i = 0; i < 16; i++) PALETTE[i] = GROUND_COLOURS[i];
    for (u8 i = 0; i < 9; i++) PALETTE[16 + i] = TEXT_COLOURS[i];
    for (u8 kind = 0; kind < KINDS; kind++) keep_kind(kind, 0);
    load_people();
    load_text();
}
