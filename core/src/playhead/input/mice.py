"""What a mouse is, and what one system does with it: how far it moved, where its pointer is, what may go where."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from playhead.input.keys import SystemKeyboard, is_windows


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """One move of a mouse or its wheel, by a person: `motion` is one of events.MOTIONS.

    Units:  time_ns on the session's clock; way in counts (of the mouse itself, or accelerated) or notches.
    """

    time_ns: int
    motion: str
    way: float


class SystemMouse(SystemKeyboard, Protocol):
    """A keyboard with a mouse beside it. Everything but `close` raises DeviceFailed when it has gone."""

    def moved(self) -> list[Moved]:
        """Return how the mouse moved up to the last `heard`, but for what this player moved itself."""
        ...

    def move(self, right: int, up: int) -> None:
        """Move the pointer so many counts, which nothing accelerates."""
        ...

    def roll(self, notches: int) -> None:
        """Turn the wheel away from the hand, or back."""
        ...

    def point(self, handle: int, left: int, top: int) -> None:
        """Put the pointer on a place in a window. Units: pixels from its upper left corner."""
        ...

    def place(self, handle: int) -> tuple[int, int] | None:
        """Return where in a window the pointer is, None where it is over anything else."""
        ...

    def kept_inside(self, handle: int, right: int, up: int) -> tuple[int, int] | None:
        """Return how much of a move does not leave a window, None where the pointer is over anything else.

        All of it where the pointer is hidden.
        """
        ...

    def settings(self) -> Mapping[str, Any]:
        """Return what the system does with a mouse's counts, as plain data."""
        ...


def open_system_mouse(
    now_ns: Callable[[], int] = time.perf_counter_ns, *, is_accelerated: bool = False
) -> SystemMouse:
    """Return the keyboard and mouse of the system this runs on; heard as the pointer moves if `is_accelerated`.

    Raises:  DeviceFailed where none can be used, with what to do.
    """
    if is_windows("A mouse cannot be moved", "mouse"):
        from playhead.input.mouse_windows import WindowsMouse

        return WindowsMouse(now_ns, is_accelerated=is_accelerated)
    from playhead.input.mouse_x11 import X11Mouse

    return X11Mouse(now_ns=now_ns, is_accelerated=is_accelerated)
