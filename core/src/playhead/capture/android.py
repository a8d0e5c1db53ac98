"""Frames from a phone with Android: its screen as a stream, or one `screencap` after another.

Options: serial, host, port, app, png (phone/adb.py); crop, crop_side (phone/__init__.py); stream, true unless said
otherwise. The stream begins with the first look: who only touches and grabs never starts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from playhead.capabilities import Capabilities, provides
from playhead.capture import CapturedFrame
from playhead.capture.phone import PhoneCapture
from playhead.clock import NS_PER_S
from playhead.errors import DeviceFailed, NoPhone
from playhead.phone import seen
from playhead.phone.adb import AdbPhone
from playhead.phone.link import why_no_phone
from playhead.phone.stream import ScreenStream

if TYPE_CHECKING:
    from playhead.devices import DeviceSession
    from playhead.game import Device

FIRST_S = 10.0  # how long the stream may take to begin
PATIENCE = 0.75  # intervals to wait for a new picture, as on a desktop (capture/thread.py)


class StreamCapture(PhoneCapture):
    """Looks at the stream of a phone's screen. While the screen stands still its last picture is shown again."""

    _stream: ScreenStream | None = None
    _newest: CapturedFrame | None = None
    _looked = -1

    def look(self) -> CapturedFrame:
        """Return the newest picture. Raises DeviceFailed when the phone is gone or sends none at all."""
        if self._stream is None:
            assert isinstance(self.phone, AdbPhone)
            self._stream = ScreenStream(self.phone.link, self._clock)
        wait_s = FIRST_S if self._newest is None else PATIENCE * self._period_ns / NS_PER_S
        shown = self._stream.newest(self._looked, wait_s=wait_s)
        if shown is None:
            raise DeviceFailed(
                f"The phone sent no picture in {FIRST_S:g} s. Is it on? Else use --set stream=false."
            )
        if self._newest is None or shown.number != self._looked:
            self._looked = shown.number
            screen_HWC = shown.frame()
            self._is_turned((screen_HWC.shape[1], screen_HWC.shape[0]))
            self._newest = self._captured(seen(screen_HWC, self._view), shown.time_ns)
        return self._newest

    def close(self) -> None:
        """End the stream. May be called twice."""
        if self._stream is not None:
            self._stream.close()


def _why_not(device: Device, options: Mapping[str, Any], title: str) -> NoPhone | None:
    return why_no_phone(options)


@provides(Capabilities(is_outside=True, kind="the phone", why_not=_why_not))
def open_capture(session: DeviceSession) -> PhoneCapture:
    """Connect to the phone of a device, for looking and for touching. Raises NoPhone when there is none."""
    kind = StreamCapture if session.options.get("stream", True) else PhoneCapture
    return kind.open(session, lambda: AdbPhone.connect(session.options))
