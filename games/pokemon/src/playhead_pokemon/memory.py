"""Where the homebrew game keeps its state: as STATES in rom/state.h; a test holds the two together."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

RAM = 0x0200_0000
_PLACES = {
    "magic": (0x00, "u32"), "command": (0x04, "u8"), "split": (0x05, "u8"), "goal": (0x06, "u8"),
    "done": (0x07, "u8"), "seed": (0x08, "u32"), "random": (0x0C, "u32"), "mode": (0x10, "u8"),
    "place": (0x11, "u8"), "x": (0x12, "u8"), "y": (0x13, "u8"), "facing": (0x14, "u8"), "moving": (0x15, "u8"),
    "running": (0x16, "u8"), "cursor": (0x17, "u8"), "steps": (0x18, "u16"), "money": (0x1A, "u16"),
    "wins": (0x1C, "u8"), "losses": (0x1D, "u8"), "hp": (0x1E, "u8"), "hp_max": (0x1F, "u8"),
    "foe_hp": (0x20, "u8"), "foe_max": (0x21, "u8"), "foe": (0x22, "u8"), "level": (0x23, "u8"),
    "potions": (0x24, "u8"), "battles": (0x25, "u8"), "layout": (0x26, "u8"), "waiting": (0x27, "u8"),
    "pocket": (0x28, "u8"), "emote": (0x29, "u8"), "shop_x": (0x2A, "u8"), "shop_y": (0x2B, "u8"),
    "frame": (0x2C, "u32"), "home_x": (0x30, "u8"), "home_y": (0x31, "u8"),
}  # fmt: skip
MEMORY: dict[str, dict[str, Any]] = {
    name: {"address": RAM + offset, "type": kind} for name, (offset, kind) in _PLACES.items()
}

SIDE = 32  # of a map, in squares of 16 pixels
GROUND = RAM + 0x100  # SIDE rows of SIDE kinds
PEOPLE, PERSON_BYTES, PERSONS = RAM + 0x40, 8, 6  # x, y, facing, moving, place, ...


class Mode(IntEnum):
    """What the game is doing."""

    TITLE, WALK, TALK, MENU, BAG, STATUS, FADE, BATTLE_MENU, BATTLE_TEXT = range(9)


class Place(IntEnum):
    """Where one is."""

    OUTDOORS, HOME, SHOP = range(3)


class Goal(IntEnum):
    """What an episode is about."""

    NONE, REACH_SHOP, WIN_THREE = range(3)


class Ground(IntEnum):
    """Kinds of ground; from TREE on nobody can walk."""

    PATH, LAWN, GRASS, FLOWER, FLOOR, MAT, DOOR_HOME, DOOR_SHOP, TREE = range(9)
