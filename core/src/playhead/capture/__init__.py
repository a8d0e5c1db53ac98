"""Screen, window, video or environment to frames. One file a backend; this one says what a backend is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from playhead.errors import PluginError

if TYPE_CHECKING:
    from playhead.capabilities import Episodic, StateSaving
    from playhead.capture.desktop import GameWindow
    from playhead.game import Frame

FrameArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class CapturedFrame:
    """One picture, when it was taken, and what else the game told at that moment.

    `regions` are those that the game's readings look at, as large as the source shows them (capture/regions.py);
    a source that gives none has them read off the frame.

    Shapes:  frame_HWC (height, width, 3 or 1) uint8, RGB, of the game's frame size.
    Units:   time_ns on the session's clock; number counts what the source showed, so a gap is a drop.
    """

    frame_HWC: FrameArray
    time_ns: int
    number: int
    telemetry: Mapping[str, float] = field(default_factory=dict)
    cameras: Mapping[str, FrameArray] = field(default_factory=dict)  # pictures of further cameras, any size
    regions: Mapping[str, FrameArray] = field(default_factory=dict)


def check_captured(captured: object) -> None:
    """Raise PluginError for what a capture gives that is no frame; asked of the first one."""
    if not isinstance(captured, CapturedFrame):
        raise PluginError(
            f"A capture gives {captured!r:.80}; `look` must return a CapturedFrame, or None at the end."
        )
    frame_HWC = captured.frame_HWC
    if not isinstance(frame_HWC, np.ndarray) or frame_HWC.dtype != np.uint8 or frame_HWC.ndim != 3:
        what = f"{frame_HWC.shape} {frame_HWC.dtype}" if isinstance(frame_HWC, np.ndarray) else type(frame_HWC)
        raise PluginError(f"A capture gives a picture of {what}; (height, width, 3 or 1) of uint8 is wanted.")
    for name, value in captured.telemetry.items():
        if not isinstance(value, (int, float, np.number)):
            raise PluginError(
                f"A capture tells {name}={value!r:.80}; telemetry is a number, NaN while it is unknown."
            )


def like(main: Frame, picture_HWC: FrameArray) -> Frame:
    """Return what a picture of a further camera is, kept as the main picture is.

    Shapes:  picture_HWC (height, width, 3 or 1).
    """
    height, width, channels = picture_HWC.shape
    return replace(main, width=width, height=height, colour="grey" if channels == 1 else "rgb")


class Capture:
    """A source of frames. All but `look` and `close` has a default.

    `ending` says in a few words why it ended by itself, empty until then. `waiting` is how many frames can be had
    at once. `window` is the window it looks at, where it looks at one.
    """

    @property
    def ending(self) -> str:
        """Why the source ended."""
        return ""

    @property
    def waiting(self) -> int:
        """How many frames can be had at once."""
        return 0

    @property
    def window(self) -> GameWindow | None:
        """The window it looks at."""
        return None

    @property
    def episodes(self) -> Episodic | None:
        """What begins anew and is scored, on a device with the capability `episodes`."""
        return None

    @property
    def states(self) -> StateSaving | None:
        """What can be put back to how it was, on a device with the capability `states`."""
        return None

    @property
    def telemetry_names(self) -> Sequence[str] | None:
        """The telemetry it will tell, known before the first frame; None for what the first frame has."""
        return None

    @property
    def cameras(self) -> Mapping[str, Frame] | None:
        """What the pictures of each further camera are, known before the first frame.

        Each has one with every frame. None for those of the first frame, kept as the game's frame is.
        """
        return None

    def look(self) -> CapturedFrame | None:
        """Return the newest frame, or None when the source has ended (episode over, window closed, video done)."""
        raise NotImplementedError

    def keep(self, frames: int) -> None:
        """From now on hand out every frame in turn, up to so many late, as a recording wants it.

        A source that moves only when it is looked at does so anyway.
        """

    def ask_again(self) -> None:
        """Look up anew how the source is (the size of a screen), with the next frame."""

    def close(self) -> None:
        """Give back what the source holds. May be called twice."""
        raise NotImplementedError
