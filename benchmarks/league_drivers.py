"""Who drives in the league besides those that every evaluation knows, and what recordings tell them.

Shape legend: T frames, A label columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver
from playhead.game import Game
from playhead.labels import Choice
from playhead.storage.reader import Recording


class Repeat(Driver):
    """Presses again what was pressed in a recorded drive, whatever it sees."""

    def __init__(self, game: Game, recording: Recording) -> None:
        self._game, self._rows_TA, self._asked = game, label_rows(recording), 0

    def decide(self, captured: CapturedFrame) -> Action:
        row_A = self._rows_TA[self._asked % len(self._rows_TA)]
        self._asked += 1
        return as_held(self._game, row_A)


class Plain(Driver):
    """Does what the plain script says of each picture."""

    def __init__(self, game: Game, answer: Callable[[np.ndarray], np.ndarray]) -> None:
        self._game, self._answer = game, answer

    def decide(self, captured: CapturedFrame) -> Action:
        return as_held(self._game, self._answer(captured.frame_HWC))


def label_rows(recording: Recording) -> np.ndarray:
    """Return the labels of all heads side by side (T, A)."""
    return np.concatenate([np.asarray(rows, np.float64) for rows in recording.labels.values()], axis=1)


def frames_of(recording: Recording, at_once: int = 64) -> Iterator[np.ndarray]:
    """Yield every picture of a recording."""
    for first in range(0, recording.length, at_once):
        yield from recording.read_frames(np.arange(first, min(first + at_once, recording.length)))


def as_held(game: Game, row_A: np.ndarray) -> dict[str, float]:
    """Return what a row of labels presses: code -> value."""
    held: dict[str, float] = {}
    for head in game.labels.values():
        width = 1 if isinstance(head, Choice) else len(head.names)
        own, row_A = row_A[:width], row_A[width:]
        values = (
            {head.names[int(own[0])]: 1.0} if isinstance(head, Choice) else dict(zip(head.names, own, strict=True))
        )
        held |= {game.controls[name]: float(value) for name, value in values.items() if value}
    return held
