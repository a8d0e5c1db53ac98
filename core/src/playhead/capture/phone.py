"""Frames from the screen of a phone: any `Phone`, drawn or real. Captures of phones are made of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self, cast

from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.clock import NS_PER_S, Clock
from playhead.game import Frame
from playhead.phone import SHARED, Phone, View, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playhead.devices import DeviceSession


class PhoneCapture(Capture):
    """Looks at a part of a phone's screen, as the game's frame.

    The time of a frame is from just before its pixels were asked for. Frames are numbered by their place in the
    schedule, so that whoever is too slow for the rate leaves gaps.
    """

    def __init__(
        self, phone: Phone, view_of: Callable[[tuple[int, int]], View], frame: Frame, *, clock: Clock,
        rate_hz: float,
    ) -> None:  # fmt: skip
        self.phone = phone
        self._view_of = view_of
        self._size, self._view = phone.size, view_of(phone.size)
        self._frame = frame
        self._clock = clock
        self._period_ns = round(NS_PER_S / rate_hz)
        self._begin_ns: int | None = None
        self._number = -1

    @classmethod
    def open(cls, session: DeviceSession, make: Callable[[], Phone]) -> Self:
        """Open the phone of a session, share it and take over its clock.

        Raises:  BadValue for a crop beside the screen, DeviceFailed when there is no phone.
        """
        phone = session.share(SHARED, make)
        session.on_close(phone.close)
        session.clock = phone.clock
        frame = session.game.needed_frame
        view = partial(view_of, session.options, frame=frame)
        return cls(phone, view, frame, clock=phone.clock, rate_hz=session.rate_hz)

    def look(self) -> CapturedFrame:
        """Return what the screen shows now. Raises DeviceFailed when the phone is gone."""
        time_ns = self._clock.now_ns()
        frame_HWC = self.phone.grab(self._view)
        if self._is_turned(self.phone.size):
            time_ns = self._clock.now_ns()
            frame_HWC = self.phone.grab(self._view)
        return self._captured(frame_HWC, time_ns)

    def _is_turned(self, size: tuple[int, int]) -> bool:
        """Whether the screen has another size now; the view is what the options say of that one then.

        Raises:  BadValue for a crop beside the screen.
        """
        if size == self._size:
            return False
        self._size, self._view = size, self._view_of(size)
        return True

    def _captured(self, frame_HWC: FrameArray, time_ns: int) -> CapturedFrame:
        if self._begin_ns is None:
            self._begin_ns = time_ns
        # Half an interval late is still the same place in the schedule.
        place = (time_ns - self._begin_ns + self._period_ns // 2) // self._period_ns
        self._number = max(self._number + 1, place)
        return CapturedFrame(frame_HWC=self._coloured(frame_HWC), time_ns=time_ns, number=self._number)

    def _coloured(self, frame_HWC: FrameArray) -> FrameArray:
        if self._frame.channels == frame_HWC.shape[2]:
            return frame_HWC
        import cv2

        return cast(FrameArray, cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY)[:, :, None])

    def close(self) -> None:
        """Nothing to give back: the session closes the phone."""
