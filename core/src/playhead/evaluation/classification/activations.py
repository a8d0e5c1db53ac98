"""Windows that were asked about, with what the heads of classes computed on the way.

Shape legend: N windows, F features, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from playhead.data.groups import BY_RECORDING
from playhead.data.windows import WindowIndex
from playhead.evaluation.classification.clusters import Units, units_of
from playhead.evaluation.offline import ask, judged_frames
from playhead.evaluation.predictions import BoolArray, FloatArray, IntArray, Predictions
from playhead.labels import Choice
from playhead.models.predictor import Predictor
from playhead.models.probe import Probe
from playhead.models.run import Run


@dataclass(frozen=True, kw_only=True, eq=False)
class Activations:
    """What a head computed of some windows, and which of them come together (clusters.py); None: none do.

    Shapes:  logits_NC (N, C), features_NF (N, F), group_N (N,).
    """

    logits_NC: FloatArray
    features_NF: FloatArray
    group_N: IntArray | None = None

    def __len__(self) -> int:
        return len(self.logits_NC)

    def take(self, rows: IntArray | BoolArray) -> Activations:
        """Return those of these windows."""
        groups = None if self.group_N is None else self.group_N[rows]
        return Activations(logits_NC=self.logits_NC[rows], features_NF=self.features_NF[rows], group_N=groups)


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """Windows that were asked about, what was answered, and the activations of each head. All of the same length.

    `units` says which of the windows may be right and wrong together.
    """

    index: WindowIndex
    predictions: Predictions
    activations: Mapping[str, Activations]
    units: Units = field(default_factory=Units)

    def __len__(self) -> int:
        return len(self.predictions)

    def known(self, head: str) -> Asked:
        """Return the windows of which the class is known."""
        known_N = self.index.known[head]
        return self if known_N.all() else self.take(np.flatnonzero(known_N))

    def take(self, rows: npt.NDArray[np.int64]) -> Asked:
        """Return those of these windows."""
        return Asked(
            index=self.index.take(rows),
            predictions=self.predictions.take(rows),
            activations={name: one.take(rows) for name, one in self.activations.items()},
            units=replace(self.units, group_N=self.units.take(rows)),
        )

    def truth(self, head: str) -> IntArray:
        """Return the true classes (N,)."""
        return np.asarray(self.predictions.heads[head].truth_NA[:, 0].astype(np.int64))

    def likely(self, head: str) -> FloatArray:
        """Return the probabilities (N, C)."""
        return self.predictions.heads[head].predictions_NO


def ask_with_activations(
    predictor: Predictor, run: Run, index: WindowIndex, *, progress: Callable[[int], object] = lambda count: None
) -> Asked:
    """Answer every window of an index, in order, and keep logits and features of every head of classes.

    What the run's split kept together is what may be right and wrong together.
    """
    with ExitStack() as probing:
        probes = {
            name: probing.enter_context(Probe(predictor.network, name))
            for name, head in run.schema.items()
            if isinstance(head, Choice)
        }
        predictions = ask(predictor, run, index, progress=progress)
        if any(probe.is_empty for probe in probes.values()):  # another engine, which goes through no layer
            ask(Predictor(predictor.network, run.schema), run, index)
    judged = judged_frames(index)
    units = units_of(judged.index, run.data.get("split_by", BY_RECORDING))
    activations = {
        name: Activations(
            logits_NC=judged.chosen(probe.logits), features_NF=judged.chosen(probe.features), group_N=units.group_N
        )
        for name, probe in probes.items()
    }
    return Asked(index=judged.index, predictions=predictions, activations=activations, units=units)
