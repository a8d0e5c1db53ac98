from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from doubles import mixed_heads, small_game
from safetensors.torch import load_file, save_file

from playhead.errors import Damaged, Mismatch, NotFound
from playhead.game import Game
from playhead.home import Home
from playhead.models.conv_lstm import build
from playhead.models.run import Run, RunCatalogue, model_spec
from playhead.plugins import Plugins
from playhead.regions import Region
from playhead.training.recipe import Recipe

GAME = small_game()
RECIPE = Recipe(model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}, controller={"cap": 0.6})


def saved(path: Path, game: Game = GAME) -> Run:
    run = Run(
        path=path, game=game.to_json(), recipe_name=path.parent.name, recipe=RECIPE, schema=game.schema,
        frame=game.frame, rate_hz=10, metrics={"loss": 0.5}, data={"recordings": []},
    )  # fmt: skip
    network = build(model_spec(run.game, run.schema, run.frame, run.recipe))
    return run.save(network, best=network.state_dict())


def edit(run: Run, **change: Any) -> None:
    data = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps({**data, **change}))


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    assert Run.open(run.path) == run
    assert run.name == "toy/default/first"
    network = run.load_model(Plugins())
    assert all(torch.equal(value, load_file(run.weights)[name]) for name, value in network.state_dict().items())
    assert run.load_model(Plugins(), best=True)
    assert run.history() == []


def test_weights_must_fit_exactly(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    weights = load_file(run.weights)
    name = "heads.layers.drive.bias"
    save_file({key: value for key, value in weights.items() if key != name}, run.weights)
    with pytest.raises(Mismatch, match=f"no weights for {name}"):
        run.load_model(Plugins())
    save_file({**weights, "old.layer": torch.zeros(1)}, run.weights)
    with pytest.raises(Mismatch, match=r"does not use: old\.layer"):
        run.load_model(Plugins())
    save_file({**weights, name: torch.zeros(7)}, run.weights)
    with pytest.raises(Mismatch, match=r"shape \(7,\)"):
        run.load_model(Plugins())
    run.weights.write_bytes(b"no weights at all")
    with pytest.raises(Damaged, match="cannot be read"):
        run.load_model(Plugins())


def test_what_is_no_run_of_this_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="playhead train"):
        Run.open(tmp_path)
    run = saved(tmp_path / "default" / "first")
    edit(run, format_version=99)
    with pytest.raises(Mismatch, match=r"99.*Update playhead"):
        Run.open(run.path)
    edit(run, format_version=1, recipe={"lr": 1, "unheard_of": 2})
    with pytest.raises(NotFound, match="unheard_of"):
        Run.open(run.path)
    (run.path / "run.json").write_text('{"format_version": 1}')
    with pytest.raises(Damaged, match="incomplete"):
        Run.open(run.path)
    (run.path / "run.json").write_text("{")
    with pytest.raises(Damaged, match="cannot be read"):
        Run.open(run.path)


@pytest.mark.parametrize(
    ("game", "rate_hz", "words"),
    [
        (small_game(name="pong"), 10, "plays toy, not pong"),
        (small_game({"drive": mixed_heads()["gear"]}), 10, "has the labels"),
        (replace(GAME, frame=replace(GAME.frame, width=64)), 10, "64x24"),
        (replace(GAME, regions={"map": Region(x=0, y=0, width=8, height=6)}), 10, "regions"),
        (GAME, 80, "--rate 10"),
    ],
)
def test_a_run_plays_only_what_it_was_trained_for(tmp_path: Path, game: Game, rate_hz: float, words: str) -> None:
    run = saved(tmp_path / "default" / "first")
    run.check_plays(GAME, 10)
    with pytest.raises(Mismatch, match=words):
        run.check_plays(game, rate_hz)


def test_runs_are_found_by_name_newest_first_and_shipped_last(tmp_path: Path) -> None:
    home, shipped = Home(tmp_path / "home", "--home"), tmp_path / "shipped"
    game = replace(GAME, shipped_runs=lambda: shipped)
    catalogue = RunCatalogue(home, game)
    with pytest.raises(NotFound, match="playhead train toy"):
        catalogue.latest()
    saved(shipped / "default" / "world")
    assert catalogue.latest().path.name == "world"
    saved(home.runs("toy", "default") / "2026-11-21-1")
    saved(home.runs("toy", "fast") / "2026-11-21-1")
    assert catalogue.names() == ["toy/fast/2026-11-21-1", "toy/default/2026-11-21-1", "toy/default/world"]
    assert catalogue.latest("default").name == "toy/default/2026-11-21-1"
    assert catalogue.find("toy/default/world").path == shipped / "default" / "world"
    assert catalogue.find("default/2026-11-21-1").recipe_name == "default"
    assert catalogue.find("world").path.name == "world"
    assert catalogue.find("fast").name == "toy/fast/2026-11-21-1"
    assert catalogue.find(str(shipped / "default" / "world")).path.name == "world"
    with pytest.raises(NotFound, match=r'Did you mean "toy/default/world"'):
        catalogue.find("toy/default/wrold")
    with pytest.raises(NotFound, match="no run of the recipe slow"):
        catalogue.latest("slow")
