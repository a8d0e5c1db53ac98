"""Sets that lie on the disk: which samples of each are left, and samples as batches. Knows no buffer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from playhead.data.assembly import Assembly, Batch
from playhead.data.relabelled import relabelled
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.game import Game
from playhead.labels import LabelSchema
from playhead.live.samples import window_spec
from playhead.storage.reader import Recording, open_recording

MOST_OPEN = 200  # recordings, each with a file or two


@dataclass(kw_only=True)
class KeptSet:
    """A set on the disk: where its samples are in its index, for which buffers, and which of them are left.

    Samples have numbers from 1 on. With `alone` each is learned for the output that it was taken for and no other.
    """

    folder: Path
    index: WindowIndex
    recording: Recording
    rows: dict[int, int]  # number of a sample -> row of the index
    buffers: dict[int, str]
    alone: bool
    left: set[int] = field(default_factory=set)


def read_set(folder: Path, game: Game, schema: LabelSchema, spec: WindowSpec) -> KeptSet:
    """Find the samples of a set's recording. Raises PlayheadError or KeyError for what is none."""
    recording = open_recording(folder)
    source = relabelled(recording, schema, game.conversions)
    index = WindowIndex.of([source], schema, window_spec(spec))
    moments, buffers = recording.columns["moment"], recording.columns["buffer"]
    rows = {int(moments[frame]): row for row, frame in enumerate(index.frame_N.tolist()) if moments[frame]}
    names = {number: str(buffers[int(index.frame_N[row])]) for number, row in rows.items()}
    recording.close()
    return KeptSet(folder=folder, index=index, recording=recording, rows=rows, buffers=names,
                   alone=recording.header.tags.get("alone") == "1")  # fmt: skip


class OpenSets:
    """Reads samples, and holds open what was read last."""

    def __init__(self, schema: LabelSchema) -> None:
        self._schema = schema
        self._opened: OrderedDict[str, Recording] = OrderedDict()

    def read(self, found: KeptSet, numbers: Sequence[int]) -> Batch:
        """Return samples of a set as a batch. Raises PlayheadError for one that was damaged since it came."""
        self._hold_open(found.folder.name, found.recording)
        rows = np.array([found.rows[number] for number in numbers], np.int64)
        batch = Assembly(index=found.index)(0, rows)
        if found.alone:
            self._mask_others(batch, [found.buffers[number] for number in numbers])
        return batch

    def _hold_open(self, name: str, recording: Recording) -> None:
        self._opened[name] = recording
        self._opened.move_to_end(name)
        if len(self._opened) > MOST_OPEN:
            self._opened.popitem(last=False)[1].close()

    def _mask_others(self, batch: Batch, buffers: Sequence[str]) -> None:
        """Have each sample learned for its own output alone."""
        for head, axes in self._schema.items():
            own = torch.tensor([one == head or one in axes.names for one in buffers])
            batch["mask"][head] = batch["mask"][head] & own[:, None]

    def close(self, name: str) -> None:
        """Close a set's recording, if it is open."""
        recording = self._opened.pop(name, None)
        if recording is not None:
            recording.close()

    def close_all(self) -> None:
        """Close all of them."""
        for name in list(self._opened):
            self.close(name)


def joined(parts: Sequence[Batch]) -> Batch:
    """Return several batches as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    whole: Batch = {}
    for name, value in first.items():
        if isinstance(value, Mapping):
            whole[name] = {inner: torch.cat([part[name][inner] for part in parts]) for inner in value}
        else:
            whole[name] = torch.cat([part[name] for part in parts])
    return whole
