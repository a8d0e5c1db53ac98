"""A phone's screen as a stream: Android's own `screenrecord`, decoded in a thread that keeps the newest picture.

Faster than `screencap`, which sends every pixel, and a little late, as an encoder is. Only looking uses it: who
has touched the screen and wants to see what came of it takes `AdbPhone.grab`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playhead.clock import Clock
from playhead.errors import DeviceFailed, NoPhone
from playhead.phone import FrameArray
from playhead.phone.link import Link, saying_what_failed

if TYPE_CHECKING:
    from adbutils import AdbConnection

LIMIT_S = 180  # the longest that screenrecord records; then it is started again
IDLE_S = 0.1  # without news for so long the screen stands still
# A picture ends where the next one begins. While the screen stands still none begins, so one is announced: this
# access unit delimiter makes the parser give out the picture that it holds back.
ANNOUNCED = b"\x00\x00\x00\x01\x09\xf0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A picture of the stream. Units: time_ns when it was decoded; number counts all that were."""

    picture: Any  # av.VideoFrame; most are never looked at, so they are not converted
    time_ns: int
    number: int

    def frame(self) -> FrameArray:
        """Return its pixels, (H, W, 3) uint8 RGB."""
        frame_HWC: FrameArray = self.picture.to_ndarray(format="rgb24")
        return frame_HWC


class ScreenStream:
    """The screen of a phone, as it changes. `newest` raises what went wrong in the thread.

    Raises:  NoPhone when PyAV is not installed.
    """

    def __init__(self, link: Link, clock: Clock) -> None:
        try:
            import av  # noqa: F401
        except ImportError as error:
            raise NoPhone(
                "PyAV is not installed",
                "The stream needs it: pip install 'playhead[android]', or --set stream=false.",
            ) from error
        self._link = link
        self._clock = clock
        self._news = threading.Condition()
        self._shown: Shown | None = None
        self._error: DeviceFailed | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playhead screen stream", daemon=True)
        self._thread.start()

    def newest(self, after: int = -1, *, wait_s: float) -> Shown | None:
        """Return the newest picture; wait a little for one with a higher number than `after`."""
        with self._news:
            self._news.wait_for(
                lambda: self._error or (self._shown and self._shown.number > after), timeout=wait_s
            )
            if self._error is not None:
                raise self._error
            return self._shown

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        command = f"screenrecord --output-format=h264 --time-limit={LIMIT_S} -"
        try:
            while not self._stop.is_set():
                before = self._number()
                with saying_what_failed(f"the phone {self._link.serial}"), self._link.start(command) as connection:
                    self._decode(connection)
                if self._number() == before and not self._stop.is_set():
                    raise DeviceFailed(
                        f"The phone {self._link.serial} sent no stream of its screen. Use --set stream=false."
                    )
        except DeviceFailed as error:
            with self._news:
                self._error = error
                self._news.notify_all()

    def _decode(self, connection: AdbConnection) -> None:
        """Decode until screenrecord ends or nobody wants more."""
        import av

        codec: Any = av.CodecContext.create("h264", "r")
        codec.thread_count = 1  # threads would hold back a frame each
        connection.conn.settimeout(IDLE_S)
        was_idle = False
        while not self._stop.is_set():
            try:
                data, was_idle = connection.conn.recv(2**16), False
            except TimeoutError:
                if not was_idle:
                    self._take(codec, ANNOUNCED)
                was_idle = True
                continue
            self._take(codec, data or ANNOUNCED)
            if not data:
                return

    def _take(self, codec: Any, data: bytes) -> None:
        import av

        try:
            pictures = [picture for packet in codec.parse(data) for picture in codec.decode(packet)]
        except av.error.InvalidDataError:  # torn by a stall in the middle of a picture; the next whole one will do
            return
        if pictures:
            with self._news:
                number = self._number() + len(pictures)
                self._shown = Shown(picture=pictures[-1], time_ns=self._clock.now_ns(), number=number)
                self._news.notify_all()

    def _number(self) -> int:
        return self._shown.number if self._shown is not None else -1
