"""The weights of a run to go on from: all of them, or, where the heads are others, those that both have."""

from __future__ import annotations

from dataclasses import replace

import torch

from playhead.errors import Mismatch
from playhead.models import ModelSpec
from playhead.models.building import build_network
from playhead.models.network import Network
from playhead.models.run import Run
from playhead.training.job import TrainingJob

_BUILT_FROM = ("model", "inputs", "length", "positions")  # of a recipe


def take_weights(job: TrainingJob, run: Run, network: Network, spec: ModelSpec, *, may_add_heads: bool) -> None:
    """Load the weights of a run into a network just built of a spec; say which heads start fresh or are left out.

    Raises:  Mismatch where the run does not look at this game, has other heads and may not, or another network.
    """
    ours, theirs = job.schema, run.schema
    fresh, dropped = [name for name in ours if name not in theirs], [name for name in theirs if name not in ours]
    run.check_looks(job.game, tuple(ours) if may_add_heads else None)
    if not fresh and not dropped:
        _load(job, run, network)
        return
    if not may_add_heads:
        raise Mismatch(
            f"Run {run.name} has the heads {', '.join(theirs)}; {', '.join(ours)} are to be learned, and the "
            f"training method {job.recipe.training} goes on with the same only. Train anew, without --from."
        )
    _take_shared(job, run, network, spec)
    for name in fresh:
        job.progress.note(f"The head {name} starts fresh: {run.name} knows nothing of it.")
    for name in dropped:
        job.progress.note(f"The head {name} of {run.name} is left out: it is not learned any more.")


def _load(job: TrainingJob, run: Run, network: Network) -> None:
    """Load a run into a network. Raises Mismatch; where the recipes ask for different networks it says how."""
    try:
        run.load_into(network)
    except Mismatch as error:
        theirs, ours = run.recipe.to_json(), job.recipe.to_json()
        differ = [
            f"{name}={theirs[name]}, here {ours[name]}" for name in _BUILT_FROM if theirs[name] != ours[name]
        ]
        if not differ:
            raise
        raise Mismatch(
            f"Run {run.name} has another network: {'; '.join(differ)}. Ask for the same with --set, or train "
            "anew, without --from."
        ) from error


def _take_shared(job: TrainingJob, run: Run, network: Network, spec: ModelSpec) -> None:
    """Load what a network shares with that of a run, which is built as it was, so that nothing else can differ."""
    with torch.random.fork_rng(devices=[]):
        before = build_network(job.plugins, job.recipe.model, replace(spec, schema=run.schema))
    _load(job, run, before)
    weights = network.state_dict()
    shared = {name: value for name, value in before.state_dict().items() if name in weights}
    for name, value in shared.items():
        if value.shape != weights[name].shape:
            raise Mismatch(
                f"Run {run.name} has {name} of shape {tuple(value.shape)}; with the heads {', '.join(job.schema)} "
                f"it is {tuple(weights[name].shape)}: {job.recipe.model} has no weights of a head's own for it, "
                "or looks at past actions, which are those of all heads. Train anew, without --from."
            )
    network.load_state_dict({**weights, **shared})
