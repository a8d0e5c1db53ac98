"""Safety: whether keys may go out right now. A world in memory is always safe; a real window is not."""

from __future__ import annotations

from collections.abc import Sequence

from playhead.events import Event


class Guard:
    """Asked once a tick, before anything is pressed. While it says no, nothing is held and nothing is sent.

    Units:  ask_hz how often it wants to be asked, 0 for at every frame; `changes` counts how often what it follows
    became another: the window, its focus, a pause, who drives.
    """

    ask_hz: float = 0.0
    changes: int = 0

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Say whether keys may go out now, given what a person has just done."""
        raise NotImplementedError


class AlwaysSafe(Guard):
    """For worlds in memory, where nothing else could receive the keys."""

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Say yes."""
        return True
