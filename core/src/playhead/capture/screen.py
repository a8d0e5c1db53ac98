"""Frames from the game's window on the screen, wherever it is moved and however it is sized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.capabilities import Capabilities, provides
from playhead.capture import Capture, CapturedFrame
from playhead.capture.desktop import GameWindow, why_no_window
from playhead.capture.grab import Grabber, to_frame
from playhead.capture.regions import RegionCutter
from playhead.capture.thread import CaptureThread, PictureLost, SourceEnded
from playhead.clock import NS_PER_S, Clock
from playhead.errors import DeviceFailed
from playhead.game import Frame

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

FIRST_S = 5.0  # how long a window may take to show anything at all
RETURN_S = 1.0  # games close and open their window to change its mode; a closed one is looked for that long
LOOK_AGAIN_S = 0.1  # between two searches for it, each of which takes some 3 ms


class WindowSource:
    """Takes pictures of a window. Where it is, is asked before every one: 0.1 ms, and no picture is wrong."""

    def __init__(self, window: GameWindow, frame: Frame, clock: Clock, cutter: RegionCutter | None = None) -> None:
        self._window = window
        self._frame = frame
        self._cutter = cutter or RegionCutter((0, 0), {})
        self._clock = clock
        self._grabber = Grabber()
        self._is_asked = False
        self._closed_ns: int | None = None
        self._searched_ns = 0

    def ask_again(self) -> None:
        """Have the size of the desktop looked up anew, with the next picture and in its thread."""
        self._is_asked = True

    def take(self, number: int) -> CapturedFrame | None:
        """Return the window's picture; None while it is minimised, or closed and perhaps coming back.

        Raises:  PictureLost while the screen changes, SourceEnded when the window was closed for good,
                 DeviceFailed when the screen cannot be read.
        """
        if self._is_asked:
            self._is_asked = False
            self._grabber.close()  # it opens with the next grab
        box = self._window.box()
        if box is None:
            self._search()
            return None
        self._closed_ns = None
        if self._window.is_minimised() or not box.width or not box.height:
            return None
        time_ns = self._clock.now_ns()
        picture_HWC = self._grabber.grab(box)
        if picture_HWC is None:
            raise PictureLost
        regions = self._cutter.cut(picture_HWC, is_bgr=True)
        frame_HWC = to_frame(picture_HWC, self._frame)
        return CapturedFrame(frame_HWC=frame_HWC, time_ns=time_ns, number=number, regions=regions)

    def close(self) -> None:
        """Give the screen back."""
        self._grabber.close()

    def _search(self) -> None:
        now_ns = self._clock.now_ns()
        if self._closed_ns is None:
            self._closed_ns = now_ns
        if now_ns - self._searched_ns >= LOOK_AGAIN_S * NS_PER_S:
            self._searched_ns = now_ns
            if self._window.find_again():
                return
        if now_ns - self._closed_ns > RETURN_S * NS_PER_S:
            raise SourceEnded(f'the window "{self._window.title}" was closed')


class ScreenCapture(Capture):
    """Looks at the game's window. Its end is the end of the source; while it is minimised nothing new is shown.

    The time of a frame is from just before its pixels were read.
    """

    def __init__(
        self, window: GameWindow, frame: Frame, clock: Clock, *, rate_hz: float, cutter: RegionCutter | None = None
    ) -> None:
        self._window = window
        self._source = WindowSource(window, frame, clock, cutter)
        self._thread = CaptureThread(self._source, clock, rate_hz=rate_hz)
        self._has_shown = False

    @property
    def gaps(self) -> int:
        """Pictures that the thread came too late for, or lost while the screen changed."""
        return self._thread.gaps

    @property
    def taken(self) -> int:
        """Pictures taken, looked at or not."""
        return self._thread.taken

    @property
    def window(self) -> GameWindow:
        """The window, wherever it is."""
        return self._window

    @property
    def ending(self) -> str:
        """Why nothing more will be shown; empty while it goes on."""
        return self._thread.ending

    def ask_again(self) -> None:
        """Look up anew how large the desktop is; where the window lies is asked before every picture anyway."""
        self._source.ask_again()

    def keep(self, frames: int) -> None:
        """From now on hand out every frame in turn, up to so many late, and not only the newest."""
        self._thread.keep(frames)

    @property
    def waiting(self) -> int:
        """Frames that can be had at once."""
        return self._thread.waiting

    def look(self) -> CapturedFrame | None:
        """Return the newest frame, one that was not looked at yet if it comes in time.

        Raises:  DeviceFailed when the screen cannot be read, or the window shows nothing from the beginning.
        """
        captured = self._thread.look(wait_s=None if self._has_shown else FIRST_S)
        if captured is None and not self.ending:
            raise DeviceFailed(
                f'The window "{self._window.title}" shows nothing. Is it minimised? Bring it to the front.'
            )
        self._has_shown = True
        return captured

    def close(self) -> None:
        """End the thread and give the screen back."""
        self._thread.close()


@provides(Capabilities(has_window=True, is_outside=True, kind="the game's window", why_not=why_no_window))
def open_capture(session: DeviceSession) -> ScreenCapture:
    """Open the window of a device for looking.

    Raises:  NoWindow when there is no display, no such window, or several.
    """
    window = GameWindow.of(session)
    return ScreenCapture(
        window, session.game.needed_frame, session.clock, rate_hz=session.rate_hz,
        cutter=RegionCutter.of(session.game),
    )  # fmt: skip
