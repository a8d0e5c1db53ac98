"""Keys, axes and taps, both ways: heard from a person, sent to a game. One file a backend."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from playhead.events import Event


class Input:
    """A keyboard, gamepad, environment or dry run. All but `send`, `release_all` and `close` has a default.

    `hears` says whether a person can be heard on it, `sends` whether what is sent arrives anywhere.
    """

    @property
    def hears(self) -> bool:
        """Whether a person can be heard."""
        return True

    @property
    def codes(self) -> Collection[str]:
        """The codes it takes, where it takes no others and says so before it is sent any; else none."""
        return ()

    @property
    def step_s(self) -> float:
        """The shortest time that a key can be held, in seconds; 0: any."""
        return 0.0

    @property
    def sends(self) -> bool:
        """Whether keys arrive anywhere."""
        return True

    refused: int = 0  # presses and moves that were held back, as the window had not the focus

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a recording should say of it, as plain data: what a mouse's counts are worth, for one."""
        return {}

    def begin_at(self, place: tuple[int, int]) -> None:
        """Put the pointer where a recording's began, where there is one."""

    def listen(self) -> list[Event]:
        """Return what a person did since the last call, in order; never what this player sent itself."""
        return []

    def ask_again(self) -> None:
        """Have the next `listen` compare what is held with what it has told, and tell the difference.

        As presses, releases and moves of now; an input that cannot miss anything need not.
        """

    def send(self, code: str, value: float) -> None:
        """Press (1), release (0) or set an axis. Raises DeviceFailed when it cannot."""
        raise NotImplementedError

    def send_all(self, changes: Sequence[tuple[str, float]]) -> None:
        """Send what changes in one moment, releases first; at once where that is quicker than one by one."""
        for code, value in changes:
            self.send(code, value)

    def has_let_go(self) -> bool:
        """Whether it let go of everything by itself since this was asked last; most never do."""
        return False

    def release_all(self) -> None:
        """Release every key and centre every axis that was sent. Never raises; may be called twice."""
        raise NotImplementedError

    def close(self) -> None:
        """Release everything and give the device back. May be called twice."""
        raise NotImplementedError
