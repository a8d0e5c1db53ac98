/* The start menu, the bag with its two pockets, and the status page. */
#include "game.h"

static const char *const ENTRIES[4] = {"BAG", "STATUS", "HINT", "CLOSE"};

static void draw_menu(void)
{
    box(18, 0, 12, 11);
    for (u8 i = 0; i < 4; i++) print(21, (u8)(2 + i * 2), ENTRIES[i]);
    print(19, (u8)(2 + state.cursor * 2), ">");
}

void open_menu(void)
{
    state.cursor = 0;
    state.mode = MENU;
    draw_menu();
}

/* Move the cursor up or down, round the ends; returns whether it moved. */
bool move_cursor(u8 count)
{
    if (pressed & UP) state.cursor = (u8)((state.cursor + count - 1) % count);
    else if (pressed & DOWN) state.cursor = (u8)((state.cursor + 1) % count);
    else return false;
    return true;
}

static void close(void)
{
    clear_text();
    state.mode = WALK;
}

static void draw_bag(void)
{
    clear_text();
    box(3, 1, 24, 13);
    print(6, 3, state.pocket ? "L  TOOLS     R" : "L  REMEDIES  R");
    if (state.pocket) print(7, 6, "ROPE"), print(7, 8, "LANTERN");
    else print(7, 6, "POTION"), print_number(18, 6, state.potions), print(7, 8, "BERRY TEA");
    print(7, 10, "BACK");
    print(5, (u8)(6 + state.cursor * 2), ">");
}

void menu(void)
{
    if (move_cursor(4)) draw_menu();
    if (pressed & (B | START)) close();
    if (!(pressed & A)) return;
    u8 chosen = state.cursor;
    state.cursor = 0;
    clear_text();
    if (chosen == 0) state.pocket = 0, state.mode = BAG, draw_bag();
    else if (chosen == 1) {
        state.mode = STATUS;
        box(4, 2, 22, 12);
        print(6, 4, "LEVEL"), print_number(16, 4, state.level);
        print(6, 6, "STRENGTH"), print_number(16, 6, state.hp);
        print(6, 8, "MONEY"), print_number(16, 8, state.money);
        print(6, 10, "WINS"), print_number(16, 10, state.wins);
    } else if (chosen == 2)
        say(state.goal == REACH_SHOP ? "FIND THE SHOP WITH\nTHE BLUE DOOR." : state.goal == WIN_THREE ?
            "WIN THREE BATTLES IN\nTHE TALL GRASS." : "GO WHERE YOU LIKE.", WALK);
    else close();
}

void status(void)
{
    if (pressed & (A | B)) clear_text(), open_menu();
}

/* In a battle the bag goes back to it; on the road to the menu. */
void bag(void)
{
    if (pressed & (L | R)) state.pocket ^= 1, state.cursor = 0, draw_bag();
    if (move_cursor(3)) draw_bag();
    bool is_back = (pressed & B) || ((pressed & A) && state.cursor == 2);
    bool drinks = (pressed & A) && !state.pocket && !state.cursor && state.potions && state.hp < state.hp_max;
    if (drinks) {
        state.potions--;
        state.hp = (u8)(state.hp + 15 > state.hp_max ? state.hp_max : state.hp + 15);
        draw_bag();
    }
    if (!is_back) return;
    clear_text();
    if (state.foe_max) bag_closed();
    else open_menu();
}
