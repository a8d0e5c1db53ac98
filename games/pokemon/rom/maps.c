/* Maps that are grown from a number: a town with a home, a shop and a meadow, and the rooms inside. */
#include "game.h"

#define LAYOUTS 16 /* of each split */

static u32 grown; /* the generator of maps, which leaves that of what happens alone */

static u32 next_random(u32 *from)
{
    u32 hash = *from ? *from : 1;
    hash ^= hash << 13, hash ^= hash >> 17, hash ^= hash << 5;
    return *from = hash;
}

/* Return a number below another, by chance; it moves the generator that lies in memory. */
u32 chance(u32 below) { return (next_random(&state.random) >> 8) % below; }
static u32 grow(u32 below) { return (next_random(&grown) >> 8) % below; }

static u8 town[HIGH][WIDE]; /* the ground outdoors, kept while one is inside */

static void patch(u8 x, u8 y, u8 wide, u8 high, u8 kind)
{
    for (u8 row = y; row < y + high && row < HIGH - 1; row++)
        for (u8 column = x; column < x + wide && column < WIDE - 1; column++) town[row][column] = kind;
}

/* A house of five by four, its door in the lowest row; the ground before it stays free. */
static void house(u8 x, u8 y, u8 door, u8 *door_x, u8 *door_y)
{
    patch((u8)(x - 1), (u8)(y - 1), 7, 7, LAWN);
    patch(x, y, 5, 2, ROOF);
    patch(x, (u8)(y + 2), 5, 2, WALL);
    town[y + 2][x + 1] = town[y + 2][x + 3] = WINDOW;
    *door_x = (u8)(x + 1 + grow(3));
    *door_y = (u8)(y + 3);
    town[*door_y][*door_x] = door;
    town[*door_y + 1][*door_x] = PATH;
    town[*door_y + 1][*door_x + (*door_x < x + 3 ? 2 : -2)] = SIGN;
}

static void pave(u8 x, u8 y)
{
    if (town[y][x] >= SOLID || town[y][x] == LAWN) town[y][x] = PATH;
}

/* Lay a path from before a door along its row to a column, and from there to the middle row. */
static void lane(u8 x, u8 y, u8 column, u8 middle)
{
    for (; x != column; x = (u8)(x < column ? x + 1 : x - 1)) pave(x, y);
    for (; y != middle; y = (u8)(y < middle ? y + 1 : y - 1)) pave(x, y);
}

static void grow_town(void)
{
    u8 middle = (u8)(14 + grow(4));
    patch(0, 0, WIDE, HIGH, LAWN);
    for (u8 i = 0; i < 26; i++) patch((u8)(2 + grow(27)), (u8)(2 + grow(27)), (u8)(1 + grow(4)), (u8)(1 + grow(3)), TREE);
    for (u8 i = 0; i < 3; i++) patch((u8)(2 + grow(24)), (u8)(2 + grow(26)), (u8)(3 + grow(3)), (u8)(2 + grow(3)), WATER);
    for (u8 i = 0; i < 4; i++) patch((u8)(2 + grow(24)), (u8)(2 + grow(26)), (u8)(2 + grow(4)), 1, FENCE);
    for (u8 i = 0; i < 7; i++) patch((u8)(2 + grow(25)), (u8)(2 + grow(25)), (u8)(3 + grow(4)), (u8)(3 + grow(3)), GRASS);
    for (u8 i = 0; i < 12; i++) town[2 + grow(28)][2 + grow(28)] = FLOWER;
    u8 left = (u8)(3 + grow(5)), right = (u8)(18 + grow(6));
    bool is_home_left = grow(2);
    house(left, (u8)(middle - 8 - grow(3)), is_home_left ? DOOR_HOME : DOOR_SHOP,
          is_home_left ? &state.home_x : &state.shop_x, is_home_left ? &state.home_y : &state.shop_y);
    house(right, (u8)(middle + 4 + grow(3)), is_home_left ? DOOR_SHOP : DOOR_HOME,
          is_home_left ? &state.shop_x : &state.home_x, is_home_left ? &state.shop_y : &state.home_y);
    patch(2, middle, 28, 1, PATH);
    u8 upper = is_home_left ? state.home_x : state.shop_x, upper_y = is_home_left ? state.home_y : state.shop_y;
    u8 lower = is_home_left ? state.shop_x : state.home_x, lower_y = is_home_left ? state.shop_y : state.home_y;
    lane(upper, (u8)(upper_y + 1), upper, middle);
    lane(lower, (u8)(lower_y + 1), (u8)(right - 1), middle);
    for (u8 i = 0; i < WIDE; i++) town[0][i] = town[HIGH - 1][i] = town[i][0] = town[i][WIDE - 1] = TREE;
}

/* Whether the shop and enough tall grass can be walked to from home. */
static bool is_whole(void)
{
    static u8 seen[HIGH][WIDE];
    static u8 queue[HIGH * WIDE][2];
    u16 first = 0, last = 0, grass = 0;
    bool has_shop = false;
    for (u8 y = 0; y < HIGH; y++)
        for (u8 x = 0; x < WIDE; x++) seen[y][x] = 0;
    queue[last][0] = state.home_x, queue[last++][1] = (u8)(state.home_y + 1);
    seen[state.home_y + 1][state.home_x] = 1;
    while (first < last) {
        u8 x = queue[first][0], y = queue[first++][1];
        grass += town[y][x] == GRASS;
        has_shop |= town[y][x] == DOOR_SHOP;
        if (town[y][x] == DOOR_SHOP || town[y][x] == DOOR_HOME) continue;
        for (u8 way = 0; way < 4; way++) {
            u8 to_x = (u8)(x + DX[way]), to_y = (u8)(y + DY[way]);
            if (seen[to_y][to_x] || town[to_y][to_x] >= SOLID) continue;
            seen[to_y][to_x] = 1;
            queue[last][0] = to_x, queue[last++][1] = to_y;
        }
    }
    return has_shop && grass >= 20;
}

/* Grow the town of this seed: one of LAYOUTS to train on, or one of as many others to test on. */
void make_map(void)
{
    state.layout = (u8)(state.seed % LAYOUTS + (state.split ? LAYOUTS : 0));
    grown = (state.layout + 1) * 2654435761u;
    do grow_town();
    while (!is_whole());
}

static void make_room(u8 place)
{
    for (u8 y = 0; y < HIGH; y++)
        for (u8 x = 0; x < WIDE; x++)
            state.ground[y][x] = x < 11 || x > 20 || y < 11 || y > 18 ? NOTHING : y < 13 ? INWALL : FLOOR;
    state.ground[18][15] = MAT;
    if (place == SHOP) {
        for (u8 x = 11; x < 15; x++) state.ground[15][x] = COUNTER;
        for (u8 x = 16; x < 21; x += 2) state.ground[14][x] = state.ground[16][x] = SHELF;
    } else {
        for (u8 x = 11; x < 21; x += 3) state.ground[13][x] = SHELF;
        state.ground[15][13] = state.ground[15][14] = COUNTER;
    }
}

/* Be somewhere: outdoors, at home or in the shop. */
void enter(u8 place, u8 x, u8 y, u8 facing)
{
    state.place = place;
    state.x = x, state.y = y, state.facing = facing;
    state.moving = 0;
    if (place == OUTDOORS)
        for (u8 row = 0; row < HIGH; row++)
            for (u8 column = 0; column < WIDE; column++) state.ground[row][column] = town[row][column];
    else make_room(place);
    draw_ground();
    if (place == SHOP && state.goal == REACH_SHOP) state.done = 1;
}
