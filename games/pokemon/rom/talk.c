/* Text that is typed letter by letter at the bottom of the screen, and waits for a key or for its time. */
#include "game.h"

#define COLUMNS 26
#define PAUSE 40 /* frames that a text of a battle stays */

static const char *text;
static u8 column, row, after, pause;
static bool is_over;
static void (*next)(void);

static void open(const char *what)
{
    text = what;
    column = row = 0;
    pause = 0;
    is_over = false;
    state.waiting = 0;
    box(0, 14, 30, 6);
}

/* Say something; "\n" begins a line, "\f" a page. Then the game is in the mode `then`. */
void say(const char *what, u8 then)
{
    open(what);
    after = then;
    state.mode = TALK;
}

/* Say something in a battle, `before` as its first word; then do what comes next. */
void say_in_battle(const char *before, const char *what, void (*then)(void))
{
    open(what);
    for (const char *letter = before; *letter; letter++) {
        char one[2] = {*letter, 0};
        print((u8)(2 + column++), 16, one);
    }
    next = then;
    state.mode = BATTLE_TEXT;
}

/* Type the next letter: every second frame, every frame while A or B is held. Returns whether a page is full. */
static bool type(void)
{
    if (!*text || *text == '\f') return true;
    if (state.frame % 2 && !(held & (A | B))) return false;
    if (*text == '\n') column = 0, row++;
    else {
        char one[2] = {*text, 0};
        print((u8)(2 + column++), (u8)(16 + row), one);
    }
    text++;
    return false;
}

void talk(void)
{
    state.waiting = type();
    if (!state.waiting) return;
    print(27, 18, state.frame / 16 % 2 ? "_" : " ");
    if (!(pressed & (A | B))) return;
    if (*text == '\f') {
        open(text + 1);
        return;
    }
    state.waiting = 0;
    clear_text();
    state.mode = after;
}

void battle_text(void)
{
    if (draw_battle()) return;
    if (!is_over && !type()) return;
    is_over = true;
    if (++pause < PAUSE && !(pressed & (A | B))) return;
    is_over = false;
    next();
}
