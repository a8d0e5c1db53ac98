"""The pictures of a recording by the source of an input: its main picture, or one of its further cameras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from playhead.data.source import Source, lacks
from playhead.inputs import CAMERAS, FRAMES


class Pictures(Protocol):
    """Pictures of one size: a `Camera`, or the array of a recording."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        ...

    def read_into(self, number: int, frame_HWC: npt.NDArray[np.uint8], /) -> None:
        """Decode one; several threads may call it at once."""
        ...


@dataclass(frozen=True)
class Camera:
    """Pictures of one size, decoded by a function."""

    shape: tuple[int, int, int]
    read_into: Callable[[int, npt.NDArray[np.uint8]], None]


@runtime_checkable
class HasCameras(Protocol):
    """A recording that has pictures of further cameras, of one size each, beside its main ones."""

    @property
    def cameras(self) -> Mapping[str, Pictures]:
        """Its further cameras by name; each has a picture a frame."""
        ...


def camera_of(recording: Source, source: str, then: str = "") -> Pictures:
    """Return the camera that an input of pictures looks through. Raises Mismatch, saying `then`, without it."""
    if source == FRAMES:
        # Looked up at each call: whoever stands in for a recording may change it.
        return Camera(
            recording.header.frame.shape, lambda number, frame_HWC: recording.read_frame_into(number, frame_HWC)
        )
    name, known = source.removeprefix(CAMERAS), further_cameras(recording)
    if name in known:
        return known[name]
    raise lacks(recording, "camera", name, [FRAMES, *known], then)


def further_cameras(recording: Source) -> Mapping[str, Pictures]:
    """Return the further cameras of a recording; none where it knows of none."""
    return recording.cameras if isinstance(recording, HasCameras) else {}
