"""The loop keeps its deadlines, counts what it misses, and releases every key on every way out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from playhead import threads
from playhead.capture import CapturedFrame
from playhead.control.drivers import Action
from playhead.control.loop import Loop, Pace, Tick
from playhead.errors import DeviceFailed
from playhead.events import Event, Origin

MS = 1_000_000
Maker = Callable[..., Any]


class Constant:
    origin = Origin.MODEL

    def __init__(
        self, action: Action | None, on_decide: Callable[[CapturedFrame], None] = lambda captured: None
    ) -> None:
        self.action, self.on_decide = action, on_decide

    def decide(self, captured: CapturedFrame) -> Action | None:
        self.on_decide(captured)
        return self.action


class Watching:
    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.endings: list[Sequence[Event]] = []

    def saw(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def ended(self, events: Sequence[Event]) -> None:
        self.endings.append(events)


def loop(fake: Any, driver: Any, **changes: Any) -> Loop:
    pace = Pace(
        rate_hz=10,
        duration_s=changes.pop("duration_s", 1.0),
        latency_s=changes.pop("latency_s", 0.0),
        decide_hz=changes.pop("decide_hz", 0.0),
    )
    return Loop(device=fake.device, driver=driver, pace=pace, **changes)


def test_ten_minutes_pass_in_moments(fake_device: Maker) -> None:
    fake = fake_device()
    started = time.perf_counter()
    report = loop(fake, Constant({"key w": 0.5}), duration_s=600).run()
    assert (report.captured, report.late, report.dropped, report.ending) == (6000, 0, 0, "time")
    assert report.elapsed_s == 600
    assert report.rates_hz() == {"captured": 10, "decided": 10, "acted": 10}
    assert time.perf_counter() - started < 300  # it does not wait for the clock on the wall


def stop_by_time(fake: Any) -> dict[str, Any]:
    return {"driver": Constant({"key w": 1.0}), "duration_s": 1.0}


def stop_by_flag(fake: Any) -> dict[str, Any]:
    return {"driver": Constant({"key w": 1.0}), "stop": lambda: fake.clock.now_ns() > 300 * MS}


def interrupt_in_decide(fake: Any) -> dict[str, Any]:
    def interrupt(captured: CapturedFrame) -> None:
        if captured.number > 2:
            raise KeyboardInterrupt

    return {"driver": Constant({"key w": 1.0, "key a": 0.5}, interrupt)}


def interrupt_in_look(fake: Any) -> dict[str, Any]:
    def interrupt(number: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    fake.capture.before_look = interrupt
    return {"driver": Constant({"key w": 1.0})}


def interrupt_while_waiting(fake: Any) -> dict[str, Any]:
    sleep_until = fake.clock.sleep_until

    def interrupted(time_ns: int) -> None:
        if time_ns > 250 * MS:
            raise KeyboardInterrupt
        sleep_until(time_ns)

    fake.clock.sleep_until = interrupted
    return {"driver": Constant({"key w": 1.0, "key a": 0.7})}


@pytest.mark.parametrize(
    "leave", [stop_by_time, stop_by_flag, interrupt_in_decide, interrupt_in_look, interrupt_while_waiting]
)
def test_normal_ways_out_release_every_key(fake_device: Maker, leave: Callable[[Any], dict[str, Any]]) -> None:
    fake, watching = fake_device(), Watching()
    report = loop(fake, watchers=[watching], **leave(fake)).run()
    assert report.ending in {"time", "stopped"}
    assert fake.input.sent, "nothing was ever pressed, so nothing was tested"
    assert fake.input.is_free
    assert [event.value for event in watching.endings[0] if event.code == "key w"] == [0.0]
    assert len(watching.endings) == 1


def test_the_end_of_an_episode_releases_every_key(fake_device: Maker) -> None:
    fake = fake_device(ends_after=4)
    report = loop(fake, Constant({"key w": 1.0})).run()
    assert (report.captured, report.ending) == (4, "episode")
    assert fake.input.is_free


def fail_in_look(fake: Any) -> Constant:
    def fail(number: int) -> None:
        if number == 2:
            raise DeviceFailed("window closed")

    fake.capture.before_look = fail
    return Constant({"key w": 1.0})


def fail_in_decide(fake: Any) -> Constant:
    def fail(captured: CapturedFrame) -> None:
        if captured.number == 3:
            raise DeviceFailed("network lost")

    return Constant({"key w": 1.0}, fail)


def fail_in_send(fake: Any) -> Constant:
    def fail(code: str, value: float) -> None:
        if code == "key a":
            raise DeviceFailed("keyboard unplugged")

    fake.input.before_send = fail
    return Constant({"key w": 1.0, "key a": 1.0})


@pytest.mark.parametrize("breaking", [fail_in_look, fail_in_decide, fail_in_send])
def test_failures_release_every_key_and_are_raised(
    fake_device: Maker, breaking: Callable[[Any], Constant]
) -> None:
    fake, watching = fake_device(), Watching()
    with pytest.raises(DeviceFailed):
        loop(fake, breaking(fake), watchers=[watching]).run()
    assert fake.input.sent
    assert fake.input.is_free
    assert len(watching.endings) == 1


def test_a_failing_watcher_releases_every_key(fake_device: Maker) -> None:
    class Full(Watching):
        def saw(self, tick: Tick) -> None:
            raise DeviceFailed("disk full")

    fake = fake_device()
    with pytest.raises(DeviceFailed, match="disk full"):
        loop(fake, Constant({"key w": 1.0}), watchers=[Full()]).run()
    assert fake.input.is_free


def test_late_ticks_are_counted_and_missed_intervals_dropped(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()

    def slow(captured: CapturedFrame) -> None:
        fake.clock.advance({2: 0.15, 5: 0.35}.get(captured.number, 0.01))

    report = loop(fake, Constant({}, slow), duration_s=2.0, watchers=[watching]).run()
    # Frame 2 ends 50 ms late, so 3 starts late and on its own deadline; frame 5 passes over two deadlines.
    assert (report.late, report.dropped) == (2, 2)
    assert report.captured == 18
    assert [tick.captured.number for tick in watching.ticks if tick.dropped] == [6]
    times_ms = [tick.captured.time_ns // MS for tick in watching.ticks]
    assert times_ms[:7] == [0, 100, 250, 300, 400, 750, 800]


def test_intervals_whose_frames_were_kept_are_made_up_for(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()
    fake.capture.waiting = 2

    def slow(captured: CapturedFrame) -> None:
        fake.clock.advance(0.35 if captured.number == 5 else 0.01)

    report = loop(fake, Constant({}, slow), duration_s=2.0, watchers=[watching]).run()
    assert (report.late, report.dropped, report.captured) == (3, 0, 20)
    times_ms = [tick.captured.time_ns // MS for tick in watching.ticks]
    assert times_ms[4:9] == [400, 750, 760, 770, 800]


def test_latency_delays_the_press_and_not_the_look(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()
    driver = Constant({"key w": 0.5})
    loop(fake, driver, duration_s=0.3, latency_s=0.03, watchers=[watching]).run()
    assert [tick.captured.time_ns // MS for tick in watching.ticks] == [0, 100, 200]
    assert [(ns // MS, value) for ns, _, value in fake.input.sent[:4]] == [(30, 1), (80, 0), (130, 1), (180, 0)]


def test_a_driver_may_decide_several_times_a_frame(fake_device: Maker) -> None:
    fake = fake_device()
    moments: list[int] = []
    driver = Constant({}, lambda captured: moments.append(fake.clock.now_ns() // MS))
    report = loop(fake, driver, duration_s=0.2, decide_hz=40).run()
    assert moments == [0, 25, 50, 75, 100, 125, 150, 175]
    assert (report.captured, report.decided) == (2, 8)


def test_no_plan_leaves_everything_as_it_is(fake_device: Maker) -> None:
    fake = fake_device()
    actions = iter([{"key w": 1.0}, None, None, {}])

    class Changing(Constant):
        def decide(self, captured: CapturedFrame) -> Action | None:
            return next(actions)

    loop(fake, Changing(None), duration_s=0.4).run()
    assert [(ns // MS, value) for ns, _, value in fake.input.sent] == [(0, 1.0), (300, 0.0)]


def test_a_guard_that_says_no_releases_and_sends_nothing(fake_device: Maker) -> None:
    fake = fake_device()

    class Focus:
        def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
            return not 200 * MS <= time_ns < 400 * MS

    held_ms: list[tuple[int, bool]] = []
    driver = Constant(
        {"key w": 1.0}, lambda captured: held_ms.append((captured.time_ns // MS, fake.input.is_free))
    )
    report = loop(fake, driver, duration_s=0.6, guard=Focus()).run()
    assert report.blocked == 2
    assert report.acted == 4
    assert held_ms == [(0, True), (100, False), (200, True), (300, True), (400, True), (500, False)]


def test_a_guard_may_be_asked_between_frames(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()
    press = Event(time_ns=133 * MS, code="key a", value=1.0, origin=Origin.HUMAN)
    fake.input.heard = [press]
    heard: list[Event] = []

    class Touchy:
        ask_hz = 100.0

        def may_send(self, time_ns: int, now_heard: Sequence[Event]) -> bool:
            heard.extend(now_heard)
            return not heard

    report = loop(fake, Constant({"key w": 1.0}), duration_s=0.5, guard=Touchy(), watchers=[watching]).run()
    assert heard == [press], "the guard hears everything once"
    assert fake.input.releases[0] == (140 * MS, ["key w"]), "and acts before the next frame"
    assert [list(tick.events)[:1] for tick in watching.ticks[2:]] == [[press], [], []]
    assert (report.acted, report.blocked, report.late) == (2, 3, 0)


def test_the_age_of_a_frame_is_told_when_it_is_decided_on(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()
    look = fake.capture.look

    def slow_look() -> CapturedFrame | None:
        captured: CapturedFrame | None = look()
        fake.clock.advance(0.004)
        return captured

    fake.capture.look = slow_look
    report = loop(fake, Constant({}), watchers=[watching]).run()
    assert (report.age["p50_ms"], report.age["p99_ms"]) == (4, 4)
    assert {tick.age_ns for tick in watching.ticks} == {4 * MS}
    assert watching.ticks[0].report.captured == 10, "the report goes on counting"


def test_watchers_get_what_a_person_pressed(fake_device: Maker) -> None:
    fake, watching = fake_device(), Watching()
    press = Event(time_ns=150 * MS, code="key a", value=1.0, origin=Origin.HUMAN)
    fake.input.heard = [press]
    loop(fake, Constant(None), duration_s=0.4, watchers=[watching]).run()
    assert [list(tick.events) for tick in watching.ticks] == [[], [], [press], []]


@pytest.mark.parametrize("is_granted", [True, False])
def test_pressing_goes_before_other_programs_and_deciding_does_not(
    fake_device: Maker, monkeypatch: pytest.MonkeyPatch, is_granted: bool
) -> None:
    ranks = [0]

    def set_rank(rank: int) -> bool:
        ranks.append(rank)
        return is_granted

    monkeypatch.setattr(threads, "_FIRST", 1)
    monkeypatch.setattr(threads, "_rank", lambda: ranks[-1] if is_granted else 0)
    monkeypatch.setattr(threads, "_set_rank", set_rank)
    fake, deciding = fake_device(), []
    driver = Constant({"key w": 1.0}, lambda captured: deciding.append(ranks[-1]))
    assert loop(fake, driver, duration_s=0.3).run().acted == 3
    assert ranks == [0], "a world in memory waits for whoever plays it"
    real = loop(fake, driver, duration_s=0.3)
    real._is_first = True
    real.run()
    if is_granted:
        assert deciding[3:] == [0, 0, 0]
        assert ranks == [0, *[1, 0] * 4]
    else:
        assert set(ranks[1:]) == {1}, "asked for, and nothing to give back"


def test_a_pace_without_an_end_goes_on() -> None:
    assert Pace(rate_hz=80).duration_s == math.inf
    assert Pace(rate_hz=10, decide_hz=80).decisions == 8
