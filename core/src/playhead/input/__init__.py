"""Keys, axes and taps, both ways: heard from a person, sent to a game. One file a backend."""

from __future__ import annotations

from typing import Protocol

from playhead.events import Event


class Input(Protocol):
    """A keyboard, gamepad, environment or dry run. One that may let go by itself says so (see `has_let_go`).

    One that can be asked what is held has `ask_again()`: its next `listen` compares that with what it has told and
    tells the difference, as presses, releases and moves of now (see `devices.OpenDevice.ask_again`).
    """

    def listen(self) -> list[Event]:
        """Return what a person did since the last call, in order; never what this player sent itself."""
        ...

    def send(self, code: str, value: float) -> None:
        """Press (1), release (0) or set an axis. Raises DeviceFailed when it cannot."""
        ...

    def release_all(self) -> None:
        """Release every key and centre every axis that was sent. Never raises; may be called twice."""
        ...

    def close(self) -> None:
        """Release everything and give the device back. May be called twice."""
        ...


def has_let_go(keys: object) -> bool:
    """Whether an input let go of everything by itself since this was asked last; most never do."""
    asked = getattr(keys, "has_let_go", None)
    return asked is not None and bool(asked())
