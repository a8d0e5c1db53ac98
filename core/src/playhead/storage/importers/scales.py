"""Numbers of any range as pixels from 0 to 255: floats that a network was prepared for become pictures again.

Source:  the preparations of keras.applications: 0..1, -1..1 ("tf"), and ImageNet's mean and spread ("torch").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import Mismatch

Array = npt.NDArray[Any]
# What is taken from a value and what it is multiplied by, one a colour.
_MEAN, _SPREAD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
_SCALES: dict[str, tuple[Array, Array]] = {
    "0..255": (np.zeros(3), np.ones(3)),
    "0..1": (np.zeros(3), np.full(3, 255.0)),
    "-1..1": (np.full(3, -1.0), np.full(3, 127.5)),
    "imagenet": (-_MEAN / _SPREAD, _SPREAD * 255.0),
}
_NEAR = 0.5  # pixel values by which roundings may lead out of the range


@dataclass(frozen=True, eq=False)
class Scale:
    """How values become pixels. `name` is as the option `pixels` calls it; "" where they are pixels already."""

    name: str
    said: str = ""

    @classmethod
    def of(cls, asked: str, pictures: Iterable[Array], where: str) -> Scale:
        """Choose by some pictures, unless it is asked for. Raises Mismatch where nothing fits."""
        found = list(pictures)
        if asked == "auto" and any(one.dtype == np.uint8 for one in found):
            return cls("")
        least = min((float(one.min()) for one in found if one.size), default=0.0)
        most = max((float(one.max()) for one in found if one.size), default=0.0)
        name = (
            asked
            if asked != "auto"
            else _fitting(least, most, is_float=any(one.dtype.kind == "f" for one in found))
        )
        if not name:
            raise Mismatch(
                f"The pictures of {where} have values from {least:g} to {most:g}. Say what they stand for: "
                f"--set pixels={' or '.join(_SCALES)}."
            )
        return cls(name, f"Its pictures had values from {least:.3g} to {most:.3g}, read as {name}.")

    def pixels(self, picture: Array) -> npt.NDArray[np.uint8]:
        """Return a picture as bytes. Raises ValueError for values out of range."""
        if not self.name:
            if picture.dtype != np.uint8:
                raise ValueError(f"its pixels are {picture.dtype}, and others' uint8")
            return picture
        begin, factor = _SCALES[self.name]
        colours = picture.shape[2] if picture.ndim == 3 and picture.shape[2] == 3 else 1
        if colours == 1 and self.name == "imagenet":
            raise ValueError("it has no three colours")
        values = (picture.astype(np.float32) - begin[:colours].astype(np.float32)) * factor[:colours].astype(
            np.float32
        )
        if not (values.min() >= -_NEAR and values.max() <= 255 + _NEAR):  # also of what is no number
            raise ValueError(
                f"its values go from {picture.min():.3g} to {picture.max():.3g}, which is not {self.name}"
            )
        return np.asarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _fitting(least: float, most: float, *, is_float: bool) -> str:
    if is_float and least >= 0 and most <= 1:
        return "0..1"
    if is_float and least >= -1 and most <= 1:
        return "-1..1"
    if least >= 0 and most <= 255:
        return "0..255"
    return "imagenet" if is_float and least >= -2.2 and most <= 2.7 else ""
