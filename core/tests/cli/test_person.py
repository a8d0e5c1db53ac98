"""`record` and `play` beside a person at a fake keyboard: hotkeys end, pause and hand over; the screen tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from doubles import small_game

from playhead import cli
from playhead.events import Origin
from playhead.home import VARIABLE
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.testing.day import on_fake_window
from playhead.testing.fakes import on_fakes
from playhead.training.recipe import Recipe

GAME = on_fakes(small_game(rate_hz=10), seconds=30)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an untrained run of a game that is on a fake window only."""
    plugins = on_fake_window(GAME)
    monkeypatch.setattr(Plugins, "installed", lambda: plugins)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    recipe = Recipe(length=1, model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8})
    run = Run(
        path=tmp_path / "runs/toy/default/one", game=GAME.to_json(), recipe_name="default", recipe=recipe,
        network=NetworkPart(schema=GAME.schema, frame=GAME.frame, rate_hz=10),
    )  # fmt: skip
    run.save(build(model_spec(run.game, run.schema, run.frame, run.recipe)))
    return tmp_path


def run(*words: str, strokes: Sequence[tuple[float, str, float]] = ()) -> int:
    return cli.run([*words, "--set", f"strokes={json.dumps(strokes)}"])


def recordings(home: Path) -> list[Recording]:
    return [open_recording(folder) for folder in sorted((home / "recordings/toy").iterdir())]


def test_the_stop_hotkey_ends_all_episodes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("record", "toy", "--episodes", "3", "--seconds", "2", strokes=[(1.05, "f10", 1)]) == 0
    (made,) = recordings(home)
    assert made.length == 12
    assert "ended by you" in capsys.readouterr().out
    assert run("play", "toy", "--episodes", "3", "--seconds", "2", strokes=[(1.05, "f10", 1)]) == 0
    assert capsys.readouterr().out.count("captured") == 1


def test_a_pause_makes_two_recordings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strokes = [(0.5, "w", 1), (1.05, "f9", 1), (3.05, "f9", 1)]
    assert run("record", "toy", "--seconds", "3", strokes=strokes) == 0
    shown = capsys.readouterr()
    assert "ended because of a pause" in shown.out
    assert "Paused, nothing is recorded. F8 goes on, F10 stops." in shown.err
    first, second = recordings(home)
    assert first.length + second.length == 30
    assert second.labels["drive"][0].tolist() == [1, 0, 0, 0]


def test_hotkeys_can_be_others(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["record", "toy", "--seconds", "2", "--set", "hotkeys.stop=f5"]
    assert run(*words, strokes=[(0.55, "f10", 1), (1.05, "f5", 1)]) == 0
    assert recordings(home)[0].length == 12
    assert run("record", "toy", "--set", "hotkeys.stop=w") == 1
    assert "hotkeys.stop=f6" in capsys.readouterr().err


def test_a_take_over_is_recorded_as_a_correction(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strokes = [(1.05, "a", 1), (1.55, "a", 0), (2.05, "f8", 1)]
    assert run("play", "toy", "--record", "--seconds", "3", strokes=strokes) == 0
    assert "You drive. F8 gives control back" in capsys.readouterr().err
    (made,) = recordings(home)
    human = made.label_origin == int(Origin.HUMAN)
    assert human.tolist() == [False] * 11 + [True] * 10 + [False] * 9
    assert made.labels["drive"][human].tolist() == [[0, 1, 0, 0]] * 5 + [[0, 0, 0, 0]] * 5


def test_control_stays_with_the_person_in_the_next_episode(home: Path) -> None:
    strokes = [(0.35, "a", 1), (0.45, "a", 0)]
    words = ["play", "toy", "--record", "--episodes", "2", "--seconds", "1"]
    assert run(*words, strokes=strokes) == 0
    first, second = recordings(home)
    assert set(first.label_origin[4:].tolist()) == {int(Origin.HUMAN)}
    assert set(second.label_origin.tolist()) == {int(Origin.HUMAN)}


def test_a_run_that_records_may_be_taken_over_too(home: Path) -> None:
    assert run("record", "toy", "--driver", "run", "--seconds", "2", strokes=[(1.05, "a", 1)]) == 0
    (made,) = recordings(home)
    assert set(made.label_origin[11:].tolist()) == {int(Origin.HUMAN)}


def test_a_dry_run_has_no_hotkeys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("play", "toy", "--dry-run", "--seconds", "1", strokes=[(0.5, "a", 1)]) == 0
    shown = capsys.readouterr()
    assert "You drive" not in shown.err
    assert "acted 10.0/s" in shown.out


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (["play", "toy"], ["THE NETWORK DRIVES", "captured", "frame age", "Toy · run toy/default/one"]),
        (["play", "toy", "--record"], ["recording 20"]),
        (["record", "toy"], ["frames/s", "F9 pauses, F7 marks, F4 drops 10 s, F10 stops"]),
    ],
)
def test_a_terminal_shows_it_live(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], shows: list[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    assert run(*words, "--seconds", "2") == 0
    shown: Any = capsys.readouterr().err
    for text in shows:
        assert text in shown


def test_a_file_shows_nothing_live(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("play", "toy", "--seconds", "1") == 0
    assert "frame age" not in capsys.readouterr().err
