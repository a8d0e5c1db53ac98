"""An executor presses what was decided, lets go in time, and never holds anything at the end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from playhead.control.executor import ActionExecutor
from playhead.errors import DeviceFailed
from playhead.events import Origin

MS = 1_000_000


@pytest.fixture
def fake(fake_device: Callable[..., Any]) -> Any:
    return fake_device()


@pytest.fixture
def executor(fake: Any) -> ActionExecutor:
    return ActionExecutor(fake.input, fake.clock, axes=frozenset({"axis x"}))


def test_a_share_is_released_inside_the_interval(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 0.3, "key w": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    executor.wait_until(100 * MS)
    assert fake.input.sent == [(0, "key a", 1.0), (0, "key w", 1.0), (30 * MS, "key a", 0.0)]
    assert fake.clock.now_ns() == 100 * MS
    assert executor.held == {"key w": 1.0}


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.85])
def test_what_steps_are_too_coarse_for_is_held_on_average(
    fake: Any, executor: ActionExecutor, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(type(fake.input), "step_s", 0.05)
    held = 0
    for interval in range(1, 101):
        executor.apply({"key a": share}, interval_s=0.05, origin=Origin.MODEL)
        held += "key a" in executor.held
        executor.wait_until(interval * 50 * MS)
    assert held == pytest.approx(100 * share, abs=1)
    assert all(time_ns % (50 * MS) == 0 for time_ns, _, _ in fake.input.sent)


def test_releases_come_in_order_of_their_times(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 0.9, "key w": 0.2, "key h": 0.5}, interval_s=0.1, origin=Origin.MODEL)
    executor.wait_until(100 * MS)
    assert [sent[:2] for sent in fake.input.sent[3:]] == [
        (20 * MS, "key w"),
        (50 * MS, "key h"),
        (90 * MS, "key a"),
    ]


def test_a_new_plan_replaces_pending_releases(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 0.9}, interval_s=0.1, origin=Origin.MODEL)
    executor.wait_until(50 * MS)
    executor.apply({"key a": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    executor.wait_until(500 * MS)
    assert fake.input.sent == [(0, "key a", 1.0)]


def test_what_a_plan_leaves_out_is_released(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    executor.apply({"key d": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    assert executor.held == {"key d": 1.0}


def test_axes_are_positions_and_not_shares(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"axis x": -0.4}, interval_s=0.1, origin=Origin.MODEL)
    executor.wait_until(100 * MS)
    assert fake.input.held == {"axis x": -0.4}
    executor.apply({"axis x": 7.0}, interval_s=0.1, origin=Origin.MODEL)
    assert fake.input.held == {"axis x": 1.0}


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_presses_nothing(fake: Any, executor: ActionExecutor, broken: float) -> None:
    executor.apply({"key w": broken, "axis x": broken}, interval_s=0.1, origin=Origin.MODEL)
    assert executor.held == {}


def test_a_press_that_fails_halfway_is_still_released(fake: Any, executor: ActionExecutor) -> None:
    def fail(code: str, value: float) -> None:
        raise DeviceFailed("unplugged")

    fake.input.before_send = fail
    with pytest.raises(DeviceFailed):
        executor.apply({"key w": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    assert executor.held == {"key w": 1.0}
    executor.release_all()
    assert executor.held == {}


def test_events_carry_time_origin_and_device(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 0.5}, interval_s=0.1, origin=Origin.SCRIPT)
    executor.wait_until(100 * MS)
    press, release = executor.take_events()
    assert (press.time_ns, press.code, press.value, press.origin, press.device) == (
        0, "key a", 1.0, Origin.SCRIPT, "played",
    )  # fmt: skip
    assert (release.time_ns, release.value) == (50 * MS, 0.0)
    assert executor.take_events() == []


def test_what_the_input_let_go_of_by_itself_is_pressed_anew(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key w": 1.0, "key a": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    fake.input.held.clear()
    fake.input.has_let_go = lambda: fake.clock.now_ns() == 50 * MS
    executor.apply({"key w": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    assert fake.input.held == {"key a": 0.0}, "nothing is pressed twice as long as nothing is known"
    fake.clock.advance(0.05)
    executor.apply({"key w": 1.0}, interval_s=0.1, origin=Origin.MODEL)
    assert fake.input.held == {"key a": 0.0, "key w": 1.0}
    assert [(event.time_ns // MS, event.code, event.value) for event in executor.take_events()][-2:] == [
        (50, "key w", 0.0), (50, "key w", 1.0),
    ]  # fmt: skip


def test_settling_books_releases_at_the_times_when_they_were_due(fake: Any, executor: ActionExecutor) -> None:
    executor.apply({"key a": 0.5}, interval_s=0.1, origin=Origin.SCRIPT)
    fake.clock.advance(0.3)
    executor.settle()
    assert executor.take_events()[-1].time_ns == 50 * MS
