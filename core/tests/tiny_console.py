"""A console for tests: a core that the system's compiler makes of tiny_core.c, a ROM of it, and a game on it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from playhead.emulator.finding import SUFFIX
from playhead.game import Device, Frame, Game, World
from playhead.labels import Keys

SOURCE = Path(__file__).with_name("tiny_core.c")
COMPILER = shutil.which("cc")
ROM = b"TINY" + bytes(60)
MEMORY = {
    "x": {"address": 0x1000},
    "y": {"address": 0x1001},
    "held": {"address": 0x1002, "type": "u16"},
    "frames": {"address": 0x1004, "type": "u32"},
    "seed": {"address": 0x1008, "type": "u32"},
    "money": {"address": 0x100C, "type": "s16"},
    "over": {"address": 0x100E},
    "quiet": {"address": 0x100F},
}
OPTIONS = {"memory": MEMORY, "boot": 2}


class Right:
    """Walks right to column 20, as a policy of a game: it is made with the console, whose memory it reads."""

    def __init__(self, console: Any) -> None:
        self.console = console

    def decide(self) -> dict[str, float]:
        return {"right": float(self.console.memory.value("x") < 20)}


TINY = Game(
    name="tiny",
    title="Tiny",
    devices={"emulator": Device(capture="emulator", input="emulator", options=OPTIONS)},
    frame=Frame(width=32, height=24, rate_hz=50, codec="lossless"),
    labels={"keys": Keys("a", "right", "left", "start")},
    controls={"a": "a", "right": "right", "left": "left", "start": "start"},
    world=World(policies={"expert": Right}, expert="expert"),
)


def build_core(folder: Path, name: str = "tiny", **macros: object) -> Path:
    """Compile the core into a folder with macros by name, once."""
    file = folder / f"{name}_libretro{SUFFIX}"
    defined = [f"-D{key}={value}" for key, value in {"VERSION": '"1.0"', **macros}.items()]
    if not file.exists():
        assert COMPILER is not None
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", file, SOURCE, *defined], check=True)
    return file
