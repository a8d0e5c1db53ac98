"""Boxes to places on a level road: where things are, and how they move against us, from a camera that looks ahead.

A place is told in halves of our own width, so that no size is needed but the picture's: what is as wide as we are
and stands on the row `below` the horizon measures `path` of it to each side.
Source:  Lee 1976: what grows by 1 / tau of its size a second is met in tau.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from playhead.clock import NS_PER_S
from playhead.models.boxes import Boxes, overlaps

EDGE = 0.012  # of the picture: nearer to its side a box is cut off
IN_VIEW = 0.42  # of the picture from its middle: farther out a corner may lie beside it
LEAST_BELOW = 0.01  # of the picture: nearer to the horizon nothing is known of how far it is
SAME = 0.2  # of the union of two boxes that are one thing, a frame apart
KEPT_S = 0.35  # a thing that is not found is remembered so long
LEAST, KEPT = 3, 4  # places that make a line, and that are kept however old


@dataclass(frozen=True, kw_only=True)
class View:
    """How a camera looks at a level road.

    Units:  horizon is its row as a share of the picture; path half of our width as a share of the picture's width,
            on the row one picture below the horizon; depth how far away that row is, in halves of our width;
            length of a car, in the same.
    """

    horizon: float
    path: float
    depth: float
    length: float = 4.8


Motion = tuple[float, float, float, float]  # right, ahead; how fast each grows


@dataclass
class Track:
    """One thing over time: when its middle was how far to the right, and its near end how far ahead.

    The near end of what is beside us is not seen: `ahead` keeps the times when it was.
    """

    corners: tuple[float, ...]
    seen_ns: int
    right: deque[tuple[int, float]] = field(default_factory=deque)
    ahead: deque[tuple[int, float]] = field(default_factory=deque)

    def motion(self, over_s: float) -> Motion | None:
        """Return where it is now and how it moves, by lines through the last places; None while they are few."""
        right, ahead = (_line(places, over_s) for places in (self.right, self.ahead))
        if right is None or ahead is None:
            return None
        since_s, past_s = ((self.seen_ns - places[-1][0]) / NS_PER_S for places in (self.right, self.ahead))
        return right[0] + right[1] * since_s, ahead[0] + ahead[1] * past_s, right[1], ahead[1]

    def forget(self, before_ns: int) -> None:
        """Forget what is too old; of where its near end was the last times are kept."""
        while self.right and self.right[0][0] < before_ns:
            self.right.popleft()
        while len(self.ahead) > KEPT and self.ahead[0][0] < before_ns:
            self.ahead.popleft()


def _line(places: deque[tuple[int, float]], over_s: float) -> tuple[float, float] | None:
    """Return value and slope at the last of some places, of the line through those of the last seconds."""
    recent = [(time_ns, place) for time_ns, place in places if places[-1][0] - time_ns <= over_s * NS_PER_S]
    if len(recent) < LEAST:
        return None
    times_s = np.array([(time_ns - recent[-1][0]) / NS_PER_S for time_ns, _ in recent])
    slope, value = np.polyfit(times_s, np.array([place for _, place in recent]), 1)
    return float(value), float(slope)


class Tracker:
    """Follows boxes from frame to frame, and says where they are on the road."""

    def __init__(self, view: View, over_s: float) -> None:
        self._view, self._over_s = view, over_s
        self.tracks: list[Track] = []

    def reset(self) -> None:
        """Forget all."""
        self.tracks.clear()

    def saw(self, boxes: Boxes, time_ns: int) -> None:
        """Take the boxes of the newest frame."""
        free = list(range(len(boxes)))
        shared = overlaps(np.array([one.corners for one in self.tracks]).reshape(-1, 4), boxes.corners_N4)
        alike = np.argwhere(shared >= SAME).tolist()
        met: set[int] = set()
        for number, box in sorted(alike, key=lambda pair: -shared[pair[0], pair[1]]):
            if number in met or box not in free:
                continue
            met.add(number)
            free.remove(box)
            self._follow(self.tracks[number], boxes.corners_N4[box].tolist(), time_ns)
        for box in free:
            track = Track(corners=(), seen_ns=time_ns)
            self._follow(track, boxes.corners_N4[box].tolist(), time_ns)
            self.tracks.append(track)
        self.tracks = [one for one in self.tracks if time_ns - one.seen_ns <= KEPT_S * NS_PER_S]

    def _follow(self, track: Track, corners: Sequence[float], time_ns: int) -> None:
        track.corners, track.seen_ns = tuple(corners), time_ns
        ahead = self._ahead(corners)
        if ahead is not None:
            track.ahead.append((time_ns, ahead))
        right = self._right(corners, ahead, track.motion(self._over_s))
        if right is not None:
            track.right.append((time_ns, right))
        track.forget(time_ns - round(2 * self._over_s * NS_PER_S))

    def _ahead(self, corners: Sequence[float]) -> float | None:
        """Return how far ahead the near end of a box is; None where it is not seen.

        Usually its lower edge says it; where that is cut off, its width, as it is as wide as we are.
        """
        left, _, right, bottom = corners
        view, below = self._view, bottom - self._view.horizon
        if below < LEAST_BELOW:
            return None
        if left > EDGE and right < 1 - EDGE:
            return view.depth / (below if bottom < 1 - EDGE else (right - left) / 2 / view.path)
        ahead = view.depth / below
        inner = max(0.0, left - 0.5, 0.5 - right)  # how far from the middle its side towards us is, at its far end
        is_seen = inner * (ahead + view.length) / ahead < IN_VIEW  # so its near corner would be in the picture
        return ahead if bottom < 1 - EDGE and is_seen else None

    def _right(self, corners: Sequence[float], ahead: float | None, motion: Motion | None) -> float | None:
        """Return how far to the right the middle of a box is; None where that is not known.

        Usually by its outer side, at its near end; where that is cut off by its inner side, at its far end.
        """
        left, _, right, _ = corners
        scale = self._view.depth * self._view.path
        if left > EDGE and right < 1 - EDGE and ahead is not None:
            if left < 0.5 < right:
                return (left + right - 1) / 2 * ahead / scale
            outer, sign = (right, 1.0) if left + right > 1 else (left, -1.0)
            return (outer - 0.5) * ahead / scale - sign
        near = ahead if ahead is not None else motion[1] if motion is not None else None
        if near is None or left < 0.5 < right:
            return None
        inner, sign = (left, 1.0) if left + right > 1 else (right, -1.0)
        return (inner - 0.5) * max(near + self._view.length, 0.5) / scale + sign


def time_to_contact(motion: Motion, reach: Reach) -> tuple[float, bool]:
    """Return in how many seconds a thing is met that goes on as it does, and whether from the side; inf if not.

    Units:  motion as Track.motion gives it.
    """
    right, ahead, sideways, closing = motion
    begin_a, end_a = _span(right, sideways, reach.beside)
    begin_b, end_b = _span(ahead - reach.middle, closing, reach.along)
    begin, end = max(begin_a, begin_b, 0.0), min(end_a, end_b)
    if begin > end:
        return math.inf, False
    return begin, begin_a > begin_b or abs(ahead - reach.middle) < 0.8 * reach.along


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How near two cars may come: their middles aside, their near ends along. Units: halves of our width."""

    beside: float
    along: float
    middle: float


def _span(place: float, speed: float, reach: float) -> tuple[float, float]:
    """Return from when to when a number that moves is within +-reach, in seconds from now."""
    if abs(speed) < 1e-6:
        return (-math.inf, math.inf) if abs(place) < reach else (math.inf, -math.inf)
    ends = sorted(((-reach - place) / speed, (reach - place) / speed))
    return ends[0], ends[1]
