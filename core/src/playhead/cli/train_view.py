"""How a training looks in the terminal: a bar on stderr, a line for every validation."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn

from playhead.cli import terminal
from playhead.cli.context import Desk
from playhead.cli.progress import Shown, bars_of
from playhead.names import visible


class TrainView(Shown, AbstractContextManager["TrainView"]):
    """Shows notes, steps and validations; a context manager. Without a terminal lines take the place of the bar.

    Where nobody acts (`is_acting` false) no action changes: then only what is right is told.
    """

    def __init__(self, desk: Desk, *, is_acting: bool = True) -> None:
        super().__init__(desk)
        self._is_acting = is_acting
        self._console = terminal.console(highlight=False, soft_wrap=True)
        self._bars = bars_of(
            TextColumn("train"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} steps"),
            TextColumn("loss {task.fields[loss]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task: TaskID | None = None

    def __exit__(self, *ended: object) -> None:
        self._bars.stop()

    def note(self, sentence: str) -> None:
        """Print a sentence, above the bar once there is one."""
        if self._task is None:
            super().note(sentence)
        else:
            self._console.print(visible(sentence), markup=False)

    def step(self, step: int, steps: int, loss: float) -> None:
        """Move the bar."""
        if self._task is None:
            self._task = self._bars.add_task("train", total=steps, loss="-")
            self._bars.start()
        self._bars.update(self._task, completed=step, total=steps, loss=f"{loss:.3f}")

    def validated(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Print what a validation measured."""
        if "heads" not in metrics:  # of a method that measures something else
            self._console.print(f"step {step:,}: {', '.join(told(metrics))}", markup=False)
            return
        head = next(iter(metrics["heads"].values()))
        changes = (
            f", change-frame F1 {metrics['change_f1']:.2f} (repeat-last {head['repeat_last']['change_f1']:.2f})"
        )
        self._console.print(
            f"step {step:,}: loss {metrics['train_loss']:.3f}, validation {metrics['loss']:.3f}, "
            f"all right {share(metrics['accuracy'])}{changes if self._is_acting else ''}",
            markup=False,
        )


def told(metrics: Mapping[str, Any]) -> list[str]:
    """Say the numbers among what was measured, as of a training method that measures what it likes."""
    return [f"{visible(name)} {value:.4g}" for name, value in metrics.items() if isinstance(value, (int, float))]


def share(value: float) -> str:
    """Say a share as it is read: two digits, and as many more as tell it from 1."""
    if 0.99 < value < 1:
        return f"{value:.4f}"
    return f"{value:.2f}"
