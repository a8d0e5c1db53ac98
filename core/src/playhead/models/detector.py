"""A small network that finds boxes in a picture: where their middles are, and how far their sides are from there.

    picture -> convolutions, an eighth as large -> of each place: is it a middle, of which class (heat)
                                                -> and how far left, up, right and down its box goes (sides)

Source:  Zhou et al. 2019, Objects as Points (CenterNet); distances to four sides as Tian et al. 2019 (FCOS).
Shape legend: B pictures, K classes, h x w places, N boxes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.errors import BadValue, Mismatch
from playhead.inputs import main_input
from playhead.models import DEFAULT_ENGINE, EngineSpec, ModelSpec
from playhead.models.boxes import Boxes, boxes_inside
from playhead.models.engine import Engine
from playhead.models.network import FrameArray, Network, check_options
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins

OPTIONS: dict[str, object] = {
    "classes": ("thing",),  # names of what it finds, by the numbers of the boxes that it learns from
    "channels": (16, 24, 48),  # of the first three convolutions, each of which halves the picture
    "dilations": (1, 2, 4, 2),  # of those behind them, whose pictures stay as large: how far apart they look
}
STRIDE = 8
HEAT, SIDES = "heat", "sides"
RARE = 0.02  # share of the places that are a middle, as a network believes that has learned nothing yet
MOST_FOUND = 64
FARTHEST = 64  # places that a convolution may look apart: padded by as many to each side
LARGEST = 4.6  # logarithm of a distance, in places: a picture 800 pixels from its middle to a side


class Detector(Network):
    """Answers `heat` (B, K, h, w), logits, and `sides` (B, 4, h, w), logarithms of distances in places."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("detector", spec.options, OPTIONS)
        self.classes = _class_names(options["classes"])
        self.main = main_input(spec.named_inputs)
        if len(spec.named_inputs) > 1 or spec.length > 1:
            raise BadValue("A detector looks at one picture. Take --set inputs=frames --set length=1.")
        widths = [spec.frame.channels, *options["channels"]]
        if len(widths) != 4:
            raise BadValue(f"model.channels={options['channels']} needs 3 numbers, as in [16,24,48].")
        if not all(1 <= apart <= FARTHEST for apart in options["dilations"]):
            raise BadValue(f"model.dilations={list(options['dilations'])} must each be from 1 to {FARTHEST}.")
        last = widths[-1]
        down = [_layer(before, after, stride=2) for before, after in pairwise(widths)]
        self.down = nn.Sequential(*down)
        self.wide = nn.ModuleList(_layer(last, last, dilation=apart) for apart in options["dilations"])
        self.middles = nn.Conv2d(last, len(self.classes), 1)
        self.distances = nn.Conv2d(last, 4, 1)
        nn.init.constant_(self.middles.bias, math.log(RARE / (1 - RARE)))  # type: ignore[arg-type]

    @property
    def answers(self) -> tuple[str, ...]:
        """Its two maps."""
        return HEAT, SIDES

    @property
    def places(self) -> tuple[int, int]:
        """Rows and columns of its maps."""
        frame = self.spec.frame
        return math.ceil(frame.height / STRIDE), math.ceil(frame.width / STRIDE)

    def answer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return both maps."""
        pictures = inputs[self.main][:, -1].permute(0, 3, 1, 2)
        seen = self.down(pictures.float() / 127.5 - 1)
        for layer in self.wide:
            seen = seen + layer(seen)
        return {HEAT: self.middles(seen), SIDES: self.distances(seen).clamp(-LARGEST, LARGEST)}


def _layer(before: int, after: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def _class_names(names: Any) -> tuple[str, ...]:
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise BadValue(f'model.classes={names} is no list of names. Give one as --set model.classes=["car"].')
    return tuple(names)


def build(spec: ModelSpec) -> Detector:
    """Build the network for a spec."""
    return Detector(spec)


def found_boxes(
    heat_KHW: npt.NDArray[np.float32], sides_4HW: npt.NDArray[np.float32], size: tuple[int, int], least: float
) -> Boxes:
    """Return the boxes of one picture: at each place that is likelier a middle than those around it.

    Shapes:  as a detector answers. Units: size is the picture's width and height; least score of a box.
    """
    with np.errstate(over="ignore"):
        scores_KHW = 1 / (1 + np.exp(-heat_KHW))
    around = np.stack([cv2.dilate(one, np.ones((3, 3), np.uint8)) for one in scores_KHW])
    class_N, row_N, column_N = np.nonzero((scores_KHW == around) & (scores_KHW >= least))
    scores_N = scores_KHW[class_N, row_N, column_N]
    best_N = np.argsort(-scores_N, kind="stable")[:MOST_FOUND]
    class_N, row_N, column_N = class_N[best_N], row_N[best_N], column_N[best_N]
    with np.errstate(over="ignore"):
        away_N4 = np.exp(sides_4HW[:, row_N, column_N].T) * (-1, -1, 1, 1)
    middle_N4 = np.stack([column_N, row_N, column_N, row_N], axis=1) + 0.5
    corners_N4 = (middle_N4 + away_N4) * STRIDE / (*size, *size)
    return boxes_inside(np.clip(corners_N4, 0, 1), class_N.astype(np.int64), scores_N[best_N].astype(np.float32))


class Finder:
    """A run that detects, opened: pictures in, boxes out."""

    def __init__(self, network: Detector, engine: Engine, least: float) -> None:
        self.classes, self._frame = network.classes, network.spec.frame
        self._network, self._engine, self._least = network, engine, least

    @classmethod
    def of(cls, run: Run, plugins: Plugins, asked: EngineSpec = DEFAULT_ENGINE, *, least: float = 0.0) -> Finder:
        """Open a run with an engine. Raises Mismatch for one that is no detector, and as Predictor.of."""
        predictor = Predictor.of(run, plugins, asked)
        network = predictor.network
        if not isinstance(network, Detector):
            raise Mismatch(f"Run {run.name} finds no boxes: its network is {run.recipe.model}. Take a detector.")
        return cls(network, predictor.engine, least)

    def find(self, frames_NHWC: FrameArray) -> list[Boxes]:
        """Return the boxes of each picture. Raises Mismatch for pictures of another size."""
        if frames_NHWC.shape[1:] != self._frame.shape:
            raise Mismatch(
                f"The pictures are {frames_NHWC.shape[1:]}, the detector looks at {self._frame.shape}: they must "
                "be the frame of the game."
            )
        prepared = self._network.prepare_windows({self._network.main: frames_NHWC[:, None]})
        with torch.inference_mode():
            maps = self._engine.predict(prepared)
        size = self._frame.width, self._frame.height
        return [found_boxes(h, s, size, self._least) for h, s in zip(maps[HEAT], maps[SIDES], strict=True)]
