/* Lantern Vale: the loop, the title, a new game. Written for this repository; all pictures and texts are its own. */
#include "game.h"

__attribute__((section(".state"))) State state;
u16 held, pressed;

/* Halt until the picture has been drawn, as a game of this console does: an emulator is quick at it. */
static void wait(void)
{
    __asm__ volatile("swi 0x05" ::: "r0", "r1", "r2", "r3", "memory");
}

static void read_keys(void)
{
    u16 now = (u16)(~KEYINPUT & 0x3FF);
    pressed = (u16)(now & ~held);
    held = now;
}

static void new_game(void)
{
    state.command = 0;
    state.magic = 0x4E544E4C;
    state.random = state.seed * 2654435761u ^ 0x5EED1E55u;
    state.done = state.wins = state.losses = state.battles = 0;
    state.steps = 0;
    state.money = 30, state.potions = 2, state.level = 3;
    state.hp = state.hp_max = 40;
    state.foe_max = state.foe_hp = state.emote = state.waiting = 0;
    hide_sprites();
    clear_text();
    make_map();
    enter(OUTDOORS, state.home_x, (u8)(state.home_y + 1), DOWNWARD);
    place_people();
    DISPCNT = 0x1340; /* text, ground, sprites */
    state.mode = WALK;
}

static void title(void)
{
    print(9, 7, "LANTERN VALE");
    print(9, 12, state.frame / 32 % 2 ? "PRESS START" : "           ");
    if (pressed & START) new_game();
}

static void live(void)
{
    switch (state.mode) {
    case TITLE: title(); break;
    case WALK: walk(); break;
    case TALK: talk(); break;
    case MENU: menu(); break;
    case BAG: bag(); break;
    case STATUS: status(); break;
    case FADE: fade(); break;
    case BATTLE_MENU: battle_menu(); break;
    case BATTLE_TEXT: battle_text(); break;
    }
}

int main(void)
{
    DISPSTAT = 8; /* tell when the picture has been drawn */
    IE = 1;
    IME = 1;
    load_art();
    hide_sprites();
    clear_text();
    BG0CNT = 28 << 8;
    BG1CNT = 1 | 1 << 2 | 24 << 8 | 3 << 14;
    DISPCNT = 0x1140;
    for (;;) {
        wait();
        state.frame++;
        read_keys();
        if (state.command == 1) new_game();
        live();
        bool is_battle = state.mode == BATTLE_MENU || state.mode == BATTLE_TEXT || state.foe_max;
        if (state.mode != TITLE && !is_battle) draw_walk();
        if (state.mode != TITLE) animate_ground();
    }
}
