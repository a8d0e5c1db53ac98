"""What is learned and how: one training step, one validation, the optimiser. Knows nothing of files or screens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playhead.data.assembly import LABELLED, Batch
from playhead.errors import BadValue
from playhead.labels import LabelSchema
from playhead.models.network import Network
from playhead.training.losses import axis_errors, change_weights, losses
from playhead.training.recipe import Recipe
from playhead.training.scores import Scores


class SupervisedModule(nn.Module):
    """Learns the labels of windows. After each validation `scores` holds what was measured.

    Batches hold prepared inputs, or with `takes_cached` what `Network.prepare_to_learn` made of them.
    """

    def __init__(
        self, network: Network, schema: LabelSchema, recipe: Recipe, class_weights: Mapping[str, Tensor],
        *, takes_cached: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        check_loss_weights(schema, recipe)
        self.network = network
        self.schema = schema
        self.takes_cached = takes_cached
        self.recipe = recipe
        self.class_weights = dict(class_weights)
        self.scores = Scores(schema)
        self.train_loss = 0.0
        self.axis_errors: dict[str, float] = {}  # of the last step: how far off axes are on average
        self.plateaus = 0  # that the validation loss has come to

    def training_step(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of one batch, and that of each head.

        What parts of a network answer alone, and the penalty on kernels, count in the first.
        """
        answers = self.network.answers_to_learn(self._inputs(batch))
        by_head, *alone = [self._losses(logits, batch) for logits in answers]
        self.axis_errors = axis_errors(self.schema, answers[0], batch["labels"], batch.get("mask"))
        told, counts = [self._weighted(one) for one in (by_head, *alone)], self.network.answer_weights
        shares = counts or (1 / len(told),) * len(told)
        loss = torch.stack([share * one for share, one in zip(shares, told, strict=True)]).sum()
        if self.recipe.l1:
            loss = loss + self.recipe.l1 * sum(kernel.abs().sum() for kernel in self.network.kernels())
        return loss, by_head

    def logits(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network answers to a batch."""
        return self.network.answer(self._inputs(batch))

    def _inputs(self, batch: Batch) -> Mapping[str, Tensor]:
        inputs = {name: value for name, value in batch.items() if name not in LABELLED}
        return inputs if self.takes_cached else self.network.inputs_of(inputs)

    def _weighted(self, by_head: Mapping[str, Tensor]) -> Tensor:
        weights = self.recipe.loss_weights
        learned = {name: loss for name, loss in by_head.items() if weights.get(name, 1.0)}
        return torch.stack([loss * weights[n] if n in weights else loss for n, loss in learned.items()]).sum()

    def count_loss(self, value: float, *, is_first: bool) -> None:
        """Take a loss into the moving mean over about 50 steps: one batch's loss jumps too much to be read."""
        self.train_loss = value if is_first else 0.98 * self.train_loss + 0.02 * value

    def _losses(self, logits: Mapping[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        weights = {name: tensor.to(batch["labels"][name].device) for name, tensor in self.class_weights.items()}
        by_change = None
        if self.recipe.change_weight != 1:
            by_change = change_weights(self.schema, batch["labels"], batch["previous"], self.recipe.change_weight)
        return losses(self.schema, logits, batch["labels"], weights, batch.get("mask"), by_change)

    def begin_validation(self) -> None:
        """Begin to count anew."""
        self.scores = Scores(self.schema)

    def validation_step(self, batch: Batch) -> None:
        """Count one batch."""
        logits = self.logits(batch)
        self.scores.add(logits, batch, self._losses(logits, batch))

    def metrics(self) -> dict[str, Any]:
        """Return what the validation measured; its loss is weighted as that of the training."""
        measured, weights = self.scores.metrics(), self.recipe.loss_weights
        if measured and weights:
            measured["loss"] = sum(weights.get(n, 1.0) * head["loss"] for n, head in measured["heads"].items())
        return measured

    def optimizer_and_schedule(self) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LambdaLR]:
        """Return AdamW with decay on what has two and more dimensions; linear warm-up, then as the recipe says."""
        parameters = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": self.recipe.weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.recipe.lr, betas=self.recipe.betas)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: lr_factor(self.recipe, step, self.plateaus)
        )
        return optimizer, schedule


def check_loss_weights(schema: LabelSchema, recipe: Recipe) -> None:
    """Raise NotFound for the weight of a head that is not learned, BadValue when nothing would be."""
    for name in recipe.loss_weights:
        schema.head(name)
    if not any(recipe.loss_weights.get(name, 1.0) for name in schema):
        raise BadValue(f"loss_weights are 0 for {', '.join(schema)}, so nothing is learned. Leave one above 0.")


def lr_factor(recipe: Recipe, step: int, plateaus: int = 0) -> float:
    """Return the share of the peak learning rate at a step, after so many plateaus."""
    final = recipe.final_lr / recipe.lr
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    if recipe.schedule == "plateau":
        return max(final, recipe.plateau_factor**plateaus)
    done = min(1.0, (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


def stood_still(losses: Sequence[float], patience: int) -> int:
    """Return how often a loss was no lower than before for so many validations.

    After a plateau it is counted anew; the lowest loss before still has to be beaten.
    """
    least, since, plateaus = math.inf, 0, 0
    for loss in losses:
        since = 0 if loss < least else since + 1
        least = min(least, loss)
        if since == patience:
            plateaus, since = plateaus + 1, 0
    return plateaus
