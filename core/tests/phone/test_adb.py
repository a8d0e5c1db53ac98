"""A phone behind adb, through the real adbutils and a server on loopback that speaks its protocol."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.clock import FakeClock
from playhead.errors import DeviceFailed
from playhead.phone import View
from playhead.phone.adb import AdbPhone
from playhead.regions import Region
from playhead.testing.adb import AdbServer
from playhead.testing.phone import FakePhone

pytest.importorskip("adbutils")


def connect(server: AdbServer, **options: object) -> AdbPhone:
    return AdbPhone.connect({"port": server.port, **options}, clock=FakeClock())


def test_touches_arrive_as_they_were_meant(server: AdbServer, far: FakePhone) -> None:
    phone = connect(server)
    phone.tap(12.4, 56.6)
    phone.drag((100, 50), (-70, 50), 0.3)
    assert far.touches == [(12, 57), (100, 50, -70, 50, 0.3)]
    assert server.commands[1:] == ["input tap 12 57", "input swipe 100 50 -70 50 300"]
    assert phone.serial == "emulator-5554"


@pytest.mark.parametrize("png", [False, True])
def test_the_screen_is_seen_to_the_last_bit(server: AdbServer, far: FakePhone, png: bool) -> None:
    phone = connect(server, png=png)
    assert phone.size == (200, 100)
    phone.tap(1, 1)
    np.testing.assert_array_equal(phone.grab(), far.grab())
    view = View(part=Region(x=20, y=10, width=80, height=40), width=40, height=20)
    np.testing.assert_array_equal(phone.grab(view), far.grab(view))


def test_a_phone_that_is_unplugged_in_the_middle_of_a_drag(server: AdbServer, far: FakePhone) -> None:
    phone = connect(server)
    far._gone_after = 1
    told = 'emulator-5554 was disconnected in the middle of "input swipe 1 2 3 4 500". Check the cable'
    with pytest.raises(DeviceFailed, match=told):
        phone.drag((1, 2), (3, 4), 0.5)
    with pytest.raises(
        DeviceFailed, match="emulator-5554 does not answer any more: device 'emulator-5554' not found"
    ):
        phone.grab()


def test_a_server_that_is_killed_meanwhile(far: FakePhone) -> None:
    with AdbServer(far) as server:
        phone = connect(server)
        server.states["emulator-5554"] = "offline"
        with pytest.raises(DeviceFailed, match="does not answer any more: device offline"):
            phone.tap(1, 2)


def test_half_a_picture_is_none(server: AdbServer, far: FakePhone) -> None:
    phone = connect(server)
    far.grab = lambda view=None: np.zeros((0, 0, 3), np.uint8)  # type: ignore[method-assign]
    assert phone.grab().size == 0
    far._gone_after = 0
    far.grab = FakePhone.grab.__get__(far)  # type: ignore[method-assign]
    with pytest.raises(DeviceFailed, match="sent no picture of its screen: 0 bytes came"):
        phone.grab()


def test_an_app_is_brought_to_the_front_once(server: AdbServer) -> None:
    connect(server, app="com.example.game/.Splash")
    assert server.commands[:3] == ["dumpsys window", "am start -n com.example.game/.Splash", "dumpsys window"]
    server.commands.clear()
    connect(server, app="com.example.game/.Splash")
    assert server.commands == ["dumpsys window", "screencap"]


def test_an_app_that_does_not_come_is_named(server: AdbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        AdbServer, "front", property(lambda server: "home", lambda server, name: None), raising=False
    )
    with pytest.raises(
        DeviceFailed, match=r"com\.example\.game did not come to the front of the phone emulator-5554"
    ):
        connect(server, app="com.example.game/.Splash")
