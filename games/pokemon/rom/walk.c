/* Walking: steps of 16 frames, or 8 when B is held, between which keys are read; turns, bumps, doors, tall grass. */
#include "game.h"

#define TURN 5    /* frames that a tap takes to look another way */
#define HALF 16   /* frames of half a fade */

const signed char DX[4] = {0, 0, -1, 1}, DY[4] = {1, -1, 0, 0};
static bool is_stepping; /* and not turning, nor walking against a wall */
static u8 pace, fading;
static u8 to_place, to_x, to_y, to_facing;

static const char *const TALKS[PEOPLE] = {
    "", "WELCOME HOME.\nREST, IF YOU LIKE.",
    "THE LANTERNS ARE LIT\nWHEN THE SUN IS DOWN.", "DO NOT FEED THE RILLFINS.\fTHEY COME BACK FOR MORE.",
    "I LOST MY HAT IN THE\nTALL GRASS.", "RUN WITH B!\nI DO IT ALL DAY.",
};

static void act(void)
{
    u8 x = (u8)(state.x + DX[state.facing]), y = (u8)(state.y + DY[state.facing]);
    u8 kind = state.ground[y][x];
    s16 who = person_at(x, y);
    if (who > 0 && !state.people[who].moving) {
        state.people[who].facing = (u8)(state.facing ^ 1);
        if (who == 1) state.hp = state.hp_max;
        say(TALKS[who], WALK);
    } else if (kind == SIGN) {
        say(x == state.shop_x + 2 || x + 2 == state.shop_x ? "LANTERN SHOP\nPOTIONS, ROPE AND OIL" : "LANTERN VALE\nMIND THE GRASS", WALK);
    } else if (kind == COUNTER && state.place == SHOP) {
        bool can_buy = state.money >= 20 && state.potions < 9;
        if (can_buy) state.money -= 20, state.potions++;
        say(can_buy ? "A POTION FOR 20?\fHERE YOU ARE." : "A POTION IS 20.\fCOME BACK WITH MORE.", WALK);
    } else if (kind == SHELF) say("SHELVES, FULL OF THINGS.", WALK);
}

/* Go on with the step, the turn or the bump; returns whether keys are read. */
static bool is_ready(void)
{
    if (!state.moving) return true;
    state.moving = (u8)(state.moving > pace ? state.moving - pace : 0);
    if (state.moving) return false;
    if (!is_stepping) return true;
    is_stepping = false;
    u8 kind = state.ground[state.y][state.x];
    if (kind == DOOR_HOME) fade_to(HOME, 15, 17, UPWARD);
    else if (kind == DOOR_SHOP) fade_to(SHOP, 15, 17, UPWARD);
    else if (kind == MAT && state.place == HOME) fade_to(OUTDOORS, state.home_x, (u8)(state.home_y + 1), DOWNWARD);
    else if (kind == MAT) fade_to(OUTDOORS, state.shop_x, (u8)(state.shop_y + 1), DOWNWARD);
    else if (kind == GRASS && !chance(8)) begin_battle();
    return state.mode == WALK;
}

/* Of several directions one wins: down, up, left, right. */
static u8 wanted(void)
{
    return held & DOWN ? DOWNWARD : held & UP ? UPWARD : held & LEFT ? LEFTWARD : RIGHTWARD;
}

static void begin_step(u8 way)
{
    u8 x = (u8)(state.x + DX[way]), y = (u8)(state.y + DY[way]);
    state.running = (held & B) != 0;
    pace = state.running ? 2 : 1;
    state.moving = 16;
    if (state.facing != way) {
        state.facing = way, state.moving = TURN, pace = 1;
        return;
    }
    if (state.ground[y][x] >= SOLID || person_at(x, y) >= 0) return; /* a bump */
    state.x = x, state.y = y;
    state.steps++;
    is_stepping = true;
}

void walk(void)
{
    if (state.emote) state.emote--;
    if (is_ready()) {
        if (pressed & START) open_menu();
        else if (pressed & A) act();
        else if (pressed & SELECT) state.emote = 40;
        else if (held & (UP | DOWN | LEFT | RIGHT)) begin_step(wanted());
        else state.running = 0;
    }
    if (state.mode == WALK || state.mode == MENU) move_people();
}

void fade_to(u8 place, u8 x, u8 y, u8 facing)
{
    to_place = place, to_x = x, to_y = y, to_facing = facing;
    fading = 0;
    state.mode = FADE;
}

/* Darken, be elsewhere, brighten: keys do nothing. */
void fade(void)
{
    fading++;
    if (fading == HALF) enter(to_place, to_x, to_y, to_facing);
    BLDCNT = 0xFF;
    BLDY = (u16)(fading <= HALF ? fading : 2 * HALF - fading);
    if (fading >= 2 * HALF) {
        BLDCNT = 0;
        state.mode = WALK;
    }
}

static void draw_one(u8 place, s16 x, s16 y, u8 facing, u8 legs, u8 look)
{
    u8 shape = facing == RIGHTWARD ? LEFTWARD : facing;
    sprite(place, x, (s16)(y - 4), (u16)((shape * 3 + legs) * 4), look, facing == RIGHTWARD, 1);
}

static u8 legs_of(u8 moving) { return moving ? (u8)(1 + (moving / 8 & 1)) : 0; }

/* Draw ground and people, seen from above the player; idle people shift their weight now and then. */
void draw_walk(void)
{
    s16 behind = is_stepping ? state.moving : 0;
    s16 x = (s16)(state.x * 16 - DX[state.facing] * behind), y = (s16)(state.y * 16 - DY[state.facing] * behind);
    s16 left = (s16)(x - 112), top = (s16)(y - 72);
    if (left < 0) left = 0;
    if (top < 0) top = 0;
    if (left > WIDE * 16 - 240) left = WIDE * 16 - 240;
    if (top > HIGH * 16 - 160) top = HIGH * 16 - 160;
    show_ground(left, top);
    u8 idle = !state.moving && state.frame % 64 < 8 ? 1 : 0;
    draw_one(0, (s16)(x - left), (s16)(y - top), state.facing, state.moving ? legs_of(state.moving) : idle, 0);
    for (u8 i = 0; i < PEOPLE; i++) {
        Person *one = &state.people[i];
        s16 there_x = (s16)(one->x * 16 - DX[one->facing] * one->moving - left);
        s16 there_y = (s16)(one->y * 16 - DY[one->facing] * one->moving - top);
        if (one->place != state.place) there_x = -100;
        u8 rests = (state.frame + i * 11) % 64 < 8 ? 2 : 0;
        draw_one((u8)(1 + i), there_x, there_y, one->facing, one->moving ? legs_of(one->moving) : rests, one->look);
    }
    sprite(PEOPLE + 1, state.emote ? (s16)(x - left) : -100, (s16)(y - top - 20), 36, 0, false, 1);
}
