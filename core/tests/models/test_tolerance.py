"""What a run tolerates: where its scores fall below .8 of the undisturbed one, and only of its own weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.errors import Damaged
from playhead.models.run import Run
from playhead.models.run_file import WEIGHTS_FILE, FileSeal
from playhead.models.tolerance import TOLERANCE_FILE, Limit, Point, Tolerance, read_tolerance, weights_of

RUN = Run(
    path=Path("toy-1"), game={"name": "toy"}, recipe_name="default", files={WEIGHTS_FILE: FileSeal.of(b"weights")}
)


def measured(*points: tuple[float, float, float]) -> Tolerance:
    """What was measured at (delay_s, drops, score)."""
    made = [Point(delay_s=delay_s, drops=drops, score=score) for delay_s, drops, score in points]
    return Tolerance(weights=weights_of(RUN), measure="score", drives=8, points=made)


def test_a_limit_lies_between_the_points_in_proportion() -> None:
    found = measured((0.1, 0, 0.6), (0, 0, 1.0), (0.05, 0, 0.9), (0.2, 0, 0.95), (0, 0.2, 0.85), (0, 0.4, 0.75))
    assert found.delay_s == Limit(value=pytest.approx(0.05 + 0.05 / 3), is_reached=True)
    assert found.drops == Limit(value=pytest.approx(0.3), is_reached=True)


def test_what_was_not_reached_or_not_measured_is_no_limit() -> None:
    found = measured((0, 0, 1.0), (0.05, 0, 0.9))
    assert (found.delay_s, found.drops) == (Limit(value=0.05, is_reached=False), None)
    assert measured((0.05, 0, 0.9), (0.1, 0, 0.1)).delay_s is None, "without the undelayed score there is no share"
    assert measured((0, 0, 0.0), (0.1, 0, -1.0)).delay_s is None, "and none of nothing"


def test_it_is_read_where_it_was_written_and_only_of_the_same_weights(tmp_path: Path) -> None:
    told = measured((0, 0, 1.0), (0.1, 0, 0.5))
    nowhere, other, own = tmp_path / "nowhere", tmp_path / "other", tmp_path / "own"
    told.write(own)
    Tolerance(weights="0" * 64, measure="score", drives=8, points=told.points).write(other)
    assert read_tolerance(RUN, [nowhere, other, own]) == told
    assert read_tolerance(RUN, [nowhere, other]) is None


@pytest.mark.parametrize(
    "text", ["{}", "[", '{"weights": "", "measure": "m", "drives": 1, "points": [{"score": NaN}]}',
             '{"weights": "", "measure": "m", "drives": 1, "points": [{"score": 1, "delay_s": -1}]}',
             '{"weights": "", "measure": "m", "drives": 1, "points": [], "more": 1}'],
)  # fmt: skip
def test_a_file_that_is_none_is_damaged_and_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / TOLERANCE_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(Damaged, match=r"playhead evaluate toy --run .* --delays"):
        read_tolerance(RUN, [tmp_path])
