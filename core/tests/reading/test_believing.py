"""A number is believed when it is sure, in its range, and can follow upon the one before."""

from __future__ import annotations

import math

import pytest

from playhead.errors import BadValue
from playhead.reading.believing import Belief
from playhead.readings import Reading

TENTH = 100_000_000


def told(*read: float, confidence: float = 0.9, **settings: float) -> list[float]:
    """Return what is told of numbers read ten times a second; -1 stands for nothing."""
    belief = Belief(Reading(region="speed", **settings))  # type: ignore[arg-type]
    values = [belief.take(number * TENTH, value, confidence)[0] for number, value in enumerate(read)]
    return [-1.0 if math.isnan(value) else value for value in values]


def test_numbers_are_told_in_the_unit_of_the_telemetry() -> None:
    assert told(36, 72, scale=1 / 3.6) == pytest.approx([10, 20])


def test_what_is_not_read_not_sure_or_out_of_range_is_nothing() -> None:
    assert told(5, math.nan, 6) == [5, -1, 6]
    assert told(5, 6, confidence=0.4) == [-1, -1]
    assert told(5, 400, 6, most=300) == [5, -1, 6]


def test_an_impossible_jump_is_not_believed() -> None:
    assert told(50, 51, 151, 53, 54, most_a_second=20) == [50, 51, -1, 53, 54]


def test_a_jump_that_stays_is_believed_in_the_end() -> None:
    assert told(50, 0, 0, 0, 1, most_a_second=20) == [50, -1, -1, 0, 1]
    assert told(50, 0, 90, 10, 150, most_a_second=20) == [50, -1, -1, -1, -1]


def test_the_last_number_stands_in_for_a_while_with_no_confidence() -> None:
    belief = Belief(Reading(region="speed", holds_s=0.25))
    read = [belief.take(number * TENTH, value, 0.9) for number, value in enumerate([7.0, *[math.nan] * 4])]
    assert read[:3] == [(7.0, 0.9), (7.0, 0.0), (7.0, 0.0)]
    assert all(math.isnan(value) and sure == 0 for value, sure in read[3:])


@pytest.mark.parametrize(
    "wrong", [{"scale": 0.0}, {"confidence": 2.0}, {"least": 5.0, "most": 5.0}, {"holds_s": -1.0}]
)
def test_a_reading_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadValue, match="A reading of speed"):
        Reading(region="speed", **wrong)  # type: ignore[arg-type]
