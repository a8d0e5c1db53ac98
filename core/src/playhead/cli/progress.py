"""Progress bars and live lines of sessions, on stderr. None where nobody looks: no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
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


def bars_of(*columns: ProgressColumn, console: Console | None = None) -> Progress:
    """Return bars on stderr with these columns, gone when they are done; none where nobody looks."""
    console = console or terminal.console()
    shown = columns or (name_column(), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(
        *shown, console=console, refresh_per_second=REDRAWS_HZ, disable=not console.is_terminal, transient=True
    )


def name_column() -> TextColumn:
    """Return the column that says what a bar is about: a name is no markup."""
    return TextColumn("{task.description}", markup=False)


@contextmanager
def frames_bar(title: str, frames: int | None, rate_hz: float) -> Iterator[Callable[[int], None]]:
    """Show frames done, how many times faster than the game's clock, and the time left.

    Units:  `frames` expected in all, None when unknown; rate_hz frames a second of the game's clock.
    """
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
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


@contextmanager
def live_screen(shown: Callable[[], RenderableType]) -> Iterator[None]:
    """Show something that is asked for anew a few times a second, by a thread of its own; a text as one line."""

    def drawn() -> RenderableType:
        what = shown()
        return Text(visible(what), no_wrap=True, overflow="ellipsis") if isinstance(what, str) else what

    console = terminal.console()
    if not console.is_terminal:
        yield
        return
    with Live(console=console, get_renderable=drawn, refresh_per_second=REDRAWS_HZ, transient=True):
        yield


@contextmanager
def items_bar(title: str, done: int, total: int) -> Iterator[Callable[[float | None], None]]:
    """Show items done of all, in percent, and the time left; what it gives is called after each item.

    Units:  it is called with the seconds left, None while they cannot be told.
    """
    progress = bars_of(
        name_column(),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TextColumn("{task.percentage:.1f} %"),
        TextColumn("{task.fields[left]}"),
    )
    task = progress.add_task(title, total=total, completed=done, left="")

    def add(left_s: float | None) -> None:
        progress.update(task, advance=1, left="" if left_s is None else f"{timedelta(seconds=round(left_s))} left")

    with progress:
        yield add


class Shown(Hears):
    """A session at the command line: its sentences on stderr, bars and screens where somebody looks."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def note(self, sentence: str) -> None:
        """Print a sentence."""
        self.desk.say(sentence)

    def unexpected(self, error: Exception) -> str:
        """Return the sentence about an error that nobody expected; its traceback is written into a file."""
        return self.desk.unexpected(error)

    def frames(self, title: str, frames: int | None, rate_hz: float) -> AbstractContextManager[Advance]:
        """Show frames, and how many times faster than the game's clock."""
        return frames_bar(title, frames, rate_hz)

    def items(self, title: str, done: int, total: int) -> AbstractContextManager[Callable[[float | None], object]]:
        """Show items and the time left."""
        return items_bar(title, done, total)

    def screen(self, shown: Callable[[], Any]) -> AbstractContextManager[None]:
        """Show what is asked for anew a few times a second."""
        return live_screen(shown)
