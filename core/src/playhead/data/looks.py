"""Whether takes look unlike those before: another camera, a menu, another window, other colours.

Shape legend: K pictures of a take, F features of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from playhead.data.source import Source
from playhead.errors import PlayheadError

PICTURES = 8  # of a take, evenly spread
GRID = (8, 6)  # cells across and down
FLOOR = 20.0  # of 255: nearer than this, pictures are alike whatever the others are
FACTOR = 3.0  # times as far away as the takes before are from one another

Looks = npt.NDArray[np.float32]


def looks_of(recording: Source) -> Looks | None:
    """Return the mean colours of parts of some pictures, None for what cannot be read. Shape (K, F)."""
    frame_HWC = np.empty(recording.header.frame.shape, np.uint8)
    rows = []
    try:
        for place in np.linspace(0, recording.length - 1, min(PICTURES, recording.length)).round().astype(int):
            recording.read_frame_into(int(place), frame_HWC)
            rows.append(cv2.resize(frame_HWC, GRID, interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1))
    except PlayheadError:
        return None
    return np.stack(rows) if rows else None


def odd_looks(recordings: Sequence[Source]) -> dict[str, str]:
    """Say of takes of a window, by place, which look unlike those before them on the same device.

    A world in memory shows what it is told to, so its drives are not looked at.
    """
    said: dict[str, str] = {}
    of_device: dict[tuple[str, str], list[Source]] = {}
    for one in recordings:
        if one.header.seed is None and one.header.window:
            of_device.setdefault((str(one.header.game["name"]), one.header.device), []).append(one)
    for takes in of_device.values():
        for take, is_odd in zip(takes, unlike([looks_of(one) for one in takes]), strict=True):
            if is_odd:
                said[take.place] = "looks unlike those before: another camera, a menu, other colours?"
        for before, take in pairwise(takes):
            if (was := _size(before)) != (now := _size(take)):
                said[take.place] = f"its window is {now}, that of {before.name} was {was}"
    return said


def _size(take: Source) -> str:
    return "{}x{}".format(*(take.header.window.get(side, "?") for side in ("width", "height")))


def unlike(looks: Sequence[Looks | None]) -> list[bool]:
    """Say of each take, in their order, whether it looks unlike all before: far further than those are apart."""
    found = []
    for number, take in enumerate(looks):
        before = [one for one in looks[:number] if one is not None]
        found.append(take is not None and bool(before) and _away(take, before) > _usual(before))
    return found


def _usual(takes: Sequence[Looks]) -> float:
    """Return how far takes may be away from all of these."""
    apart = [_away(one, [*takes[:n], *takes[n + 1 :]]) for n, one in enumerate(takes)] if len(takes) > 1 else []
    return max(FLOOR, FACTOR * float(np.median([*apart, *map(_inside, takes)])))


def _away(take: Looks, others: Sequence[Looks]) -> float:
    """Return how far the pictures of a take, at the median, are from the nearest of others."""
    return float(np.median([_to(one, np.concatenate(others)).min() for one in take]))


def _inside(take: Looks) -> float:
    """Return how far the pictures of a take are from one another, at the median."""
    return float(np.median([np.median(_to(one, take)) for one in take]))


def _to(one: Looks, many: Looks) -> Looks:
    distances: Looks = np.abs(many - one).mean(1)
    return distances
