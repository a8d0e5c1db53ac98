"""Whether takes look unlike those before: another camera, a menu, another window, other colours.

Shape legend: K pictures of a take, F features of a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.data.source import Source
from playhead.errors import Damaged, PlayheadError

PICTURES = 8  # of a take, evenly spread
KNOWN = 256  # pictures of all takes together that are remembered, at least one of each of the first so many
WITHIN = 0.99  # share of what is remembered that is known by the other takes
BEYOND = 1.25  # times as far as these is not known any more
GRID = (8, 6)  # cells across and down
FLOOR = 20.0  # of 255: nearer than this, pictures are alike whatever the others are
FACTOR = 3.0  # times as far away as the takes before are from one another

Looks = npt.NDArray[np.float32]


def looks_of(recording: Source, pictures: int = PICTURES) -> Looks | None:
    """Return the mean colours of parts of some pictures, None for what cannot be read. Shape (K, F)."""
    frame_HWC = np.empty(recording.header.frame.shape, np.uint8)
    rows = []
    try:
        for place in np.linspace(0, recording.length - 1, min(pictures, recording.length)).round().astype(int):
            recording.read_frame_into(int(place), frame_HWC)
            rows.append(_look(frame_HWC))
    except PlayheadError:
        return None
    return np.stack(rows) if rows else None


def _look(picture_HWC: npt.NDArray[np.uint8]) -> Looks:
    """Return the mean colours of parts of a picture of any size (F,)."""
    return cv2.resize(picture_HWC, GRID, interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownLooks:
    """What pictures look like that a run has learned from, and how far from all of them others may be.

    (Lantern Vale: .99 of the pictures of unseen maps lie within 23 of 216 that were learned from, those of two
    other games from 33 and 50 on.)
    Shapes:  looks_KF (K, F).
    """

    looks_KF: Looks
    reach: float

    @classmethod
    def of(cls, recordings: Sequence[Source]) -> KnownLooks | None:
        """Remember some pictures of each recording; None where none can be read."""
        chosen = recordings[:KNOWN]
        each = max(1, KNOWN // max(1, len(chosen)))
        takes = [looks for looks in (looks_of(one, each) for one in chosen) if looks is not None]
        if len(takes) == 1:  # its halves are known by one another
            takes = [half for half in np.array_split(takes[0], 2) if len(half)]
        if not takes:
            return None
        known_K = [
            float(_to(one, np.concatenate([*takes[:n], *takes[n + 1 :]])).min())
            for n, take in enumerate(takes)
            for one in take
            if len(takes) > 1
        ]
        within = float(np.quantile(known_K, WITHIN)) if known_K else 0.0
        return cls(looks_KF=np.concatenate(takes), reach=max(FLOOR, BEYOND * within))

    def is_unlike(self, picture_HWC: npt.NDArray[np.uint8]) -> bool:
        """Whether a picture, of any size, looks like none of those that are remembered."""
        return bool(_to(_look(picture_HWC), self.looks_KF).min() > self.reach)

    def to_tensors(self) -> dict[str, Tensor]:
        """Return what a file holds: colours as whole numbers."""
        return {
            "looks": torch.from_numpy(self.looks_KF.round().astype(np.uint8)),
            "reach": torch.tensor(self.reach),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> KnownLooks:
        """Rebuild it from `to_tensors`. Raises Damaged for tensors that are none."""
        looks, reach = tensors.get("looks"), tensors.get("reach")
        size = GRID[0] * GRID[1]
        if (
            looks is None or reach is None or reach.ndim or looks.ndim != 2 or not len(looks)
            or looks.shape[1] not in (size, 3 * size)
        ):  # fmt: skip
            raise Damaged("What the run's pictures look like cannot be read. Train again.")
        return cls(looks_KF=looks.float().numpy(), reach=float(reach))


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
