"""The capture thread on a clock that a test moves: what is newest, what is missed, when it moves its schedule."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from playhead.capture import CapturedFrame
from playhead.capture.thread import LEAD_NS, CaptureThread, PictureLost, SourceEnded
from playhead.errors import DeviceFailed

RATE_HZ = 100.0
PERIOD_NS = 10_000_000


class SteppedClock:
    """A clock on which a thread sleeps until the test has moved it on."""

    def __init__(self) -> None:
        self._time_ns = 0
        self._moved = threading.Condition()
        self.sleeping_until_ns: int | None = None

    def now_ns(self) -> int:
        return self._time_ns

    def sleep_until(self, time_ns: int) -> None:
        with self._moved:
            self.sleeping_until_ns = time_ns
            self._moved.notify_all()
            assert self._moved.wait_for(lambda: self._time_ns >= time_ns, timeout=10)
            self.sleeping_until_ns = None

    def settle(self) -> int:
        """Wait until the thread sleeps; return until when."""
        with self._moved:
            assert self._moved.wait_for(lambda: self._is_asleep(), timeout=10)
            assert self.sleeping_until_ns is not None
            return self.sleeping_until_ns

    def _is_asleep(self) -> bool:
        return self.sleeping_until_ns is not None and self.sleeping_until_ns > self._time_ns

    def move_to(self, time_ns: int) -> None:
        with self._moved:
            self._time_ns = time_ns
            self._moved.notify_all()

    def step(self) -> None:
        """Let the thread take one picture."""
        self.move_to(self.settle())
        self.settle()


@dataclass
class FakeSource:
    clock: SteppedClock
    before: Callable[[int], None] = lambda number: None
    is_still: bool = False
    is_closed: bool = False
    closed_in: list[str] = field(default_factory=list)

    def take(self, number: int) -> CapturedFrame | None:
        self.before(number)
        if self.is_still:
            return None
        frame_HWC = np.full((2, 2, 3), number, np.uint8)
        return CapturedFrame(frame_HWC=frame_HWC, time_ns=self.clock.now_ns(), number=number)

    def close(self) -> None:
        self.closed_in.append(threading.current_thread().name)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def source(clock: SteppedClock) -> FakeSource:
    return FakeSource(clock)


@pytest.fixture
def thread(clock: SteppedClock, source: FakeSource) -> Iterator[CaptureThread]:
    started = CaptureThread(source, clock, rate_hz=RATE_HZ)
    yield started
    clock.move_to(10**15)
    started.close()


def number_of(captured: CapturedFrame | None) -> int:
    assert captured is not None
    return captured.number


def test_only_the_newest_picture_is_handed_out(clock: SteppedClock, thread: CaptureThread) -> None:
    clock.settle()
    assert number_of(thread.look()) == 0
    clock.step()
    clock.step()
    assert number_of(thread.look()) == 2
    assert (thread.taken, thread.gaps) == (3, 0)


def test_pictures_that_are_kept_are_handed_out_in_turn(clock: SteppedClock, thread: CaptureThread) -> None:
    clock.settle()
    thread.keep(3)
    clock.step()
    clock.step()
    assert thread.waiting == 3
    assert [number_of(thread.look()) for _ in range(4)] == [0, 1, 2, 2]
    for _ in range(5):
        clock.step()
    assert [number_of(thread.look()) for _ in range(3)] == [5, 6, 7]
    assert thread.gaps == 0


def test_of_what_came_before_keeping_only_the_newest_is_handed_out(
    clock: SteppedClock, thread: CaptureThread
) -> None:
    clock.settle()
    for _ in range(2):  # the second time after a pause, in which nobody looked
        thread.keep(5)
        for _ in range(3):
            clock.step()
    thread.keep(5)
    assert thread.waiting == 1
    assert [number_of(thread.look()) for _ in range(2)] == [6, 6]


def test_kept_pictures_are_handed_out_after_the_source_has_ended(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()
    thread.keep(3)
    clock.step()

    def end(number: int) -> None:
        raise SourceEnded("the window was closed")

    source.before = end
    clock.move_to(clock.settle())
    while not thread.ending:
        time.sleep(0.001)
    assert [number_of(thread.look()) for _ in range(2)] == [0, 1]
    assert thread.look() is None


def test_a_picture_is_not_waited_for_longer_than_an_interval(clock: SteppedClock, thread: CaptureThread) -> None:
    clock.settle()
    assert [number_of(thread.look()) for _ in range(3)] == [0, 0, 0]


def test_a_picture_that_comes_in_time_is_waited_for(clock: SteppedClock, thread: CaptureThread) -> None:
    clock.settle()
    thread.look()
    later = threading.Timer(0.05, clock.step)
    later.start()
    assert number_of(thread.look(wait_s=5)) == 1
    later.join()


def test_places_missed_are_gaps_in_the_numbers(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()
    source.before = lambda number: clock.move_to(PERIOD_NS + 25_000_000) if number == 1 else None
    clock.step()
    assert (number_of(thread.look()), thread.gaps) == (1, 2)
    assert clock.settle() % PERIOD_NS == 0
    clock.step()
    assert number_of(thread.look()) == 4


def test_a_place_that_comes_less_than_half_an_interval_late_is_not_missed(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()
    source.before = lambda number: clock.move_to(24_000_000) if number == 1 else None
    clock.step()
    clock.settle()
    assert (number_of(thread.look()), thread.taken, thread.gaps) == (2, 3, 0)


def test_while_nothing_new_is_shown_the_last_picture_stays_and_nobody_waits(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()
    source.is_still = True
    clock.step()
    assert [number_of(thread.look(wait_s=60)) for _ in range(3)] == [0, 0, 0]
    source.is_still = False
    clock.step()
    assert (number_of(thread.look()), thread.gaps) == (1, 0)


def test_pictures_that_were_lost_are_gaps_in_the_numbers(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()

    def lose(number: int) -> None:
        raise PictureLost

    source.before = lose
    clock.step()
    clock.step()
    assert [number_of(thread.look(wait_s=60)) for _ in range(2)] == [0, 0], "the last one stays, nobody waits"
    source.before = lambda number: None
    clock.step()
    assert (number_of(thread.look()), thread.taken, thread.gaps) == (3, 2, 2)


def test_a_source_that_ends_says_why(clock: SteppedClock, source: FakeSource, thread: CaptureThread) -> None:
    clock.settle()

    def end(number: int) -> None:
        raise SourceEnded("the window was closed")

    source.before = end
    clock.move_to(clock.settle())
    thread.look()
    assert thread.look(wait_s=60) is None
    assert thread.ending == "the window was closed"
    thread.close()
    assert source.closed_in == ["playhead capture"]


def test_what_goes_wrong_in_the_thread_is_raised_where_somebody_looks(
    clock: SteppedClock, source: FakeSource, thread: CaptureThread
) -> None:
    clock.settle()
    thread.look()

    def fail(number: int) -> None:
        raise DeviceFailed("The screen is gone.")

    source.before = fail
    clock.move_to(clock.settle())
    with pytest.raises(DeviceFailed, match="is gone"):
        thread.look(wait_s=60)
    with pytest.raises(DeviceFailed, match="is gone"):
        thread.look()


@pytest.mark.parametrize("asked_after_ns", [100_000, 4_000_000, 9_900_000])
def test_the_schedule_moves_to_just_before_it_is_asked(
    clock: SteppedClock, thread: CaptureThread, asked_after_ns: int
) -> None:
    asked_ns = asked_after_ns
    for _ in range(200):
        while clock.settle() <= asked_ns:
            clock.step()
        clock.move_to(asked_ns)
        thread.look(wait_s=0)
        asked_ns += PERIOD_NS
    next_ns = clock.settle()
    assert (asked_ns - next_ns) % PERIOD_NS == pytest.approx(LEAD_NS, abs=100_000)
    assert thread.gaps == 0
