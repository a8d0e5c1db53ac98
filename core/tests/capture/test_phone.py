"""A phone that is turned meanwhile: pictures are of the part that the options say, or it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playhead.capture.phone import PhoneCapture
from playhead.clock import FakeClock
from playhead.devices import DeviceSession
from playhead.errors import BadValue
from playhead.game import Device, Frame, Game
from playhead.labels import Choice
from playhead.phone import FrameArray, View, seen


class TurningPhone:
    """A screen whose left half is white; `size` is that of the last picture."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.now = self.size = (200, 100)
        self.grabs = 0

    def grab(self, view: View | None = None) -> FrameArray:
        self.grabs += 1
        self.size = self.now
        screen_HWC = np.zeros((self.now[1], self.now[0], 3), np.uint8)
        screen_HWC[:, : self.now[0] // 2] = 255
        return seen(screen_HWC, view)

    def close(self) -> None:
        pass


def opened(**options: Any) -> tuple[PhoneCapture, TurningPhone]:
    game = Game(
        name="toy", title="Toy", devices={"phone": Device(capture="phone", input="none")},
        frame=Frame(width=40, height=20, rate_hz=10), labels={"car": Choice("a", "b")},
    )  # fmt: skip
    phone = TurningPhone()
    session = DeviceSession(game=game, name="phone", device=game.device("phone"), options=options)
    return PhoneCapture.open(session, lambda: phone), phone  # type: ignore[arg-type]


def test_a_turned_phone_is_looked_at_anew() -> None:
    capture, phone = opened(crop=[0, 0, 1, 0.5], crop_side=2)
    assert capture.look().frame_HWC[0, [5, 35], 0].tolist() == [255, 255]
    phone.now = (100, 200)
    frame_HWC = capture.look().frame_HWC
    assert frame_HWC.shape == (20, 40, 3)
    assert frame_HWC[0, [5, 35], 0].tolist() == [255, 0], "all of its width, and not a part of it stretched"
    assert phone.grabs == 3
    capture.look()
    assert phone.grabs == 4, "once is enough"


def test_a_part_that_the_turned_screen_lacks_is_said() -> None:
    capture, phone = opened(crop=[120, 20, 60, 30])
    capture.look()
    phone.now = (100, 200)
    with pytest.raises(BadValue, match=r"outside the screen of 100x200"):
        capture.look()
