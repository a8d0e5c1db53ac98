"""A plugin's own training method: no recordings, own settings, an artefact of its own, judged by itself.

Its game has no picture, no device and no label.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from playhead.decoding import decode_json
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PluginError
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.results import Evaluation
from playhead.game import Game
from playhead.hookspecs import hookimpl
from playhead.judgement import Judgement
from playhead.models.run import Run
from playhead.models.run_file import seal_run, sealed
from playhead.plugins import Plugins
from playhead.testing import GameContract
from playhead.training.job import TrainingJob
from playhead.training.method import Method, method_of
from playhead.training.recipe import Recipe
from playhead.training.settings import described

BATTLES = Game(name="battles", title="Battles", recipes={"default": Recipe(training="evolve", steps=3)})


@dataclass(frozen=True, kw_only=True)
class Evolution:
    population: int = 8  # players in a generation
    spread: float = 0.5  # of a child around its parent

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ValueError(f"a population of {self.population} has nobody to choose from")


@dataclass
class Won(Judgement):
    """How many battles were won."""

    share: float
    title: str = "Battles won"

    def to_json(self) -> dict[str, Any]:
        return {"won": {"share": self.share, "against": "<nobody>"}}


class Evolve(Method[Evolution]):
    settings = Evolution
    needs_recordings = False

    def train(self, job: TrainingJob) -> Run:
        own = self.own(job.recipe)
        best = {"strength": own.population * own.spread * job.recipe.steps}
        job.progress.step(job.recipe.steps, job.recipe.steps, 0.0)
        job.progress.validated(job.recipe.steps, best)
        return job.run(metrics=best).save(files={"best.json": json.dumps(best).encode()})

    def evaluate(self, job: EvaluationJob) -> Judgement:
        best = decode_json(job.run.read("best.json"), dict[str, float], where="best.json")
        return Won(share=best["strength"] / float(job.options.get("against", 100)))


class Described(Evolve):
    """Judged by the page that playhead makes."""

    def evaluate(self, job: EvaluationJob) -> Judgement:
        return Evaluation(title="Battles", run=job.run.name, notes=["It won."])


def own_module(**hooks: Any) -> object:
    def playhead_trainings() -> Any:
        return {"evolve": Evolve, "described": Described(), "plain": lambda job: job.run().save(), **hooks}

    def playhead_games() -> list[Game]:
        return [BATTLES]

    return SimpleNamespace(
        playhead_games=hookimpl(playhead_games), playhead_trainings=hookimpl(playhead_trainings)
    )


@pytest.fixture
def plugins() -> Plugins:
    return Plugins([("battles", own_module())], strict=True)


class TestBattles(GameContract):
    game = BATTLES

    @pytest.fixture
    def plugins(self) -> Plugins:
        return Plugins([("battles", own_module())], strict=True)


def command(plugins: Plugins, home: Path, *args: str) -> tuple[int, str, str]:
    """Run a command of playhead here; returns its exit code and what it printed."""
    import contextlib
    import io

    from playhead.cli import run

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {"PLAYHEAD_HOME": str(home)}),
        mock.patch.object(Plugins, "installed", return_value=plugins),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(list(args))
    return code, out.getvalue(), err.getvalue()


def trained(plugins: Plugins, home: Path, *more: str) -> str:
    code, out, err = command(plugins, home, "train", "battles", *more)
    assert code == 0, err
    return out


def test_it_trains_without_a_recording_and_with_settings_of_its_own(plugins: Plugins, tmp_path: Path) -> None:
    out = trained(plugins, tmp_path, "--set", "population=20", "--set", "method.spread=0.25", "--name", "one")
    assert "battles/default/one" in out
    run = Run.open(tmp_path / "runs" / "battles" / "default" / "one")
    assert run.network is None
    assert run.recipe.method == {"population": 20, "spread": 0.25}
    assert run.metrics == {"strength": 15.0}
    assert run.made_with["plugin"] == "battles"
    assert set(run.files) == {"best.json"}
    assert "schema" not in json.loads((run.path / "run.json").read_text())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("populaton=4", 'or of the training method evolve is called "populaton". Did you mean "population"?'),
        ("stepps=4", 'Did you mean "steps"?'),
        ("population=many", "population=many is not a whole number."),
        ("population=1", "a population of 1 has nobody to choose from"),
    ],
)
def test_a_setting_that_nobody_knows_or_that_cannot_be_is_a_sentence(
    plugins: Plugins, tmp_path: Path, setting: str, sentence: str
) -> None:
    code, _, err = command(plugins, tmp_path, "train", "battles", "--set", setting)
    assert code == 1
    assert sentence in err
    assert not list(tmp_path.glob("runs/battles/default/*"))


def test_its_settings_are_listed(plugins: Plugins, tmp_path: Path) -> None:
    _, out, _ = command(plugins, tmp_path, "plugins", "--settings")
    assert "  population = 8  (int)  players in a generation" in out
    assert "  steps = 3000  (int)  optimiser steps" in out
    assert [row.name for row in described(Evolution)] == ["population", "spread"]


def test_it_judges_by_itself_and_what_it_says_is_printed_saved_and_shown(plugins: Plugins, tmp_path: Path) -> None:
    trained(plugins, tmp_path, "--name", "one")
    code, out, err = command(plugins, tmp_path, "evaluate", "battles", "--set", "against=24")
    assert (code, out) == (0, "won.share: 0.5\nwon.against: <nobody>\n"), err
    folder = tmp_path / "runs" / "battles" / "default" / "one" / "evaluation"
    assert json.loads((folder / "scores.json").read_text())["won"]["share"] == 0.5
    page = (folder / "index.html").read_text()
    assert "<h1>Battles won</h1>" in page
    assert "&lt;nobody&gt;" in page


def test_it_may_use_the_usual_page_and_a_plain_function_is_a_method(plugins: Plugins, tmp_path: Path) -> None:
    trained(plugins, tmp_path, "--set", "training=described", "--name", "one")
    code, out, err = command(plugins, tmp_path, "evaluate", "battles")
    assert (code, out.strip()) == (0, "Note: It won."), err
    assert method_of(plugins, "plain").needs_recordings
    assert method_of(plugins, "supervised").may_add_heads


def test_a_run_that_does_not_play_says_so(plugins: Plugins, tmp_path: Path) -> None:
    trained(plugins, tmp_path, "--name", "one")
    code, _, err = command(plugins, tmp_path, "play", "battles")
    assert code == 1
    assert "battles has no device, so nothing can be recorded or played. Give its Game one" in err
    run = Run.open(tmp_path / "runs" / "battles" / "default" / "one")
    with pytest.raises(Mismatch, match="does not play: its training method, evolve, made no network"):
        run.check_plays(BATTLES, 10)
    code, out, err = command(plugins, tmp_path, "show", "battles")
    assert (code, "battles/default/one" in out) == (0, True), err


@pytest.mark.parametrize(
    "args", [("record",), ("play",), ("doctor",), ("world",), ("train", "--set", "training=supervised")]
)
def test_what_the_game_lacks_is_a_sentence_in_every_command(
    plugins: Plugins, tmp_path: Path, args: tuple[str, ...]
) -> None:
    code, _, err = command(plugins, tmp_path, args[0], "battles", *args[1:])
    assert code == 1
    assert "battles has no " in err
    assert "Traceback" not in err


def test_an_artefact_is_as_strictly_read_as_any_run(plugins: Plugins, tmp_path: Path) -> None:
    trained(plugins, tmp_path, "--name", "one")
    run = Run.open(tmp_path / "runs" / "battles" / "default" / "one")
    (run.path / "best.json").write_bytes(b'{"strength": 99}')
    with pytest.raises(Damaged, match=r"best\.json was changed since it was written"):
        run.read("best.json")
    seal_run(run.path)
    assert Run.open(run.path).read("best.json") == b'{"strength": 99}'
    raw = {**json.loads((run.path / "run.json").read_text()), "rate_hz": 10}
    (run.path / "run.json").write_bytes(sealed(raw))
    with pytest.raises(Damaged, match="missing required field `schema`"):
        Run.open(run.path)
    for name in ("run.json", "../escape", "model.safetensors"):
        with pytest.raises(BadValue):
            run.save(files={name: b""})


def test_a_class_that_is_no_method_and_a_missing_one_are_named(plugins: Plugins) -> None:
    broken = Plugins([("battles", own_module(odd=dict))], strict=True)
    with pytest.raises(PluginError, match="The training odd is the class dict, which is no playhead Method"):
        method_of(broken, "odd")
    with pytest.raises(NotFound, match='Did you mean "evolve"'):
        method_of(plugins, "evolv")
