"""Numbers read off the screen: who reads them, what is believed, and how they join a frame's telemetry.

region of a picture -> reader -> number and confidence -> filter of impossible jumps -> telemetry
"""

from __future__ import annotations

from playhead.capture import FrameArray


class Reader:
    """What the `reader` of a Reading returns when it is called with its options.

    Any object with `read` is one; it need not derive from this.
    """

    def read(self, picture_HWC: FrameArray) -> tuple[float, float]:
        """Return the number that a region shows, NaN for none, and how sure that is, 0 to 1.

        Shapes:  picture_HWC (height, width, 1 or 3) uint8, RGB, of whatever size the source shows.
        """
        raise NotImplementedError
