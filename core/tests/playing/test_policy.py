"""A run in control: its own window, its own settings, and a refusal where it does not fit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from doubles import small_game

import playhead
from playhead.capture import CapturedFrame
from playhead.control.loop import Loop, Pace
from playhead.errors import BadValue, Mismatch, NotFound
from playhead.events import Origin
from playhead.game import Device, Game
from playhead.home import Home
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.playing.policy import RunPolicy, open_policy
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

MS = 1_000_000
GAME = small_game()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    recipe = Recipe(
        length=3,
        stride_s=0.2,
        inputs=("frames", "speed"),
        model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8},
        controller={"threshold": 0.0},
    )
    saved = Run(
        path=tmp_path / "runs" / "toy" / "default" / "first", game=GAME.to_json(), recipe_name="default",
        recipe=recipe, network=NetworkPart(schema=GAME.schema, frame=GAME.frame, rate_hz=10),
    )  # fmt: skip
    return saved.save(build(model_spec(saved.game, saved.schema, saved.frame, saved.recipe)))


def captured(number: int) -> CapturedFrame:
    frame_HWC = np.full(GAME.frame.shape, number, dtype=np.uint8)
    return CapturedFrame(
        frame_HWC=frame_HWC, time_ns=number * 100 * MS, number=number, telemetry={"speed": number}
    )


def test_it_drives_with_the_settings_it_was_trained_with(run: Run) -> None:
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    action = policy.decide(captured(0))
    assert policy.origin is Origin.MODEL
    assert set(action) == {"w", "a", "s", "d"}
    assert sum(action.values()) == 2, "with a threshold of 0 one of each pair of opposites is held"
    assert policy.predictions["drive"].shape == (4,)


def test_settings_for_this_drive_come_over_those_of_the_run(run: Run) -> None:
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10, settings={"threshold": 1.0})
    assert sum(policy.decide(captured(0)).values()) == 0


def test_the_network_sees_frames_and_telemetry_by_time(run: Run) -> None:
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    seen: list[Mapping[str, npt.NDArray[Any]]] = []
    decide = policy.predictor.decide

    def watched(inputs: Mapping[str, npt.NDArray[Any]]) -> Any:
        seen.append(inputs)
        return decide(inputs)

    policy.predictor.decide = watched  # type: ignore[method-assign]
    for number in range(6):
        policy.decide(captured(number))
    assert seen[-1]["frames"][:, 0, 0, 0].tolist() == [1, 3, 5]
    assert seen[-1]["speed"].tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("game", "rate_hz", "says"),
    [
        (replace(GAME, name="other"), 10, "plays toy, not other"),
        (replace(GAME, frame=replace(GAME.frame, width=40)), 10, "32x24"),
        (GAME, 20, "--rate 10"),
    ],
)
def test_it_refuses_what_it_was_not_trained_for(run: Run, game: Game, rate_hz: float, says: str) -> None:
    with pytest.raises(Mismatch, match=says):
        RunPolicy.of(run, Plugins(), game, rate_hz=rate_hz)


def test_a_game_without_controls_is_never_played(run: Run) -> None:
    with pytest.raises(BadValue, match="no controls"):
        RunPolicy.of(run, Plugins(), replace(GAME, controls={}), rate_hz=10)


def test_the_newest_run_is_found_or_the_one_named(run: Run, tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    assert open_policy(home, Plugins(), GAME, "", rate_hz=10)
    assert open_policy(home, Plugins(), GAME, "first", rate_hz=10)
    with pytest.raises(NotFound, match='Did you mean "toy/default/first"'):
        open_policy(home, Plugins(), GAME, "toy/defualt/first", rate_hz=10)


def test_from_a_frame_to_a_decision_it_is_ten_calls_at_most(run: Run, fake_device: Callable[..., Any]) -> None:
    """Calls of our own, the loop among them: whoever reads along has so many functions in mind."""
    game = replace(GAME, devices={"fake": Device(capture="fake", input="fake")})
    policy = RunPolicy.of(run, Plugins(), game, rate_hz=10)
    loop = Loop(device=fake_device(game=game).device, driver=policy, pace=Pace(rate_hz=10, duration_s=0.2))
    ours, deepest = str(Path(playhead.__file__).parent), [""]

    def look(frame: Any, event: str, argument: Any) -> None:
        names: list[str] = []
        while event == "call" and frame is not None:
            names += [frame.f_code.co_qualname] if frame.f_code.co_filename.startswith(ours) else []
            frame = frame.f_back
        if "Asking.decide" in names and len(names) > len(deepest):
            deepest[:] = names[::-1]

    sys.setprofile(look)
    try:
        loop.run()
    finally:
        sys.setprofile(None)
    assert deepest[0] == "Loop.run"
    assert len(deepest) <= 10, " > ".join(deepest)


class OldController:
    """A plugin's: it derives from nothing of ours and knows predictions only."""

    def act(self, predictions: Mapping[str, Any], interval_s: float) -> dict[str, float]:
        return {"w": 1.0}


class Seeing(OldController):
    """The same, with the newer ability."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def see(self, telemetry: Mapping[str, float]) -> None:
        self.seen.append(telemetry["speed"])


def test_a_controller_sees_telemetry_and_one_of_two_arguments_goes_on_working(run: Run) -> None:
    seeing = Seeing()
    for controller in (OldController(), seeing):
        game = replace(GAME, controller=lambda game, settings, made=controller: made)
        policy = RunPolicy.of(run, Plugins(), game, rate_hz=10)
        assert [policy.decide(captured(number)) for number in range(3)] == [{"w": 1.0}] * 3
    assert seeing.seen == [0, 1, 2]
