"""The Crew 2 keeps playhead's contract."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_crew2.game import ARGUMENTS, CREW2
from playhead_streets.corners import minimap_box, speed_box
from playhead_streets.scenarios import SCENARIOS


class TestCrew2(GameContract):
    game = CREW2


def test_speed_and_map_are_where_the_world_draws_them() -> None:
    for name, box in (("speed", speed_box(224, 224)), ("map", minimap_box(224, 224, "crew2"))):
        region = CREW2.regions[name]
        assert (region.x, region.y, region.x + region.width, region.y + region.height) == box
    assert ARGUMENTS["layout"] == "crew2"


def test_the_scenarios_are_races() -> None:
    assert CREW2.world is not None
    assert all(SCENARIOS[name].laps > 0 for name in CREW2.world.scenarios)
