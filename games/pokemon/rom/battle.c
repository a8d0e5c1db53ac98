/* Battles by turns: a flash, a menu of four, texts and bars that move, and an end. */
#include "game.h"

#define FLASH 48 /* frames before a battle is seen */

const char *const CREATURES[8] = {
    "MOSSWIG", "ASHPUP", "RILLFIN", "GUSTERL", "KNOBROCK", "GLOWMOT", "BRAMBLET", "DRIZZLET",
};
static u8 flash, shown_hp, shown_foe;

static void open_battle_menu(void)
{
    state.mode = BATTLE_MENU;
    state.cursor = 0;
    box(0, 14, 30, 6);
    print(4, 16, "STRIKE");
    print(18, 16, "BAG");
    print(4, 18, "CHARM");
    print(18, 18, "FLEE");
}

static void draw_screen(void)
{
    clear_text();
    for (u16 i = 0; i < 32 * 20; i++) TEXT_MAP[i] = (u16)(76 | 1 << 12);
    box(1, 1, 12, 5);
    print(2, 2, CREATURES[state.foe]);
    box(17, 8, 12, 5);
    print(18, 9, "ASHPUP");
    load_creature(state.foe, 0);
    load_creature(1, 1);
}

void begin_battle(void)
{
    state.battles++;
    state.foe = (u8)chance(7);
    state.foe += state.foe >= 1; /* not one's own */
    state.foe_max = state.foe_hp = (u8)(12 + chance(6) + state.level);
    shown_hp = state.hp, shown_foe = state.foe_hp;
    flash = 0;
    state.mode = BATTLE_TEXT;
}

/* Move the bars towards what they should show, one every second frame; sway the creatures. Returns whether the
   ground still flashes. */
bool draw_battle(void)
{
    if (flash < FLASH) { /* the ground flashes, and keys do nothing */
        flash++;
        BLDCNT = 0xBF;
        BLDY = (u16)(flash / 6 % 2 ? 12 : 0);
        if (flash < FLASH) return true;
        BLDCNT = 0;
        hide_sprites();
        draw_screen();
        say_in_battle(CREATURES[state.foe], " APPEARS.", open_battle_menu);
    }
    if (state.frame % 2) {
        shown_hp = (u8)(shown_hp + (shown_hp < state.hp) - (shown_hp > state.hp));
        shown_foe = (u8)(shown_foe + (shown_foe < state.foe_hp) - (shown_foe > state.foe_hp));
    }
    bar(3, 4, shown_foe, state.foe_max);
    bar(19, 11, shown_hp, state.hp_max);
    s16 sway = (s16)(state.frame / 20 % 2);
    sprite(0, 170, (s16)(20 + sway), 96, 8, false, 2);
    sprite(1, 40, (s16)(70 - sway), 160, 9, true, 2);
    return false;
}

static void leave(void)
{
    clear_text();
    hide_sprites();
    state.foe_max = 0;
    state.mode = WALK;
}

static void faint(void)
{
    leave();
    state.hp = state.hp_max;
    fade_to(HOME, 15, 17, UPWARD);
}

static void foe_turn(void)
{
    u8 harm = (u8)(2 + chance(4));
    state.hp = (u8)(state.hp > harm ? state.hp - harm : 0);
    if (state.hp) {
        say_in_battle(CREATURES[state.foe], " HITS BACK.", open_battle_menu);
        return;
    }
    state.losses++;
    say_in_battle("ASHPUP", " IS TIRED OUT...", faint);
}

static void win(void)
{
    state.wins++;
    state.money = (u16)(state.money + 10 + state.foe_max);
    if (state.wins % 3 == 0 && state.level < 20) state.level++, state.hp_max += 2;
    if (state.wins >= 3 && state.goal == WIN_THREE) state.done = 1;
    say_in_battle("YOU WIN!", "\nTHE VALE IS QUIET AGAIN.", leave);
}

static void struck(void)
{
    if (state.foe_hp) foe_turn();
    else say_in_battle(CREATURES[state.foe], " RUNS AWAY.", win);
}

static void strike(u8 least, u8 most, const char *how)
{
    u8 harm = (u8)(least + chance((u32)(most - least + 1)));
    state.foe_hp = (u8)(state.foe_hp > harm ? state.foe_hp - harm : 0);
    say_in_battle("ASHPUP", how, struck);
}

static void choose(void)
{
    if (state.cursor == 0) strike(4, 7, " STRIKES!");
    else if (state.cursor == 2) strike(0, 10, " CHARMS...");
    else if (state.cursor == 1) state.cursor = 0, state.pocket = 0, state.mode = BAG, pressed = LEFT, hide_sprites(), bag();
    else if (chance(3)) say_in_battle("", "YOU GOT AWAY.", leave);
    else say_in_battle("", "NO WAY OUT!", foe_turn);
}

void bag_closed(void)
{
    draw_screen();
    open_battle_menu();
}

void battle_menu(void)
{
    u8 before = state.cursor;
    draw_battle();
    if (pressed & (LEFT | RIGHT)) state.cursor ^= 1;
    if (pressed & (UP | DOWN)) state.cursor ^= 2;
    print(before & 1 ? 16 : 2, before & 2 ? 18 : 16, " ");
    print(state.cursor & 1 ? 16 : 2, state.cursor & 2 ? 18 : 16, state.frame / 16 % 4 ? ">" : " ");
    if (pressed & A) choose();
}
