/* Everything that can be read from outside, at fixed addresses: STATE(offset, type, name) from 0x02000000 on.

   src/playhead_pokemon/memory.py says the same, and a test holds the two together. */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include "gba.h"

#define WIDE 32
#define HIGH 32
#define PEOPLE 6

enum { DOWNWARD, UPWARD, LEFTWARD, RIGHTWARD };
enum { TITLE, WALK, TALK, MENU, BAG, STATUS, FADE, BATTLE_MENU, BATTLE_TEXT };
enum { OUTDOORS, HOME, SHOP };
enum { NO_GOAL, REACH_SHOP, WIN_THREE };

#define STATES(STATE) \
    STATE(0x00, u32, magic)      /* "LNTN" once the game has begun */ \
    STATE(0x04, u8, command)     /* written from outside: 1 begins a new game */ \
    STATE(0x05, u8, split)       /* written: 0 maps to train on, 1 maps to test on */ \
    STATE(0x06, u8, goal)        /* written: 0 none, 1 reach the shop, 2 win three battles */ \
    STATE(0x07, u8, done)        /* 1 once the goal is reached */ \
    STATE(0x08, u32, seed)       /* written: all that happens by chance follows from it */ \
    STATE(0x0C, u32, random)     /* the generator */ \
    STATE(0x10, u8, mode)        /* 0 title, 1 walk, 2 talk, 3 menu, 4 bag, 5 status, 6 fade, 7, 8 battle */ \
    STATE(0x11, u8, place)       /* 0 outdoors, 1 home, 2 shop */ \
    STATE(0x12, u8, x)           /* where one stands, or is going to */ \
    STATE(0x13, u8, y) \
    STATE(0x14, u8, facing)      /* 0 down, 1 up, 2 left, 3 right */ \
    STATE(0x15, u8, moving)      /* pixels left of the step, or frames of a turn or a bump */ \
    STATE(0x16, u8, running) \
    STATE(0x17, u8, cursor) \
    STATE(0x18, u16, steps) \
    STATE(0x1A, u16, money) \
    STATE(0x1C, u8, wins) \
    STATE(0x1D, u8, losses) \
    STATE(0x1E, u8, hp) \
    STATE(0x1F, u8, hp_max) \
    STATE(0x20, u8, foe_hp) \
    STATE(0x21, u8, foe_max) \
    STATE(0x22, u8, foe) \
    STATE(0x23, u8, level) \
    STATE(0x24, u8, potions) \
    STATE(0x25, u8, battles) \
    STATE(0x26, u8, layout)      /* which of the maps */ \
    STATE(0x27, u8, waiting)     /* 1 while a text waits for a key */ \
    STATE(0x28, u8, pocket) \
    STATE(0x29, u8, emote)       /* frames that the bubble is still shown */ \
    STATE(0x2A, u8, shop_x)      /* the doors, outdoors */ \
    STATE(0x2B, u8, shop_y) \
    STATE(0x2C, u32, frame) \
    STATE(0x30, u8, home_x) \
    STATE(0x31, u8, home_y)

typedef struct {
    u8 x, y, facing, moving, place, look, wait, frozen;
} Person;

typedef struct {
#define DECLARED(offset, type, name) type name;
    STATES(DECLARED)
#undef DECLARED
    u8 unused[14];
    Person people[PEOPLE];    /* 0x40 */
    u8 unused_too[0x90];
    u8 ground[HIGH][WIDE];    /* 0x100: the kinds of ground where one is */
} State;

#define PLACED(offset, type, name) _Static_assert(offsetof(State, name) == offset, #name);
STATES(PLACED)
#undef PLACED
_Static_assert(offsetof(State, people) == 0x40, "people");
_Static_assert(offsetof(State, ground) == 0x100, "ground");

extern State state;

#endif
