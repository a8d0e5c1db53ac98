"""An adb server on loopback with a phone behind it that is only played: any `Phone`, as a drawn one.

Speaks as much of the adb server's protocol as touching and looking needs. It tests our side of the protocol, not a
phone. Source: the protocol as adbutils 2.12 and adb 41 speak it.
"""

from __future__ import annotations

import re
import shlex
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from typing import Any

import cv2
import numpy as np

from playhead.errors import DeviceFailed
from playhead.phone import Phone

STREAM_HZ = 30
VERSION = "0029"  # of the protocol, in hexadecimal: adb 1.0.41


class AdbServer:
    """A server for one phone or several, in threads. A context manager; `port` is where it listens.

    `states` are serial -> "device", "unauthorized", "offline"; change them while it runs. All phones in the state
    "device" are the one phone. `commands` are those that were run, in order. A phone that raises DeviceFailed is
    gone from then on, in the middle of the command.
    """

    def __init__(self, phone: Phone | None, states: dict[str, str] | None = None, *, front: str = "") -> None:
        self.phone = phone
        self.states = {"emulator-5554": "device"} if states is None else states
        self.front = front  # the package in front
        self.commands: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._touching = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    def __enter__(self) -> AdbServer:
        self._begin(self._accept)
        return self

    def __exit__(self, *args: object) -> None:
        self._is_closed = True
        with socket.create_connection(("127.0.0.1", self.port)):  # wakes accept
            pass
        for thread in list(self._threads):
            thread.join(timeout=5)
        self._socket.close()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_closed:
            connection, _ = self._socket.accept()
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._begin(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection until it is closed or given over to a command."""
        with connection:
            try:
                while (request := _request(connection)) is not None:
                    if not self._answer(connection, request):
                        return
            except OSError:
                return  # the other side has gone

    def _answer(self, connection: socket.socket, request: str) -> bool:
        """Answer one request; say whether the connection goes on."""
        if found := re.fullmatch(r"host:(?:tport|transport)[:-](?:serial:|any)?(.*)", request):
            return self._transport(connection, found.group(1), has_number=":tport:" in request)
        if found := re.fullmatch(r"(?:exec|shell):(.*)", request, re.DOTALL):
            connection.sendall(b"OKAY")
            self._run(connection, found.group(1))
        elif request == "host:version":
            connection.sendall(b"OKAY" + _block(VERSION))
        elif request in ("host:devices", "host:devices-l"):
            listed = "".join(f"{name}\t{state}\n" for name, state in self.states.items())
            connection.sendall(b"OKAY" + _block(listed))
        elif request.endswith("features"):
            connection.sendall(b"OKAY" + _block(""))
        else:
            connection.sendall(b"FAIL" + _block(f"unknown request {request}"))
        return False  # whoever asks waits for the end

    def _transport(self, connection: socket.socket, serial: str, *, has_number: bool) -> bool:
        serial = serial or next(iter(self.states), "")
        state = self.states.get(serial)
        if state != "device":
            refusal = f"device '{serial}' not found" if state is None else f"device {state}"
            connection.sendall(b"FAIL" + _block(refusal))
            return False
        connection.sendall(b"OKAY" + (struct.pack("<Q", 1) if has_number else b""))
        return True

    def _run(self, connection: socket.socket, line: str) -> None:
        """Run a command line of the few that a phone is asked for, and what is printed after it."""
        command, _, after = line.partition("; echo ")
        self.commands.append(command)
        if command.startswith("screenrecord "):
            self._stream(connection)
            return
        try:
            with self._touching:
                code = self._do(connection, command)
        except DeviceFailed:
            self.states.clear()  # unplugged: the connection ends here, with nothing said
            return
        if after:
            connection.sendall(after.replace("$?", str(code)).encode() + b"\n")

    def _do(self, connection: socket.socket, command: str) -> int:
        phone = self.phone
        assert phone is not None, "a server without a phone was asked to touch it"
        words = shlex.split(command)
        if words[:2] == ["input", "tap"]:
            phone.tap(float(words[2]), float(words[3]))
        elif words[:2] == ["input", "swipe"]:
            x1, y1, x2, y2, milliseconds = map(float, words[2:])
            phone.drag((x1, y1), (x2, y2), milliseconds / 1000)
        elif words[0] == "screencap":
            connection.sendall(_png(phone) if "-p" in words else _raw(phone))
        elif words[:2] == ["dumpsys", "window"]:
            connection.sendall(f"  mCurrentFocus=Window{{1a u0 {self.front}/.Activity}}\n".encode())
        elif words[:2] == ["am", "start"]:
            self.front = words[3].partition("/")[0]
        else:
            connection.sendall(f"sh: {words[0]}: not found\n".encode())
            return 127
        return 0

    def _stream(self, connection: socket.socket) -> None:
        """Send the screen as h264 whenever it has changed, until nobody reads any more."""
        import av

        assert self.phone is not None
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = self.phone.size
        encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, STREAM_HZ)
        encoder.options = {"tune": "zerolatency", "preset": "ultrafast"}
        before = b""
        for number in count():
            if self._is_closed or "device" not in self.states.values():
                return
            with self._touching:
                screen_HWC = self.phone.grab()
            if screen_HWC.tobytes() != before:
                before = screen_HWC.tobytes()
                picture = av.VideoFrame.from_ndarray(screen_HWC, format="rgb24")
                picture.pts = number
                connection.sendall(b"".join(bytes(packet) for packet in encoder.encode(picture)))
            time.sleep(1 / STREAM_HZ)


def _request(connection: socket.socket) -> str | None:
    length = _exactly(connection, 4)
    if length is None:
        return None
    text = _exactly(connection, int(length, 16))
    return None if text is None else text.decode()


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            return None
        data += part
    return data


def _block(text: str) -> bytes:
    data = text.encode()
    return f"{len(data):04x}".encode() + data


def _raw(phone: Phone) -> bytes:
    screen_HWC = phone.grab()
    height, width = screen_HWC.shape[:2]
    opaque_HW1 = np.full((height, width, 1), 255, dtype=np.uint8)
    pixels = np.concatenate([screen_HWC, opaque_HW1], axis=2).tobytes()
    return struct.pack("<IIII", width, height, 1, 0) + pixels


def _png(phone: Phone) -> bytes:
    _, data = cv2.imencode(".png", cv2.cvtColor(phone.grab(), cv2.COLOR_RGB2BGR))
    return data.tobytes()


@contextmanager
def nothing_listens() -> Iterator[int]:
    """Give a port of this machine at which nobody answers."""
    with socket.socket() as held:  # bound and not listening: nobody else can take it
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
