"""A phone behind adb, through the real adbutils and a server on loopback that speaks its protocol."""

from __future__ import annotations

import socket
import sys

import numpy as np
import pytest

from playhead.clock import FakeClock
from playhead.errors import DeviceFailed, NoPhone, NotFound
from playhead.phone import View
from playhead.phone.adb import AdbPhone
from playhead.phone.link import Server, why_no_phone
from playhead.regions import Region
from playhead.testing.adb import AdbServer, nothing_listens
from playhead.testing.phone import FakePhone

pytest.importorskip("adbutils")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANDROID_ADB_SERVER_HOST", "ANDROID_ADB_SERVER_PORT", "ANDROID_SERIAL"):
        monkeypatch.delenv(name, raising=False)


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


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/opt/adb")
    with nothing_listens() as port:
        with pytest.raises(
            NoPhone, match=rf"^No adb server answers at 127.0.0.1:{port}. Start one with: /opt/adb"
        ):
            AdbPhone.connect({"port": port})
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        problem = why_no_phone({"serial": ""})
        assert problem is not None
        assert problem.reason == f"no adb server answers at 127.0.0.1:{port}"


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Server.of({}) == Server(host="127.0.0.1", port=5037)
    monkeypatch.setenv("ANDROID_ADB_SERVER_HOST", "10.0.0.7")
    assert Server.of({"port": 5038}) == Server(host="10.0.0.7", port=5038)


def test_without_adbutils_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbutils", None)
    with pytest.raises(
        NoPhone, match=r"Adbutils is not installed. Phones need it: pip install 'playhead\[android\]'"
    ):
        AdbPhone.connect({})


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({}, "^No phone is attached. Connect it by USB and switch on USB debugging"),
        ({"A": "device", "B": "offline"}, r"^Several phones are attached: A \(device\), B \(offline\). Say which"),
        ({"A": "unauthorized"}, "^The phone A does not trust this computer yet. Unlock it"),
        ({"A": "offline"}, "^The phone A is offline. Unplug it"),
        ({"A": "recovery"}, '^The phone A is in the state "recovery"'),
    ],
)  # fmt: skip
def test_what_is_attached_and_cannot_be_used(server: AdbServer, states: dict[str, str], told: str) -> None:
    server.states = states
    with pytest.raises(NoPhone, match=told):
        connect(server)
    assert why_no_phone({"port": server.port}) is not None


def test_one_of_several_is_chosen_by_its_serial(server: AdbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.states = {"ABC1": "device", "ABC2": "device"}
    assert connect(server, serial="ABC2").serial == "ABC2"
    monkeypatch.setenv("ANDROID_SERIAL", "ABC1")
    assert connect(server).serial == "ABC1"
    with pytest.raises(NotFound, match=r'No attached phone is called "ABC3"\. Did you mean "ABC'):
        connect(server, serial="ABC3")


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


def test_a_command_that_the_phone_refuses(server: AdbServer) -> None:
    with pytest.raises(DeviceFailed, match='refused "reboot now": sh: reboot: not found'):
        connect(server).link.run("reboot now")


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


def test_the_server_refuses_what_it_does_not_know(server: AdbServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as talk:
        talk.sendall(b"0009host:kill")
        assert talk.recv(100).startswith(b"FAIL")
