"""Views of a screen, and the capture that is made of a phone."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.capture.phone import PhoneCapture
from playhead.clock import NS_PER_S
from playhead.devices import DeviceSession
from playhead.errors import BadValue
from playhead.game import Device, Frame, Game
from playhead.labels import Choice
from playhead.phone import View, phone_of, seen, view_of
from playhead.regions import Region
from playhead.testing.phone import FakePhone

FRAME = Frame(width=40, height=15, rate_hz=10)


def session(colour: str = "rgb", **options: object) -> DeviceSession:
    frame = Frame(width=40, height=15, rate_hz=10, colour=colour)  # type: ignore[arg-type]
    device = Device(capture="fake", input="none")
    game = Game(name="door", title="Door", devices={"phone": device}, frame=frame, labels={"is": Choice("a", "b")})
    return DeviceSession(game=game, name="phone", device=device, options=options)


def test_a_crop_is_given_in_a_picture_of_any_size() -> None:
    view = view_of({"crop": [45, 30, 400, 150], "crop_side": 512}, (2000, 1000), FRAME)
    assert view == View(part=Region(x=176, y=117, width=1562, height=586), width=40, height=15)
    assert view_of({"crop": [10, 20, 30, 40]}, (2000, 1000), FRAME).part == Region(x=10, y=20, width=30, height=40)
    assert view_of({}, (2000, 1000), FRAME) == View(width=40, height=15)


@pytest.mark.parametrize("crop", [[0, 0, 0, 10], [1, 2, 3], "all", [-5, 0, 10, 10], [0, 0, 2001, 10]])
def test_a_crop_that_is_none_is_refused(crop: object) -> None:
    with pytest.raises(BadValue):
        view_of({"crop": crop}, (2000, 1000), FRAME)


def test_a_view_is_cut_out_and_fitted() -> None:
    screen = np.random.default_rng(0).integers(0, 255, (100, 200, 3), dtype=np.uint8)
    part = Region(x=20, y=30, width=80, height=40)
    np.testing.assert_array_equal(seen(screen, View(part=part)), screen[30:70, 20:100])
    half = seen(screen, View(part=part, width=40, height=20))
    mean = screen[30:70, 20:100].reshape(20, 2, 40, 2, 3).mean((1, 3))
    assert np.abs(half - mean).max() <= 1  # area averaging
    assert not np.may_share_memory(seen(screen, None), screen)


def test_looking_gives_frames_on_the_phones_clock() -> None:
    opened = session(crop=[0, 0, 80, 30])
    phone = FakePhone()
    capture = PhoneCapture.open(opened, lambda: phone)
    assert opened.clock is phone.clock
    assert phone_of(opened) is phone
    phone.tap(1, 1)
    first = capture.look()
    phone.clock.sleep_until(phone.clock.now_ns() + round(0.31 * NS_PER_S))
    second = capture.look()
    assert first.frame_HWC.shape == (15, 40, 3)
    assert (first.frame_HWC[:, :, 2] == phone.shade).all()
    assert (first.number, second.number) == (0, 3)  # two were missed
    assert second.time_ns == phone.clock.now_ns()
    opened.close()
    assert phone.is_closed


def test_a_grey_game_gets_one_channel() -> None:
    capture = PhoneCapture.open(session("grey"), FakePhone)
    assert capture.look().frame_HWC.shape == (15, 40, 1)


def test_a_device_that_is_no_phone_cannot_be_touched() -> None:
    with pytest.raises(BadValue, match="The device phone of door can only be looked at"):
        phone_of(session())
