"""What of presses shows is found by replaying them otherwise; where replays go another way that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from tiny_console import TINY

import playhead
from playhead.devices import OpenDevice, open_device
from playhead.emulator import EmulatorSession
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch
from playhead.evaluation import replays
from playhead.evaluation.predictions import HeadPredictions, Predictions
from playhead.evaluation.replays import Hold, seen_holds
from playhead.evaluation.seen_events import judge_seen, score_seen
from playhead.game import Game, World
from playhead.inputs import Input, spaced
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.training.recipe import Recipe

HELD = {"right": (5, 12), "a": (15, 25)}  # of the first the square moves, the second changes memory alone


class Scripted:
    """Holds what HELD says, frame by frame."""

    def __init__(self, console: Any) -> None:
        self.frame = -1

    def decide(self) -> dict[str, float]:
        self.frame += 1
        return {code: float(first <= self.frame < last) for code, (first, last) in HELD.items()}


GAME = replace(TINY, world=World(policies={"script": Scripted}, expert="script"))


@pytest.fixture
def options(core: Path, rom: Path) -> dict[str, Any]:
    return {"core": str(core), "rom": str(rom)}


@pytest.fixture
def recorded(options: dict[str, Any], tmp_path: Path) -> Recording:
    made = playhead.record(
        GAME, on="emulator", seconds=2, seed=1, workers=1, settings=options, home=tmp_path, plugins=Plugins()
    )
    return open_recording(tmp_path / "recordings" / GAME.name / made.names[0])


def holds(recording: Recording, options: Mapping[str, Any], game: Game = GAME) -> list[Hold]:
    return seen_holds(Plugins().with_game(game), game, recording, "keys", options, lambda count: None)


def test_a_step_shows_and_what_changes_memory_alone_does_not(recorded: Recording, options: dict[str, Any]) -> None:
    right, a = holds(recorded, options)
    assert (right.key, right.first, right.last) == (1, *HELD["right"])
    assert [right.is_seen, right.press_seen, right.release_seen] == [True] * 3
    assert (a.key, a.first, a.last) == (0, *HELD["a"])
    assert [a.is_seen, a.press_seen, a.release_seen] == [False] * 3


def test_which_of_two_keys_it_was_cannot_be_told_where_both_do_the_same(
    build: Callable[..., Path], options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**options, "core": str(build("twin", TWIN=1))}
    made = playhead.record(
        GAME, on="emulator", seconds=2, seed=1, workers=1, settings=options, home=tmp_path, plugins=Plugins()
    )
    recording = open_recording(tmp_path / "recordings" / GAME.name / made.names[0])
    right, a = holds(recording, options)
    assert [right.is_seen, right.press_seen, right.release_seen, right.like] == [True, False, False, (0,)]
    assert [a.is_seen, a.press_seen, a.release_seen, a.like] == [True, False, False, (1,)]


def test_it_is_opened_as_it_was_recorded_and_at_that_size(options: dict[str, Any], tmp_path: Path) -> None:
    made = playhead.record(
        GAME, on="emulator", seconds=2, seed=1, workers=1, settings={**options, "boot": 9, "reset.x": 7},
        home=tmp_path, plugins=Plugins(),
    )  # fmt: skip
    recording = open_recording(tmp_path / "recordings" / GAME.name / made.names[0])
    wide = replace(GAME, frame=replace(GAME.frame, width=2 * GAME.frame.width))
    assert [hold.is_seen for hold in holds(recording, options, wide)] == [True, False]


def test_what_no_replay_can_be_of_is_said(recorded: Recording, options: dict[str, Any]) -> None:
    with pytest.raises(Mismatch, match="shows another picture at frame 1: something was"):
        holds(recorded, {**options, "boot": 9, "reset": {"x": 7}})
    screen = replace(recorded.header, device="screen")
    recorded.header = screen
    with pytest.raises(BadValue, match="cannot be replayed: its device screen has no episodes whose state"):
        holds(recorded, options)


def test_what_cannot_begin_again_leaves_no_console_on(
    recorded: Recording, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[OpenDevice] = []

    def noted(*given: Any, **more: Any) -> OpenDevice:
        opened.append(open_device(*given, **more))
        return opened[-1]

    monkeypatch.setattr(replays, "open_device", noted)
    with monkeypatch.context() as patched:
        patched.setattr(replays, "_is_same", lambda *given: False)
        with pytest.raises(Mismatch, match="begins otherwise than its replay"):
            holds(recorded, options)
    monkeypatch.setattr(Recording, "read_frame_into", mock.Mock(side_effect=Damaged("torn")))
    with pytest.raises(Damaged, match="torn"):
        holds(recorded, options)
    assert len(opened) == 2
    for device in opened:
        with pytest.raises(DeviceFailed, match="closed"):
            device.states.save()


def test_keys_without_a_control_are_said(recorded: Recording, options: dict[str, Any]) -> None:
    bare = replace(GAME, controls={name: code for name, code in GAME.controls.items() if name != "a"})
    with pytest.raises(BadValue, match=r"keys has a, of which no control is known|does not say what was held"):
        holds(recorded, options, bare)


def test_a_console_that_cannot_be_put_back_is_noted(
    recorded: Recording, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = mock.Mock(side_effect=DeviceFailed("The core does not take this state."))
    monkeypatch.setattr(EmulatorSession, "load", refused)
    job = mock.Mock(plugins=Plugins().with_game(GAME), game=GAME, recordings=[recorded], options=options)
    job.watch.part.return_value = nullcontext(lambda count: None)
    notes: list[str] = []
    assert judge_seen(job, said_of(recorded, np.zeros((60, 2), bool)), notes) == []
    assert notes == ["Not replayed: The core does not take this state."]


def said_of(recording: Recording, said_TK: Any) -> Predictions:
    count = len(said_TK)
    pair = HeadPredictions(
        head=Keys("a", "right"), truth_NA=np.zeros((count, 2)), predictions_NO=said_TK.astype(float),
        previous_NA=np.zeros((count, 2)),
    )  # fmt: skip
    return Predictions(
        heads={"keys": pair}, time_ns_N=recording.frame_time_ns[:count], recording_N=np.zeros(count, np.int64),
        window_N=np.arange(count), recordings=[recording.name],
    )  # fmt: skip


def test_what_cannot_be_seen_counts_neither_for_nor_against(recorded: Recording) -> None:
    told = {0: [
        Hold(key=1, first=5, last=12, is_seen=True, press_seen=True, release_seen=True),
        Hold(key=0, first=15, last=25, is_seen=False, press_seen=False, release_seen=False),
    ]}  # fmt: skip
    said_TK = np.zeros((60, 2), bool)
    said_TK[7:13, 1] = True  # two frames late, one frame late
    said_TK[20:30, 0] = True  # five frames late, where nobody can know
    scores = score_seen(said_of(recorded, said_TK), "keys", [recorded], told)
    assert scores.summed("press") == {"f1_seen": 1.0, "f1_all": 0.5, "recall": 1.0, "events": 2, "seen": 1}
    assert (scores.holds, scores.holds_seen) == (2, 1)
    said_TK[40:45, 1] = True  # nothing was pressed there
    said_TK[7, 1] = False  # and now three frames late
    scores = score_seen(said_of(recorded, said_TK), "keys", [recorded], told)
    assert scores.summed("press")["f1_seen"] == 0
    assert scores.summed("release")["f1_seen"] == pytest.approx(2 / 3)
    assert "within 2 frames" in scores.to_text()


def test_what_is_said_where_another_key_shows_the_same_counts_neither_for_nor_against(recorded: Recording) -> None:
    told = {0: [Hold(key=1, first=5, last=12, is_seen=True, press_seen=False, release_seen=False, like=(0,))]}
    said_TK = np.zeros((60, 2), bool)
    said_TK[5:12, 0] = True  # A, where it was right that looks alike
    said_TK[30:35, 1] = True
    pressed = score_seen(said_of(recorded, said_TK), "keys", [recorded], told).to_json()["press"]["keys"]
    assert np.isnan(pressed["a"]["f1_seen"])  # nothing to find and nothing wrong
    assert pressed["right"]["f1_seen"] == 0


def test_an_evaluation_replays_and_says_what_is_seen(
    recorded: Recording, options: dict[str, Any], tmp_path: Path
) -> None:
    recipe = Recipe(
        steps=2, batch_size=4, warmup_steps=0, workers=1, val_share=0, positions="every",
        inputs={"frames": Input("frames", spaced(-0.2, 0.2, 0.02))},
        model_options={"channels": [4, 4], "features": 8, "hidden": 8},
    )  # fmt: skip
    there = {"home": tmp_path, "plugins": Plugins()}
    run = playhead.train(GAME, recipe=recipe, recordings=[recorded], **there)
    judged = playhead.evaluate(
        GAME, run=run, on="none", recordings=[recorded], replays=True, settings=options, **there
    )
    told = judged.to_json()["seen"]["keys"]
    assert (told["holds"], told["holds_seen"], told["press"]["seen"]) == (2, 1, 1)
    assert any(one["name"] == "seen keys: keys" for one in judged.to_json()["verdicts"])
    assert "What can be seen: keys" in (tmp_path / judged.page).read_text(encoding="utf-8")
