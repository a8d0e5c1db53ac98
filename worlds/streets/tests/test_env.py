import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import playhead_streets
from playhead_streets.env import CHASE_TICKS, StreetsEnv
from playhead_streets.simulation import TELEMETRY

GO = np.array([1, 0, 0, 0], dtype=np.int8)
SMALL: dict[str, Any] = {"width": 64, "height": 48, "traffic": 3}


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("controls", ["keys", "axes"])
def test_telemetry_environment_passes_the_checker(controls: str) -> None:
    env = gymnasium.make(
        f"playhead_streets:{playhead_streets.ENVIRONMENT_ID}", observation="telemetry", controls=controls
    )
    check_env(env.unwrapped, skip_render_check=True)


def test_pixel_environment_passes_the_checker() -> None:
    env = gymnasium.make(playhead_streets.ENVIRONMENT_ID, render_mode="rgb_array", **SMALL)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_importing_the_package_loads_neither_panda3d_nor_the_simulation() -> None:
    heavy = "[name for name in sys.modules if name.startswith(('panda3d', 'playhead_streets.'))]"
    code = f"import sys, playhead_streets; print({heavy})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_reset_may_name_other_traffic_and_none_that_cannot_be() -> None:
    env = StreetsEnv(observation="telemetry", **SMALL)
    for cars in (0, 5):
        env.reset(seed=1, options={"traffic": cars})
        assert len(env.simulation.traffic_poses()) == cars
    env.reset(seed=1)
    assert len(env.simulation.traffic_poses()) == 5, "from then on"
    for wrong in (-1, 10_000, "many"):
        with pytest.raises(ValueError, match="choose 0 to 200 cars"):
            env.reset(options={"traffic": wrong})


def test_stepping_with_telemetry_draws_nothing_until_render_is_called() -> None:
    env = StreetsEnv(render_mode="rgb_array", observation="telemetry", ticks_per_step=1, **SMALL)
    env.reset(seed=1)
    for _ in range(20):
        env.step(GO)
    assert env._drawing is None
    picture = env.render()
    assert picture is not None
    assert picture.shape == (48, 64, 3)
    assert picture.std() > 5.0
    env.close()


def test_the_picture_changes_as_the_car_moves_and_the_renderer_outlives_a_reset() -> None:
    env = StreetsEnv(**SMALL)
    first, _ = env.reset(seed=1)
    for _ in range(20):
        last, *_ = env.step(GO)
    assert (first != last).mean() > 0.1
    again, _ = env.reset(seed=1)
    np.testing.assert_array_equal(first, again)
    other, _ = env.reset(seed=2)
    assert (first != other).mean() > 0.1
    env.close()


def test_the_seed_decides_the_drive_and_none_draws_the_next_one() -> None:
    env = StreetsEnv(observation="telemetry")
    _, first = env.reset(seed=5)
    town = env.simulation.town.seed
    _, again = env.reset(seed=5)
    assert first == again
    assert env.simulation.town.seed == town
    env.reset()
    assert env.simulation.town.seed != town


def test_reset_options_choose_scenario_and_split() -> None:
    env = StreetsEnv(observation="telemetry")
    env.reset(seed=5, options={"scenario": "stuck", "split": "test"})
    assert env.simulation.scenario.name == "stuck"
    assert env.simulation.town.seed % 2 == 1
    env.reset(seed=5, options={"split": "train"})
    assert env.simulation.scenario.name == "stuck"
    assert env.simulation.town.seed % 2 == 0


def test_a_step_is_its_ticks_and_its_info_is_telemetry_and_measures() -> None:
    env = StreetsEnv(observation="telemetry", ticks_per_step=4)
    env.reset(seed=0)
    assert env.metadata["render_fps"] == 20
    observation, reward, terminated, truncated, info = env.step(GO)
    assert set(info) == {*TELEMETRY, "measures"}
    assert info["time_s"] == pytest.approx(0.05)
    np.testing.assert_allclose(observation, [info[name] for name in TELEMETRY], rtol=1e-5)
    assert reward >= 0.0
    assert not terminated
    assert not truncated
    assert info["measures"]["route_completion"] == pytest.approx(info["route_progress"])


def test_the_drive_is_terminated_at_the_waypoint_and_truncated_at_the_limit() -> None:
    env = StreetsEnv(observation="telemetry", traffic=0)
    env.reset(seed=0)
    env.simulation.place(499.6, speed_mps=8.0)
    *_, terminated, truncated, _ = env.step(GO)
    assert terminated
    assert not truncated
    env.reset(seed=0)
    env.simulation.ticks = int(env.simulation.scenario.time_limit_s * 80) - 1
    *_, terminated, truncated, _ = env.step(GO)
    assert truncated
    assert not terminated


def test_in_real_time_the_world_does_not_wait_and_holds_the_last_action() -> None:
    clock = Clock()
    env = StreetsEnv(observation="telemetry", traffic=2, real_time=True, clock=clock)
    env.reset(seed=3)
    clock.now_s += 0.5
    _, _, _, _, info = env.step(GO)  # half a second passed with no key held
    assert info["time_s"] == pytest.approx(0.5)
    assert info["speed_mps"] == 0.0
    clock.now_s += 1.0
    _, _, _, _, info = env.step(np.zeros(4, np.int8))  # one second with w
    assert info["time_s"] == pytest.approx(1.5)
    assert info["speed_mps"] > 2.0
    _, _, _, _, info = env.step(GO)  # no time has passed
    assert info["time_s"] == pytest.approx(1.5)


def test_rendering_in_real_time_shows_the_world_as_it_is_now() -> None:
    clock = Clock()
    env = StreetsEnv(render_mode="rgb_array", observation="telemetry", real_time=True, clock=clock, **SMALL)
    env.reset(seed=3)
    env.step(GO)
    clock.now_s += 2.0
    env.render()
    assert env.simulation.time_s == pytest.approx(2.0)
    assert env.simulation.car.speed_mps > 3.0
    env.close()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"camera": "drone"}, "camera is 'drone'; choose one of 'hood', 'chase'"),
        ({"controls": "wheel"}, "controls is 'wheel'"),
        ({"observation": "video"}, "observation is 'video'"),
        ({"split": "validation"}, "split is 'validation'"),
        ({"render_mode": "human"}, "render_mode is 'human'"),
        ({"scenario": "turn"}, 'There is no scenario "turn". Did you mean "turns"'),
        ({"ticks_per_step": 0}, "at least one tick"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StreetsEnv(**wrong)


def test_stepping_before_reset_says_so() -> None:
    with pytest.raises(RuntimeError, match="call reset"):
        StreetsEnv().step(GO)


def test_the_corners_show_speed_and_map_where_the_game_has_them() -> None:
    from playhead_streets.corners import minimap_box, speed_box

    env = StreetsEnv(render_mode="rgb_array", width=480, height=270, scenario="race", layout="crew2")
    env.reset(seed=1)
    at_rest = env.render()
    for _ in range(40):
        env.step(np.array([1, 0, 0, 0], np.int8))
    moving = env.render()
    assert at_rest is not None
    assert moving is not None
    left, top, right, bottom = speed_box(480, 270)
    assert (at_rest[top:bottom, left:right] != moving[top:bottom, left:right]).any()
    assert (at_rest[top:bottom, left:right].max(axis=2) > 200).any()
    left, top, right, bottom = minimap_box(480, 270, "crew2")
    assert (right - left, bottom - top) == (52, 52)
    assert len(np.unique(moving[top:bottom, left:right].reshape(-1, 3), axis=0)) > 4
    env.close()


def test_a_circuit_and_a_town_of_one_seed_are_drawn_each_as_itself() -> None:
    env = StreetsEnv(render_mode="rgb_array")
    env.reset(seed=1)
    town = env.render()
    env.reset(seed=1, options={"scenario": "race"})
    circuit = env.render()
    env.reset(seed=1, options={"scenario": "regular"})
    assert town is not None
    assert circuit is not None
    assert (town != circuit).mean() > 0.3
    np.testing.assert_array_equal(env.render(), town)
    env.close()


def test_the_car_from_behind_is_drawn_for_who_asks_for_it() -> None:
    env = StreetsEnv(render_mode="rgb_array", observation="telemetry", ticks_per_step=1, width=80, height=60)
    _, info = env.reset(seed=3)
    assert "chase" not in info
    chase_HWC = info["chase"]
    assert chase_HWC.shape == (60, 80, 3)
    assert not np.array_equal(chase_HWC, env.render())
    for _ in range(CHASE_TICKS - 1):
        *_, info = env.step(np.array([1, 0, 0, 0]))
    assert info.get("chase") is chase_HWC, "ten times a second are enough to look at"
    *_, info = env.step(np.array([1, 0, 0, 0]))
    assert info.get("chase") is not chase_HWC
    with pytest.raises(KeyError):
        _ = info["elsewhere"]
    env.close()
