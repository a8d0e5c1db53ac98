"""A drive in memory: a sink that a recording goes into, and what training reads it from.

Pictures are kept as they would be stored: half a minute at 480x270 and 30 Hz takes 18 MB and not 350.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capture import FrameArray
from playhead.events import Event, Origin
from playhead.labelling import Row
from playhead.storage.pictures import picture_of
from playhead.storage.schema import RecordingHeader

EVENTS = np.dtype(
    [("time_ns", np.int64), ("device", "U64"), ("code", "U64"), ("value", np.float32), ("origin", np.uint8)]
)


class MemoryDrive:
    """One drive, first written and then read. Shapes as `playhead.data.source.Source`."""

    def __init__(self, header: RecordingHeader) -> None:
        self.header = header
        self.name = self.place = f"drive {header.seed}"
        self.pictures: list[bytes] = []
        self.told: list[Event] = []
        self.columns: Mapping[str, npt.NDArray[Any]] = {}
        self._coder = picture_of(header.codecs_of("frames"), where=self.name)
        self._times: list[int] = []
        self._origins: list[int] = []
        self._labels: dict[str, list[Row]] = {name: [] for name in header.schema}
        self._telemetry: dict[str, list[float]] = {name: [] for name in header.telemetry}

    def append(
        self, frame_HWC: FrameArray, time_ns: int, labels: Mapping[str, Row], origin: Origin,
        telemetry: Mapping[str, float], dropped: int, columns: Mapping[str, Any] | None = None,
        cameras: Mapping[str, FrameArray] | None = None,
    ) -> None:  # fmt: skip
        """Take one frame."""
        self.pictures.append(self._coder.encode(frame_HWC))
        self._times.append(time_ns)
        self._origins.append(int(origin))
        for name, rows in self._labels.items():
            head = self.header.schema[name]
            rows.append(np.array(labels.get(name, np.zeros(head.columns)), head.dtype))
        for name, values in self._telemetry.items():
            values.append(float(telemetry.get(name, np.nan)))

    def add_events(self, events: Iterable[Event]) -> None:
        """Take what was pressed and let go of."""
        self.told.extend(events)

    def close(self) -> None:
        """Nothing more comes; what is read now stays as it is."""

    @property
    def length(self) -> int:
        """Frames."""
        return len(self._times)

    @property
    def frame_time_ns(self) -> npt.NDArray[np.int64]:
        """When each frame was taken."""
        return np.array(self._times, np.int64)

    @property
    def label_origin(self) -> npt.NDArray[np.uint8]:
        """Whose state the labels are."""
        return np.array(self._origins, np.uint8)

    @property
    def labels(self) -> Mapping[str, npt.NDArray[Any]]:
        """The state of each head at each frame."""
        return {
            name: np.array(rows, self.header.schema[name].dtype).reshape(-1, self.header.schema[name].columns)
            for name, rows in self._labels.items()
        }

    @property
    def telemetry(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """What else the game told at each frame."""
        return {name: np.array(values, np.float32) for name, values in self._telemetry.items()}

    @property
    def events(self) -> npt.NDArray[Any]:
        """What was pressed and released, and when."""
        rows = [(one.time_ns, one.device, one.code, one.value, int(one.origin)) for one in self.told]
        return np.array(rows, EVENTS)

    def read_frame_into(self, index: int, out_HWC: FrameArray) -> None:
        """Decode one frame into `out_HWC`."""
        self._coder.decode_into(self.pictures[index], out_HWC)
