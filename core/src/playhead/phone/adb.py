"""A phone with Android, reached through an adb server: touched by `input`, looked at by `screencap`.

Tested against a server on loopback that speaks adb's protocol (playhead.testing.adb). No phone was ever attached.
Source:  the protocol as adbutils speaks it; `screencap` writes width, height, format (and since Android 9 a colour
space) as uint32, then the pixels.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from playhead.clock import NS_PER_S, Clock, SystemClock
from playhead.errors import DeviceFailed, NoPhone, NotFound, not_found
from playhead.phone import FrameArray, Point, View, seen

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbConnection

HOST, PORT = "127.0.0.1", 5037  # where an adb server listens unless told otherwise
TIMEOUT_S = 10.0  # for a touch or a picture, beyond the time that the touch itself takes
START_S = 60.0  # how long an app may take to come to the front
MARK = "playhead-done:"  # printed after each command: without it the command did not come to its end
RGBA, RGBX, BGRA = 1, 2, 5  # pixel formats of `screencap`
TRUST = 'Unlock it and answer "Allow USB debugging?" on its screen.'


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the adb server is."""

    host: str
    port: int

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Server:
        """Read the device options `host` and `port`; else adb's own variables; else the usual place."""
        host = options.get("host") or os.environ.get("ANDROID_ADB_SERVER_HOST") or HOST
        port = options.get("port") or os.environ.get("ANDROID_ADB_SERVER_PORT") or PORT
        return cls(host=str(host), port=int(port))

    def client(self) -> AdbClient:
        """Return adbutils' client of this server. Raises NoPhone when nothing answers there.

        It is asked for here because adbutils would start a server by itself, and leave it running.
        """
        try:
            import adbutils
        except ImportError as error:
            raise NoPhone(
                "adbutils is not installed", "Phones need it: pip install 'playhead[android]'."
            ) from error
        try:
            socket.create_connection((self.host, self.port), timeout=3.0).close()
        except OSError as error:
            raise NoPhone(f"no adb server answers at {self.host}:{self.port}", _how_to_start()) from error
        return adbutils.AdbClient(host=self.host, port=self.port, socket_timeout=TIMEOUT_S)


def _how_to_start() -> str:
    from adbutils import AdbError, adb_path

    try:
        return f"Start one with: {adb_path()} start-server."
    except AdbError:
        return "Install Android's platform tools and run: adb start-server."


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """The way to one phone: its server and what it is known by there."""

    client: AdbClient
    serial: str

    @contextmanager
    def run(self, command: str, takes_s: float = 0.0) -> Iterator[AdbConnection]:
        """Start a command on the phone, to read its output from the connection, byte for byte.

        adbutils' own open_transport leaves its socket open when the phone is not there.
        """
        with self.client.make_connection(timeout=TIMEOUT_S + takes_s) as connection:
            for request in (f"host:transport:{self.serial}", f"exec:{command}"):
                connection.send_command(request)
                connection.check_okay()
            yield connection


def find_phone(options: Mapping[str, Any]) -> Link:
    """Return the one phone that is attached, or that the device option `serial` names.

    Raises:  NoPhone: no server, no phone, several, one that does not trust this computer or is offline;
             NotFound for an unknown serial, with the nearest.
    """
    client = Server.of(options).client()
    serial = str(options.get("serial") or os.environ.get("ANDROID_SERIAL") or "")
    with saying_what_failed("the adb server"):
        states = {info.serial: info.state for info in client.list()}
    if serial and states and serial not in states:
        raise not_found("attached phone", serial, states)
    if not states:
        raise NoPhone(
            "no phone is attached", "Connect it by USB and switch on USB debugging in its developer options."
        )
    if not serial and len(states) > 1:
        there = ", ".join(f"{name} ({state})" for name, state in states.items())
        raise NoPhone(f"several phones are attached: {there}", f"Say which: --set serial={next(iter(states))}.")
    serial = serial or next(iter(states))
    _check_state(serial, states[serial])
    return Link(client=client, serial=serial)


def _check_state(serial: str, state: str) -> None:
    if state == "unauthorized":
        raise NoPhone(f"the phone {serial} does not trust this computer yet", TRUST)
    if state == "offline":
        raise NoPhone(f"the phone {serial} is offline", "Unplug it, plug it in again and unlock it.")
    if state != "device":
        raise NoPhone(f'the phone {serial} is in the state "{state}"', "Start it as usual, then unlock it.")


def why_no_phone(options: Mapping[str, Any]) -> NoPhone | None:
    """Return what keeps a phone from being used, or None when one can be."""
    try:
        find_phone(options)
    except NoPhone as problem:
        return problem
    except (DeviceFailed, NotFound) as problem:
        return NoPhone(str(problem).rstrip("."))
    return None


class AdbPhone:
    """A phone behind an adb server. `size` is asked once: turn the phone as the game wants it beforehand."""

    def __init__(self, link: Link, *, clock: Clock | None = None, is_png: bool = False) -> None:
        self._link = link
        self.clock: Clock = clock or SystemClock()
        self._is_png = is_png
        height, width = self._screen().shape[:2]
        self.size = (width, height)

    @classmethod
    def connect(cls, options: Mapping[str, Any], *, clock: Clock | None = None) -> AdbPhone:
        """Connect to the phone that the device options mean, and bring `app` to its front if they name one.

        Options: serial, host, port; png (compressed pictures, for a slow cable); app (package/activity).
        Raises:  as `find_phone`, and DeviceFailed when the phone does not answer.
        """
        link = find_phone(options)
        if options.get("app"):
            _bring_to_front(link, str(options["app"]), clock or SystemClock())
        return cls(link, clock=clock, is_png=bool(options.get("png", False)))

    @property
    def link(self) -> Link:
        """The way to the phone."""
        return self._link

    @property
    def serial(self) -> str:
        """What the phone is known by."""
        return self._link.serial

    def tap(self, x: float, y: float) -> None:
        """Touch the screen shortly. Raises DeviceFailed when the phone did not do it."""
        _run(self._link, f"input tap {round(x)} {round(y)}")

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        """Touch, move and let go. Raises DeviceFailed when the phone did not come to the end of it."""
        (x1, y1), (x2, y2) = start, end
        command = f"input swipe {round(x1)} {round(y1)} {round(x2)} {round(y2)} {round(seconds * 1000)}"
        _run(self._link, command, seconds)

    def grab(self, view: View | None = None) -> FrameArray:
        """Return what the screen shows now. Raises DeviceFailed when no picture came."""
        return seen(self._screen(), view)

    def close(self) -> None:
        """Nothing stays open between two commands."""

    def _screen(self) -> FrameArray:
        command = "screencap -p" if self._is_png else "screencap"
        data = _read(self._link, command)
        try:
            return _decoded_png(data) if self._is_png else _decoded_raw(data)
        except ValueError as error:
            raise DeviceFailed(
                f"The phone {self.serial} sent no picture of its screen: {error}. Is it still connected and "
                "unlocked? Try --set png=true."
            ) from error


def _decoded_raw(data: bytes) -> FrameArray:
    if len(data) < 12:
        raise ValueError(f"{len(data)} bytes came")
    width, height, pixel_format = struct.unpack_from("<III", data)
    head = len(data) - 4 * width * height
    if head not in (12, 16) or pixel_format not in (RGBA, RGBX, BGRA):
        raise ValueError(f"{len(data)} bytes came for {width}x{height} pixels of format {pixel_format}")
    pixels_HWC = np.frombuffer(data, dtype=np.uint8, offset=head).reshape(height, width, 4)
    order = [2, 1, 0] if pixel_format == BGRA else [0, 1, 2]
    return np.ascontiguousarray(pixels_HWC[:, :, order] if pixel_format == BGRA else pixels_HWC[:, :, :3])


def _decoded_png(data: bytes) -> FrameArray:
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        raise ValueError(f"{len(data)} bytes came that are no PNG")
    return cast(FrameArray, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def _run(phone: Link, command: str, takes_s: float = 0.0) -> str:
    """Run a command to its end and return what it printed. Raises DeviceFailed when it failed or broke off."""
    text = _read(phone, f"{command}; echo {MARK}$?", takes_s).decode("utf-8", "replace")
    printed, mark, code = text.rpartition(MARK)
    if not mark:
        raise DeviceFailed(
            f'The phone {phone.serial} was disconnected in the middle of "{command}". '
            "Check the cable, unlock the phone and connect it again."
        )
    if code.strip() != "0":
        raise DeviceFailed(f'The phone {phone.serial} refused "{command}": {printed.strip() or code.strip()}.')
    return printed


def _read(phone: Link, command: str, takes_s: float = 0.0) -> bytes:
    """Return what a command writes, byte for byte."""
    with saying_what_failed(f"the phone {phone.serial}"), phone.run(command, takes_s) as connection:
        parts = []
        while part := connection.conn.recv(2**16):
            parts.append(part)
        return b"".join(parts)


@contextmanager
def saying_what_failed(who: str) -> Iterator[None]:
    """Turn what adbutils and the socket say into a sentence."""
    from adbutils import AdbError

    try:
        yield
    except (AdbError, OSError, ValueError) as error:
        raise DeviceFailed(
            f"{who[:1].upper()}{who[1:]} does not answer any more: {str(error).strip() or type(error).__name__}. "
            "Check the cable, unlock the phone and connect it again."
        ) from error


def _bring_to_front(phone: Link, app: str, clock: Clock) -> None:
    """Start an app unless it is in front already, and wait until it is. `app` is package/activity."""
    package = app.partition("/")[0]
    end_ns = clock.now_ns() + round(START_S * NS_PER_S)
    if _in_front(phone) == package:
        return
    _run(phone, f"am start -n {app}")
    while _in_front(phone) != package:
        if clock.now_ns() >= end_ns:
            raise DeviceFailed(
                f"{package} did not come to the front of the phone {phone.serial}. Start it by hand."
            )
        clock.sleep_until(clock.now_ns() + NS_PER_S)


def _in_front(phone: Link) -> str:
    found = re.search(r"mCurrentFocus=Window\{\S+ \S+ ([^/\s]+)", _run(phone, "dumpsys window"))
    return found.group(1) if found else ""
