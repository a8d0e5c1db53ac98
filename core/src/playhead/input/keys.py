"""What the keyboard of one system does: keys by number, pressed and heard. No names, no game, no window."""

from __future__ import annotations

import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from playhead.errors import DeviceFailed

EARLY_NS = 2_000_000  # X11 counts whole milliseconds, so an echo may seem older than the press


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardKey:
    """One press or release. `may_be_own`: it may be the echo of a key that this player sent.

    Units:  time_ns on the clock the keyboard was opened with; when it was pressed, not when it was read.
    """

    time_ns: int
    number: int
    is_press: bool
    may_be_own: bool


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is pressed at one moment: of what this player has pressed all that still is, and what others hold."""

    own: set[int]
    others: set[int]


class SystemKeyboard(Protocol):
    """A keyboard as one system offers it. Everything but `close` raises DeviceFailed when it has gone."""

    @property
    def echo_s(self) -> float:
        """How long after sending a key its echo may be heard, in seconds."""
        ...

    def numbers(self, code: str) -> tuple[int, ...]:
        """Return the numbers of a key; the first is the one to press. Raises NotFound, DeviceFailed."""
        ...

    def send(self, number: int, is_press: bool) -> None:
        """Press a key or let go of it."""
        ...

    def send_all(self, changes: Sequence[tuple[int, bool]]) -> None:
        """Press and let go of keys in order, as numbers and whether each is a press."""
        ...

    def heard(self) -> list[HeardKey]:
        """Return what was pressed and released since the last call, sent by whomever, in order."""
        ...

    def held(self) -> set[int]:
        """Return what is pressed at this moment, by whomever."""
        ...

    def held_apart(self, sent: Collection[int]) -> Held:
        """Return what is pressed at this moment, `sent` being what this player has pressed."""
        ...

    def has_changed(self) -> bool:
        """Whether layout, devices or the connection became others since this was asked last, as `heard` told.

        The numbers of keys may be others then, and presses may have been missed.
        """
        ...

    def repeating(self) -> set[int]:
        """Return the keys that repeated while they were held when this was opened, where playhead stops that."""
        ...

    def let_repeat(self, numbers: Collection[int]) -> None:
        """Have keys repeat again."""
        ...

    def close(self) -> None:
        """Give everything back. Never raises; may be called twice."""
        ...


class Ledger:
    """Remembers what this player sent, because to every listener an injected key looks as a human one does."""

    def __init__(self, echo_s: float) -> None:
        self._echo_ns = round(echo_s * 1e9)
        self._sent_ns: defaultdict[tuple[int, bool], deque[int]] = defaultdict(deque)

    def note(self, number: int, is_press: bool, time_ns: int) -> None:
        """Remember that a key goes out now."""
        self._sent_ns[number, is_press].append(time_ns)

    def explains(self, heard: HeardKey) -> bool:
        """Whether a key heard is the echo of one sent; each one sent explains one heard."""
        sent = self._sent_ns[heard.number, heard.is_press]
        while sent and heard.time_ns > sent[0] + self._echo_ns:
            sent.popleft()  # it never came back: pressing what is down already makes no event
        if not heard.may_be_own or not sent or heard.time_ns < sent[0] - EARLY_NS:
            return False
        sent.popleft()
        return True


def open_system_keyboard(
    now_ns: Callable[[], int] = time.perf_counter_ns, *, hears: bool = True
) -> SystemKeyboard:
    """Return the keyboard of the system this runs on; without `hears` it only presses.

    Raises:  DeviceFailed where none can be used, with what to do.
    """
    if is_windows("Keys cannot be pressed", "keyboard"):
        from playhead.input.keyboard_windows import WindowsKeyboard

        return WindowsKeyboard(now_ns, hears=hears)
    from playhead.input.keyboard_x11 import X11Keyboard

    return X11Keyboard(now_ns=now_ns, hears=hears)


def is_windows(cannot: str, device: str) -> bool:
    """Whether this is Windows, and not X11. Raises DeviceFailed, saying what `cannot` be done, anywhere else."""
    if sys.platform == "darwin":
        raise DeviceFailed(
            f"{cannot} on macOS yet: nobody has written input/{device}_macos.py. "
            "Use Windows or X11, or a world: --on world."
        )
    return sys.platform == "win32"
