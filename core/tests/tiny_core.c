/* A libretro core with which the front end is tested: a square of four pixels that the directions move.

   FORMAT is 0, 1 or 2 as in libretro.h; LACKS leaves out a function; BAD_PITCH shows pictures that cannot be; with
   TWIN the button A goes right, too. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef NAME
#define NAME "tiny"
#endif
#ifndef FORMAT
#define FORMAT 2
#endif
#ifndef TWIN
#define TWIN 0
#endif
#define WIDE 32
#define HIGH 24
#if FORMAT == 1
typedef uint32_t pixel;
#define RED 0xff0000u
#define GREEN 0x00ff00u
#elif FORMAT == 2
typedef uint16_t pixel;
#define RED 0xf800
#define GREEN 0x07e0
#else
typedef uint16_t pixel;
#define RED 0x7c00
#define GREEN 0x03e0
#endif
#define PAD 4 /* pixels behind each row */

typedef bool (*environment_t)(unsigned, void *);
typedef void (*video_t)(const void *, unsigned, unsigned, size_t);
typedef void (*audio_t)(int16_t, int16_t);
typedef size_t (*batch_t)(const int16_t *, size_t);
typedef void (*poll_t)(void);
typedef int16_t (*input_t)(unsigned, unsigned, unsigned, unsigned);
struct variable { const char *key, *value; };
struct info { const char *name, *version, *extensions; bool full, block; };
struct av { unsigned w, h, mw, mh; float aspect; double fps, rate; };
struct game { const char *path; const void *data; size_t size; const char *meta; };
struct descriptor { uint64_t flags; void *ptr; size_t offset, start, select, disconnect, len; const char *space; };
struct maps { const struct descriptor *all; unsigned count; };

/* All that a state holds: at 0x1000 of the console. */
static struct { uint8_t x, y; uint16_t held; uint32_t frames, seed; int16_t money; uint8_t over, quiet; } ram;
static uint8_t rom[64];
static pixel screen[HIGH][WIDE + PAD];
static environment_t environment;
static video_t video;
static poll_t poll;
static input_t input;

unsigned retro_api_version(void) { return 1; }
void retro_set_environment(environment_t f) { environment = f; }
void retro_set_video_refresh(video_t f) { video = f; }
void retro_set_audio_sample(audio_t f) { (void)f; }
void retro_set_audio_sample_batch(batch_t f) { (void)f; }
void retro_set_input_poll(poll_t f) { poll = f; }
void retro_set_input_state(input_t f) { input = f; }
void retro_init(void) { memset(&ram, 0, sizeof ram); }
void retro_deinit(void) {}
void retro_get_system_info(struct info *i) { *i = (struct info){NAME, VERSION, "tiny", false, false}; }
void retro_get_system_av_info(struct av *a) { *a = (struct av){WIDE, HIGH, WIDE, HIGH, 0, 50.0, 44100}; }
void retro_set_controller_port_device(unsigned port, unsigned device) { (void)port; (void)device; }
void retro_reset(void) { memset(&ram, 0, sizeof ram); }
size_t retro_serialize_size(void) { return sizeof ram; }
bool retro_serialize(void *to, size_t size) { if (size < sizeof ram) return false; memcpy(to, &ram, sizeof ram); return true; }
bool retro_unserialize(const void *from, size_t size) { if (size != sizeof ram) return false; memcpy(&ram, from, size); return true; }
void retro_unload_game(void) {}
void *retro_get_memory_data(unsigned id) { (void)id; return 0; }
size_t retro_get_memory_size(unsigned id) { (void)id; return 0; }

bool retro_load_game(const struct game *game)
{
    static struct descriptor all[2];
    struct maps maps = {all, 2};
    int format = FORMAT;
    struct variable start = {"tiny_start", 0};
    printf("tiny greets\n");
    if (!game->data || game->size < 8 || memcmp(game->data, "TINY", 4)) return false;
    memcpy(rom, game->data, game->size < sizeof rom ? game->size : sizeof rom);
    if (FORMAT && !environment(10, &format)) return false;
    all[0] = (struct descriptor){0, &ram, 0, 0x1000, 0, 0, sizeof ram, 0};
    all[1] = (struct descriptor){1, rom, 0, 0x8000, 0, 0, sizeof rom, 0};
    environment(36 | 0x10000, &maps);
    if (environment(15, &start) && start.value) ram.x = (uint8_t)(start.value[0] - '0');
    return true;
}

#ifndef LACKS
void retro_run(void)
{
    poll();
    ram.held = (uint16_t)input(0, 1, 0, 256);
    if (ram.held != (uint16_t)(input(0, 1, 0, 7) << 7 | (ram.held & ~(1u << 7)))) ram.over = 99; /* bit and mask agree */
    if ((ram.held >> 7 & 1 || (TWIN && ram.held >> 8 & 1)) && ram.x < WIDE - 2) ram.x++;
    if (ram.held >> 6 & 1 && ram.x > 0) ram.x--;
    if (ram.held >> 5 & 1 && ram.y < HIGH - 2) ram.y++;
    if (ram.held >> 8 & 1) ram.money += 10;
    if (ram.held >> 3 & 1) ram.over = 1;
    ram.frames++;
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE + PAD; x++)
            screen[y][x] = (pixel)(x >= WIDE ? ~0u : x >= ram.x && x < ram.x + 2 && y >= ram.y && y < ram.y + 2 ? RED : GREEN);
#ifdef BAD_PITCH
    video(screen, WIDE, HIGH, 3);
#else
    video(ram.quiet && ram.frames % 2 ? 0 : screen, WIDE, HIGH, sizeof screen[0]);
#endif
}
#endif
