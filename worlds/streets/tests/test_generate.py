import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead_streets.generate import make_town, resample, town_seed
from playhead_streets.ground import Ground
from playhead_streets.lanes import LaneGraph
from playhead_streets.town import FREE, RASTER_M, ROAD, Town


@pytest.fixture(scope="module", params=[0, 1, 5])
def town(request: pytest.FixtureRequest) -> Town:
    return make_town(request.param)


def test_same_seed_grows_the_same_town_and_another_seed_another() -> None:
    first, again, other = make_town(7), make_town(7), make_town(8)
    np.testing.assert_array_equal(first.surface_RC, again.surface_RC)
    np.testing.assert_array_equal(first.buildings_B7, again.buildings_B7)
    np.testing.assert_array_equal(first.obstacles_RC, again.obstacles_RC)
    assert (first.surface_RC != other.surface_RC).any()


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_no_training_town_is_a_test_town(train: int, test: int) -> None:
    assert town_seed(train, "train") != town_seed(test, "test")


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.sampled_from(["train", "test"]))
def test_different_seeds_of_a_split_are_different_towns(first: int, second: int, split: str) -> None:
    assert (town_seed(first, split) == town_seed(second, split)) == (first == second)  # type: ignore[arg-type]


def test_a_town_has_streets_curves_a_highway_and_about_300_buildings(town: Town) -> None:
    assert {road.kind for road in town.roads} == {"street", "curve", "highway"}
    assert 270 <= len(town.buildings_B7) <= 300
    assert len(town.poles_P3) > 100
    assert len(town.trees_T3) > 100
    assert all(len(junction.roads) >= 2 for junction in town.junctions)


def test_nothing_stands_on_a_road(town: Town) -> None:
    assert not ((town.surface_RC == ROAD) & (town.obstacles_RC != FREE)).any()


def test_rasters_agree_with_what_they_are_drawn_from(town: Town) -> None:
    ground = Ground(town)
    for road in town.roads:
        for x, y in road.centre_N2[::7]:
            assert ground.is_road(float(x), float(y))
    for x, y, *_ in [*town.poles_P3, *town.trees_T3, *town.buildings_B7]:
        assert ground.obstacle(float(x), float(y)) != FREE
        assert ground.clearance_m(float(x), float(y)) == 0.0
    width_m, height_m = town.size_m
    assert width_m == town.surface_RC.shape[1] * RASTER_M
    assert not ground.is_road(-1000.0, height_m + 1000.0)


def test_every_lane_leads_on_and_lanes_join_without_a_gap(town: Town) -> None:
    graph = LaneGraph(town)
    for lane in graph.lanes:
        following = graph.successors[lane.index]
        assert following
        for other in following:
            there = graph.lanes[other]
            assert math.dist((lane.xs[-1], lane.ys[-1]), (there.xs[0], there.ys[0])) < 0.05
            assert abs(math.remainder(lane.headings[-1] - there.headings[0], math.tau)) < 0.35


def test_crossing_is_mutual(town: Town) -> None:
    graph = LaneGraph(town)
    for ways in graph.through[:12]:
        for way in ways:
            assert all(way in graph.conflicts(other) for other in graph.conflicts(way))


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=8))
def test_resampling_keeps_the_ends_and_spaces_points_evenly(points: list[tuple[float, float]]) -> None:
    line_N2 = np.array(points)
    found_N2 = resample(line_N2, 1.0)
    np.testing.assert_allclose(found_N2[[0, -1]], line_N2[[0, -1]], atol=1e-9)
    assert np.hypot(*np.diff(found_N2, axis=0).T).max() <= 1.51
