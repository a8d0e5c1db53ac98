"""The watchdog's bookkeeping, without a keyboard; core/tests/display/test_endings.py kills players."""

from __future__ import annotations

import os

import pytest

from playhead.errors import DeviceFailed
from playhead.input import watchdog
from playhead.input.watchdog import TIMES, Watchdog, release, watch


class FakeSystem:
    def __init__(self) -> None:
        self.sent: list[tuple[int, bool]] = []

    def send(self, number: int, is_press: bool) -> None:
        self.sent.append((number, is_press))


def watched(*parts: bytes) -> set[int]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as lines:
        for part in parts:
            os.write(writing, part)
        os.close(writing)
        return watch(lines, os.getppid())


def test_what_is_pressed_at_the_end_of_the_pipe_is_known() -> None:
    assert watched(b"+25\n+38\n-25\n") == {38}
    assert watched(b"+2", b"5\n", b"-99\n+1") == {25}
    assert watched() == set()


def test_a_player_that_is_gone_is_noticed_though_its_children_hold_the_pipe() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as lines:
        os.write(writing, b"+25\n")
        assert watch(lines, player=-1) == {25}
    os.close(writing)


def test_keys_are_let_go_more_than_once() -> None:
    system = FakeSystem()
    release(system, {25, 38})  # type: ignore[arg-type]
    assert sorted(system.sent) == [(25, False)] * TIMES + [(38, False)] * TIMES


def test_a_watchdog_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog.sys, "executable", "/nowhere/python")
    with pytest.raises(DeviceFailed, match="cannot be started"):
        Watchdog.start()
