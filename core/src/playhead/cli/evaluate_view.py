"""Progress bars of an evaluation, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from playhead.cli.progress import bars_of, name_column


class EvaluateView:
    """One bar for each part of an evaluation, gone when it is over; nothing when nobody can see it."""

    def __init__(self) -> None:
        self._progress = bars_of(name_column(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    def __enter__(self) -> EvaluateView:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @contextmanager
    def part(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar of `total` steps; what is yielded is called with the steps done since the last call."""
        task = self._progress.add_task(title, total=total)

        def advance(steps: int) -> None:
            self._progress.advance(task, steps)

        yield advance
