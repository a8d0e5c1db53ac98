"""Whoever follows what takes a while: sentences, parts that are counted, the steps of a training.

One class for recording, training and evaluating. By itself it is nobody who looks; a terminal, a notebook or a
page derives from it and shows what it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
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

    def step(self, step: int, steps: int, loss: float) -> None:
        """Hear after every step of a training how far it is; `loss` is a moving mean."""

    def validated(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Hear what a validation measured."""
