"""A game with keys and classes, and small files as other tools leave them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from playhead.game import Frame, Game
from playhead.labels import Choice, Keys, keys_choice_conversions
from playhead.storage.importing import Imported, find, import_all
from playhead.storage.reader import Recording, open_recording

KEYS = Keys("w", "s", "a", "d", opposites=(("w", "s"), ("a", "d")))
CLASSES = Choice("w", "s", "a", "d", "wa", "wd", "sa", "sd", "nk")
HELD = {name: frozenset("" if name == "nk" else name) for name in CLASSES.names}
RACE = Game(
    name="race",
    title="Race",
    frame=Frame(width=16, height=16, rate_hz=10, quality=95),
    labels={"drive": KEYS},
    conversions=keys_choice_conversions("race", KEYS, CLASSES, HELD, heads=("drive", "classes")),
)
NINE = np.array([[key in HELD[name] for key in KEYS.names] for name in CLASSES.names], np.uint8)


def picture(red: int, high: int = 16, wide: int = 16) -> np.ndarray:
    """Return a picture of one colour."""
    found = np.zeros((high, wide, 3), np.uint8)
    found[..., 0] = red
    return found


def save(file: Path, shown: np.ndarray) -> Path:
    """Write a picture, RGB, by the ending of its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), shown[:, :, ::-1])
    return file


def save_pairs(
    file: Path, pairs: Sequence[Any], change: Callable[[np.ndarray], np.ndarray] = lambda one: one
) -> Path:
    """Write pairs as an array of objects, a row each."""
    found = np.empty((len(pairs), 2), object)
    for row, (shown, label) in enumerate(pairs):
        found[row, 0], found[row, 1] = shown, label
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, change(found))
    return file


def run(
    home: Path, how: str, path: Path, *, game: Game = RACE, skip: bool = False, **options: str
) -> list[Imported]:
    """Import and return what became of each."""
    return list(import_all(find(game, how, [path], options), home, skip_damaged=skip))


def only(home: Path, how: str, path: Path, *, game: Game = RACE, **options: str) -> tuple[Recording, list[str]]:
    """Import what is one recording; return it, and what was left out or converted."""
    (row,) = run(home, how, path, game=game, **options)
    lines = [line for file in (row.listed_in, row.converted_in) if file for line in file.read_text().splitlines()]
    return open_recording(home / row.name), lines


def reds(recording: Recording) -> list[int]:
    """Return the red of every picture."""
    frames = recording.read_frames(np.arange(recording.length))
    return [round(float(frame[..., 0].mean())) for frame in frames]
