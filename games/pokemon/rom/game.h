/* What the files of the game know of one another. */
#ifndef GAME_H
#define GAME_H

#include "state.h"

/* Kinds of ground. From SOLID on nobody can walk. */
enum {
    PATH, LAWN, GRASS, FLOWER, FLOOR, MAT, DOOR_HOME, DOOR_SHOP,
    SOLID, TREE = SOLID, WATER, FENCE, WALL, WINDOW, ROOF, SIGN, INWALL, COUNTER, SHELF, NOTHING, KINDS
};

/* art.c */
void load_art(void);
void animate_ground(void);
void load_creature(u8 foe, u8 place);
/* screen.c */
void draw_ground(void);
void draw_sprites(s16 left, s16 top);
void show_ground(s16 left, s16 top);
void hide_sprites(void);
void sprite(u8 place, s16 x, s16 y, u16 tile, u8 palette, bool is_flipped, u8 size);
void clear_text(void);
void box(u8 x, u8 y, u8 wide, u8 high);
void print(u8 x, u8 y, const char *text);
void print_number(u8 x, u8 y, u32 number);
void bar(u8 x, u8 y, u8 value, u8 most);
/* talk.c */
void say(const char *text, u8 then);
void say_in_battle(const char *before, const char *text, void (*then)(void));
void talk(void);
void battle_text(void);
/* maps.c */
u32 chance(u32 below);
void make_map(void);
void enter(u8 place, u8 x, u8 y, u8 facing);
/* people.c */
void place_people(void);
void move_people(void);
s16 person_at(u8 x, u8 y);
/* walk.c */
extern const signed char DX[4], DY[4];
void walk(void);
void fade_to(u8 place, u8 x, u8 y, u8 facing);
void fade(void);
void draw_walk(void);
/* menu.c */
void open_menu(void);
void menu(void);
void bag(void);
void status(void);
bool move_cursor(u8 count);
/* battle.c */
extern const char *const CREATURES[8];
void begin_battle(void);
void battle_menu(void);
bool draw_battle(void);
void bag_closed(void);

#endif
