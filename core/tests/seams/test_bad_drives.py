"""Games and drives that teach nothing, or break: each is said in a sentence, and nothing recorded is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from cartpole import SMALL

import playhead
from playhead.errors import DeviceFailed, NothingToTrain
from playhead.game import Device, Frame, Game, World
from playhead.labels import Axes, Head, Keys
from playhead.progress import Progress

BREAKS_AT = 8


class Breaking(gymnasium.Env[Any, Any]):
    """A bar that wanders; from some step on it breaks in the way that it is told to."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None, fault: str = "", keys: int = 2) -> None:
        self.render_mode, self.fault = render_mode, fault
        self.action_space: Any = gymnasium.spaces.MultiBinary(keys)
        if fault == "axes":
            self.action_space = gymnasium.spaces.Box(-1, 1, (keys,), np.float32)
        self.observation_space = gymnasium.spaces.Box(0, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.k, self.x = 0, 0.5 if self.fault == "same" else float(self.np_random.random())
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        self.k, self.x = self.k + 1, (self.x + 0.13) % 1
        fault = self.fault if self.k >= BREAKS_AT else ""
        if fault == "spaces":
            self.action_space = gymnasium.spaces.MultiBinary(9)
        if fault == "raises":
            raise RuntimeError("the game broke.")
        told = (np.zeros(1, np.float32), float(self.x), False, self.k >= (1 if self.fault == "one" else 20), {})
        return told[:4] if fault == "old" else told

    def render(self) -> Any:
        fault = self.fault if self.k >= BREAKS_AT else ""
        if fault == "nan":
            return np.full((24, 32, 3), np.nan)
        if fault in ("two", "empty"):
            return np.zeros((24, 32, 2) if fault == "two" else (0, 32, 3), np.uint8)
        picture_HWC = np.zeros((24, 32, 3), np.uint8)
        picture_HWC[:, : 1 + int(self.x * 31)] = 200
        return picture_HWC


gymnasium.register("Breaking-v0", Breaking)


class Follows:
    """Presses what the bar says, or one thing all the time."""

    def __init__(self, env: Any) -> None:
        self.env = env.unwrapped

    def decide(self) -> dict[str, float]:
        if self.env.fault in ("one action", "axes"):
            return {"k0": float(self.env.fault == "one action")}
        count = self.env.action_space.shape[0]
        return {f"k{number}": float((self.env.x * 7 + number) % 2 > 1) for number in range(count)}


def game(fault: str = "", keys: int = 2) -> Game:
    names = [f"k{number}" for number in range(keys)]
    head: Head = Axes(*names) if fault == "axes" else Keys(*names)
    options = {"environment": "Breaking-v0", "arguments": {"fault": fault, "keys": keys}, "codes": names}
    return Game(
        name="breaking",
        title="Breaking",
        frame=Frame(width=32, height=24, rate_hz=10),
        devices={"world": Device(capture="environment", input="environment", options=options)},
        labels={"drive": head},
        controls={name: name for name in names},
        world=World(environment="Breaking-v0", policies={"follows": Follows}, expert="follows"),
    )


class Heard(Progress):
    """Keeps the sentences."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("spaces", r"changed its spaces in step 8, from actions MultiBinary\(2\).* to actions MultiBinary\(9\)"),
        ("raises", r"failed in step 8, RuntimeError: the game broke \(test_bad_drives.py, line \d+, in step\)"),
        ("old", r"Breaking-v0 returned 4 values \(ndarray, float, bool, bool\) in its step 8; it must return"),
        ("nan", r"showed float64 \(24, 32, 3\) where a picture"),
        ("two", r"showed uint8 \(24, 32, 2\) where a picture"),
        ("empty", r"showed uint8 \(0, 32, 3\) where a picture"),
    ],
)
def test_an_environment_that_breaks_is_said_and_loses_nothing(fault: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed, match=sentence):
        playhead.record(game(fault), home=tmp_path)
    (kept,) = playhead.recordings(game(fault), home=tmp_path)
    assert (kept.frames, kept.problems) == (BREAKS_AT, ())


@pytest.mark.parametrize(
    ("fault", "keys", "remark", "sentence"),
    [
        ("one action", 2, "of one action only: k0", "all recordings are of one action only: k0"),
        ("axes", 1, "of one action only: k0 at +0.00", "all recordings are of one action only: k0 at +0.00"),
        ("same", 2, "the same drive as", "There is no other to validate on"),
        ("", 1, "", ""),
        ("", 18, "", ""),
    ],
)
def test_drives_that_teach_little_are_said_and_trained_on(
    fault: str, keys: int, remark: str, sentence: str, tmp_path: Path
) -> None:
    heard = Heard()
    playhead.record(game(fault, keys), episodes=2, seed=1, home=tmp_path, progress=heard)
    assert any(remark in one for one in heard.said) or not remark
    assert remark in "".join(playhead.recordings(game(fault, keys), home=tmp_path)[1].remarks)
    heard.said.clear()
    run = playhead.train(
        game(fault, keys), steps=2, settings={**SMALL, "val_share": 0.5}, home=tmp_path, progress=heard
    )
    assert any(sentence in one for one in heard.said) or not sentence
    assert run.metrics


def test_drives_of_one_frame_are_kept_and_say_why_nothing_is_learned(tmp_path: Path) -> None:
    heard = Heard()
    playhead.record(game("one"), episodes=2, home=tmp_path, progress=heard)
    assert any("shorter than a window" in one for one in heard.said)
    assert [info.frames for info in playhead.recordings(game("one"), home=tmp_path)] == [1, 1]
    with pytest.raises(NothingToTrain, match=r"No recording of breaking has a window to learn .*--set length=1\)"):
        playhead.train(game("one"), steps=2, settings=SMALL, home=tmp_path)
