"""What a player notes before its first key, and what is done with the note of one that is dead.

A note is data: it names keys by known names and numbers in bounds, and nothing happens but that keys which it
names are let go, if XTEST (on Windows: anybody) still holds them, and repeat again as they did.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from playhead.decoding import encode_json, read_json
from playhead.errors import Damaged, DeviceFailed
from playhead.input.codes import KEYS
from playhead.input.keys import open_system_keyboard
from playhead.input.leftovers import forget, note_of

MOST_BYTES = 2**16
MOST_KEYS = 512
# Keycodes of X11 go up to 255, scan codes to 0x1FF, buttons of a mouse to 0x2FF.
Number = Annotated[int, Meta(ge=0, lt=0x300)]
START = 19  # of the fields of /proc/PID/stat behind the name: its 22nd, as proc(5) counts
QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process, and when it began as its system tells: numbers are given again."""

    pid: Annotated[int, Meta(ge=1, lt=2**32)]
    began: Annotated[str, Meta(min_length=1, max_length=32)]

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return a process that lives; None for one that does not, or where nobody tells."""
        began = began_of(pid)
        return cls(pid=pid, began=began) if began else None

    def is_alive(self) -> bool:
        """Whether it lives still."""
        return began_of(self.pid) == self.began


@dataclass(frozen=True, kw_only=True)
class Note:
    """Which keys a player may hold: name -> number, and the numbers of those that repeated before it began."""

    machine: Annotated[str, Meta(max_length=255)]
    display: Annotated[str, Meta(max_length=64)]
    player: Process
    watchdog: Process
    keys: Annotated[dict[str, Number], Meta(max_length=MOST_KEYS)]
    repeating: Annotated[tuple[Number, ...], Meta(max_length=MOST_KEYS)]

    def __post_init__(self) -> None:
        unknown = [name for name in self.keys if name not in KEYS]
        if unknown:
            raise ValueError("it names a key that no keyboard has")


def write_note(keys: Mapping[str, int], repeating: Collection[int], watchdog: int) -> Path | None:
    """Note which keys this process may press from now on; None where that cannot be noted.

    All it may press, once and beforehand: nothing needs to be written while it plays. Without a note the
    watchdog is there still.
    """
    note, player, guard = note_of(os.getpid()), Process.of(os.getpid()), Process.of(watchdog)
    if note is None or player is None or guard is None:
        return None
    own = sorted(set(keys.values()) & set(repeating))
    told = Note(
        machine=socket.gethostname(), display=display_began(), player=player, watchdog=guard, keys=dict(keys),
        repeating=tuple(own),
    )  # fmt: skip
    half = note.with_suffix(".half")
    try:
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half.write_bytes(encode_json(asdict(told)))
        half.replace(note)
    except OSError:
        return None
    return note


def settle(file: Path, say: Callable[[str], object]) -> None:
    """Let go of what the player of a note left pressed, if it and its watchdog are dead; say so."""
    try:
        note = read_json(file, Note, most=MOST_BYTES)
    except FileNotFoundError:
        return
    except Damaged as error:
        say(f"Warning: {error} It was a note of which keys a player holds, and is left out.")
        forget(file)
        return
    if note.machine != socket.gethostname() or note.player.is_alive() or note.watchdog.is_alive():
        return
    if note.display and display_began() not in ("", note.display):  # nothing is held by a display that has ended
        forget(file)
        return
    try:
        told = _let_go(note)
    except DeviceFailed:
        return  # the display cannot be reached now; it is looked at again
    if told:
        say(f"A player that was killed together with its watchdog (process {note.player.pid}) left {told}.")
    forget(file)


def _let_go(note: Note) -> str:
    """Release and restore what is not as it was; return what that was, in words that go after "left"."""
    system = open_system_keyboard(hears=False)
    try:
        down = system.held_apart(note.keys.values()).own
        mute = set(note.repeating) - system.repeating()
        for number in down:
            system.send(number, False)
        system.let_repeat(mute)
    finally:
        system.close()
    names = [name for name, number in note.keys.items() if number in down]
    pressed = f"{_joined(names)} pressed; released now (press again what you hold yourself)" if down else ""
    silent = [name for name, number in note.keys.items() if number in mute]
    muted = f"{_joined(silent)} without auto-repeat; it is on again" if mute else ""
    return ", and ".join(filter(None, (pressed, muted)))


def _joined(names: Collection[str]) -> str:
    """Return names as in a sentence; numbers that no name stands for are "keys"."""
    *first, last = names or ["keys"]
    return f"{', '.join(first)} and {last}" if first else last


def display_began() -> str:
    """Return what tells this display from one before that had its number; empty where nobody tells.

    A server of X11 makes its socket anew when it starts. One on another machine has none here.
    """
    server, _, number = os.environ.get("DISPLAY", "").rpartition(":")
    if sys.platform == "win32" or server not in ("", "unix"):
        return ""
    with suppress(OSError):
        status = Path(f"/tmp/.X11-unix/X{number.partition('.')[0]}").lstat()
        return f"{status.st_ino}/{status.st_mtime_ns}"
    return ""


def began_of(pid: int) -> str:
    """Return when a process began, in whatever its system counts; empty when it is dead or nobody tells."""
    if sys.platform == "win32":
        return _began_on_windows(pid, ctypes.WinDLL("kernel32"))
    with suppress(OSError, IndexError):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = told.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[START]
    return ""


def _began_on_windows(pid: int, kernel32: Any) -> str:
    """Return the creation time of a process that has not exited; empty for any other."""
    kernel32.OpenProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel32.OpenProcess(QUERY, False, pid))
    if not process:
        return ""
    times = [ctypes.c_uint64(0) for _ in range(4)]  # created, exited, in the kernel, in the program
    told = kernel32.GetProcessTimes(process, *map(ctypes.byref, times))
    kernel32.CloseHandle(process)
    return str(times[0].value) if told and not times[1].value else ""
