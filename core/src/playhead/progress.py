"""Whoever follows what takes a while: sentences, parts that are counted, the steps of a training.

One class for recording, training and evaluating. By itself it is nobody who looks; a terminal, a notebook or a
page derives from it and shows what it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

Advance = Callable[[int], object]  # called with the steps done since the last call
OnProgress = Callable[[int, int], object]  # called with what is done and all there is


class Progress:
    """Nobody who looks: every method may be overridden, none has to be."""

    def note(self, sentence: str) -> None:
        """Hear a sentence meant for the user."""

    def part(self, title: str, total: int | None) -> AbstractContextManager[Advance]:
        """Begin a part of `total` steps, None if nobody knows; what is yielded is called with those done since."""
        return nullcontext(lambda steps: None)

    def frames(self, title: str, frames: int | None, rate_hz: float) -> AbstractContextManager[Advance]:
        """Begin to record or play so many frames. Units:  rate_hz frames a second of the game's clock."""
        return self.part(title, frames)

    def items(self, title: str, done: int, total: int) -> AbstractContextManager[Callable[[float | None], object]]:
        """Begin to collect; what is yielded is called after each item, with the seconds left if they are known."""
        return self._items(title, done, total)

    @contextmanager
    def _items(self, title: str, done: int, total: int) -> Iterator[Callable[[float | None], object]]:
        with self.part(title, total) as advance:
            advance(done)
            yield lambda left_s: advance(1)

    def screen(self, shown: Callable[[], Any]) -> AbstractContextManager[object]:
        """Show a text, or what rich can draw, anew a few times a second while a real game goes on."""
        return nullcontext()

    def unexpected(self, error: Exception) -> str:
        """Return the sentence about an error of one of several things, which does not end the session."""
        return f"{type(error).__name__}: {error}".rstrip(".") + "."

    def step(self, step: int, steps: int, loss: float) -> None:
        """Hear after every step of a training how far it is; `loss` is a moving mean."""

    def validated(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Hear what a validation measured."""
