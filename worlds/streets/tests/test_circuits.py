import math

import numpy as np
import pytest

from playhead_streets.circuits import APART_M, RADIUS_M, make_circuit
from playhead_streets.ground import Ground
from playhead_streets.lanes import LaneGraph
from playhead_streets.route import make_laps
from playhead_streets.town import BARRIER, FREE, Town


def centre_line(town: Town) -> np.ndarray:
    return np.concatenate([road.centre_N2[:-1] for road in town.roads]).astype(float)


@pytest.mark.parametrize("seed", range(6))
def test_a_circuit_closes_keeps_clear_of_itself_and_has_slow_and_fast_corners(seed: int) -> None:
    town = make_circuit(seed)
    line_N2 = centre_line(town)
    steps_N2 = np.diff(np.concatenate([line_N2, line_N2[:1]]), axis=0)
    assert np.hypot(*steps_N2.T).max() < 1.3
    turns_N = np.diff(np.unwrap(np.arctan2(steps_N2[:, 1], steps_N2[:, 0])))
    assert abs(abs(turns_N.sum()) - math.tau) < 0.3
    curvature_N = np.abs(np.convolve(turns_N, np.ones(9) / 9, mode="valid"))
    assert 1 / curvature_N.max() > RADIUS_M[0] * 0.9
    assert (curvature_N < 0.003).mean() > 0.3  # straights
    assert (curvature_N > 0.01).mean() > 0.1  # corners
    gap_NN = np.hypot(*(line_N2[::5, None] - line_N2[None, ::5]).transpose(2, 0, 1))
    count = len(gap_NN)
    apart_NN = np.abs(np.arange(count)[:, None] - np.arange(count)[None])
    along_NN = 5 * np.minimum(apart_NN, count - apart_NN)
    assert gap_NN[along_NN > 2.5 * APART_M].min() > APART_M - 2.0


def test_lanes_lead_round_one_way_and_keep_their_place() -> None:
    town = make_circuit(3)
    graph = LaneGraph(town)
    assert all(len(successors) == 1 for successors in graph.successors)
    route = make_laps(graph, np.random.default_rng(0), 2.0)
    assert route.length_m == pytest.approx(2 * route.lap_m)
    first, again = np.array(route.point_at(30.0)), np.array(route.point_at(30.0 + route.lap_m))
    assert np.hypot(*(first - again)) < 1.5
    away_N = np.hypot(*(route.line_N2[:, None] - centre_line(town)[None]).transpose(2, 0, 1)).min(axis=1)
    assert away_N.max() < 1.2  # the middle of the road


def test_barriers_stand_beside_the_road_and_stop_a_car() -> None:
    town = make_circuit(1)
    ground = Ground(town)
    assert len(town.barriers_W4) > 50
    assert (town.obstacles_RC == BARRIER).sum() > 500
    assert not ((town.obstacles_RC == BARRIER) & (town.surface_RC > 0)).any()
    x, y, heading, _ = town.barriers_W4[10].tolist()
    assert ground.hit(x, y, heading) != FREE


def test_every_seed_grows_a_circuit_of_its_own_and_the_same_again() -> None:
    lines = [centre_line(make_circuit(seed)) for seed in range(8)]
    assert len({(len(line), round(float(line.sum()), 3)) for line in lines}) == 8
    np.testing.assert_array_equal(centre_line(make_circuit(5)), lines[5])
