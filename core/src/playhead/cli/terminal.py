"""The one place where text leaves for the terminal: nothing in it moves the cursor, hides, or begins a row.

Whoever prints gives lines, and a line stays one: a line end inside of it is written out like every other character
that is not seen. What prints by itself (a warning, a plugin) goes through `VisibleStream`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from click import echo  # as it is now: a plugin may replace click.echo

from playhead.decoding import json_text
from playhead.names import visible

if TYPE_CHECKING:
    from rich.console import Console


MOST_SAID = 4_000  # letters of a line for a person: a name in it may have 65,000
ENDING = 1_000  # of them from its end, which says what to do


def say(*lines: object) -> None:
    """Print lines for the person, on stderr: stdout holds results only. The middle of an endless one is cut."""
    _print((_shortened(str(line)) for line in lines), err=True)


def _shortened(line: str) -> str:
    if len(line) <= MOST_SAID:
        return line
    return f"{line[: MOST_SAID - ENDING]} [... {len(line) - MOST_SAID:,} letters ...] {line[-ENDING:]}"


def tell(*lines: object) -> None:
    """Print lines of a result, on stdout."""
    _print(lines, err=False)


def tell_json(value: Any) -> None:
    """Print a result as JSON: pure ASCII, in which everything else is escaped, and no number is NaN."""
    echo(json_text(value))


def _print(lines: Iterable[object], *, err: bool) -> None:
    for line in lines:
        echo(visible(str(line)), err=err)


class VisibleStream:
    """A text stream on which everything that is not seen is written out, but for line ends and tabs."""

    def __init__(self, inner: TextIO) -> None:
        self.inner = inner

    def write(self, text: str) -> int:
        """Write a text, also what the stream's encoding lacks or a file name holds that is no text."""
        shown = visible(text, keep="\n\t")
        encoding = getattr(self.inner, "encoding", None) or "utf-8"
        self.inner.write(shown.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Leave the stream open: a plugin that closes what it found as stdout would silence everybody."""
        self.inner.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@contextmanager
def visible_streams() -> Iterator[None]:
    """Lead stdout and stderr through `VisibleStream` for a while."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_wrapped(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _wrapped(stream: TextIO) -> TextIO:
    # A program without a terminal may have no streams at all.
    return cast(TextIO, VisibleStream(stream)) if stream is not None else stream


def bare(stream: TextIO) -> TextIO:
    """Return the stream behind: for what moves the cursor itself, and writes out what it shows."""
    return stream.inner if isinstance(stream, VisibleStream) else stream


def console(**options: Any) -> Console:
    """Return rich's console on stderr, which may draw, but not what is in the texts that it draws."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class VisibleConsole(Console):
        """Writes out what is not seen in every piece of text, also inside tables and panels."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                if segment.control:
                    yield segment
                else:
                    yield Segment(visible(segment.text, keep="\n"), segment.style)

    return VisibleConsole(file=bare(sys.stderr), stderr=True, **options)
