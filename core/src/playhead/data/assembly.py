"""Windows of an index to one batch of tensors: pictures, perhaps changed, numbers, and what they should answer.

    rows of windows -> frames picked -> decoded, changed, prepared -> inputs by name -> batch
                    -> labels, what was before, what is known ----------------------->

Shape legend: B windows, K those of them that are changed, T moments of an input, L positions, A label columns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from playhead.data.augment import Augmenter
from playhead.data.cache import ViewCache
from playhead.data.frame_table import LabelTable
from playhead.data.frame_views import FrameArray, FrameViews, ViewTable
from playhead.data.windows import WindowIndex
from playhead.inputs import ACTIONS, FRAMES, Input, mirrored_actions, view_key
from playhead.windows import BoolArray, IndexArray

Batch = dict[str, Any]
PrepareInput = Callable[[str, FrameArray], Mapping[str, npt.NDArray[Any]]]

LATER = 1  # draws from a stream of its own, so that augmentation is the same with it and without
LABELLED = ("labels", "mask", "previous", "rows")  # of a batch, beside the inputs


@dataclass(kw_only=True)
class Assembly:
    """Makes batches of the windows of an index. `prepare` cuts from frames of an input what a network looks at.

    With heads that answer `alone`, row h * N + n is window n of all N, learned by the head h of them only.

    Shapes:  a batch has "labels" and "previous", head -> (B, L, A); "mask", head -> (B, L), the labels that are
             known; "rows" (B,); views of pictures (B, T, ...) and numbers (B, T) or (B, T, columns).
    """

    index: WindowIndex
    alone: tuple[str, ...] = ()
    prepare: PrepareInput | None = None
    augmenter: Augmenter | None = None
    augment_views: bool = False  # change the one view that `prepare` makes, so that nothing is decoded again
    caches: Mapping[str, ViewCache] = field(default_factory=dict)  # by input
    later: Sequence[WindowIndex] = ()  # with labels of other moments; each window draws one
    seed: int = 0

    def __post_init__(self) -> None:
        self._inputs = self.index.spec.named_inputs
        self._views = {name: self._views_of(name, one) for name, one in self._inputs.items() if one.is_pictures}
        self._cameras: dict[str, list[str]] = {}  # the inputs of each
        for name in self._views:
            self._cameras.setdefault(self._inputs[name].source, []).append(name)

    def _views_of(self, name: str, one: Input) -> FrameViews:
        prepare = self.prepare
        mine = None if prepare is None else lambda frames_KHWC: prepare(name, frames_KHWC)
        return FrameViews(self.index.recordings, one.source, mine, self.caches.get(name))

    def __call__(self, number: int, rows: IndexArray) -> Batch:
        """Make the batch of these windows; `number` seeds its augmentation."""
        part_B, rows = np.divmod(rows, max(1, len(self.index)))
        labels, previous, mask = self._labelled(number, rows)
        for part, head in enumerate(self.alone):
            mask[head] = mask[head] & (part_B == part)[:, None]
        pictures, labels, is_mirrored_B = self._pictures(number, rows, labels)
        batch: Batch = {}
        for name, views in pictures.items():
            for view, values in views.items():
                steps = self._inputs[name].steps
                batch[view_key(name, view)] = torch.from_numpy(values).view(len(rows), steps, *values.shape[1:])
        for name, one in self._inputs.items():
            if not one.is_pictures:
                batch[name] = torch.from_numpy(self._numbers(name, one, rows, is_mirrored_B))
        tables = {"labels": labels, "previous": previous, "mask": mask}
        batch |= {
            kind: {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in table.items()}
            for kind, table in tables.items()
        }
        batch["rows"] = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return batch

    def _labelled(self, number: int, rows: IndexArray) -> tuple[LabelTable, LabelTable, dict[str, BoolArray]]:
        """Return what windows answer, what was before, what is known; of the moments drawn for `number`."""
        tables = self.index.labelled(rows)
        if not self.later:
            return tables
        drawn_B = np.random.default_rng([self.seed, number, LATER]).integers(len(self.later), size=len(rows))
        for drawn, index in enumerate(self.later):
            here_B = drawn_B == drawn
            for kind, there in zip(tables, index.labelled(rows[here_B]), strict=True):
                for name, values in there.items():
                    kind[name][here_B] = values
        return tables

    def _numbers(self, name: str, one: Input, rows: IndexArray, is_mirrored_B: BoolArray) -> npt.NDArray[Any]:
        values = self.index.numbers(name, rows)
        if one.source == ACTIONS and is_mirrored_B.any():
            places, signs = mirrored_actions(self.index.schema)
            values[is_mirrored_B] = values[is_mirrored_B][..., places] * np.array(signs, np.float32)
        return values

    def _pictures(
        self, number: int, rows: IndexArray, labels: LabelTable
    ) -> tuple[dict[str, ViewTable], LabelTable, BoolArray]:
        """Return the views of each input (B x T, ...), the labels, and which windows are mirrored."""
        is_mirrored_B = np.zeros(len(rows), bool)
        if self.augmenter is None or not self._views:
            return self._plain(rows), labels, is_mirrored_B
        rng = np.random.default_rng([self.seed, number])
        drawn = self.augmenter.draw(len(rows), rng)
        chosen = np.flatnonzero(drawn.any(0))
        if len(chosen) == 0:
            return self._plain(rows), labels, is_mirrored_B
        change = _Change(self.augmenter, drawn, rng, is_mirrored_B)
        if self.augment_views:
            return *self._changed_views(rows, labels, change), is_mirrored_B
        decoded = self._decoded({name: self.index.places(name, rows[chosen]).ravel() for name in self._views})
        frames = {
            name: frames_KHWC.reshape(len(chosen), self._inputs[name].steps, *frames_KHWC.shape[1:])
            for name, frames_KHWC in decoded.items()
        }
        main = {name for name in frames if self._inputs[name].source == FRAMES}
        labels = change.frames(frames, main, labels, chosen)
        prepared = {
            name: self._views[name].prepared(changed.reshape(-1, *changed.shape[2:]))
            for name, changed in frames.items()
        }
        return self._mixed(rows, chosen, prepared), labels, is_mirrored_B

    def _plain(self, rows: IndexArray) -> dict[str, ViewTable]:
        places = {name: self.index.places(name, rows).ravel() for name in self._views}
        if len(self._cameras) == len(self._views):
            return {name: views.views(places[name]) for name, views in self._views.items()}
        missing = {name: views.missing(places[name]) for name, views in self._views.items()}
        frames = self._decoded(missing)
        return {
            name: views.completed(places[name], missing[name], frames[name]) for name, views in self._views.items()
        }

    def _decoded(self, places: dict[str, IndexArray]) -> dict[str, FrameArray]:
        """Decode the frames of each input; those that several look at through one camera once."""
        decoded: dict[str, FrameArray] = {}
        for names in self._cameras.values():
            views = self._views[names[0]]
            if len(names) == 1:
                decoded[names[0]] = views.decoded(places[names[0]])
                continue
            together = np.unique(np.concatenate([places[name] for name in names]))
            frames_KHWC = views.decoded(together)
            decoded |= {name: frames_KHWC[np.searchsorted(together, places[name])] for name in names}
        return {name: decoded[name] for name in places}

    def _changed_views(
        self, rows: IndexArray, labels: LabelTable, change: _Change
    ) -> tuple[dict[str, ViewTable], LabelTable]:
        """Return the one view of the one input, changed as drawn."""
        ((name, views),) = self._plain(rows).items()
        ((view, values),) = views.items()
        windows = {name: values.reshape(len(rows), -1, *values.shape[1:])}
        labels = change.frames(windows, {name}, labels, np.arange(len(rows)))
        return {name: {view: windows[name].reshape(values.shape)}}, labels

    def _mixed(self, rows: IndexArray, chosen: IndexArray, prepared: dict[str, ViewTable]) -> dict[str, ViewTable]:
        """Put the views of changed windows and those of the others in their places."""
        others = np.setdiff1d(np.arange(len(rows)), chosen)
        if len(others) == 0:
            return prepared
        mixed: dict[str, ViewTable] = {name: {} for name in prepared}
        for name, views in self._plain(rows[others]).items():
            steps = self._inputs[name].steps
            for view, values in views.items():
                whole = np.empty((len(rows), steps, *values.shape[1:]), values.dtype)
                whole[others] = values.reshape(len(others), steps, *values.shape[1:])
                whole[chosen] = prepared[name][view].reshape(len(chosen), steps, *values.shape[1:])
                mixed[name][view] = whole.reshape(-1, *values.shape[1:])
        return mixed


@dataclass(frozen=True)
class _Change:
    """What was drawn for a batch: all pictures of a window are changed alike, whatever cameras they are of.

    Shapes:  drawn (augmentations, B); is_mirrored_B (B,) is filled in.
    """

    augmenter: Augmenter
    drawn: BoolArray
    rng: np.random.Generator
    is_mirrored_B: BoolArray

    def frames(
        self, frames: dict[str, FrameArray], main: set[str], labels: LabelTable, chosen: IndexArray
    ) -> LabelTable:
        """Change the frames (K, T, H, W, C) of inputs in place of themselves; return the labels (B, L, A).

        Only the `main` ones have the game's protected regions. Inputs of one size go through together.
        """
        groups: dict[tuple[bool, tuple[int, ...]], list[str]] = {}
        for name, frames_KTHWC in frames.items():
            groups.setdefault((name in main, frames_KTHWC.shape[2:]), []).append(name)
        of_chosen = {name: _squeezed(values[chosen]) for name, values in labels.items()}
        for number, ((is_main, _), names) in enumerate(groups.items()):
            augmenter = self.augmenter if is_main else replace(self.augmenter, regions=())
            together = frames[names[0]] if len(names) == 1 else np.concatenate([frames[name] for name in names], 1)
            is_mirrored_K = np.zeros(len(chosen), bool)
            together, changed = augmenter.change(
                together, of_chosen, self.drawn[:, chosen], copy.deepcopy(self.rng), is_mirrored_K
            )
            ends = np.cumsum([frames[name].shape[1] for name in names])[:-1]
            frames |= dict(zip(names, np.split(together, ends, 1), strict=True))
            if number == 0:  # the same for all: what is drawn depends on the windows alone
                self.is_mirrored_B[chosen] = is_mirrored_K
                for name, values in changed.items():
                    labels[name][chosen] = values.reshape(labels[name][chosen].shape)
        return labels


def _squeezed(labels_KLA: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels at one position without the axis of positions, as most augmentations take them."""
    return labels_KLA[:, 0] if labels_KLA.shape[1] == 1 else labels_KLA
