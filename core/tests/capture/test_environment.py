"""Any Gymnasium environment as a device: its frames, its keys, its clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import pytest
from drawn import Drawn

from playhead.capture.stepped import fit_frame
from playhead.clock import FakeClock
from playhead.control.executor import ActionExecutor
from playhead.devices import DeviceSession, OpenDevice, open_device
from playhead.environment import EnvironmentSession, action_translator
from playhead.errors import BadValue, DeviceFailed, NotFound, PlayheadError
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Choice
from playhead.plugins import Plugins

MS = 1_000_000


class Counting(Drawn, steps_hz=80):
    """Counts its steps and how long each key was held; shows the count as its picture."""

    action_space = gymnasium.spaces.MultiBinary(2)

    def __init__(self, render_mode: str | None = None, ends_after: int = 10_000) -> None:
        super().__init__(render_mode)
        self.ends_after = ends_after

    def begin(self, options: Mapping[str, Any]) -> None:
        if set(options) - {"town"}:
            raise ValueError(f"unknown options {options}")
        self.held = np.zeros(2)

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        self.held += action
        return self.steps, 1.0, self.steps >= self.ends_after, False, self.info()

    def info(self) -> dict[str, Any]:
        return {"count": self.steps, "good": True, "speed": np.float32(0.5), "name": "x", "list": [1, 2]}

    def render(self) -> Any:
        return np.full((4, 6, 3), self.steps, dtype=np.uint8)


gymnasium.register("playhead-test/Counting-v0", Counting)


def game_of(environment: str, *, rate_hz: float = 10, **options: Any) -> Game:
    options = {"environment": environment, "codes": ["left", "right"], **options}
    return Game(
        name="tested",
        title="Tested",
        devices={"world": Device(capture="environment", input="environment", options=options)},
        frame=Frame(width=6, height=4, rate_hz=rate_hz),
        labels={"push": Choice("left", "right")},
        controls={"left": "left", "right": "right"},
    )


def opened(environment: str = "playhead-test/Counting-v0", **options: Any) -> OpenDevice:
    return open_device(Plugins(), game_of(environment, **options), "world")


def environment_of(device: OpenDevice) -> EnvironmentSession:
    return EnvironmentSession.of(device.session)


def test_sleeping_steps_to_the_nearest_step() -> None:
    with opened() as device:
        environment = environment_of(device)
        assert device.clock is environment
        for time_ms, steps in [(100, 8), (106, 8), (107, 9), (200, 16), (150, 16)]:
            device.clock.sleep_until(time_ms * MS)
            assert environment.steps == steps, time_ms
        assert device.clock.now_ns() == 200 * MS


def test_keys_are_held_while_the_environment_steps() -> None:
    with opened() as device:
        device.input.send("right", 1.0)
        device.clock.sleep_until(50 * MS)
        device.input.send("right", 0.0)
        device.clock.sleep_until(100 * MS)
        assert environment_of(device).env.unwrapped.held.tolist() == [0, 4]
        device.input.send("left", 1.0)
        device.input.release_all()
        device.clock.sleep_until(200 * MS)
        assert environment_of(device).env.unwrapped.held.tolist() == [0, 4]


def test_looking_gives_frame_time_and_telemetry_and_moves_nothing() -> None:
    with opened() as device:
        device.clock.sleep_until(100 * MS)
        captured = device.capture.look()
        assert captured is not None
        assert captured.frame_HWC.shape == (4, 6, 3)
        assert (captured.frame_HWC == 8).all()
        assert captured.time_ns == 100 * MS
        assert captured.telemetry == {"count": 8.0, "good": 1.0, "speed": 0.5}
        again = device.capture.look()
        assert again is not None
        assert again.time_ns == captured.time_ns


def test_the_end_of_the_episode_ends_the_source() -> None:
    with opened(arguments={"ends_after": 3}) as device:
        device.clock.sleep_until(1000 * MS)
        assert device.capture.look() is None
        assert environment_of(device).steps == 3
        assert environment_of(device).measures() == {"return": 3.0, "length_s": 3 / 80}


def test_in_real_time_the_environment_does_not_wait() -> None:
    clock = FakeClock(5_000)
    game = game_of("playhead-test/Counting-v0", real_time=True)
    session = DeviceSession(game=game, name="world", device=game.device("world"),
                            options=game.device("world").options, clock=clock)  # fmt: skip
    environment = EnvironmentSession.of(session)
    assert session.clock is clock
    environment.hold("right", 1.0)
    clock.advance(0.05)
    environment.hold("right", 0.0)
    clock.advance(0.05)
    environment.catch_up()
    assert environment.env.unwrapped.held.tolist() == [0, 4]
    assert environment.steps == 8
    assert environment.now_ns() == 5_000 + 100 * MS
    session.close()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"environment": "Nothing-v0"}, NotFound, "Nothing"),
        ({"environment": "no_such_module:Thing-v0"}, BadValue, "only the package of tested"),
        ({"action": "os:system"}, BadValue, "is code, and only the package of tested"),
        ({"environment": None}, BadValue, "environment"),
        ({"arguments": {"colour": 3}}, BadValue, "colour"),
        ({"enviroment_": "x"}, NotFound, "enviroment_"),
        ({"reset": {"city": 1}}, BadValue, "city"),
        ({"codes": ["left"]}, BadValue, "2 values"),
        ({"codes": []}, BadValue, "does not say what left, right do"),
        ({"frames": "pictures"}, BadValue, "pictures"),
        ({"crop": [0, 0, 3]}, BadValue, "should read"),
        ({"rate_hz": 100}, BadValue, "80 steps a second"),
    ],
)
def test_wrong_options_are_said(options: dict[str, Any], error: type[PlayheadError], says: str) -> None:
    with pytest.raises(error, match=says):
        open_device(Plugins(), game_of("playhead-test/Counting-v0"), "world", options=options)


def test_a_package_may_name_the_module_of_its_environment() -> None:
    with pytest.raises(DeviceFailed, match="no_such_module"):
        opened("no_such_module:Thing-v0")


def test_an_unknown_code_is_said() -> None:
    with opened() as device, pytest.raises(NotFound, match='Did you mean "right"'):
        device.input.send("rihgt", 1.0)


def test_an_observation_that_is_no_picture_is_said() -> None:
    with opened("CartPole-v1", frames="observation") as device, pytest.raises(DeviceFailed, match="float32"):
        device.capture.look()


class Parted(Counting):
    """Shows its picture as a part of what is observed."""

    def step(self, action: Any) -> Any:
        told = super().step(action)
        return {"screen": self.render(), "count": np.zeros(1)}, *told[1:]


gymnasium.register("playhead-test/Parted-v0", Parted)


def test_a_picture_may_be_a_part_of_the_observation() -> None:
    with opened("playhead-test/Parted-v0", frames="observation/screen") as device:
        device.clock.sleep_until(100 * MS)
        seen = device.capture.look()
        assert seen is not None
        assert (seen.frame_HWC == 8).all()
    with opened("playhead-test/Parted-v0", frames="observation/count") as device:
        device.clock.sleep_until(100 * MS)
        with pytest.raises(DeviceFailed, match=r"float64 \(1,\)"):
            device.capture.look()


class Corner(Counting):
    """Shows one bright pixel at the lower right."""

    def render(self) -> Any:
        picture_HWC = np.zeros((4, 6, 3), np.uint8)
        picture_HWC[3, 5] = 255
        return picture_HWC


gymnasium.register("playhead-test/Corner-v0", Corner)


def test_a_part_of_the_picture_may_be_the_frame() -> None:
    with opened("playhead-test/Corner-v0", crop=[4, 2, 2, 2]) as device:
        seen = device.capture.look()
        assert seen is not None
        assert seen.frame_HWC.shape == (4, 6, 3)
        assert (seen.frame_HWC[2:, 3:] == 255).all()
        assert not seen.frame_HWC[:2].any()
    outside = r"crop=\[4, 2, 2, 3\] lies outside the picture of 6x4"
    with opened("playhead-test/Corner-v0", crop=[4, 2, 2, 3]) as device, pytest.raises(BadValue, match=outside):
        device.capture.look()


def test_policies_see_what_is_observed() -> None:
    with opened() as device:
        policy_sees: Any = environment_of(device).subject
        assert policy_sees.observation == 0
        device.clock.sleep_until(100 * MS)
        assert policy_sees.observation == 8


def test_cartpole_is_pushed_and_falls() -> None:
    with opened("CartPole-v1", seed=3) as device:
        first = device.capture.look()
        assert first is not None
        assert first.frame_HWC.shape == (4, 6, 3)
        device.input.send("right", 1.0)
        device.clock.sleep_until(10_000 * MS)
        assert device.capture.look() is None
        measures = environment_of(device).measures()
        assert 5 < measures["return"] < 15
        assert measures["length_s"] == measures["return"] / 50


@pytest.mark.parametrize(
    ("held", "number"),
    [
        ({}, 0),
        ({"left": 1.0}, 1),
        ({"left": 1.0, "up": 1.0}, 3),
        ({"left": 1.0, "right": 1.0}, 2),
        ({"up": 1.0}, 0),
    ],
)
def test_discrete_actions_come_from_a_table(held: dict[str, float], number: int) -> None:
    table = {"": 0, "left": 1, "right": 2, "up+left": 3}
    translate = action_translator(gymnasium.spaces.Discrete(4), {"actions": table})
    assert translate(held) == number


def test_box_actions_are_ordered_and_clipped() -> None:
    space = gymnasium.spaces.Box(-1.0, np.array([1.0, 0.5], dtype=np.float32), (2,), np.float32)
    translate = action_translator(space, {"codes": ["steer", "gas"]})
    assert translate({"gas": 1.0, "steer": -0.25}).tolist() == [-0.25, 0.5]
    assert translate({}).dtype == np.float32


Box = gymnasium.spaces.Box
BOXES = {  # what nothing held, 1, -1 and 0.5 are
    "a symmetric one": (Box(-2, 2, (1,)), (0, 2, -2, 1)),
    "above 0 alone": (Box(0, 5, (1,)), (0, 5, 0, 2.5)),
    "a lopsided one": (Box(np.float32(-1), np.float32(0.2), (1,)), (0, np.float32(0.2), -1, np.float32(0.1))),
    "far above 0": (Box(10, 20, (1,)), (10, 20, 10, 15)),
    "below 0 alone": (Box(-5, -2, (1,)), (-2, -2, -5, -2)),
    "without bounds": (Box(-np.inf, np.inf, (1,)), (0, 1, -1, 0.5)),
    "with a bound below": (Box(2, np.inf, (1,)), (2, 3, 2, 2.5)),
    "of whole numbers": (Box(-100, 100, (1,), np.int32), (0, 100, -100, 50)),
    "of bytes": (Box(0, 255, (1,), np.uint8), (0, 255, 0, 128)),
    "of no dimension": (Box(-3, 3, ()), (0, 3, -3, 1.5)),
    "of two dimensions": (Box(-3, 3, (1, 1)), (0, 3, -3, 1.5)),
}


@pytest.mark.parametrize("name", BOXES)
def test_an_axis_reaches_from_what_is_nearest_to_0_to_the_bounds(name: str) -> None:
    space, wanted = BOXES[name]
    translate = action_translator(space, {"codes": "x"})
    for held, value in zip(({}, {"x": 1.0}, {"x": -1.0}, {"x": 0.5}), wanted, strict=True):
        action = translate(held)
        assert (action.item(), action.dtype) == (value, space.dtype), held
        assert space.contains(action)


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_axes_of_plus_and_minus_1_are_what_they_are_to_the_bit(low: float) -> None:
    translate = action_translator(Box(low, 1, (1,)), {"codes": ["x"]})
    for value in [*np.random.default_rng(0).uniform(-1, 1, 1000).tolist(), 1.0, -1.0, 1e-30, 0.0]:
        assert translate({"x": value}).tobytes() == np.clip(np.float32([value]), np.float32(low), 1).tobytes()


def test_an_action_space_that_keys_do_not_fit_is_said() -> None:
    with pytest.raises(BadValue, match="Text"):
        action_translator(gymnasium.spaces.Text(3), {})
    with pytest.raises(BadValue, match=r"actions 1 to 3, and its device says that a\+b is 4"):
        action_translator(gymnasium.spaces.Discrete(3, start=1), {"actions": {"": 1, "a+b": 4}})
    with pytest.raises(BadValue, match="says that d is 3"):
        action_translator(gymnasium.spaces.Discrete(3), {"codes": list("abcd")})


def test_pictures_are_fitted_in_size_and_colour() -> None:
    picture = np.zeros((8, 12, 3), dtype=np.uint8)
    picture[:, :, 0] = 255
    rgb = fit_frame(picture, Frame(width=6, height=4, rate_hz=10))
    assert rgb.shape == (4, 6, 3)
    assert (rgb == [255, 0, 0]).all()
    grey = fit_frame(picture, Frame(width=6, height=4, rate_hz=10, colour="grey"))
    assert grey.shape == (4, 6, 1)
    assert (grey == 76).all()
    from_grey = fit_frame(picture[:, :, 0], Frame(width=6, height=4, rate_hz=10))
    assert (from_grey == 255).all()
    with_alpha = fit_frame(np.dstack([picture, picture[:, :, 0]]), Frame(width=12, height=8, rate_hz=10))
    assert (with_alpha == picture).all()


def test_a_dry_run_moves_the_world_and_presses_nothing() -> None:
    with open_device(Plugins(), game_of("playhead-test/Counting-v0"), "world", input_name="none") as device:
        device.input.send("right", 1.0)
        device.clock.sleep_until(100 * MS)
        assert environment_of(device).steps == 8
        assert environment_of(device).env.unwrapped.held.tolist() == [0, 0]
        assert [(event.code, event.value, event.time_ns) for event in device.input.sent] == [("right", 1.0, 0)]


@pytest.mark.parametrize("eighths", range(9))
def test_a_share_of_an_interval_is_held_for_exactly_its_steps(eighths: int) -> None:
    with opened() as device:
        executor = ActionExecutor(device.input, device.clock)
        for interval in range(10):
            executor.apply({"right": eighths / 8}, interval_s=0.1, origin=Origin.MODEL)
            executor.wait_until((interval + 1) * 100 * MS)
        assert environment_of(device).steps == 80
        assert environment_of(device).env.unwrapped.held.tolist() == [0, 10 * eighths]


def test_shares_between_steps_are_right_on_average() -> None:
    with opened() as device:
        executor = ActionExecutor(device.input, device.clock)
        for interval in range(1000):
            executor.apply({"right": (interval % 100) / 100}, interval_s=0.1, origin=Origin.MODEL)
            executor.wait_until((interval + 1) * 100 * MS)
        held = environment_of(device).env.unwrapped.held[1]
        assert held / 8000 == pytest.approx(0.495, abs=0.005)
