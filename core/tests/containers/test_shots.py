"""What of a film is skipped: cuts, and what is dark, still or unlike what is looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playhead.clock import NS_PER_S
from playhead.containers.film import Film
from playhead.containers.film_writer import FilmWriter
from playhead.containers.shots import CUTS, DARK, REASONS, STILL, UNLIKE, Skipping, reasons_of
from playhead.containers.video import VideoFile
from playhead.errors import BadValue, NotFound

HZ = 15
PARTS = ("red", "red", "red", "red", "blue", "blue", "blue", "blue", "black", "black") + (
    "still",
) * 12  # a second each


def scene(kind: str, number: int) -> np.ndarray:
    """Return a picture of 96x64: a bright stripe that wanders over a ground, or stands, or darkness."""
    if kind == "black":
        return np.zeros((64, 96, 3), np.uint8)
    picture_HWC = np.full((64, 96, 3), (20, 20, 160) if kind == "blue" else (160, 20, 20), np.uint8)
    at = 40 if kind == "still" else abs(number * 2 % 160 - 80)
    picture_HWC[:, at : at + 4] = 230
    return picture_HWC


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of PARTS."""
    file = tmp_path_factory.mktemp("films") / "film.mp4"
    with FilmWriter(file, (96, 64), HZ) as writer:
        for number in range(len(PARTS) * HZ):
            writer.add(round(number * NS_PER_S / HZ), scene(PARTS[number // HZ], number))
    return file


def skipped(film: Path, skipping: Skipping) -> list[tuple[str, float, float]]:
    """Return reasons and seconds."""
    video = VideoFile(film)
    try:
        found = skipping.of(Film(video))
    finally:
        video.close()
    return [(one.why, one.first_ns / NS_PER_S, one.end_ns / NS_PER_S) for one in found]


def test_cuts_and_what_shows_nothing_are_found(film: Path) -> None:
    pytest.importorskip("scenedetect")
    found = skipped(film, Skipping(
        reasons=tuple(REASONS), pause_ns=300_000_000, is_unlike=lambda one_HWC: bool(one_HWC[0, 0, 2] > 100)
    ))  # fmt: skip
    cuts = [first for why, first, _ in found if why == CUTS]
    assert [round(first) for first in cuts] == [4, 8, 10]
    assert all(end - first >= 0.3 for why, first, end in found if why == CUTS)
    for kind, begin, over in ((DARK, 8, 10), (STILL, 10, 22), (UNLIKE, 4, 8)):
        ((first, end),) = [(first, end) for why, first, end in found if why == kind]
        assert abs(first - begin) < 0.2
        assert abs(end - over) < 0.2


def test_only_what_is_asked_for_is_skipped(film: Path) -> None:
    assert skipped(film, Skipping(reasons=(), pause_ns=1)) == []
    assert {why for why, *_ in skipped(film, Skipping(reasons=(DARK,), pause_ns=1))} == {DARK}
    assert skipped(film, Skipping(reasons=(UNLIKE,), pause_ns=1)) == []  # of a run that remembers nothing


def test_reasons_are_read_strictly() -> None:
    assert reasons_of("cuts, dark,cuts") == (CUTS, DARK)
    assert reasons_of("none") == ()
    with pytest.raises(NotFound, match="stil"):
        reasons_of("stil")
    with pytest.raises(BadValue, match="--skip is empty"):
        reasons_of(" ,")
