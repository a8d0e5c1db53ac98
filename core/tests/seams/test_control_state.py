"""What drives begins anew at an episode, a pause and a take-over, and is told what is held then."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from playhead.adapters import PassedOn
from playhead.capture import CapturedFrame
from playhead.control.drivers import Driver, DriverWrapper, ScriptedDriver
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.loop import Loop, Pace
from playhead.events import Event, Origin
from playhead.game import Device, Frame, Game
from playhead.input import Input
from playhead.labels import Axes
from playhead.playing.controllers import Controller, open_controller
from playhead.playing.stuck import Unsticking
from playhead.playing.takeover import TakeoverAuthority

MS = 1_000_000
HOTKEYS = {"pause": "f9", "resume": "f8", "mark": "f7", "stop": "f10"}
RIGHT = {"look": np.array([0.0, 0.0, 1.0], np.float32)}
PANNING = Game(
    name="panning",
    title="Panning",
    devices={"fake": Device(capture="fake", input="fake")},
    frame=Frame(width=8, height=6, rate_hz=10),
    labels={"look": Axes("pan", deltas=(-0.1, 0.0, 0.1))},
    controls={"pan": "axis x"},
)


class Panning(Driver):
    """A network that always wants a little more to the right, through the game's controller."""

    origin = Origin.MODEL

    def __init__(self, game: Game) -> None:
        self.controller = open_controller(game, {})
        self.resets: list[Mapping[str, float]] = []

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        return self.controller.act(RIGHT, 0.1)

    def reset(self, held: Mapping[str, float]) -> None:
        self.resets.append(dict(held))
        self.controller.reset(held)


def person(*moves: tuple[float, str, float]) -> list[Event]:
    return [
        Event(time_ns=round(at_s * 1e9), code=code, value=value, origin=Origin.HUMAN)
        for at_s, code, value in moves
    ]


@pytest.mark.parametrize(
    ("left_at", "goes_on"), [([], 0.1), ([(1.2, "axis x", 0.0)], 0.1), ([(1.2, "axis x", -0.4)], -0.3)]
)
def test_an_axis_goes_on_from_where_a_person_left_it(
    fake_device: Callable[..., Any], left_at: list[Any], goes_on: float
) -> None:
    fake = fake_device(game=PANNING)
    took = (0.95, "axis x", 0.8), (1.0, "axis x", 0.0)
    fake.input.heard = person(*took, *left_at, (1.4, "f8", 1.0))
    device = replace(fake.device, input=HotkeyFilter(fake.input, HOTKEYS))
    driver, authority = Panning(PANNING), TakeoverAuthority(PANNING, HOTKEYS)
    Loop(device=device, driver=driver, pace=Pace(rate_hz=10, duration_s=2), guard=authority).run()
    sent = [(time_ns // MS, round(value, 4)) for time_ns, code, value in fake.input.sent if code == "axis x"]
    before = [value for ms, value in sent if ms <= 900]
    assert before == pytest.approx([0.1 * (tick + 1) for tick in range(len(before))], abs=1e-3)
    after = [value for ms, value in sent if ms >= 1400]
    assert after[0] == pytest.approx(goes_on), "from where the person left it"
    assert driver.resets[0] == {}, "an episode begins with nothing held"


def test_a_new_episode_begins_anew(fake_device: Callable[..., Any]) -> None:
    driver = Panning(PANNING)
    for _ in range(2):
        fake = fake_device(game=PANNING)
        Loop(device=fake.device, driver=driver, pace=Pace(rate_hz=10, duration_s=0.3)).run()
        assert [round(value, 4) for _, _, value in fake.input.sent] == [0.1, 0.2, 0.3]


def test_what_was_held_before_the_first_frame_is_told(fake_device: Callable[..., Any]) -> None:
    fake, driver = fake_device(game=PANNING), Panning(PANNING)
    fake.input.heard = person((0.0, "axis x", 0.5))
    Loop(device=fake.device, driver=driver, pace=Pace(rate_hz=10, duration_s=0.2)).run()
    assert driver.resets == [{"axis x": 0.5}]


def test_a_wrapper_passes_on_every_ability() -> None:
    """Also those that are added to Driver later: no wrapper has to remember."""
    public = {name for name in vars(Driver) if not name.startswith("_")}
    assert {"decide", "reset", "decide_hz", "origin", "annotator", "unanswered"} <= public
    assert all(isinstance(vars(DriverWrapper)[name], PassedOn) for name in public)
    heard = {name for name in vars(Input) if not name.startswith("_")} - {"listen"}
    assert all(isinstance(vars(HotkeyFilter)[name], PassedOn) for name in heard)


def test_a_driver_in_a_wrapper_is_reset_and_asked_as_it_wants(game: Game) -> None:
    class Keen(Driver):
        origin, decide_hz, unanswered = Origin.MODEL, 40.0, 3
        held: Mapping[str, float] = types.MappingProxyType({})

        def reset(self, held: Mapping[str, float]) -> None:
            self.held = held

    keen = Keen()
    wrapped = Unsticking(DriverWrapper(keen), game)
    wrapped.reset({"key w": 1.0})
    assert (wrapped.decide_hz, wrapped.unanswered, wrapped.origin) == (40.0, 3, Origin.MODEL)
    assert keen.held == {"key w": 1.0}


def test_plain_objects_of_plugins_have_the_abilities_they_have() -> None:
    class Plain:
        def __init__(self) -> None:
            self.told: list[Any] = []

        def decide(self) -> dict[str, float]:
            return {"w": 1}

        def act(self, predictions: Any, interval_s: float) -> dict[str, float]:
            return {"w": interval_s}

    class Wary(Plain):
        decide_hz = 10

        def reset(self, held: Mapping[str, float]) -> None:
            self.told.append(held)

    captured = CapturedFrame(frame_HWC=np.zeros((6, 8, 3), np.uint8), time_ns=0, number=0)
    policy = Wary()
    plain, wary = ScriptedDriver(Plain, step_hz=80), ScriptedDriver(lambda: policy, step_hz=80)
    assert (plain.decide_hz, wary.decide_hz) == (80, 10)
    for driver in (plain, wary):
        driver.reset({"w": 1.0})
        assert driver.decide(captured) == {"w": 1.0}
    assert policy.told == [{"w": 1.0}]

    own = Plain()
    controller = open_controller(replace(PANNING, controller=lambda game, settings: own), {})
    controller.reset({"w": 1.0})
    assert isinstance(controller, Controller)
    assert controller.act({}, 0.5) == {"w": 0.5}
