"""Where players note which keys they may hold, and the look at it with which every command begins.

    player --writes before its first key--> DISPLAY/PID.json --removed--> by the player, or by its watchdog
                                                |
                          both were killed: the next command on that display lets go, says so and removes it

The look costs one system call as long as no player runs. Nothing heavy may be imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import platformdirs

MOST_FILES = 64  # that are looked at; there is one a player
LONGEST_NAME = 64


def notes_folder() -> Path | None:
    """Return the folder for the display that this process runs on; None where there is none.

    In the runtime folder, which is the user's alone and goes with the session; else in the state folder.
    """
    display = "desktop" if sys.platform == "win32" else os.environ.get("DISPLAY", "")
    if not display:
        return None
    server, colon, number = display.rpartition(":")
    if colon:
        display = f"{server}:{number.partition('.')[0]}"  # every screen of a server has the same keyboard
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in display)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    has_runtime = bool(runtime) and Path(runtime).is_dir()
    parent = Path(runtime) / "playhead" if has_runtime else platformdirs.user_state_path("playhead", False)
    return parent / "keys" / name[-LONGEST_NAME:]


def note_of(player: int) -> Path | None:
    """Return the file of a player, by the number of its process."""
    folder = notes_folder()
    return folder / f"{player}.json" if folder is not None else None


def forget(note: Path | None) -> None:
    """Remove a note, and the folder with the last one."""
    if note is not None:
        with suppress(OSError):
            note.unlink(missing_ok=True)
            note.parent.rmdir()


def release_leftovers(say: Callable[[str], object]) -> None:
    """Let go of what dead players left pressed on this display, and say so. Never raises for what it finds."""
    folder = notes_folder()
    if folder is None:
        return
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_FILES)]
    except OSError:
        return
    for name in names:
        stem, dot, ending = name.partition(".")
        if stem.isascii() and stem.isdigit() and dot + ending == ".json":
            from playhead.input.notes import settle

            settle(folder / name, say)
