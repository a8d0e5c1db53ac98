"""Notices that nothing moves any more, and gets out: reverse, then forward to one side.

Source:  pygta5 and pycrew2, by systems.md section 3: four manoeuvres of 1 to 2 s a half, drawn at random.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.control.drivers import Action, Driver, DriverWrapper, Held
from playhead.errors import LISTED, BadValue, not_found
from playhead.events import Origin
from playhead.game import Game
from playhead.playing.driving_keys import DrivingKeys

BLUR_PX = 4  # cells of 4x4 pixels are compared, so that noise and single pixels do not count
CHANGED = 16  # grey levels of 255
MOST = 3600.0
WAYS = ("path", "ends")  # how far something went


@dataclass(frozen=True, kw_only=True)
class StuckSettings:
    """When to call it stuck, as stuck.NAME: when too little changes, of the picture or of what is told.

    A game states its own as `stuck`, `play` changes them with --set.
    Source:  still_share is the original's 800 of 480x270 pixels, over its 25 frames. `way=ends` is the rule of
             Charles (Sentdex/pygta5, f2a858c), which takes circles for standing still.
    """

    over_s: float = 2.5  # so many seconds of standing still are being stuck
    still_share: float = 0.006  # share of the picture that changes at least where something moves, on average
    apart_s: float = 0.2  # between pictures so many seconds apart
    speed: str = ""  # telemetry that has to reach slow_mps instead; while it is unknown, the picture says it
    slow_mps: float = 1.0  # a car that is never faster stands
    progress: str = ""  # telemetry that has to grow by least_progress instead
    least_progress: float = 0.5  # in its unit
    position: str = ""  # telemetry that says where it is, as x_m,y_m: its way has to reach least_way instead
    least_way: float = 5.0  # of the path, in the unit of the position
    way: str = "path"  # path: the length of what was driven; ends: from where it was to where it is, as published
    shortest_s: float = 1.0  # each half of a way out, back and forth, lasts so long at least
    longest_s: float = 2.0  # and so long at most

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> StuckSettings:
        """Read plain data. Raises NotFound for an unknown setting, BadValue for a value that cannot be."""
        known = {item.name: item.default for item in fields(cls)}
        for name, value in settings.items():
            if name not in known:
                raise not_found("setting of stuck", name, known, then=LISTED)
            is_text = isinstance(known[name], str)
            if isinstance(value, bool) or not isinstance(value, str if is_text else (int, float)):
                raise BadValue(f"stuck.{name}={value} is no {'name of telemetry' if is_text else 'number'}.")
            if not isinstance(value, str) and not 0 <= value <= MOST:
                raise BadValue(f"stuck.{name}={value} lies outside 0 to {MOST:g}.")
        parsed = cls(**settings)
        if parsed.way not in WAYS:
            raise BadValue(f"stuck.way={parsed.way} is none of {', '.join(WAYS)}.")
        if parsed.longest_s < parsed.shortest_s:
            raise BadValue(f"stuck.longest_s={parsed.longest_s:g} is less than shortest_s={parsed.shortest_s:g}.")
        return parsed


class StuckDetector:
    """Looks at frames and says when nothing has moved for a while."""

    def __init__(self, settings: StuckSettings | None = None) -> None:
        self._settings = settings or StuckSettings()
        self._recent: deque[tuple[int, npt.NDArray[np.int16]]] = deque()
        self._seen: deque[tuple[int, float, Mapping[str, float]]] = deque()  # time, share changed, telemetry
        self.calls = dict.fromkeys(WAYS, 0)  # how often each has called it stuck, whichever counts
        self._called = dict.fromkeys(WAYS, False)

    def forget(self) -> None:
        """Begin anew: what lies behind says nothing any more."""
        self._recent.clear()
        self._seen.clear()
        self._called = dict.fromkeys(WAYS, False)

    def is_stuck(self, captured: CapturedFrame) -> bool:
        """Take a frame and say whether the last `over_s` seconds stood still."""
        settings, now_ns = self._settings, captured.time_ns
        share = self._changed_share(captured)
        if share is None:
            return False
        self._seen.append((now_ns, share, captured.telemetry))
        while now_ns - self._seen[0][0] > settings.over_s * NS_PER_S:
            self._seen.popleft()
        # An interval less than the whole span is full: frames do not fall on its edge.
        if now_ns - self._seen[0][0] < 0.9 * settings.over_s * NS_PER_S:
            return False
        if settings.position:
            return self._stands()[settings.way]
        if settings.progress:
            grown = self._told(settings.progress, -1) - self._told(settings.progress, 0)
            return grown < settings.least_progress
        speeds = [self._told(settings.speed, place) for place in range(len(self._seen))] if settings.speed else []
        if known := [abs(speed) for speed in speeds if math.isfinite(speed)]:
            return max(known) < settings.slow_mps
        return float(np.mean([share for _, share, _ in self._seen])) < settings.still_share

    def _stands(self) -> dict[str, bool]:
        """Return whether the way since `over_s` ago is too short, however it is measured, and count the calls."""
        names = self._settings.position.split(",")
        places_TD = np.array([[self._told(name, place) for name in names] for place in range(len(self._seen))])
        ways = {
            "path": float(np.linalg.norm(np.diff(places_TD, axis=0), axis=1).sum()),
            "ends": float(np.linalg.norm(places_TD[-1] - places_TD[0])),
        }
        stands = {name: way < self._settings.least_way for name, way in ways.items()}
        for name, called in stands.items():
            self.calls[name] += called and not self._called[name]
        self._called = stands
        return stands

    def _told(self, name: str, place: int) -> float:
        """Return what was told with a frame. Raises NotFound on a device that does not tell it."""
        telemetry = self._seen[place][2]
        if name not in telemetry:
            of = {self._settings.progress: "progress", self._settings.speed: "speed"}
            which = of.get(name, "position")
            then = f"Name another: --set stuck.{which}=NAME."
            raise not_found("telemetry of this device", name, telemetry, then=then)
        return telemetry[name]

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
    """A driver around a driver: when stuck, go back for a while, then forward to one side, then hand back."""

    def __init__(
        self, driver: Driver, game: Game, *, settings: StuckSettings | None = None, seed: int = 0
    ) -> None:
        super().__init__(driver)
        settings = settings or StuckSettings.parse(game.stuck)
        self._detector = StuckDetector(settings)
        self._shortest_s, self._longest_s = settings.shortest_s, settings.longest_s
        self._random = random.Random(seed)
        self._manoeuvres = manoeuvres(game)
        self._steps: deque[tuple[int, Action]] = deque()  # until when, what
        self.origin = driver.origin
        self.recoveries = 0

    @property
    def calls(self) -> Mapping[str, int]:
        """How often each way of measuring a way has called it stuck."""
        return self._detector.calls

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
            self.inner.overruled(self._steps[0][1])
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
            until_ns += round(self._random.uniform(self._shortest_s, self._longest_s) * NS_PER_S)
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
