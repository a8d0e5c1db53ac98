"""Everything playhead needs to know about Pokémon on a Game Boy Advance.

The console is emulated; what is played is a homebrew game of this package, or a ROM of the user's own (`--rom`).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from playhead.game import Device, Frame, Game, Measure, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead_pokemon.held_out import MAPS
from playhead_pokemon.labels import BUTTONS, KEYBOARD, NINE_CLASSES
from playhead_pokemon.memory import MEMORY, Goal
from playhead_pokemon.recipes import CAUSAL, CONSOLE_HZ, DEFAULT, IDM, ORIGINAL, PLAYER, VPT

ROM = Path(str(files("playhead_pokemon"))) / "rom" / "lantern-vale.gba"

# What is known of ROMs, by the code in their header: the homebrew game's, and which file is Pokémon Emerald.
ROMS = {
    "PHLV": {
        "size": ROM.stat().st_size,
        "memory": MEMORY,
        "seed_field": "seed",
        "begin": {"command": 1, "goal": int(Goal.REACH_SHOP)},
        "ends": "done",
        "settle": 30,
    },
    "BPEE": {"size": 16 * 2**20},
}

SETTINGS = """
    With playhead's own emulator there is nothing to set: the homebrew game comes along, --rom FILE names your own.
    In a window of mGBA: 240x160 or a whole multiple of it, no filter, no frame skipping, normal speed.
    Keys as mGBA has them: X is A, Z is B, Enter Start, Backspace Select, the arrows, A is L, S is R.
    Text speed and battle animations as you like, but always the same.
"""


def shipped_runs() -> Path:
    """Return the folder of the runs that this package brings along."""
    return Path(str(files("playhead_pokemon"))) / "runs"


POKEMON = Game(
    name="pokemon",
    title="Pokémon",
    devices={
        "screen": Device(capture="screen", input="keyboard", window=Window(title="mGBA")),
        "emulator": Device(
            capture="emulator",
            input="emulator",
            options={
                "core": "mgba",
                "rom": str(ROM),
                "roms": ROMS,
                "buttons": {key: button for button, key in KEYBOARD.items()},
            },
        ),
    },
    frame=Frame(width=240, height=160, rate_hz=CONSOLE_HZ, codec="lossless"),
    labels={"buttons": BUTTONS},
    controls=KEYBOARD,
    recipes={
        "default": DEFAULT,
        "player": PLAYER,
        "idm": IDM,
        "causal": CAUSAL,
        "original": ORIGINAL,
        "vpt-8": VPT["vpt-8"],
    },
    conversions=NINE_CLASSES,
    world=World(
        policies={
            "expert": "playhead_pokemon.players:Player",
            "hasty": "playhead_pokemon.players:Hasty",
            "careful": "playhead_pokemon.players:Careful",
            "curious": "playhead_pokemon.players:Curious",
        },
        expert="expert",
        scenarios={
            "shop": Scenario(),
            "wins": Scenario(options={"goal": int(Goal.WIN_THREE)}),
            "free": Scenario(options={"goal": int(Goal.NONE)}),
        },
        measures=(
            Measure(name="done", title="goal reached", kind="share"),
            Measure(name="wins", title="battles won", kind="count"),
            Measure(name="steps", title="steps", better="lower", kind="count"),
            Measure(name="length_s", title="time", unit="s", better="lower", kind="amount"),
        ),
        score="done",
        test_options=MAPS,
    ),
    shipped_runs="playhead_pokemon.game:shipped_runs",
    settings=SETTINGS,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [POKEMON]
