"""Progress bars and live lines of sessions, on stderr; a line a minute where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from playhead.cli import terminal
from playhead.names import visible
from playhead.progress import Advance
from playhead.progress import Progress as Hears

if TYPE_CHECKING:
    from playhead.cli.context import Desk

REDRAWS_HZ = 4
TOLD_EVERY_S = 60.0  # where stderr is a file or a pipe


class Bars(Progress):
    """Bars in a terminal, gone when they are done. Into a file goes a line a minute that says the same."""

    def __init__(self, *columns: ProgressColumn, console: Console) -> None:
        super().__init__(
            *columns, console=console, refresh_per_second=REDRAWS_HZ, disable=not console.is_terminal,
            transient=True,
        )  # fmt: skip
        self._told_s = self.get_time()

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Change what a bar shows."""
        super().update(task_id, **changes)
        self._tell(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Move a bar on."""
        super().advance(task_id, advance)
        self._tell(task_id)

    def _tell(self, task_id: TaskID) -> None:
        now_s = self.get_time()
        if not self.disable or now_s - self._told_s < TOLD_EVERY_S:
            return
        self._told_s = now_s
        with self._lock:
            task = self._tasks[task_id]
        shown = [column(task) for column in self.columns if isinstance(column, ProgressColumn)]
        terminal.say("  ".join(text for one in shown if isinstance(one, Text) and (text := one.plain.strip())))


def bars_of(*columns: ProgressColumn, console: Console | None = None) -> Progress:
    """Return bars on stderr with these columns."""
    shown = columns or (name_column(), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Bars(*shown, console=console or terminal.console())


def name_column() -> TextColumn:
    """Return the column that says what a bar is about: a name is no markup."""
    return TextColumn("{task.description}", markup=False)


@contextmanager
def named_bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Show a bar for each thing worked on, until done: called with its name, gives (done, in all) -> None."""
    with bars_of() as progress:

        def follow(name: str) -> Callable[[int, int], None]:
            task = progress.add_task(visible(name), total=None)
            return lambda done, total: progress.update(task, completed=done, total=total, visible=done < total)

        yield follow


@contextmanager
def working_on(what: str) -> Iterator[None]:
    """Say what is being done while it is not known how long it takes."""
    console = terminal.console()
    with console.status(what) if console.is_terminal else nullcontext():
        yield


class Shown(Hears):
    """A session at the command line: its sentences on stderr, bars and screens where somebody looks."""

    def __init__(self, desk: Desk, parts: Progress | None = None) -> None:
        self.desk = desk
        self._parts = parts

    def note(self, sentence: str) -> None:
        """Print a sentence."""
        self.desk.say(sentence)

    def unexpected(self, error: Exception) -> str:
        """Return the sentence about an error that nobody expected; its traceback is written into a file."""
        return self.desk.unexpected(error)

    @contextmanager
    def part(self, title: str, total: int | None) -> Iterator[Advance]:
        """Show a bar of `total` steps among those of the other parts, where there are any."""
        if self._parts is None:
            yield lambda steps: None
        else:
            yield partial(self._parts.advance, self._parts.add_task(title, total=total))

    @contextmanager
    def frames(self, title: str, frames: int | None, rate_hz: float) -> Iterator[Advance]:
        """Show frames done, how many times faster than the game's clock, and the time left."""
        progress = bars_of(
            name_column(),
            BarColumn(),
            TextColumn("{task.completed:,.0f} frames"),
            TextColumn("{task.fields[pace]}"),
            TimeRemainingColumn(),
        )
        task = progress.add_task(title, total=frames, pace="")

        def add(count: int) -> None:
            progress.advance(task, count)
            shown = progress.tasks[0]
            if shown.elapsed:
                progress.update(task, pace=f"{shown.completed / rate_hz / shown.elapsed:.1f} x real time")

        with progress:
            yield add

    @contextmanager
    def items(self, title: str, done: int, total: int) -> Iterator[Callable[[float | None], None]]:
        """Show items done of all, in percent, and the time left."""
        progress = bars_of(
            name_column(),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TextColumn("{task.percentage:.1f} %"),
            TextColumn("{task.fields[left]}"),
        )
        task = progress.add_task(title, total=total, completed=done, left="")

        def add(left_s: float | None) -> None:
            left = "" if left_s is None else f"{timedelta(seconds=round(left_s))} left"
            progress.update(task, advance=1, left=left)

        with progress:
            yield add

    @contextmanager
    def screen(self, shown: Callable[[], RenderableType]) -> Iterator[None]:
        """Show what is asked for anew a few times a second, by a thread of its own; a text as one line."""

        def drawn() -> RenderableType:
            what = shown()
            return Text(visible(what), no_wrap=True, overflow="ellipsis") if isinstance(what, str) else what

        console = terminal.console()
        live = Live(console=console, get_renderable=drawn, refresh_per_second=REDRAWS_HZ, transient=True)
        with live if console.is_terminal else nullcontext():
            yield


@contextmanager
def shown_parts(desk: Desk) -> Iterator[Shown]:
    """Show a bar for each part of what takes a while; all are gone when it is over."""
    with bars_of(name_column(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bars:
        yield Shown(desk, bars)
