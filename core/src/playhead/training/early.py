"""Says early that a head is not learning: after a fifth of the steps, one sentence a head, and what to try next.

Where no head is learning and answers are the same whatever is seen, the training ends: then, or at half of it.

A head is not learning where its loss is still that of the best answer that sees nothing, over the same labels: a
comparison with all labels there are would take ten times as many steps to be as sure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from playhead.data.assembly import LABELLED, Batch
from playhead.errors import Collapsed
from playhead.labels import Keys
from playhead.models.constant_input import answer_spread
from playhead.models.heads import Heads
from playhead.models.network import Network
from playhead.training.auto import NAME as AUTO
from playhead.training.beginning import best_constant, known_labels
from playhead.training.losses import head_loss
from playhead.training.module import SupervisedModule
from playhead.training.recipe import Recipe

SHARE = 0.2  # of the steps
LEAST_STEPS = 40  # before that nothing has learned anything
SLOW = 2  # warm-ups until what differs in features must show in the loss: Enduro's gain was .002 at .8, .19 at 2
KEPT = 20  # batches whose labels and losses are compared
GAIN = 0.01  # share of the loss: in Enduro a saturated reader gains none, one that learns .19 at two warm-ups
LEAST_LOSS = 0.02  # of what hardly ever comes there is little to learn so early
SAME = 1e-3  # largest difference of answers: the reference system's were alike to 1e-6, those that learn to .1
FLAT = 0.01  # deviation of features over windows, as a share of their size: saturated .0004, learning .1 and more


class EarlyWatch:
    """Sees what a training comes to until a fifth of its steps, or in a short one until it could have learned.

    `ends` are the steps after which a network that ignores what it sees has its training ended.
    """

    def __init__(self, recipe: Recipe) -> None:
        first = int(SHARE * recipe.steps)
        self.at: tuple[int, ...] = () if first < LEAST_STEPS else (first, max(first, SLOW * recipe.warmup_steps))
        self.ends = {*self.at[-1:], recipe.steps // 2} if self.at and not recipe.allow_collapse else set()
        self._seen: deque[tuple[dict[str, Tensor], dict[str, float]]] = deque(maxlen=KEPT)
        self._said: set[str] = set()

    def saw(self, step: int, module: SupervisedModule, batch: Batch, by_head: Mapping[str, Tensor]) -> list[str]:
        """Take a step; return what to say after it, mostly nothing. Raises Collapsed where learning is in vain."""
        points = {*self.at, *self.ends}
        if not any(at - KEPT < step <= at for at in points):
            return []
        labels = {name: known_labels(batch, name) for name in module.schema}
        self._seen.append((labels, {name: float(loss.detach()) for name, loss in by_head.items()}))
        if step not in points or len(self._seen) < KEPT:  # gone on with too late
            return []
        stuck = [name for name in module.schema if self._is_stuck(module, name)]
        if step in self.ends and len(stuck) == sum(map(bool, _weights(module).values())):
            _check_looks(step, module, batch)
        stuck = [name for name in stuck if name not in self._said] if step in self.at else []
        is_flat = bool(stuck) and feature_deviation(module, batch) < FLAT
        if not is_flat and step < self.at[-1]:
            return []
        self._said.update(stuck)
        return [_sentence(name, step, module, is_flat=is_flat) for name in stuck]

    def _is_stuck(self, module: SupervisedModule, name: str) -> bool:
        head, weight_O = module.schema[name], module.class_weights.get(name)
        labels_KA = torch.cat([labels[name] for labels, _ in self._seen])
        if not _weights(module)[name] or len(labels_KA) == 0:
            return False
        constant_KO = best_constant(head, labels_KA, weight_O).expand(len(labels_KA), -1)
        blind = float(head_loss(head, constant_KO, labels_KA, weight_O))
        loss = sum(losses[name] * len(labels[name]) for labels, losses in self._seen) / len(labels_KA)
        return blind >= LEAST_LOSS and loss > (1 - GAIN) * blind


def _weights(module: SupervisedModule) -> dict[str, float]:
    return {name: module.recipe.loss_weights.get(name, 1.0) for name in module.schema}


def _check_looks(step: int, module: SupervisedModule, batch: Batch) -> None:
    """Raise Collapsed where white, black, noise and all real windows get the same answers."""
    if module.takes_cached and module.network.has_cacheable:  # then a batch holds no pictures
        return
    module.eval()
    try:
        with torch.inference_mode():
            inputs = {name: value for name, value in batch.items() if name not in LABELLED}
            spread = answer_spread(module.network, module.schema, inputs)
    finally:
        module.train()
    if spread is not None and spread < SAME:
        raise Collapsed(
            f"the network answers the same whatever it sees. After {step:,} of {module.recipe.steps:,} steps "
            f"white, black, noise and real pictures get the same answers (largest difference {spread:.2g}), and "
            "no head is answered better than by one answer to everything. Try "
            f"--set lr={module.recipe.lr / 5:.2g}, --set balance=rare or another model. To go on all the same: "
            "--set allow_collapse=true."
        )


def feature_deviation(module: SupervisedModule, batch: Batch) -> float:
    """Return how much what the heads look at differs from window to window, as a share of its size."""
    found: list[Tensor] = []

    def keep(heads: nn.Module, given: tuple[Any, ...]) -> None:
        found.append(given[0].detach().float())

    heads = next((part for part in module.network.modules() if isinstance(part, Heads)), None)
    if heads is None:
        return float("inf")
    hook = heads.register_forward_pre_hook(keep)
    module.eval()  # no dropout, which would draw random numbers
    try:
        with torch.inference_mode():
            module.logits(batch)
    finally:
        hook.remove()
        module.train()
    if not found or len(found[0]) < 2:
        return float("inf")
    return float(found[0].std(0).mean() / found[0].square().mean().sqrt().clamp(min=1e-12))


def _sentence(name: str, step: int, module: SupervisedModule, *, is_flat: bool) -> str:
    recipe, network = module.recipe, module.network
    says = f"The head {name} is not learning: after {step:,} of {recipe.steps:,} steps"
    if is_flat:
        return (
            f"{says} the network answers the same whatever it sees: what it makes of its pictures no longer "
            f"differs. Try {_calmer(recipe, network)}."
        )
    return (
        f"{says} it answers no better than if it saw nothing: what it looks at does not show {name}, not at this "
        f"size, or not at this time. Try {_more(recipe, network, is_keys=isinstance(module.schema[name], Keys))}."
    )


def _calmer(recipe: Recipe, network: Network) -> str:
    lower = f"--set lr={recipe.lr / 5:.2g}"
    return f"--set model.reader=stack, or {lower}" if network.options.get("reader") == "lstm" else lower


def _more(recipe: Recipe, network: Network, *, is_keys: bool) -> str:
    if is_keys and recipe.label_over_s == 0:
        return "--set label_over_s=0.3, where keys are tapped"
    pixels = network.options.get("scene_pixels")
    if isinstance(pixels, int) and network.options.get("scene_size") is None:
        larger = f"--set model.scene_pixels={4 * pixels}"
        found = network.options.get("keypoints")
        return larger if found else f"--recipe {AUTO}, whose network finds small things, or {larger}"
    return f"--set length={recipe.length + 2}" if not isinstance(recipe.inputs, Mapping) else "more inputs"
