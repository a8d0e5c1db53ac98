"""Asks a run about windows and keeps the activations of its heads of classes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from playhead.data.split import BY_RECORDING
from playhead.data.windows import WindowIndex
from playhead.evaluation.choice import Asked
from playhead.evaluation.clusters import units_of
from playhead.evaluation.offline import ask
from playhead.evaluation.ood_scores import Activations
from playhead.labels import Choice
from playhead.models.predictor import Predictor
from playhead.models.probe import Probe
from playhead.models.run import Run


def ask_with_activations(
    predictor: Predictor, run: Run, index: WindowIndex, *, progress: Callable[[int], object] = lambda count: None
) -> Asked:
    """Answer every window of an index, in order, and keep logits and features of every head of classes.

    What the run's split kept together is what may be right and wrong together.
    """
    with ExitStack() as probing:
        probes = {
            name: probing.enter_context(Probe(predictor.network, name, head.outputs))
            for name, head in run.schema.items()
            if isinstance(head, Choice)
        }
        predictions = ask(predictor, run, index, progress=progress)
    units = units_of(index, run.data.get("split_by", BY_RECORDING))
    activations = {
        name: Activations(logits_NC=probe.logits, features_NF=probe.features, group_N=units.group_N)
        for name, probe in probes.items()
    }
    return Asked(index=index, predictions=predictions, activations=activations, units=units)
