"""What a game makes of a stick, and back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playhead.dead_zones import DeadZone
from playhead.errors import BadValue

ZONES = st.builds(DeadZone, size=st.floats(0, 0.9), gain=st.floats(0.1, 1))
POSITIONS = st.floats(-1, 1)


@pytest.mark.parametrize(
    ("gain", "position", "value"),
    [(1.0, 1.0, 1.0), (1.0, -0.625, -0.5), (1.0, 0.25, 0.0), (0.8, 1.0, 0.8), (0.8, -0.4, -0.16), (0.8, 0.1, 0.0)],
)
def test_charles_formulas(gain: float, position: float, value: float) -> None:
    assert DeadZone(size=0.25, gain=gain).through(position) == pytest.approx(value)


@given(ZONES, POSITIONS)
def test_what_is_sent_is_what_the_game_makes_of_it(zone: DeadZone, wanted: float) -> None:
    value = max(-zone.gain, min(zone.gain, wanted))
    assert zone.through(zone.against(value)) == pytest.approx(value, abs=1e-9)


@given(ZONES, POSITIONS)
def test_a_position_beyond_the_zone_comes_back(zone: DeadZone, position: float) -> None:
    assume(abs(position) > zone.size)
    assert zone.against(zone.through(position)) == pytest.approx(position, abs=1e-6)


@given(ZONES, POSITIONS, POSITIONS)
def test_both_ways_rise_are_odd_and_stay_in_range(zone: DeadZone, first: float, second: float) -> None:
    for way in (zone.through, zone.against):
        low, high = sorted((first, second))
        assert way(low) <= way(high)
        assert way(-first) == -way(first)
        assert abs(way(first)) <= 1 + 1e-12
    assert zone.through(0.0) == 0.0 == zone.against(0.0)


@given(ZONES, POSITIONS)
def test_a_resting_stick_is_nothing(zone: DeadZone, position: float) -> None:
    assert zone.through(position * zone.size) == 0.0


@pytest.mark.parametrize(
    "zone", [{"size": 1.0}, {"size": -0.1}, {"gain": 0.0}, {"gain": 1.5}, {"size": float("nan")}]
)
def test_what_is_no_dead_zone_is_refused(zone: dict[str, float]) -> None:
    with pytest.raises(BadValue, match="lets nothing through"):
        DeadZone(**zone)
