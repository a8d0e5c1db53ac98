"""Environments and policies are code of others: whatever they do or say is a sentence that names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from cartpole import SMALL

import playhead
from playhead import cli
from playhead.cli.context import Desk
from playhead.errors import DeviceFailed, PlayheadError, PluginError
from playhead.game import Device, Frame, Game, World
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.sessions.recording import Recorded

AT = 4  # the step from which on something is wrong


class Outside(gymnasium.Env[Any, Any]):
    """Does what it is told to, well or badly."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None, fault: str = "", fps: Any = 10) -> None:
        self.render_mode, self.fault = render_mode, fault
        self.metadata = {**self.metadata, "render_fps": fps}
        self.action_space: Any = gymnasium.spaces.MultiBinary(2)
        self.observation_space = gymnasium.spaces.Box(0, 1, (1,), np.float32)
        self._may("init")

    def _may(self, fault: str) -> None:
        if self.fault == fault:
            raise SystemExit(3) if fault == "exit" else RuntimeError("away")

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.k, self.number = 0, seed or 0
        self._may("reset")
        if self.fault == "some seeds" and self.number % 3 == 0:
            raise ValueError("no such level")
        if self.fault == "reset spaces":
            self.action_space = gymnasium.spaces.MultiBinary(3)
        told = (np.zeros(1, np.float32), {"speed": 1.0})
        return {"reset bare": told[0], "reset none": None, "reset list": (told[0], [])}.get(self.fault, told)

    def step(self, action: Any) -> Any:
        self.k += 1
        fault = self.fault if self.k >= AT else ""
        for one in ("step", "exit"):
            if fault == one:
                self._may(one)
        info: Any = {"none": None, "list": [1]}.get(fault, {"speed": 2.0})
        if fault == "odd info":
            info |= {5: 1.0, "huge": 10**400, "": 1.0, "a/b": 1.0, "x" * 300: 1.0, "measures": [1]}
        over: Any = {"array": np.array([False, False]), "nan": np.nan, "text": "no", "nothing": None}.get(fault, 0)
        told = (np.zeros(1, np.float32), 1.0, over, np.bool_(self.k >= 12), info)
        return told[:4] if fault == "four" else told

    def render(self) -> Any:
        if self.k >= AT:
            self._may("render")
        return np.full((24, 32, 3), (self.k * 9 + self.number * 31) % 256, np.uint8)

    def close(self) -> None:
        self._may("close")


class Expert:
    decide_hz: Any = None

    def __init__(self, env: Any) -> None:
        self.env = env.unwrapped

    def decide(self) -> Any:
        return {"l": float(self.env.k % 4 < 2)}


def policy(decided: Any = None, **more: Any) -> type[Expert]:
    """Return a policy that decides so; what is an error is raised."""

    def raising(self: Any, *given: Any) -> Any:
        raise RuntimeError("expert lost")

    told = {name: raising if value is RuntimeError else value for name, value in more.items()}
    if decided is not None:
        told["decide"] = raising if decided is RuntimeError else lambda self: decided
    return type("Other", (Expert,), told)


POLICIES: dict[str, tuple[type[Expert], str]] = {
    "raises": (
        policy(RuntimeError),
        r"could not decide, RuntimeError: expert lost \(test_outside_code.py, line \d+",
    ),
    "begin": (policy(__init__=RuntimeError), r"could not begin, RuntimeError: expert lost \(test_outside_code.py"),
    "reset": (policy(reset=RuntimeError), r"could not reset, RuntimeError: expert lost \(test_outside_code.py"),
    "nan": (policy({"l": np.nan}), r"decided \{'l': nan\} \(test_outside_code.py, line \d+\); it must say code"),
    "inf": (policy({"l": -np.inf}), r"decided \{'l': -inf\}"),
    "text": (policy({"l": "1"}), r"decided \{'l': '1'\}"),
    "list": (
        policy(["l"]),
        r"decided \['l'\] \(test_outside_code.py, line \d+\); it must say code -> finite number",
    ),
    "code": (policy({"q": 1.0}), r"decided 'q' \(test_outside_code.py, line \d+\). No code .* Known: l, r"),
    "number": (policy({5: 1.0}), r"decided 5 "),
    "hz nan": (policy(decide_hz=np.nan), r"says decide_hz=nan \(test_outside_code.py, line \d+\); it must say"),
    "hz -3": (policy(decide_hz=-3), "says decide_hz=-3 "),
    "hz text": (policy(decide_hz="fast"), "says decide_hz='fast' "),
    "hz many": (policy(decide_hz=1e7), ""),
}


def game(fault: str = "", **more: Any) -> Game:
    options = {"environment": "Outside-v0", "arguments": {"fault": fault, **more}, "codes": ["l", "r"]}
    policies: dict[str, Any] = {"expert": Expert, **{name: one for name, (one, _) in POLICIES.items()}}
    return Game(
        name="outside",
        title="Outside",
        frame=Frame(width=32, height=24, rate_hz=10),
        devices={"world": Device(capture="environment", input="environment", options=options)},
        labels={"drive": Keys("l", "r")},
        controls={"l": "l", "r": "r"},
        world=World(environment="Outside-v0", policies=policies, expert="expert"),
    )


@pytest.fixture(autouse=True)
def _registered() -> Any:
    gymnasium.register("Outside-v0", Outside)
    yield
    del gymnasium.registry["Outside-v0"]


FAULTS = {
    "init": r"Outside-v0 cannot be made: RuntimeError: away \(test_outside_code.py, line \d+, in _may\)",
    "reset": r"Outside-v0 failed in its reset with seed 1, RuntimeError: away \(test.* Choose another \(--seed\)",
    "reset bare": "Outside-v0 returned ndarray in its reset; it must return an observation and info",
    "reset none": "Outside-v0 returned NoneType in its reset",
    "reset list": r"Outside-v0 returned 2 values \(ndarray, list\) in its reset",
    "reset spaces": r"Outside-v0 changed its spaces in its reset, from actions MultiBinary\(2\)",
    "step": r"Outside-v0 failed in step 4, RuntimeError: away \(test_outside_code.py",
    "exit": r"Outside-v0 failed in step 4, it wants to end the program \(SystemExit: 3\)",
    "four": "Outside-v0 returned 4 values .* in its step 4; it must return an observation, a reward",
    "none": "Outside-v0 returned 5 values .*NoneType.* in its step 4",
    "list": "Outside-v0 returned 5 values .*list.* in its step 4",
    "array": "Outside-v0 returned terminated=array.* in its step 4; it must return terminated as True or False",
    "nan": "Outside-v0 returned terminated=nan in its step 4",
    "text": "Outside-v0 returned terminated='no' in its step 4",
    "nothing": "Outside-v0 returned terminated=None in its step 4",
    "render": "Outside-v0 failed in render, RuntimeError: away",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_an_environment_does_is_said_and_names_what_is_kept(fault: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed, match=FAULTS[fault]) as raised:
        playhead.record(game(fault), seed=1, home=tmp_path)
    kept = playhead.recordings(game(fault), home=tmp_path)
    assert ("What was recorded until now is kept" in str(raised.value)) is bool(kept)
    assert [len(one.problems) for one in kept] == [0] * len(kept)
    assert bool(kept) is not fault.startswith(("init", "reset"))


@pytest.mark.parametrize("fault", ["odd info", "close"])
def test_what_harms_nothing_ends_nothing(fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert playhead.record(game(fault), home=tmp_path).frames == 12
    assert ("could not be closed, RuntimeError: away" in capsys.readouterr().err) is (fault == "close")


@pytest.mark.parametrize("fps", ["fast", [30], -5, 0, float("nan"), float("inf"), 1e-9, True])
def test_a_rate_of_an_environment_that_is_none_is_said(fps: Any, tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match=r"Outside-v0 says render_fps=.* no number of steps .* \"step_hz\""):
        playhead.record(game(fps=fps), home=tmp_path)
    assert playhead.record(game(fps=fps), settings={"step_hz": 10}, home=tmp_path).frames == 12


def test_an_episode_shorter_than_a_frame_ends_it(tmp_path: Path) -> None:
    assert playhead.record(game(fps=1e9), rate=1, seconds=3, home=tmp_path).frames == 1


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("role", ["driver", "teacher"])
def test_what_a_policy_says_is_checked_where_it_enters(name: str, role: str, tmp_path: Path) -> None:
    sentence = POLICIES[name][1]
    if not sentence:
        assert playhead.record(game(), **{role: name}, seconds=3, home=tmp_path).frames == 12
        return
    with pytest.raises(PluginError, match=f"The policy {name} {sentence}"):
        playhead.record(game(), **{role: name}, seconds=3, home=tmp_path)
    assert not playhead.recordings(game(), home=tmp_path), "nothing that is empty is left"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"codes": 5}, r"codes=5 is no list of codes"),
        ({"codes": [1, 2]}, r"codes=\[1, 2\] is no list of codes"),
        ({"codes": ["l", "l"]}, "is no list of codes, each once"),
        ({"codes": "l"}, r"wants 2 values an action, its device names the codes \('l',\)"),
        ({"actions": "l"}, "actions='l' is no such table"),
        ({"actions": [1]}, r"actions=\[1\] is no such table"),
        ({"actions": {"l": "x"}}, r"actions\.l='x' is no whole number"),
        ({"actions": {"l": None}}, r"actions\.l=None is no whole number"),
        ({"actions": {"l": 1.5}}, r"actions\.l=1\.5 is no whole number"),
        ({"actions": {"l": True}}, r"actions\.l=True is no whole number"),
        ({"seed": "x"}, "--seed 'x' is no whole number"),
        ({"step_hz": 0}, "step_hz 0 must lie between"),
        ({"step_hz": "fast"}, "step_hz 'fast' is no number"),
        ({"rate_hz": 0}, "rate_hz 0 must lie between"),
        ({"rate_hz": "x"}, "rate_hz 'x' is no number"),
        ({"real_time": "maybe"}, "real_time=maybe is neither true nor false"),
    ],
)
def test_options_of_another_kind_are_said(options: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match=sentence):
        playhead.record(game(), settings=options, home=tmp_path)


def test_an_episode_that_fails_ends_none_of_the_others(tmp_path: Path) -> None:
    made = playhead.record(game("some seeds"), episodes=5, seed=1, workers=1, home=tmp_path)
    assert isinstance(made, Recorded)
    assert [segment.seed for segment in made.segments] == [1, 2, 4, 5]
    assert [one.seed for one in made.failed] == [3]
    assert "failed in its reset with seed 3, ValueError: no such level" in made.failed[0].why
    assert made.to_json()[-1]["seed"] == 3


def test_where_all_fail_the_first_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed, match="failed in step 4"):
        playhead.record(game("step"), episodes=3, seed=1, workers=1, home=tmp_path)
    assert [one.frames for one in playhead.recordings(game("step"), home=tmp_path)] == [AT] * 3


def test_commands_leave_out_what_fails_and_exit_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins = Plugins()
    plugins._games["outside"] = ("test", game("some seeds"))
    monkeypatch.setattr(Desk, "plugins", plugins)
    at = ["outside", "--home", str(tmp_path), "--workers", "1", "--seed", "1", "--episodes", "4"]
    assert cli.run(["record", *at]) == 1
    said = capsys.readouterr()
    assert "Seed 3 failed: " in said.err
    assert said.out.splitlines()[-1].startswith("3 recordings")
    assert said.err.splitlines()[-1] == "Error: 1 of 4 episodes failed, as said above. The others are kept."
    playhead.train(game(), settings=SMALL, steps=2, home=tmp_path)
    capsys.readouterr()
    assert cli.run(["play", *at[:3], *at[5:]]) == 1
    said = capsys.readouterr()
    assert [line.split()[1] for line in said.out.splitlines()[::2]] == ["1", "2", "4"]
    assert said.err.splitlines()[-1] == "Error: 1 of 4 episodes failed, as said above."
    assert cli.run(["evaluate", *at, "--out", str(tmp_path / "page")]) == 1
    said = capsys.readouterr()
    assert "network on seed 3 failed and is left out: The environment Outside-v0 failed in its reset" in said.out
    scores = json.loads((tmp_path / "page" / "scores.json").read_text(encoding="utf-8"))
    assert {one["seed"] for one in scores["episodes"]} == {1, 2, 4}
    assert len(scores["failed"]) == 4
