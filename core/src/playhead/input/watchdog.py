"""A small process that lets go of every key when the player dies, even by kill -9. It imports nothing heavy.

    player --"+25" before a press, "-25" after a release--> watchdog; the pipe ends -> it releases the rest

Run by the keyboard as `python -m playhead.input.watchdog`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from select import select
from typing import IO

from playhead.errors import DeviceFailed
from playhead.input.keys import SystemKeyboard, open_system_keyboard

READY = b"ready\n"
GOODBYE_S = 5.0  # to release and end; a busy machine
AGAIN_S = 0.05  # what a killed player sent last may reach the server after the first release
TIMES = 3
ALONE_S = 0.5  # how often to look whether the player still lives: its children may hold the pipe open


class Watchdog:
    """The player's end of the pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

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
        with process.stdout as answer:
            is_ready = answer.readline() == READY
        watchdog = cls(process)
        if not is_ready:
            watchdog.close()
            raise DeviceFailed(
                f"The process that releases keys after a crash ended at once (code {process.returncode}), so no "
                f"key is pressed. See why: {sys.executable} -m playhead.input.watchdog {os.getpid()}"
            )
        return watchdog

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def pressed(self, number: int) -> None:
        """Tell it that a key is about to be pressed. Raises DeviceFailed when it has ended."""
        self._tell(b"+%d\n" % number)

    def released(self, number: int) -> None:
        """Tell it that a key was released. Raises DeviceFailed when it has ended."""
        self._tell(b"-%d\n" % number)

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
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
        with suppress(OSError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def watch(lines: IO[bytes], player: int) -> set[int]:
    """Follow what is pressed until the pipe or the player ends; return what is pressed then."""
    pressed: set[int] = set()
    rest = b""
    while True:
        if os.name == "posix" and not select([lines], [], [], ALONE_S)[0]:
            if os.getppid() != player:
                return pressed
            continue
        read = os.read(lines.fileno(), 4096)
        if not read:
            return pressed
        *whole, rest = (rest + read).split(b"\n")
        for line in whole:
            (pressed.add if line[:1] == b"+" else pressed.discard)(int(line[1:]))


def release(system: SystemKeyboard, numbers: set[int]) -> None:
    """Let go of keys, several times over a moment. Raises DeviceFailed when there is no keyboard any more."""
    for _ in range(TIMES):
        for number in numbers:
            system.send(number, False)
        time.sleep(AGAIN_S)


def main(player: int) -> None:
    """Watch over a player. Raises DeviceFailed when there is no keyboard to release."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the pipe and by nothing else
    system = open_system_keyboard(hears=False)
    sys.stdout.buffer.write(READY)
    sys.stdout.close()
    pressed = watch(sys.stdin.buffer, player)
    if pressed:
        with suppress(DeviceFailed):  # the display went away, and with it what was pressed
            release(system, pressed)
    system.close()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except DeviceFailed as error:
        sys.exit(f"playhead watchdog: {error}")
