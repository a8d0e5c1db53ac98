"""Notices that nothing moves any more, and gets out: reverse, then forward to one side.

Source:  pygta5 and pycrew2, by systems.md section 3: four manoeuvres of 1 to 2 s a half, drawn at random.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.control.drivers import Action, Driver, DriverWrapper, Held
from playhead.events import Origin
from playhead.game import Game
from playhead.playing.driving_keys import DrivingKeys

BLUR_PX = 4  # cells of 4x4 pixels are compared, so that noise and single pixels do not count
CHANGED = 16  # grey levels of 255


@dataclass(frozen=True, kw_only=True)
class StuckSettings:
    """When to call it stuck.

    `still_share` is the share of the picture that must change at least, between frames `apart_s` apart, on
    average over `over_s` seconds: the original's 800 of 480x270 pixels. `progress` names a telemetry column
    that must grow by `least_progress` in that time instead; without it only the picture counts.
    """

    still_share: float = 0.006
    apart_s: float = 0.2
    over_s: float = 2.5
    progress: str = ""
    least_progress: float = 0.5


class StuckDetector:
    """Looks at frames and says when nothing has moved for a while."""

    def __init__(self, settings: StuckSettings | None = None) -> None:
        self._settings = settings or StuckSettings()
        self._recent: deque[tuple[int, npt.NDArray[np.int16]]] = deque()
        self._seen: deque[tuple[int, float, float]] = deque()  # time, share changed, progress

    def forget(self) -> None:
        """Begin anew: what lies behind says nothing any more."""
        self._recent.clear()
        self._seen.clear()

    def is_stuck(self, captured: CapturedFrame) -> bool:
        """Take a frame and say whether the last `over_s` seconds stood still."""
        settings, now_ns = self._settings, captured.time_ns
        share = self._changed_share(captured)
        if share is None:
            return False
        self._seen.append((now_ns, share, captured.telemetry.get(settings.progress, 0.0)))
        while now_ns - self._seen[0][0] > settings.over_s * NS_PER_S:
            self._seen.popleft()
        # An interval less than the whole span is full: frames do not fall on its edge.
        if now_ns - self._seen[0][0] < 0.9 * settings.over_s * NS_PER_S:
            return False
        if settings.progress:
            return self._seen[-1][2] - self._seen[0][2] < settings.least_progress
        return float(np.mean([share for _, share, _ in self._seen])) < settings.still_share

    def _changed_share(self, captured: CapturedFrame) -> float | None:
        """Return the share of cells that differ from the frame `apart_s` ago; None while there is none."""
        small = _small(captured)
        self._recent.append((captured.time_ns, small))
        apart_ns = self._settings.apart_s * NS_PER_S
        while len(self._recent) > 1 and captured.time_ns - self._recent[1][0] >= apart_ns:
            self._recent.popleft()
        before_ns, before = self._recent[0]
        if captured.time_ns - before_ns < apart_ns:
            return None
        return float(np.mean(np.abs(small - before) > CHANGED))


def _small(captured: CapturedFrame) -> npt.NDArray[np.int16]:
    height, width = captured.frame_HWC.shape[:2]
    size = (max(1, width // BLUR_PX), max(1, height // BLUR_PX))
    shrunk = cv2.resize(captured.frame_HWC, size, interpolation=cv2.INTER_AREA)
    grey = shrunk if shrunk.ndim == 2 else shrunk.mean(2)
    return grey.astype(np.int16)


class Unsticking(DriverWrapper):
    """A driver around a driver: when stuck, reverse for 1 to 2 s, then go forward to one side, then hand back."""

    def __init__(
        self, driver: Driver, game: Game, *, detector: StuckDetector | None = None, seed: int = 0
    ) -> None:
        super().__init__(driver)
        self._detector = detector or StuckDetector()
        self._random = random.Random(seed)
        self._manoeuvres = manoeuvres(game)
        self._steps: deque[tuple[int, Action]] = deque()  # until when, what
        self.origin = driver.origin
        self.recoveries = 0

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Let the driver decide, unless a way out is being driven. It sees every frame all the same."""
        action = self.inner.decide(captured)
        now_ns = captured.time_ns
        while self._steps and now_ns >= self._steps[0][0]:
            self._steps.popleft()
            if not self._steps:
                self._detector.forget()
        if not self._steps and self._detector.is_stuck(captured):
            self._begin(now_ns)
        if self._steps:
            self.origin = Origin.SCRIPT
            return self._steps[0][1]
        self.origin = self.inner.origin
        return action

    def reset(self, held: Held) -> None:
        """Forget what stood still, and a way out that was begun: others drove, or nobody did."""
        self._steps.clear()
        self._detector.forget()
        self.inner.reset(held)

    def _begin(self, now_ns: int) -> None:
        self.recoveries += 1
        until_ns = now_ns
        for action in self._random.choice(self._manoeuvres):
            until_ns += round(self._random.uniform(1.0, 2.0) * NS_PER_S)
            self._steps.append((until_ns, action))


def manoeuvres(game: Game) -> list[tuple[Action, Action]]:
    """Return the four ways out in a game's codes: backwards, then forwards to a side.

    Raises:  BadValue when the game's labels do not say which keys lead forward and back, left and right.
    """
    keys = DrivingKeys.of(game)
    forward, back, left, right = keys.forward, keys.back, keys.left, keys.right
    to_left, to_right = {forward: 1.0, left: 1.0}, {forward: 1.0, right: 1.0}
    return [
        ({back: 1.0}, to_left),
        ({back: 1.0}, to_right),
        ({back: 1.0, left: 1.0}, to_right),
        ({back: 1.0, right: 1.0}, to_left),
    ]
