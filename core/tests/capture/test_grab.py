"""Grabbed pixels, on a screen made of fakes, and what becomes of them at a game's frame size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest

from playhead.capture import grab
from playhead.capture.desktop import Box
from playhead.capture.grab import FORGIVEN_S, Grabber, to_frame
from playhead.errors import DeviceFailed
from playhead.game import Frame

SMALL = Frame(width=240, height=180, rate_hz=30)
GREY = Frame(width=240, height=180, rate_hz=30, colour="grey")


@dataclass
class FakeShot:
    raw: bytearray
    width: int
    height: int


@dataclass
class FakeScreen:
    """A screen of random pixels that can shrink, grow and fail."""

    width: int = 64
    height: int = 48
    left: int = 0
    is_failing: bool = False
    opened: int = 0
    pixels_HWC: Any = field(
        default_factory=lambda: np.random.default_rng(0).integers(0, 256, (48, 64, 4), np.uint8)
    )

    def open(self) -> FakeMss:
        self.opened += 1
        return FakeMss(self)


class FakeMss:
    def __init__(self, screen: FakeScreen) -> None:
        self.screen = screen
        box = {"left": screen.left, "top": 0, "width": screen.width, "height": screen.height}
        self.monitors = [box]
        self.is_closed = False

    def grab(self, box: dict[str, int]) -> FakeShot:
        from mss.exception import ScreenShotError

        assert not self.is_closed
        screen = self.screen
        left, top = box["left"] - screen.left, box["top"]
        right, bottom = left + box["width"], top + box["height"]
        if screen.is_failing or min(left, top) < 0 or right > screen.width or bottom > screen.height:
            raise ScreenShotError("no such pixels")
        part = screen.pixels_HWC[top:bottom, left:right]
        return FakeShot(bytearray(part.tobytes()), box["width"], box["height"])

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def now_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day: its one value may be changed."""
    now = [100.0]
    monkeypatch.setattr(grab.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, now_s: list[float]) -> FakeScreen:
    fake = FakeScreen()
    monkeypatch.setattr("mss.MSS", fake.open)
    return fake


def box(left: int, top: int, width: int, height: int) -> Box:
    return Box(left=left, top=top, width=width, height=height)


def test_a_box_is_grabbed_as_it_is(screen: FakeScreen) -> None:
    grabber = Grabber()
    assert np.array_equal(grabber.grab(box(8, 4, 16, 12)), screen.pixels_HWC[4:16, 8:24])
    assert screen.opened == 1


def test_on_a_monitor_left_of_the_first_one_too(screen: FakeScreen) -> None:
    screen.left = -64
    assert np.array_equal(Grabber().grab(box(-64, 0, 16, 12)), screen.pixels_HWC[:12, :16])


@pytest.mark.parametrize(("left", "top"), [(-8, 0), (56, 0), (0, -4), (0, 44), (-8, -4), (56, 44)])
def test_what_hangs_over_the_edge_is_black(screen: FakeScreen, left: int, top: int) -> None:
    around_HWC = np.zeros((48 + 24, 64 + 32, 4), np.uint8)
    around_HWC[12:-12, 16:-16] = screen.pixels_HWC
    expected_HWC = around_HWC[top + 12 : top + 24, left + 16 : left + 32]
    assert np.array_equal(Grabber().grab(box(left, top, 16, 12)), expected_HWC)


def test_what_lies_wholly_outside_is_black(screen: FakeScreen) -> None:
    picture_HWC = Grabber().grab(box(200, 200, 16, 12))
    assert picture_HWC is not None
    assert picture_HWC.shape == (12, 16, 4)
    assert not picture_HWC.any()


def test_a_screen_that_shrank_is_opened_anew(screen: FakeScreen) -> None:
    grabber = Grabber()
    grabber.grab(box(32, 0, 32, 12))
    screen.width = 48
    assert grabber.grab(box(32, 0, 32, 12)) is None
    picture_HWC = grabber.grab(box(32, 0, 32, 12))
    assert picture_HWC is not None
    assert np.array_equal(picture_HWC[:, :16], screen.pixels_HWC[:12, 32:48])
    assert not picture_HWC[:, 16:].any()
    assert grabber.rebuilt == 1


def test_a_screen_that_grew_is_noticed_soon(screen: FakeScreen, now_s: list[float]) -> None:
    screen.width = 48
    grabber = Grabber()
    grabber.grab(box(32, 0, 32, 12))
    screen.width = 64
    now_s[0] += 1
    assert np.array_equal(grabber.grab(box(32, 0, 32, 12)), screen.pixels_HWC[:12, 32:])


def test_a_server_that_is_gone_is_no_picture_and_no_accident(
    screen: FakeScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mss.exception import ScreenShotError

    def unanswered(mss: FakeMss, box: dict[str, int]) -> FakeShot:
        raise AssertionError

    def refused(mss: FakeMss) -> None:
        raise ScreenShotError("connection lost")

    monkeypatch.setattr(FakeMss, "grab", unanswered)
    monkeypatch.setattr(FakeMss, "close", refused)
    grabber = Grabber()
    assert grabber.grab(box(0, 0, 64, 48)) is None
    assert grabber.grab(box(0, 0, 64, 48)) is None
    grabber.close()


def test_failing_is_forgiven_for_a_while_only(screen: FakeScreen, now_s: list[float]) -> None:
    grabber, whole = Grabber(), box(0, 0, 64, 48)
    screen.is_failing = True
    assert grabber.grab(whole) is None
    now_s[0] += FORGIVEN_S
    assert grabber.grab(whole) is None
    screen.is_failing = False
    assert grabber.grab(whole) is not None
    screen.is_failing = True
    now_s[0] += 1
    assert grabber.grab(whole) is None
    now_s[0] += FORGIVEN_S + 0.1
    with pytest.raises(DeviceFailed, match=r"could not be read for 2 s: no such pixels\. Is it locked"):
        grabber.grab(whole)


@pytest.mark.parametrize(
    "size", [(240, 180), (800, 600), (1280, 720), (1920, 1080), (801, 601), (400, 300), (200, 150), (100, 400)]
)
def test_every_size_becomes_the_frame_in_its_colours(size: tuple[int, int]) -> None:
    picture_HWC = np.zeros((size[1], size[0], 4), np.uint8)
    picture_HWC[:] = (10, 20, 200, 255)
    frame_HWC = to_frame(picture_HWC, SMALL)
    assert frame_HWC.shape == (180, 240, 3)
    assert frame_HWC.dtype == np.uint8
    assert (frame_HWC == (200, 20, 10)).all()
    assert frame_HWC.flags.c_contiguous


def test_grey_is_the_weighed_sum_of_the_colours() -> None:
    picture_HWC = np.full((600, 800, 4), (10, 20, 200, 255), np.uint8)
    frame_HWC = to_frame(picture_HWC, GREY)
    assert frame_HWC.shape == (180, 240, 1)
    assert abs(int(frame_HWC[0, 0, 0]) - round(0.114 * 10 + 0.587 * 20 + 0.299 * 200)) <= 1


@pytest.mark.parametrize("size", [(800, 600), (1280, 720), (1920, 1080), (960, 720)])
def test_sizes_are_averaged_over_areas(size: tuple[int, int]) -> None:
    """Near to OpenCV's own averaging, on a picture as sharp as games are."""
    noise_HWC = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    picture_HWC = cv2.GaussianBlur(noise_HWC, (0, 0), 1.5)
    exact_HWC = cv2.cvtColor(cv2.resize(picture_HWC, (240, 180), interpolation=cv2.INTER_AREA), cv2.COLOR_BGRA2RGB)
    error = np.mean((to_frame(picture_HWC, SMALL).astype(float) - exact_HWC) ** 2)
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 35


def test_a_frame_is_no_view_of_what_was_grabbed() -> None:
    picture_HWC = np.zeros((180, 240, 4), np.uint8)
    assert not np.shares_memory(to_frame(picture_HWC, SMALL), picture_HWC)
