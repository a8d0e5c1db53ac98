"""The watchdog's bookkeeping, without a keyboard; core/tests/display/test_endings.py kills and stops players."""

from __future__ import annotations

import io
import os
import queue
from typing import Any

import pytest

from playhead.errors import DeviceFailed
from playhead.input import watchdog
from playhead.input.watchdog import BEAT_S, IN_VAIN, LET_GO, TIMES, Watchdog, release, rescue, watch

SILENCE = (None,) * IN_VAIN


class FakeSystem:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, number: int, is_press: bool) -> None:
        self.sent.append((number, is_press))

    def held(self) -> set[int]:
        self.sent.append("asked")
        return set()


class FakePieces:
    """What a player says, piece by piece; None is a wait in vain."""

    def __init__(self, *pieces: bytes | None) -> None:
        self.pieces = [*pieces, b""]

    def get(self, *, timeout: float) -> bytes:
        piece = self.pieces.pop(0)
        if piece is None:
            raise queue.Empty
        return piece


def watched(*pieces: bytes | None, let_go: Any = lambda pressed: None) -> set[int]:
    return watch(FakePieces(*pieces), os.getppid(), let_go)


def let_go_of(*pieces: bytes | None) -> list[set[int]]:
    """What was let go of because nothing was heard, time by time."""
    times: list[set[int]] = []
    watched(*pieces, let_go=lambda pressed: times.append(set(pressed)))
    return times


def test_what_is_pressed_at_the_end_of_the_pipe_is_known() -> None:
    assert watched(b"+25\n+38\n-25\n") == {38}
    assert watched(b"+2", b"5\n", b"-99\n+1") == {25}
    assert watched() == set()


def test_a_player_that_is_gone_is_noticed_though_its_children_hold_the_pipe() -> None:
    assert watch(FakePieces(b"+25\n", None, b"-25\n"), -1, lambda pressed: None) == {25}


def test_a_player_that_says_nothing_is_let_go_of_once() -> None:
    assert let_go_of(b"+25\n+38\n", *SILENCE, *SILENCE) == [{25, 38}]
    assert let_go_of(b"+25\n", *SILENCE[1:], b".\n", *SILENCE[1:], b".\n") == []
    assert let_go_of(b"+25\n-25\n", *SILENCE) == [], "nothing is pressed, so nothing need be said"


def test_a_player_that_wakes_up_and_hangs_again_is_let_go_of_again() -> None:
    assert let_go_of(b"+25\n", *SILENCE, b".\n", *SILENCE) == [{25}, {25}]
    assert let_go_of(b"+25\n", *SILENCE, b"-25\n+38\n", *SILENCE) == [{25}, {38}]


def test_what_was_let_go_of_is_released_again_at_the_end() -> None:
    # The player was stopped between telling and pressing: its press comes after the watchdog's release.
    assert watched(b"+25\n", *SILENCE) == {25}


def test_the_player_is_told_only_after_the_release_has_arrived() -> None:
    system = FakeSystem()
    rescue(system, {25}, system.sent.append)  # type: ignore[arg-type]
    assert system.sent == [(25, False)] * TIMES + ["asked", LET_GO]


def test_a_rescue_without_a_display_or_a_player_is_none() -> None:
    class Gone(FakeSystem):
        def send(self, number: int, is_press: bool) -> None:
            raise DeviceFailed("it went away")

    def broken(line: bytes) -> None:
        raise BrokenPipeError

    rescue(Gone(), {25}, broken)  # type: ignore[arg-type]
    rescue(FakeSystem(), {25}, broken)  # type: ignore[arg-type]


class FakeProcess:
    """A watchdog's process that answers what a test has put in before it is asked."""

    def __init__(self, answers: bytes = b"") -> None:
        self.stdin, self.stdout = io.BytesIO(), io.BytesIO(answers)

    def poll(self) -> int:
        return 0


def test_signs_of_life_are_few_and_none_while_nothing_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: now_s[0])
    process = FakeProcess()
    told = Watchdog(process)  # type: ignore[arg-type]

    def a_second_of_beats() -> int:
        before = process.stdin.getvalue().count(b".\n")
        for _ in range(100):
            now_s[0] += 0.01
            told.beat()
        return process.stdin.getvalue().count(b".\n") - before

    assert a_second_of_beats() == 0
    told.pressed(25)
    assert 5 <= a_second_of_beats() <= 1 / BEAT_S
    told.released(25)
    assert a_second_of_beats() == 0


def test_a_release_is_told_with_what_is_told_next() -> None:
    process = FakeProcess()
    told = Watchdog(process)  # type: ignore[arg-type]
    told.pressed(25, 38)
    told.released(25)
    assert process.stdin.getvalue() == b"+25\n+38\n", "telling wakes another process, which a loop may wait for"
    told.pressed(39)
    told.released(38, 39)
    told.beat()
    assert process.stdin.getvalue() == b"+25\n+38\n-25\n+39\n-38\n-39\n"


def test_that_it_let_go_is_known_once() -> None:
    told = Watchdog(FakeProcess(LET_GO))  # type: ignore[arg-type]
    assert not told.has_let_go()
    told._hear()
    assert [told.has_let_go() for _ in range(3)] == [True, False, False]


def test_keys_are_let_go_more_than_once() -> None:
    system = FakeSystem()
    release(system, {25, 38})  # type: ignore[arg-type]
    assert sorted(system.sent) == [(25, False)] * TIMES + [(38, False)] * TIMES


def test_a_watchdog_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog.sys, "executable", "/nowhere/python")
    with pytest.raises(DeviceFailed, match="cannot be started"):
        Watchdog.start()
