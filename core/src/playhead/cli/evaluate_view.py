"""Progress bars of an evaluation, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from playhead.cli.context import Desk
from playhead.cli.progress import Shown, bars_of, name_column


class EvaluateView(Shown):
    """One bar for each part of an evaluation, gone when it is over; nothing when nobody can see it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._bars = bars_of(name_column(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    def __enter__(self) -> EvaluateView:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def part(self, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show a bar of `total` steps; what is yielded is called with the steps done since the last call."""
        task = self._bars.add_task(title, total=total)

        def advance(steps: int) -> None:
            self._bars.advance(task, steps)

        yield advance
