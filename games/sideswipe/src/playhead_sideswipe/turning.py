"""Turns the car in the start menu by tenths and makes sure that it turned. Knows no loadout.

That it turned is told by the picture itself, which is taken anyway: it must differ from the one before the drag.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from playhead.phone import FrameArray, View
from playhead_sideswipe import layout
from playhead_sideswipe.fingers import TRIES, Fingers, no_effect
from playhead_sideswipe.loadout import ROTATIONS

TURN_S = 0.15
# A picture is compared in blocks of 20x15 pixels: paper that falls is smaller, cars are larger.
BLOCKS = (20, 10)
MOST = 5  # how many blocks are asked: those that differ most
# `difference` of 2,500 cars of the garage, each in a room that stays (benchmarks/turning.py --cars 2500).
# Untouched with paper falling it is at most 31.6, with camera and brightness moving too 36.8, and 99 of 100 are
# below 29.8; turned by a tenth it is at least 28.8, and 99 of 100 are above 51. What lies between is looked at
# again: in three looks paper is elsewhere and the car is not. That leaves 99 of 100 untouched below 21.1, and each
# turn at 26.8 or more.
SURE = 45.0
LASTING = 25.0
LOOKS = 3

BlockArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """The car as it stands. Shapes: frame_HWC as the view. Units: time_ns from just before it was taken."""

    frame_HWC: FrameArray
    time_ns: int


class Turntable:
    """The car in the start menu. `settle_s` is waited before each picture."""

    def __init__(self, hand: Fingers, view: View, *, settle_s: float) -> None:
        self._hand = hand
        self._view = view
        self._settle_s = settle_s
        self._turned = 0
        self._newest: Shot | None = None

    def forget(self) -> None:
        """Take nothing for granted of how the car looks: somebody has touched it."""
        self._newest = None

    def shot(self) -> Shot:
        """Let the picture come to rest and take it, unless that was done since the last turn."""
        if self._newest is None:
            self._hand.wait(self._settle_s)
            time_ns = self._hand.phone.clock.now_ns()
            self._newest = Shot(frame_HWC=self._hand.phone.grab(self._view), time_ns=time_ns)
        return self._newest

    def turn(self) -> None:
        """Turn the car by a tenth. Raises DeviceFailed when it looks as before, time and again."""
        before_HWC = self.shot().frame_HWC
        x, y = layout.CENTRE
        for _ in range(TRIES):
            self._hand.drag((x, y), (x + layout.TURN_PX, y), TURN_S, then_s=0.0)
            if self._has_turned(before_HWC):
                self._turned = (self._turned + 1) % ROTATIONS
                return
        raise no_effect("Turning the car")

    def finish(self) -> None:
        """Turn on until the car stands as it did at first."""
        while self._turned:
            self.turn()

    def _has_turned(self, before_HWC: FrameArray) -> bool:
        """Whether the car stands otherwise, or comes to: a drag that is only late must not be done twice."""
        self.forget()
        if difference(before_HWC, self.shot().frame_HWC) >= SURE:
            return True
        looks: list[FrameArray] = []

        def is_sure() -> bool:
            looks.append(self._hand.phone.grab(self._view))
            return difference(before_HWC, looks[-1]) >= SURE

        has_turned = self._hand.in_time(is_sure) or difference(before_HWC, *looks[-LOOKS:]) >= LASTING
        self.forget()  # what is late is still on its way: shot() lets it come to rest
        return has_turned


def difference(before_HWC: FrameArray, *after_HWC: FrameArray) -> float:
    """Return how much the few blocks differ that differ most in all looks, 0 to 255; brightness does not count."""
    lasting_HW = np.min([_block_differences(before_HWC, look_HWC) for look_HWC in after_HWC], axis=0)
    return float(np.partition(lasting_HW.ravel(), -MOST)[-MOST:].mean())


def _block_differences(before_HWC: FrameArray, after_HWC: FrameArray) -> BlockArray:
    changes_HWC = _blocks(after_HWC) - _blocks(before_HWC)
    changes_HWC -= np.median(changes_HWC.reshape(-1, 3), axis=0)
    return np.asarray(np.abs(changes_HWC).max(axis=2), np.float32)


def _blocks(picture_HWC: FrameArray) -> BlockArray:
    return cv2.resize(picture_HWC, BLOCKS, interpolation=cv2.INTER_AREA).astype(np.float32)
