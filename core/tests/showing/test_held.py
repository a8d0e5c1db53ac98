"""What a shown world asks the system's keyboard, and that it does without one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from playhead.errors import DeviceFailed
from playhead.showing.held import HeldKeys

NUMBERS = {"shift": (50, 62), "w": (25,)}


def gone(*_: Any, **__: Any) -> Any:
    raise DeviceFailed("no display")


def test_either_of_two_keys_of_a_name_is_it() -> None:
    down: set[int] = {62, 99}
    system: Any = SimpleNamespace(numbers=NUMBERS.__getitem__, held=lambda: down, close=lambda: None)
    held = HeldKeys(("w", "shift"), lambda: system)
    assert held.ask() == {"shift"}
    down.add(25)
    assert held.ask() == {"w", "shift"}
    system.held = gone
    assert held.ask() == set(), "the window is there to say that the display is gone"
    held.close()
    held.close()
    assert held.ask() == set()


def test_without_a_keyboard_nothing_is_added() -> None:
    assert HeldKeys(("w",), gone).ask() == set()
    closed = []
    unknown: Any = SimpleNamespace(numbers=gone, held=lambda: {25}, close=lambda: closed.append(1))
    held = HeldKeys(("w",), lambda: unknown)
    assert held.ask() == set()
    held.close()
    assert closed == [1]
