/* The console's registers and memory that this game uses. */
#ifndef GBA_H
#define GBA_H

#include <stdbool.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int16_t s16;
typedef int32_t s32;

#define REG(address) (*(volatile u16 *)(address))
#define DISPCNT REG(0x04000000)
#define DISPSTAT REG(0x04000004)
#define BG0CNT REG(0x04000008)
#define BG1CNT REG(0x0400000A)
#define BG1HOFS REG(0x04000014)
#define BG1VOFS REG(0x04000016)
#define BLDCNT REG(0x04000050)
#define BLDY REG(0x04000054)
#define KEYINPUT REG(0x04000130)
#define IE REG(0x04000200)
#define IME REG(0x04000208)

#define PALETTE ((volatile u16 *)0x05000000)
#define SPRITE_PALETTE ((volatile u16 *)0x05000200)
#define TEXT_TILES ((volatile u32 *)0x06000000)   /* charblock 0: letters and boxes */
#define MAP_TILES ((volatile u32 *)0x06004000)    /* charblock 1: the ground */
#define TEXT_MAP ((volatile u16 *)0x0600E000)     /* screenblock 28 */
#define GROUND_MAP ((volatile u16 *)0x0600C000)   /* screenblocks 24 to 27: 64 x 64 */
#define SPRITE_TILES ((volatile u32 *)0x06010000)
#define OAM ((volatile u16 *)0x07000000)

#define RGB(r, g, b) ((u16)((r) | (g) << 5 | (b) << 10))

enum { A = 1, B = 2, SELECT = 4, START = 8, RIGHT = 16, LEFT = 32, UP = 64, DOWN = 128, R = 256, L = 512 };

extern u16 held, pressed; /* keys that are down, and those that went down with this frame */

#endif
