"""A small recording that most tests of storage start from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.storage.pictures import FrameArray
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

FRAME = Frame(width=48, height=36, rate_hz=20)
SCHEMA = LabelSchema.of({"keys": Keys("a", "b"), "gear": Choice("r", "n", "d"), "wheel": Axes("steer")})
STEP_NS = 50_000_000


def picture(number: int, shape: tuple[int, int, int] = FRAME.shape) -> FrameArray:
    """Return a smooth picture that differs from frame to frame."""
    height, width, channels = shape
    y, x = np.mgrid[:height, :width]
    planes = [(x * (c + 1) + y + number * 7) % 256 for c in range(channels)]
    return np.stack(planes, axis=2).astype(np.uint8)


def header(**changes: object) -> RecordingHeader:
    """Return the header of a small test recording."""
    values: dict[str, object] = {
        "game": {"name": "pong"},
        "schema": SCHEMA,
        "frame": FRAME,
        "rate_hz": 20.0,
        "device": "world",
        "driver": "expert",
        "telemetry": ("speed",),
    }
    return RecordingHeader(**(values | changes))  # type: ignore[arg-type]


def write(folder: Path, frames: int, **changes: object) -> Path:
    """Write a recording of `frames` frames, with labels that follow from the frame number."""
    made = header(**changes)
    with RecordingWriter(folder, made) as writer:
        for number in range(frames):
            labels = {"keys": [number % 2, 1], "gear": [number % 3], "wheel": [np.sin(number)]}
            time_ns = 1_000 + number * STEP_NS
            shown = picture(number, made.frame.shape)
            telemetry = {"speed": float(number)} if "speed" in made.telemetry else {}
            writer.append(shown, time_ns, labels, Origin.SCRIPT, telemetry)
            if number % 2:
                writer.add_events([Event(time_ns=time_ns + 5, code="a", value=1.0, origin=Origin.SCRIPT)])
    return folder


def without_checksums(folder: Path) -> Path:
    """Make of a recording what was written before there were checksums, and return its folder."""
    for file in folder.rglob("zarr.json"):
        document = json.loads(file.read_text())
        attributes = document["attributes"]
        if file.parent == folder:
            for name in ("seal", "checksums"):
                attributes["playhead"].pop(name)
        else:
            attributes.pop("playhead")
        file.write_text(json.dumps(document))
    shutil.rmtree(folder / "checksums")
    return folder


@pytest.fixture
def aged() -> Callable[[Path], Path]:
    """Return `without_checksums`."""
    return without_checksums


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a recording of so many frames and returns its folder."""
    numbers = iter(range(1000))

    def make(frames: int = 30, **changes: object) -> Path:
        return write(tmp_path / "recordings" / "pong" / f"2026-11-21-{next(numbers) + 1}", frames, **changes)

    return make


@pytest.fixture
def make_header() -> Callable[..., RecordingHeader]:
    """Return `header`, for tests that write by themselves."""
    return header


@pytest.fixture
def draw() -> Callable[..., FrameArray]:
    """Return `picture`."""
    return picture
