"""A game with keys and classes, and small files as other tools leave them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from playhead.conversions import keys_choice_conversions
from playhead.game import Frame, Game
from playhead.labels import Choice, Keys
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


def save_film(file: Path, frames: Sequence[np.ndarray], rate: float = 10, times: Sequence[float] = ()) -> Path:
    """Write pictures, RGB, as an MP4 of so many a second, or with these times in seconds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as out:
        stream: Any = out.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "8", "preset": "ultrafast"}
        stream.codec_context.time_base = Fraction(1, 90_000)
        for number, shown in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = (
                round(90_000 * (times[number] if times else number / rate)),
                Fraction(1, 90_000),
            )
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file


def steered(held_TK: np.ndarray, high: int = 48, wide: int = 64) -> list[np.ndarray]:
    """Return pictures of a ground that the keys w, s, a and d move: what is held moves the next picture."""
    random = np.random.default_rng(3)
    ground = cv2.GaussianBlur(random.integers(0, 255, (400, 400, 3)).astype(np.uint8), (0, 0), 2.5)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    place, speed, frames = np.zeros(2), np.zeros(2), []
    for w, s, a, d in held_TK.astype(float):
        rows, columns = (np.arange(high) + round(place[0])) % 400, (np.arange(wide) + round(place[1])) % 400
        frames.append(ground[np.ix_(rows, columns)])
        speed += 0.4 * (np.array([w - s, d - a]) * 3 - speed)
        place += speed
    return frames
