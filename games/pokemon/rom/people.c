/* Other people: they wander, look round, stand in the way, and stop to be talked to. */
#include "game.h"

static bool is_free(u8 x, u8 y)
{
    u8 kind = state.ground[y][x];
    bool is_way = kind == PATH || kind == LAWN || kind == FLOWER || kind == FLOOR;
    return is_way && !(state.x == x && state.y == y) && person_at(x, y) < 0;
}

/* Return who stands there or is going to, or -1. */
s16 person_at(u8 x, u8 y)
{
    for (u8 i = 0; i < PEOPLE; i++)
        if (state.people[i].place == state.place && state.people[i].x == x && state.people[i].y == y) return i;
    return -1;
}

/* Put everybody somewhere: all but two outdoors, the shopkeeper behind the counter, somebody at home. */
void place_people(void)
{
    for (u8 i = 0; i < PEOPLE; i++) {
        Person *one = &state.people[i];
        one->look = (u8)(i + 1), one->facing = DOWNWARD, one->moving = 0, one->wait = (u8)(20 + i * 25), one->frozen = 0;
        one->place = i == 0 ? SHOP : i == 1 ? HOME : OUTDOORS;
        one->x = i == 0 ? 12 : 18, one->y = i == 0 ? 14 : 15;
        if (i == 0) one->frozen = 1;
        if (i < 2) continue;
        do one->x = (u8)(2 + chance(28)), one->y = (u8)(2 + chance(28));
        while (state.ground[one->y][one->x] != PATH && state.ground[one->y][one->x] != LAWN);
    }
}

static void move(Person *one)
{
    if (one->moving) {
        one->moving--;
        return;
    }
    if (one->frozen || --one->wait) return;
    one->wait = (u8)(30 + chance(90));
    one->facing = (u8)chance(4);
    u8 x = (u8)(one->x + DX[one->facing]), y = (u8)(one->y + DY[one->facing]);
    if (chance(3) && is_free(x, y)) one->x = x, one->y = y, one->moving = 16;
}

void move_people(void)
{
    for (u8 i = 0; i < PEOPLE; i++)
        if (state.people[i].place == state.place) move(&state.people[i]);
}
