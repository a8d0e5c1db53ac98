"""What a detector should answer to a picture, made of its boxes, and how wrong its answers are.

Shape legend: B pictures, K classes, h x w places, N boxes of a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from playhead.models.boxes import Boxes
from playhead.models.detector import HEAT, SIDES, STRIDE

NARROW = 8.0  # a bump is so many times narrower than its box
LEAST_SPREAD = 0.5  # of a bump, in places
NEAR_MIDDLE = 0.4  # height of a bump from which on a place learns the box

FloatArray = npt.NDArray[np.float32]
Targets = dict[str, Tensor]


def targets_of(boxes: Sequence[Boxes], classes: int, places: tuple[int, int], size: tuple[int, int]) -> Targets:
    """Return what a detector should answer to pictures with these boxes.

    Shapes:  heat (B, K, h, w), bumps of height 1 at the middles; sides (B, 4, h, w), corners in places; weight
             (B, h, w), how much a place learns of them.
    Source:  bumps as wide and as high as boxes are: Liu et al. 2020 (TTFNet).
    """
    heat = np.zeros((len(boxes), classes, *places), np.float32)
    sides, weight = np.zeros((len(boxes), 4, *places), np.float32), np.zeros((len(boxes), *places), np.float32)
    for number, one in enumerate(boxes):
        corners_N4 = one.corners_N4 * np.array((*size, *size), np.float32) / STRIDE
        order = np.argsort(
            -(corners_N4[:, 2:] - corners_N4[:, :2]).prod(1), kind="stable"
        )  # small ones over large
        for corners, kind in zip(corners_N4[order], one.classes_N[order], strict=True):
            if kind < classes:
                bump = _bump(corners, places)
                np.maximum(heat[number, kind], bump, out=heat[number, kind])
                is_near = bump >= NEAR_MIDDLE
                sides[number][:, is_near] = corners[:, None]
                weight[number][is_near] = bump[is_near]
    return {HEAT: torch.from_numpy(heat), SIDES: torch.from_numpy(sides), "weight": torch.from_numpy(weight)}


def _bump(corners: FloatArray, places: tuple[int, int]) -> FloatArray:
    """Return a bump of height 1 at the place that holds the middle of a box."""
    away = []
    for first, count in ((1, places[0]), (0, places[1])):
        low, high = float(corners[first]), float(corners[first + 2])
        middle = min(int((low + high) / 2), count - 1)
        spread = max((high - low) / NARROW, LEAST_SPREAD)
        away.append(np.exp(-(((np.arange(count) - middle) / spread) ** 2) / 2))
    return np.outer(*away).astype(np.float32)


def detection_loss(maps: Mapping[str, Tensor], targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a batch and its parts: focal for middles, of overlaps for boxes.

    Source:  Zhou et al. 2019 (focal, alpha 2, beta 4); Rezatofighi et al. 2019 (generalised IoU), weighted by 5
             as in Liu et al. 2020.
    """
    parts = {
        HEAT: _focal(maps[HEAT], targets[HEAT]),
        SIDES: _apart(maps[SIDES], targets[SIDES], targets["weight"]),
    }
    return parts[HEAT] + 5 * parts[SIDES], parts


def _focal(logits: Tensor, wanted: Tensor) -> Tensor:
    is_middle = wanted >= 1.0
    likely, surely = logits.sigmoid(), torch.nn.functional.logsigmoid
    hits = -((1 - likely) ** 2) * surely(logits) * is_middle
    false = -(likely**2) * surely(-logits) * (1 - wanted) ** 4 * ~is_middle
    return (hits + false).sum() / is_middle.sum().clamp(min=1)


def _apart(sides: Tensor, corners: Tensor, weight: Tensor) -> Tensor:
    """Return one less the generalised overlap of the boxes said and wanted, over the places that learn them."""
    rows, columns = sides.shape[2:]
    x = torch.arange(columns, dtype=sides.dtype, device=sides.device) + 0.5
    y = (torch.arange(rows, dtype=sides.dtype, device=sides.device) + 0.5)[:, None]
    left, up, right, down = sides.exp().unbind(1)
    said = torch.stack([x - left, y - up, x + right, y + down], dim=1)
    shared, around = _between(torch.max, torch.min, said, corners), _between(torch.min, torch.max, said, corners)
    union = _area(said) + _area(corners) - shared
    overlap = shared / union.clamp(min=1e-6) - (around - union) / around.clamp(min=1e-6)
    return ((1 - overlap) * weight).sum() / weight.sum().clamp(min=1e-6)


def _between(low: object, high: object, one: Tensor, other: Tensor) -> Tensor:
    """Return the area between the lower and the higher corners of two boxes, as chosen; none where they cross."""
    least, most = low(one[:, :2], other[:, :2]), high(one[:, 2:], other[:, 2:])  # type: ignore[operator]
    return (most - least).clamp(min=0).prod(1)  # type: ignore[no-any-return]


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)
