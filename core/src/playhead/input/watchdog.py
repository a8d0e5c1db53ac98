"""A small process that lets go of every key when the player dies, even by kill -9, or hangs. Nothing heavy in it.

    player --"+25" before a press, "-25" after a release, "." now and then--> watchdog
                 the pipe ends, or nothing is heard for a second -> it releases what is pressed
    player <--"let go"-- watchdog, after it did so to a player that was still there

Run by the keyboard as `python -m playhead.input.watchdog`.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from playhead.errors import DeviceFailed
from playhead.input.keys import SystemKeyboard, open_system_keyboard
from playhead.input.leftovers import forget, note_of

READY = b"ready\n"
GOODBYE_S = 5.0  # to release and end; a busy machine
AGAIN_S = 0.05  # what a killed player sent last may reach the server after the first release
TIMES = 3
BEAT_S = 0.1  # how often the player says that it lives while it holds keys
# How long one wait for the player is, and after how many in vain it is taken to hang. Waits are counted and not
# seconds: a watchdog that was held up itself must not blame the player, whose signs of life lie in the pipe.
LOOK_S, IN_VAIN = 0.25, 4
LET_GO = b"let go\n"


class Watchdog:
    """The player's end of the pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._down: set[int] = set()
        self._told_s = 0.0
        self._untold = b""  # releases, which may be told a moment later: telling wakes it
        self._answers = self._known_answers = 0
        self._ear = threading.Thread(target=self._hear, name="playhead watchdog", daemon=True)

    @classmethod
    def start(cls) -> Watchdog:
        """Start the process and wait until it stands by; no key goes out before.

        It gets a session of its own: Ctrl-C in the terminal must not end it first.
        Raises:  DeviceFailed when it does not start.
        """
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        command = [sys.executable, "-m", "playhead.input.watchdog", str(os.getpid())]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True,
                creationflags=flags,
            )  # fmt: skip
        except OSError as error:
            raise DeviceFailed(
                f"The process that releases keys after a crash cannot be started: {error}."
            ) from error
        assert process.stdout is not None
        is_ready = process.stdout.readline() == READY
        watchdog = cls(process)
        watchdog._ear.start()
        if not is_ready:
            watchdog.close()
            raise DeviceFailed(
                f"The process that releases keys after a crash ended at once (code {process.returncode}), so no "
                f"key is pressed. See why: {sys.executable} -m playhead.input.watchdog {os.getpid()}"
            )
        return watchdog

    def _hear(self) -> None:
        """Count its answers, in a thread: nowhere but here may one wait for them."""
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for _ in answers:
                self._answers += 1

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def pressed(self, *numbers: int) -> None:
        """Tell it that keys are about to be pressed. Raises DeviceFailed when it has ended."""
        self._tell(b"".join(b"+%d\n" % number for number in numbers))
        self._down.update(numbers)

    def released(self, *numbers: int) -> None:
        """Have it told with the next press or sign of life, or at the end, that keys were released."""
        self._down.difference_update(numbers)
        self._untold += b"".join(b"-%d\n" % number for number in numbers)

    def beat(self) -> None:
        """Tell it that the player comes round, at most every BEAT_S while a key is down, and what was released.

        Raises:  DeviceFailed when it has ended.
        """
        if self._untold or (self._down and time.monotonic() - self._told_s >= BEAT_S):
            self._tell(b".\n" if self._down else b"")

    def has_let_go(self) -> bool:
        """Whether it released what is pressed since this was asked last, because the player hung."""
        before, self._known_answers = self._known_answers, self._answers
        return self._known_answers != before

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._told_s = time.monotonic()
        line, self._untold = self._untold + line, b""
        try:
            self._process.stdin.write(line)
        except (OSError, ValueError) as error:
            raise DeviceFailed(
                "The process that releases keys after a crash has ended "
                f"(code {self._process.poll()}), so no key is pressed any more. Start this command again."
            ) from error

    def close(self) -> None:
        """End it; it releases what it still knows as pressed. May be called twice."""
        assert self._process.stdin is not None
        with suppress(DeviceFailed):  # it has ended already
            self._tell(b"")
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join()


class Pieces(Protocol):
    """What the player says, piece by piece; an empty piece is the end of the pipe. As queue.Queue."""

    def get(self, *, timeout: float) -> bytes:
        """Return the next piece. Raises queue.Empty when none came in time."""
        ...


def watch(told: Pieces, player: int, let_go: Callable[[set[int]], object]) -> set[int]:
    """Follow what is pressed until the pipe or the player ends; return what is pressed then.

    `let_go` is called with it when nothing was heard for a while. It stays known as pressed: a player that wakes
    up in the middle of a press presses after that, and may hang or die again.
    """
    pressed: set[int] = set()
    rest, in_vain = b"", 0
    while True:
        try:
            piece = told.get(timeout=LOOK_S)
        except queue.Empty:
            if os.name == "posix" and os.getppid() != player:  # its children may hold the pipe open
                return pressed
            in_vain += 1
            if pressed and in_vain == IN_VAIN:
                let_go(pressed)
            continue
        if not piece:
            return pressed
        in_vain = 0
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            _follow(line, pressed)


def _follow(line: bytes, pressed: set[int]) -> None:
    if line[:1] == b"+":
        pressed.add(int(line[1:]))
    elif line[:1] == b"-":
        pressed.discard(int(line[1:]))


def release(system: SystemKeyboard, numbers: set[int]) -> None:
    """Let go of keys, several times over a moment. Raises DeviceFailed when there is no keyboard any more."""
    for _ in range(TIMES):
        for number in numbers:
            system.send(number, False)
        time.sleep(AGAIN_S)


def rescue(system: SystemKeyboard, pressed: set[int], answer: Callable[[bytes], object]) -> None:
    """Release what a player that hangs has pressed, and tell it so once that has arrived.

    Not before: what the player presses after it was told must not be released any more.
    """
    with suppress(DeviceFailed, OSError):  # the display or the player went away
        release(system, pressed)
        system.held()  # answered after everything that was sent
        answer(LET_GO)


def _read(pipe: int, told: queue.Queue[bytes]) -> None:
    """Pass on what comes through a pipe, its end included. A thread: Windows cannot wait for a pipe and a time."""
    piece = b" "
    while piece:
        piece = os.read(pipe, 4096)
        told.put(piece)


def main(player: int) -> None:
    """Watch over a player. Raises DeviceFailed when there is no keyboard to release."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # it ends with the pipe and by nothing else
    system = open_system_keyboard(hears=False)
    answer = partial(os.write, sys.stdout.fileno())
    answer(READY)
    told: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(sys.stdin.fileno(), told), daemon=True).start()
    pressed = watch(told, player, lambda pressed: rescue(system, pressed, answer))
    with suppress(DeviceFailed):  # the display went away, and with it what was pressed
        if pressed:
            release(system, pressed)
        forget(note_of(player))
    system.close()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except DeviceFailed as error:
        sys.exit(f"playhead watchdog: {error}")
