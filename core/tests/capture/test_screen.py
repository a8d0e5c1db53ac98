"""What is taken of a window that moves, hides, closes and comes back; no display is needed."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.capture.desktop import Box
from playhead.capture.screen import RETURN_S, WindowSource
from playhead.capture.thread import PictureLost, SourceEnded
from playhead.clock import FakeClock
from playhead.game import Frame

FRAME = Frame(width=8, height=6, rate_hz=10)


class FakeWindow:
    title = "Pong"

    def __init__(self) -> None:
        self.place: Box | None = Box(left=10, top=20, width=16, height=12)
        self.is_icon = False
        self.returns: Box | None = None
        self.searches = 0

    def box(self) -> Box | None:
        return self.place

    def is_minimised(self) -> bool:
        return self.is_icon

    def find_again(self) -> bool:
        self.searches += 1
        self.place = self.returns
        return self.returns is not None


class FakeGrabber:
    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.is_failing = False

    def grab(self, box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
        self.boxes.append(box)
        return None if self.is_failing else np.full((box.height, box.width, 4), 7, np.uint8)

    def close(self) -> None:
        pass


@pytest.fixture
def window() -> FakeWindow:
    return FakeWindow()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(start_ns=10**9)


@pytest.fixture
def grabber() -> FakeGrabber:
    return FakeGrabber()


@pytest.fixture
def source(window: FakeWindow, clock: FakeClock, grabber: FakeGrabber) -> WindowSource:
    taken = WindowSource(window, FRAME, clock)  # type: ignore[arg-type]
    taken._grabber = grabber  # type: ignore[assignment]
    return taken


def test_a_picture_is_of_where_the_window_is_now(
    source: WindowSource, window: FakeWindow, grabber: FakeGrabber, clock: FakeClock
) -> None:
    first = source.take(3)
    assert first is not None
    assert (first.number, first.time_ns, first.frame_HWC.shape) == (3, clock.now_ns(), FRAME.shape)
    window.place = Box(left=-5, top=0, width=32, height=24)
    source.take(4)
    assert grabber.boxes[1] == window.place


def test_nothing_is_taken_of_a_window_that_shows_nothing(
    source: WindowSource, window: FakeWindow, grabber: FakeGrabber
) -> None:
    window.is_icon = True
    assert source.take(0) is None
    window.is_icon, window.place = False, Box(left=0, top=0, width=0, height=0)
    assert source.take(0) is None
    assert not grabber.boxes


def test_a_grab_that_fails_loses_a_picture_unless_there_was_none(
    source: WindowSource, window: FakeWindow, grabber: FakeGrabber
) -> None:
    grabber.is_failing = True
    with pytest.raises(PictureLost):
        source.take(0)
    window.is_icon = True
    assert source.take(0) is None


def test_a_closed_window_is_looked_for_and_followed(
    source: WindowSource, window: FakeWindow, clock: FakeClock
) -> None:
    window.place = None
    for _ in range(10):
        assert source.take(0) is None
        clock.advance(0.04)
    assert 3 <= window.searches <= 5
    window.returns = Box(left=1, top=2, width=16, height=12)
    clock.advance(0.1)
    source.take(0)
    assert source.take(1) is not None


def test_a_window_that_is_found_late_is_found(source: WindowSource, window: FakeWindow, clock: FakeClock) -> None:
    window.place = None
    assert source.take(0) is None
    clock.advance(RETURN_S + 0.1)  # a busy machine did not let it look before
    window.returns = Box(left=1, top=2, width=16, height=12)
    assert source.take(0) is None
    assert source.take(0) is not None


def test_a_window_that_stays_away_ends_the_source(
    source: WindowSource, window: FakeWindow, clock: FakeClock
) -> None:
    window.place = None
    assert source.take(0) is None
    clock.advance(RETURN_S + 0.1)
    with pytest.raises(SourceEnded, match='the window "Pong" was closed'):
        source.take(0)
