"""From a world that tells boxes to a network that plays behind a guard, by the sessions of Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from cartpole import SMALL
from doubles import small_game
from drawn import Drawn

import playhead
from playhead.errors import BadValue, Mismatch, NotFound
from playhead.game import Device, Game, World
from playhead.models.boxes import FIELDS, column_of
from playhead.progress import Progress
from playhead.storage.reader import open_recording
from playhead.training.recipe import Recipe

FINDS = Recipe(
    training="detection", model="detector", length=1, batch_size=4, val_share=0.5,
    model_options={"classes": ["spot"], "channels": [4, 4, 8], "dilations": [1]},
)  # fmt: skip


class Spots(Drawn):
    """A bright spot that comes nearer, and the box around it."""

    action_space = gymnasium.spaces.MultiBinary(4)

    def begin(self, options: Mapping[str, Any]) -> None:
        self.braked = 0

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        self.braked += int(action[2])
        return 0, 1.0, False, self.steps >= 60, self.info()

    @property
    def corners(self) -> tuple[float, ...]:
        far = max(1.8, 14 - 0.8 * self.steps)  # in halves of our width
        wide, below = 0.4 * 1.16 / far, 1.16 / far
        return 0.5 - wide, 0.4 - 0.1 * below, 0.5 + wide, min(1.0, 0.4 + below)

    def info(self) -> dict[str, Any]:
        told = dict(zip((column_of(0, name) for name in FIELDS), (0.0, *self.corners), strict=True))
        return {**told, "measures": {"braked": self.braked / max(self.steps, 1)}}

    def render(self) -> Any:
        frame_HWC = self.np_random.integers(60, 100, (24, 32, 3), dtype=np.uint8)
        left, top, right, bottom = (np.array(self.corners) * (32, 24, 32, 24)).round().astype(int)
        frame_HWC[max(top, 0) : bottom, max(left, 0) : right] = 250
        return frame_HWC


class Forward:
    """Holds W."""

    def __init__(self, env: Any) -> None:
        pass

    def decide(self) -> dict[str, float]:
        return {"w": 1.0}


gymnasium.register("Spots-v0", Spots)
TOY = small_game(name="spots")
WORLD = Device(
    capture="environment", input="environment", options={"environment": "Spots-v0", "codes": ["w", "a", "s", "d"]}
)
GAME = Game(
    name=TOY.name, title=TOY.title, frame=TOY.frame, labels=TOY.labels, controls=TOY.controls,
    devices={"world": WORLD}, guard={"kind": "contact", "told": True},
    world=World(environment="Spots-v0", policies={"forward": Forward}, expert="forward"),
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    playhead.record(GAME, episodes=2, seconds=4, seed=1, home=home)
    playhead.train(GAME, steps=2, settings=SMALL, name="plays", home=home)
    playhead.train(GAME, recipe=FINDS, steps=2, name="finds", home=home)
    return home


def test_a_detector_is_judged_and_exported_and_another_run_plays(home: Path) -> None:
    judged = playhead.evaluate(GAME, run="finds", home=home)
    assert judged.to_json()["boxes"] == {"spot": 40}
    assert set(judged.to_json()["ap50"]) == {"spot"}
    exported = playhead.export(GAME, run="finds", home=home)
    assert exported.told.graphs["window"].outputs == ["heat", "sides"]
    assert exported.told.windows == 40, "pictures of the drive that was kept apart"
    played = playhead.play(GAME, seconds=1, home=home, settings={"guard.kind": "none"})
    assert played.run.endswith("/plays")
    with pytest.raises(Mismatch, match="does not play: it finds boxes"):
        playhead.play(GAME, run="finds", seconds=1, home=home)


def test_with_the_guard_of_the_game_it_brakes_and_that_is_told(home: Path) -> None:
    (guarded,) = playhead.play(GAME, run="plays", seconds=3, home=home).episodes
    assert guarded.guarded is not None
    assert 0 < guarded.guarded < 1
    assert guarded.to_json()["measures"]["guarded_share"] == guarded.guarded
    (free,) = playhead.play(GAME, run="plays", seconds=3, home=home, settings={"guard.kind": "none"}).episodes
    assert free.guarded is None
    judged = playhead.evaluate(
        GAME, run="plays", episodes=1, seconds=3, drivers=["expert", "expert+guard"], home=home, workers=1
    ).to_json()
    assert judged["expert"]["braked"]["mean"] == 0
    assert judged["expert+guard"]["braked"]["mean"] > 0
    assert json.dumps(judged)


def test_the_detector_looks_where_no_boxes_are_told(home: Path) -> None:
    settings = {"guard.told": False, "guard.score": 0.0}
    (played,) = playhead.play(GAME, run="plays", seconds=2, home=home, settings=settings).episodes
    assert played.guarded is not None
    playhead.export(GAME, run="finds", home=home)
    asked = {**settings, "guard.run": "finds", "guard.engine": "onnx"}
    (exported,) = playhead.play(GAME, run="plays", seconds=2, home=home, settings=asked).episodes
    assert exported.guarded == played.guarded
    with pytest.raises(Mismatch, match="plays finds no boxes"):
        playhead.play(GAME, run="plays", seconds=1, home=home, settings={**settings, "guard.run": "plays"})


def test_what_is_asked_for_wrongly_is_said_before_anything_is_driven(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match='"brakes_s"'):
        playhead.play(GAME, run="plays", seconds=1, home=home, settings={"guard.brakes_s": 1})
    with pytest.raises(BadValue, match=r"guard\.kind=none"):
        playhead.play(GAME, run="plays", seconds=1, home=home, settings={"guard": "none"})
    run = playhead.runs(GAME, home=home)[-1].path
    blind = {"guard.told": False}
    with pytest.raises(NotFound, match="no run that finds boxes"):
        playhead.evaluate(GAME, run=run, home=tmp_path, settings=blind, episodes=1)
    alone: dict[str, Any] = {"episodes": 1, "seconds": 1, "workers": 1}
    driven = playhead.evaluate(GAME, run=run, home=tmp_path, settings=blind, drivers=["expert"], **alone)
    assert "guarded_share" not in driven.to_json()["expert"], "who drives without a guard needs none"


def recorded(home: Path, **asked: Any) -> tuple[list[str], float]:
    """Record a drive; return what was said, and the share of the frames on which it brakes."""
    said: list[str] = []
    progress = Progress()
    progress.note = said.append  # type: ignore[method-assign]
    made = playhead.record(GAME, episodes=1, seconds=3, home=home, progress=progress, **asked)
    assert made.segments[0].recording is not None
    recording = open_recording(made.segments[0].recording.path)
    labels_TA = np.asarray(recording.labels["drive"])
    recording.close()
    return said, float(labels_TA[:, 2].mean())


def test_a_run_is_recorded_without_its_guard_unless_one_is_asked_for(home: Path) -> None:
    said, _ = recorded(home, driver="run", run="plays")
    assert any("drives, without the guard that it plays with" in line for line in said)
    said, braked = recorded(home, driver="run", run="plays", settings={"guard.kind": "contact"})
    assert any("drives, its keys through the guard contact" in line for line in said)
    assert braked > 0
    said, _ = recorded(home, driver="run", run="plays", settings={"guard.kind": "none"})
    assert any(line.endswith("drives.") for line in said)


def test_the_guard_of_a_scripted_driver_is_recorded_and_labels_are_what_it_pressed(home: Path) -> None:
    said, braked = recorded(home, driver="forward")
    assert braked == 0
    assert not any("guard" in line for line in said)
    said, braked = recorded(home, driver="forward", settings={"guard.brake_s": 1.5})
    assert any("forward drives, its keys through the guard contact" in line for line in said)
    assert braked > 0


def test_what_no_recording_can_be_made_with_is_said_first(home: Path) -> None:
    with pytest.raises(BadValue, match="past any guard"):
        recorded(home, driver="human", settings={"guard.kind": "contact"})
    with pytest.raises(BadValue, match=r"controller\.threshold is what a run plays with, and forward drives"):
        recorded(home, driver="forward", settings={"controller.threshold": 0.4})
    with pytest.raises(NotFound, match='"brakes_s"'):
        recorded(home, driver="forward", settings={"guard.brakes_s": 1})
    with pytest.raises(NotFound, match='"threshholds"'):
        recorded(home, driver="run", run="plays", settings={"controller.threshholds": 1})


def test_a_device_goes_without_the_guard_of_the_game(home: Path) -> None:
    free = replace(GAME, devices={"world": replace(WORLD, guard={"kind": "none"})})
    (played,) = playhead.play(free, run="plays", seconds=1, home=home).episodes
    assert played.guarded is None
    (again,) = playhead.play(
        free, run="plays", seconds=1, home=home, settings={"guard.kind": "contact", "guard.told": True}
    ).episodes
    assert again.guarded is not None
