"""Curves of a training for TensorBoard, beside its run: losses and what each validation measures, as they come.

Written where the extra `playhead[tensorboard]` is installed; without it history.jsonl holds the validations alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

CURVES_FOLDER = "curves"
EVERY = 10  # steps between two values of the training loss


class Curves:
    """Curves below a folder, from the step after `step` on: what lies there of later steps is shown no more.

    They are written by who trains: a thread that writes them would end at a full disk, and be waited for for ever.
    A disk that is full ends the curves and not the training.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer: Any = None
        with suppress(ImportError, OSError):
            from tensorboardX import event_file_writer
            from tensorboardX.proto.event_pb2 import Event, SessionLog

            (folder / CURVES_FOLDER).mkdir(parents=True, exist_ok=True)
            # Files are named by the second: two of one second are told apart by where they begin.
            self._writer = event_file_writer.EventsWriter(str(folder / CURVES_FOLDER / "events"), f".{step}")
            if step:
                self._write(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def step(self, number: int, loss: float, lr: float) -> None:
        """Add the loss of the batch of a step, now and then."""
        if number % EVERY == 0:
            self._add({"train/loss": loss, "train/lr": lr}, number)

    def validated(self, metrics: Mapping[str, Any]) -> None:
        """Add every number that a validation measured, by names that say where it stood: validation/drive/f1/w."""
        self._add(dict(_numbers("validation", metrics)), int(metrics["step"]))
        self._do("flush")

    def close(self) -> None:
        """Write what waits."""
        self._do("close")
        self._writer = None

    def _add(self, values: Mapping[str, float], step: int) -> None:
        if self._writer is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        for name, value in values.items():
            self._write(Event(step=step, summary=scalar(name, value)))

    def _write(self, event: Any) -> None:
        event.wall_time = time.time()
        self._do("write_event", event)

    def _do(self, what: str, *given: Any) -> None:
        """Have the writer do something; where the disk refuses, it writes no more."""
        try:
            if self._writer is not None:
                getattr(self._writer, what)(*given)
        except OSError:
            self._writer = None


def _numbers(name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every number with its path of names, those that say when left out."""
    for key, value in told.items():
        if isinstance(value, Mapping):
            yield from _numbers(f"{name}/{key}" if key != "heads" else name, value)
        elif isinstance(value, (int, float)) and key not in ("step", "windows", "train_loss"):
            yield f"{name}/{key}", float(value)
