"""`playhead evaluate` says clearly what it cannot do, and writes the page where it says."""

from __future__ import annotations

import json
import shutil

import pytest
from brightside import GAME, load_plugins

from playhead.cli import run as run_command
from playhead.cli.context import Desk
from playhead.models.run import Run
from playhead.models.run_file import sealed
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Run:
    from doubles import bright_side_drives

    recipe = Recipe(
        steps=3, batch_size=4, warmup_steps=1, model_options={"channels": [4, 4], "features": 4, "hidden": 4}
    )
    lessons = [bright_side_drives(GAME, seed=seed, count=30) for seed in range(2)]
    out = tmp_path_factory.mktemp("run") / "1"
    return train(TrainingJob(game=GAME, recipe=recipe, recordings=lessons, out=out, plugins=load_plugins()))


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    monkeypatch.setattr(Desk, "plugins", load_plugins())
    shutil.copytree(made.path, tmp_path / "runs/toy/default/1")
    return tmp_path


def said(capsys, home, *args: str) -> tuple[int, str, str]:
    code = run_command(["evaluate", *args, "--home", str(home)])
    out, err = capsys.readouterr()
    return code, out, err


def test_it_drives_prints_the_table_and_writes_the_page(home, capsys):
    code, out, err = said(
        capsys, home, "toy", "--episodes", "2", "--seconds", "1", "--workers", "1", "--seed", "5"
    )
    assert code == 0
    assert "right keys" in out
    assert "network / expert" in out
    assert "Not compared on lesson-" in err
    folder = home / "runs/toy/default/1/evaluation"
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["seeds"] == [5, 6]
    assert str(folder / "index.html") in err


def test_json_is_the_scores(home, capsys, tmp_path):
    drivers = ("--drivers", "expert", "--drivers", "idle")
    out_option = ("--out", str(tmp_path / "page"))
    code, out, _ = said(capsys, home, "toy", "--episodes", "1", "--workers", "1", "--json", *drivers, *out_option)
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "page/scores.json").read_text())
    assert set(json.loads(out)) >= {"expert", "idle"}
    assert "network" not in json.loads(out)


def test_a_run_drives_by_the_controller_that_is_set(home, capsys):
    asked = ("toy", "--episodes", "2", "--seconds", "1", "--workers", "1", "--seed", "5", "--json")
    drivers = ("--drivers", "network", "--drivers", "idle", "--drivers", "expert")
    asked += ("--set", "controller.proportional=")
    code, out, _ = said(capsys, home, *asked, *drivers, "--set", "controller.threshold=1")
    scores = json.loads(out)
    assert code == 0
    assert scores["network"] == scores["idle"]
    _, out, _ = said(capsys, home, *asked, *drivers, "--set", "controller.threshold=0.01")
    assert json.loads(out)["network"] != scores["idle"]
    assert json.loads(out)["expert"] == scores["expert"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("toys",), 'Did you mean "toy"?'),
        (("toy", "--run", "defalt"), "No run is called"),
        (("toy", "--drivers", "exprt"), 'Did you mean "expert"?'),
        (("toy", "--scenario", "regulr"), 'Did you mean "regular"?'),
        (("toy", "--on", "wrld"), 'Did you mean "world"?'),
        (("toy", "--on", "none"), "There is nothing to measure"),
        (("toy", "--recordings", "gone"), 'No recording of toy is called "gone"'),
        (("toy", "--seconds", "-1"), "cannot be negative"),
        (("toy", "--set", "controller=1"), "controller.threshold=0.4"),
        (("toy", "--set", "controller.treshold=1"), 'Did you mean "threshold"?'),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(home, capsys, args, sentence):
    code, out, err = said(capsys, home, *args)
    assert code == 1
    assert out == ""
    assert sentence in err
    assert not (home / "runs/toy/default/1/evaluation").exists()


def test_without_any_run_it_says_how_to_get_one(home, capsys):
    shutil.rmtree(home / "runs")
    code, _, err = said(capsys, home, "toy")
    assert code == 1
    assert "playhead train toy" in err


def test_a_run_of_another_game_is_refused(home, capsys):
    folder = home / "runs/toy/default/1"
    data = json.loads((folder / "run.json").read_text())
    data["game"]["name"] = "pong"
    (folder / "run.json").write_bytes(sealed(data))
    code, _, err = said(capsys, home, "toy", "--run", str(folder))
    assert code == 1
    assert "is of pong, not of toy" in err
