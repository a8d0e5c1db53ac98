"""Curves for TensorBoard under the names that the reference system gave them, beside those of every training.

Source:  Sentdex/pygta5, f2a858c: `loss`, `ModelOutputs.<output>_loss`, `..._mean_absolute_error`, `learning_rate`;
         a folder a model, a new file at each start, the step is the number of the batch.
"""

from __future__ import annotations

from pathlib import Path

from playhead.training.curves import Curves
from playhead.training.job import StepTold

FOLDER = "published"
FLUSHED_EVERY = 50  # batches


class PublishedCurves(Curves):
    """The curves of a live training, in a folder of their own below its run's."""

    def __init__(self, folder: Path, batch: int = 0) -> None:
        super().__init__(folder / FOLDER, batch)

    def step(self, told: StepTold) -> None:  # type: ignore[override]
        """Add what a batch came to."""
        values = {"loss": told.loss, "learning_rate": told.lr}
        values |= {f"ModelOutputs.{name}_loss": loss for name, loss in told.by_head.items()}
        values |= {f"ModelOutputs.{name}_mean_absolute_error": error for name, error in told.errors.items()}
        self._add(values, told.number)
        if told.number % FLUSHED_EVERY == 0:
            self._do("flush")
