"""A plain line that says how a session gets on, for whoever does not write a Progress of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playhead.names import visible
from playhead.progress import Advance, Progress


class PlainBar(Progress):
    """One line on stderr that is written anew, for a notebook or a terminal; sentences go above it."""

    def __init__(self) -> None:
        self._shown = ""

    def note(self, sentence: str) -> None:
        """Write a sentence."""
        self._write(f"{sentence}\n")

    @contextmanager
    def part(self, title: str, total: int | None) -> Iterator[Advance]:
        """Show how many are done, of how many."""
        done = 0
        of = "" if total is None else f" of {total:,}"

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self._write(f"{title}: {done:,}{of}")

        try:
            yield advance
        finally:
            self._write("")

    def step(self, step: int, steps: int, loss: float) -> None:
        """Show a step."""
        self._write(f"train: {step:,} of {steps:,} steps, loss {loss:.3f}")
        if step >= steps:
            self._write("")

    def _write(self, text: str) -> None:
        line = visible(text, keep="\n")
        if line != self._shown:
            sys.stderr.write(f"\r{' ' * len(self._shown)}\r{line}")
            self._shown = "" if line.endswith("\n") else line


def progress_of(asked: Progress | bool | None) -> Progress:
    """Return who hears of a session: nobody without, a plain bar for True."""
    if isinstance(asked, Progress):
        return asked
    return PlainBar() if asked else Progress()
