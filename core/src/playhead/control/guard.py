"""Safety: whether keys may go out right now. A world in memory is always safe; a real window is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from playhead.events import Event


class Guard(Protocol):
    """Asked once a tick, before anything is pressed. While it says no, nothing is held and nothing is sent.

    A guard that wants to be asked between frames too has `ask_hz` (see `ask_hz_of`); one that follows something
    counts in `changes` how often that became another (see `changes_of`).
    """

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Say whether keys may go out now, given what a person has just done."""
        ...


class AlwaysSafe:
    """For worlds in memory, where nothing else could receive the keys."""

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Say yes."""
        return True


def ask_hz_of(guard: object) -> float:
    """Return how often a guard wants to be asked; 0 for once a frame."""
    return float(getattr(guard, "ask_hz", 0.0))


def changes_of(guard: object) -> int:
    """Return how often what a guard follows has changed: the window, its focus, a pause, who drives."""
    return int(getattr(guard, "changes", 0))
