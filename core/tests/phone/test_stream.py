"""The capture `android`: the screen as a stream through adb, and the whole device as a command opens it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from playhead.capture.android import StreamCapture, open_capture
from playhead.devices import DeviceSession
from playhead.errors import DeviceFailed, NoPhone
from playhead.game import Device, Frame, Game
from playhead.labels import Choice
from playhead.testing.adb import AdbServer
from playhead.testing.phone import FakePhone

pytest.importorskip("adbutils")
pytest.importorskip("av")


def session(server: AdbServer, **options: object) -> DeviceSession:
    device = Device(capture="android", input="none", rate_hz=20)
    frame = Frame(width=100, height=50, rate_hz=20)
    game = Game(name="door", title="Door", devices={"phone": device}, frame=frame, labels={"is": Choice("a", "b")})
    return DeviceSession(game=game, name="phone", device=device, options={"port": server.port, **options})


@pytest.fixture
def opened(server: AdbServer) -> Iterator[DeviceSession]:
    opened = session(server, crop=[0, 0, 100, 50])
    yield opened
    opened.close()


def looking(opened: DeviceSession) -> StreamCapture:
    capture = open_capture(opened)
    opened.on_close(capture.close)
    assert isinstance(capture, StreamCapture)
    return capture


def test_the_newest_picture_is_seen_even_when_the_screen_then_stands_still(
    opened: DeviceSession, far: FakePhone, server: AdbServer
) -> None:
    capture = looking(opened)
    assert [command.split()[0] for command in server.commands] == ["screencap"]  # no stream before the first look
    first = capture.look()
    assert first.frame_HWC.shape == (50, 100, 3)
    for _ in range(12):
        far.tap(1, 1)
    wanted = far.grab()[:50, :100].astype(int)
    deadline = time.monotonic() + 10
    while np.abs(capture.look().frame_HWC - wanted).mean() > 4:  # h264 is lossy
        assert time.monotonic() < deadline, "the last picture never came"
    last = capture.look()
    assert last.number > first.number
    assert last.time_ns > first.time_ns
    assert capture.look() is last  # nothing new: the same picture, at its own time
    assert "screenrecord" in server.commands[-1]


def test_a_stream_that_ends_is_begun_again(opened: DeviceSession, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def short(server: AdbServer, connection: object) -> None:
        sent.append(0)
        original(server, _Once(connection))

    original = AdbServer._stream
    monkeypatch.setattr(AdbServer, "_stream", short)
    capture = looking(opened)
    numbers = {capture.look().number for _ in range(30)}
    assert len(sent) > 1
    assert len(numbers) > 1


class _Once:
    """A connection that takes one picture and then breaks."""

    def __init__(self, connection: object) -> None:
        self._connection, self._sent = connection, 0

    def sendall(self, data: bytes) -> None:
        if self._sent:
            raise OSError("the time is over")
        self._sent += 1
        self._connection.sendall(data)  # type: ignore[attr-defined]
        raise OSError("the time is over")


def test_a_phone_that_is_unplugged_ends_it_with_a_sentence(opened: DeviceSession, server: AdbServer) -> None:
    capture = looking(opened)
    capture.look()
    server.states.clear()
    with pytest.raises(DeviceFailed, match="does not answer any more: device 'emulator-5554' not found"):
        look_for_long(capture)


def look_for_long(capture: StreamCapture) -> None:
    for _ in range(200):
        capture.look()


def test_a_phone_without_screenrecord_is_named(opened: DeviceSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AdbServer, "_stream", lambda server, connection: connection.sendall(b"sh: not found\n"))
    with pytest.raises(DeviceFailed, match=r"sent no stream of its screen\. Use --set stream=false"):
        looking(opened).look()


def test_without_pyav_it_is_said_what_to_install(opened: DeviceSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NoPhone, match=r"pip install 'playhead\[android\]', or --set stream=false"):
        looking(opened).look()


def test_one_screenshot_after_another(server: AdbServer, far: FakePhone) -> None:
    opened = session(server, stream=False)
    capture = open_capture(opened)
    far.tap(1, 1)
    np.testing.assert_array_equal(capture.look().frame_HWC[:, :, 2], far.shade)
    opened.close()
