"""What training asks of a recording, so that anything labelled can be learned from. Free of zarr."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import Mismatch, listed
from playhead.windows import interval_of

if TYPE_CHECKING:
    from playhead.storage.schema import RecordingHeader

FrameArray = npt.NDArray[np.uint8]


class Source(Protocol):
    """Frames with times and labels; `playhead.storage.reader.Recording` is one.

    Shapes:  frame_time_ns (T,); labels[head] (T, columns); label_origin (T,); telemetry[name], columns[name] (T,);
             events a structured array of time_ns, device, code, value, origin.
    """

    @property
    def header(self) -> RecordingHeader:
        """What the recording says about itself."""
        ...

    @property
    def name(self) -> str:
        """How the user calls it."""
        ...

    @property
    def place(self) -> str:
        """Where it lies: a folder, or an address."""
        ...

    @property
    def length(self) -> int:
        """Frames."""
        ...

    @property
    def frame_time_ns(self) -> npt.NDArray[np.int64]:
        """When each frame was taken."""
        ...

    @property
    def labels(self) -> Mapping[str, npt.NDArray[Any]]:
        """The state of each head at each frame."""
        ...

    @property
    def label_origin(self) -> npt.NDArray[np.uint8]:
        """Whose state that was."""
        ...

    @property
    def telemetry(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """What else the game told at each frame."""
        ...

    @property
    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        """What else is known of each frame: a number or a text."""
        ...

    @property
    def events(self) -> npt.NDArray[Any]:
        """What was pressed and released, and when."""
        ...

    def read_frame_into(self, index: int, out_HWC: FrameArray) -> None:
        """Decode one frame into `out_HWC`; called by several threads at once."""
        ...


def lacks(recording: Source, kind: str, name: str, known: Iterable[str], then: str) -> Mismatch:
    """Return the error for a recording without what a recipe wants of it; `then` says what to do."""
    return Mismatch(
        f'Recording {recording.name} has no {kind} "{name}", which the recipe wants. It has: {listed(known)}. '
        f"{then}".rstrip()
    )


def identity(source: Source) -> str:
    """What a recording is known by however it is called: the seed of its world, if any, else its name.

    So that the same drives, recorded again on another day, are split and drawn in the same way.
    """
    seed = source.header.seed
    return source.name if seed is None else f"seed {seed:09d}"


def seconds_by_rate(recordings: Iterable[Source]) -> dict[float, float]:
    """Return for how long was recorded at each rate that was asked for, in frames a second."""
    found: dict[float, float] = {}
    for one in recordings:
        rate_hz = float(one.header.rate_hz)
        rate_hz = next((known for known in found if math.isclose(known, rate_hz, rel_tol=1e-6)), rate_hz)
        frame_s = interval_of(one.frame_time_ns[: one.length], rate_hz) / NS_PER_S
        found[rate_hz] = found.get(rate_hz, 0.0) + frame_s * one.length
    return found
