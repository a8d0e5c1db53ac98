"""Curves of a training for TensorBoard, beside its run: losses and what each validation measures, as they come.

Written where the extra `playhead[tensorboard]` is installed; without it history.jsonl holds the validations alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

CURVES_FOLDER = "curves"
EVERY = 10  # steps between two values of the training loss


class Curves:
    """Curves below a folder, from the step after `step` on: what lies there of later steps is shown no more.

    A disk that is full ends the curves and not the training.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer: Any = None
        with suppress(ImportError, OSError):
            from tensorboardX import SummaryWriter

            purge_step = step + 1 if step else None
            # Files are named by the second: two of one second are told apart by where they begin.
            self._writer = SummaryWriter(
                str(folder / CURVES_FOLDER), purge_step=purge_step, filename_suffix=f".{step}"
            )

    def step(self, number: int, loss: float, lr: float) -> None:
        """Add the loss of the batch of a step, now and then."""
        if number % EVERY == 0:
            self._add({"train/loss": loss, "train/lr": lr}, number)

    def validated(self, metrics: Mapping[str, Any]) -> None:
        """Add every number that a validation measured, by names that say where it stood: validation/drive/f1/w."""
        self._add(dict(_numbers("validation", metrics)), int(metrics["step"]))

    def close(self) -> None:
        """Write what waits."""
        with suppress(OSError):
            if self._writer is not None:
                self._writer.close()

    def _add(self, values: Mapping[str, float], step: int) -> None:
        with suppress(OSError):
            for name, value in values.items():
                if self._writer is not None:
                    self._writer.add_scalar(name, value, step)


def _numbers(name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every number with its path of names, those that say when left out."""
    for key, value in told.items():
        if isinstance(value, Mapping):
            yield from _numbers(f"{name}/{key}" if key != "heads" else name, value)
        elif isinstance(value, (int, float)) and key not in ("step", "windows", "train_loss"):
            yield f"{name}/{key}", float(value)
