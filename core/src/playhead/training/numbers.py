"""Numbers that are none, found where they arise: in losses, gradients, weights, validations; and what to lower."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from playhead.data.assembly import Batch
from playhead.errors import NotANumber
from playhead.training.recipe import Recipe


def check_losses(
    value: float, by_head: Mapping[str, Tensor], batch: Batch, network: nn.Module, recipe: Recipe, step: int
) -> None:
    """Raise NotANumber naming the head whose loss is none, and what it may come from."""
    if math.isfinite(value):
        return
    heads = [name for name, loss in by_head.items() if not math.isfinite(float(loss.detach()))]
    what = f"the loss of {', '.join(heads)}" if heads else "the loss"
    raise NotANumber(f"{what} was no number ({value:g}) at step {step:,}. {_why(batch, network, recipe)}")


def check_gradients(norm: float, recipe: Recipe, step: int) -> None:
    """Raise NotANumber for gradients whose norm is none."""
    if not math.isfinite(norm):
        raise NotANumber(f"the gradients were no numbers at step {step:,}. {_lower(recipe)}")


def check_weights(network: nn.Module, recipe: Recipe, step: int) -> None:
    """Raise NotANumber naming the first weight that is none."""
    name = broken_weight(network)
    if name:
        raise NotANumber(f"the weights {name} were no numbers after step {step:,}. {_lower(recipe)}")


def check_validation(metrics: Mapping[str, Any], recipe: Recipe, step: int) -> None:
    """Raise NotANumber naming the head whose loss in a validation is none."""
    heads = [name for name, head in metrics.get("heads", {}).items() if not math.isfinite(head["loss"])]
    if heads or not math.isfinite(metrics.get("loss", 0.0)):
        of = f" of {', '.join(heads)}" if heads else ""
        raise NotANumber(f"the validation loss{of} was no number at step {step:,}. {_lower(recipe)}")


def broken_weight(network: nn.Module) -> str:
    """Return the name of the first weight that is no number, or nothing."""
    named = network.state_dict().items()
    return next((n for n, value in named if value.is_floating_point() and not bool(value.isfinite().all())), "")


def _why(batch: Batch, network: nn.Module, recipe: Recipe) -> str:
    inputs = [name for name, value in batch.items() if isinstance(value, Tensor) and not _is_finite(value)]
    if inputs:
        return f"The input {inputs[0]} holds what is no number. Learn without it: --set inputs=frames."
    labels = [name for name, value in batch["labels"].items() if not _is_finite(value)]
    if labels:
        return f"The labels of {labels[0]} hold what is no number. See: playhead data check."
    broken = broken_weight(network)
    return f"{f'The weights {broken} had grown beyond any number. ' if broken else ''}{_lower(recipe)}"


def _is_finite(value: Tensor) -> bool:
    return not value.is_floating_point() or bool(value.isfinite().all())


def _lower(recipe: Recipe) -> str:
    if recipe.precision != "32-true":
        return f"Take --set precision=32-true, or lower the learning rate: --set lr={recipe.lr / 10:g}."
    return f"Lower the learning rate: --set lr={recipe.lr / 10:g}."
