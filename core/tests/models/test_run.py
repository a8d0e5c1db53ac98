from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from doubles import mixed_heads, small_game
from safetensors.torch import load_file, save_file

from playhead.errors import Damaged, Mismatch, NotFound
from playhead.game import Game
from playhead.home import Home
from playhead.models.catalogue import RunCatalogue
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.models.run_file import seal_run, sealed
from playhead.plugins import Plugins
from playhead.regions import Region
from playhead.training.recipe import Recipe

GAME = small_game()
RECIPE = Recipe(model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}, controller={"cap": 0.6})


def saved(path: Path, game: Game = GAME) -> Run:
    run = Run(
        path=path, game=game.to_json(), recipe_name=path.parent.name, recipe=RECIPE,
        network=NetworkPart(schema=game.schema, frame=game.frame, rate_hz=10),
        metrics={"loss": 0.5}, data={"recordings": []},
    )  # fmt: skip
    network = build(model_spec(run.game, run.schema, run.frame, run.recipe))
    return run.save(network, best=network.state_dict(), history=[{"step": 5, "loss": 0.5}])


def edit(run: Run, **change: Any) -> None:
    """Change what run.json says as somebody would who knows how it is sealed."""
    data = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_bytes(sealed({**data, **change}))


def put(weights: dict[str, torch.Tensor], run: Run) -> Run:
    save_file(weights, run.weights)
    seal_run(run.path)
    return Run.open(run.path)


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    assert Run.open(run.path) == run
    assert run.name == "toy/default/first"
    network = run.load_model(Plugins())
    assert all(torch.equal(value, load_file(run.weights)[name]) for name, value in network.state_dict().items())
    assert run.load_model(Plugins(), best=True)
    assert run.history() == [{"step": 5, "loss": 0.5}]


def test_who_plays_gets_the_newest_run_that_plays(tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    player = saved(home.runs("toy") / "default" / "first")
    made = Run(path=home.runs("toy") / "words" / "second", game=GAME.to_json(), recipe_name="words").save(
        files={"words.txt": b"hello"}
    )
    catalogue = RunCatalogue(home=home, game=GAME)
    assert catalogue.latest() == made
    assert catalogue.player() == player
    with pytest.raises(Mismatch, match="Run toy/words/second does not play"):
        catalogue.player("second")
    shutil.rmtree(player.path)
    with pytest.raises(NotFound, match="toy has no run that plays in"):
        catalogue.player()


def test_weights_must_fit_exactly(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    weights = load_file(run.weights)
    name = "heads.layers.drive.bias"
    with pytest.raises(Mismatch, match=f"no weights for {name}"):
        put({key: value for key, value in weights.items() if key != name}, run).load_model(Plugins())
    with pytest.raises(Mismatch, match=r"does not use: old\.layer"):
        put({**weights, "old.layer": torch.zeros(1)}, run).load_model(Plugins())
    with pytest.raises(Mismatch, match=r"shape \(7,\)"):
        put({**weights, name: torch.zeros(7)}, run).load_model(Plugins())
    with pytest.raises(Damaged, match=f"2 of the 4 numbers of {name} are none"):
        put({**weights, name: torch.tensor([1.0, torch.nan, torch.inf, 0.0])}, run).load_model(Plugins())
    run.weights.write_bytes(b"no weights at all")
    seal_run(run.path)
    with pytest.raises(Damaged, match="cannot be read"):
        Run.open(run.path).load_model(Plugins())


def read_all(folder: Path) -> None:
    run = Run.open(folder)
    run.load_model(Plugins())
    run.load_model(Plugins(), best=True)
    run.history()


def flipped(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place // 8 % len(data)] ^= 1 << place % 8
    file.write_bytes(data)


@pytest.mark.parametrize("name", ["run.json", "model.safetensors", "best.safetensors", "history.jsonl"])
def test_any_flipped_bit_is_noticed(tmp_path: Path, name: str) -> None:
    run = saved(tmp_path / "default" / "first")
    whole = (run.path / name).read_bytes()
    for place in np.random.default_rng(7).integers(0, 8 * len(whole), 50).tolist():
        (run.path / name).write_bytes(whole)
        flipped(run.path / name, place)
        with pytest.raises((Damaged, Mismatch)):
            read_all(run.path)


def test_zeroed_and_shortened_weights_are_refused_and_a_lost_file_too(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    whole = run.weights.read_bytes()
    for data in (whole[:-64] + bytes(64), whole[:-1], whole + b"x", whole + bytes(5000), b""):
        run.weights.write_bytes(data)
        with pytest.raises(Damaged, match=r"model\.safetensors.*Train again"):
            Run.open(run.path).load_model(Plugins())
    run.weights.unlink()
    with pytest.raises(Damaged, match="has lost its model"):
        Run.open(run.path).load_model(Plugins())


def test_a_run_without_digests_opens_and_gets_them_by_a_command(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    data = json.loads((run.path / "run.json").read_text())
    for name in ("files", "digest", "sequence"):
        del data[name]
    (run.path / "run.json").write_text(json.dumps(data))
    before = run.weights.read_bytes()
    assert Run.open(run.path).load_model(Plugins())
    subprocess.run([sys.executable, "-m", "playhead.models.run_file", str(run.path)], check=True)
    assert run.weights.read_bytes() == before
    assert Run.open(run.path).files == run.files


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_options": {"features": 0, "channels": [4, 4, 4, 4], "hidden": 8}}, "cannot be built"),
        ({"model_options": {"features": 10**9}}, "model_options.features"),
        ({"model_options": {"hidden": 2**23, "features": 2**23}}, "fit|numbers"),
        ({"model_options": {"hidden": "8"}}, "model_options.hidden"),
        ({"model_options": {"channels": []}}, "at least one convolution"),
        ({"model_options": {"channels": [4] * 1000}}, "model_options.channels"),
        ({"model_options": {"scene_size": [10**6, 10**6]}}, "scene_size"),
        ({"model_options": {"crops": {"a": [0, 0, 400, 300]}}}, "lies outside"),
        ({"model_options": {"crops": {"a": ["x", 0, 4, 3]}}}, "cannot be built"),
        ({"model_options": {"crops": 5}}, "model_options.crops"),
        ({"model_options": {"dropout": 7}}, "cannot be built"),
        ({"model_options": {"fold": 0}}, "cannot be built|cannot look"),
        ({"length": 10**9}, "length=1000000000"),
        ({"betas": [2, 2]}, "betas=2"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"augment": 3}, "augment"),
        ({"inputs": "frames"}, "inputs"),
    ],
)
def test_a_recipe_that_gives_no_network_is_a_sentence_before_anything_is_allocated(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    run = saved(tmp_path / "default" / "first")
    edit(run, recipe={**RECIPE.to_json(), **change})
    with pytest.raises((Damaged, Mismatch), match=words):
        Run.open(run.path).load_model(Plugins())


@pytest.mark.parametrize(
    "change",
    [
        {"recipe_name": "../../.."}, {"recipe_name": "a/b"}, {"recipe_name": ".."}, {"recipe_name": ""},
        {"recipe_name": "a\x1b[2J"}, {"recipe_name": "x" * 300}, {"recipe_name": 5},
        {"game": {}}, {"game": {"name": "../x", "regions": {}}}, {"game": {"name": "toy", "regions": {"map": {}}}},
        {"game": {"name": "toy", "regions": {"map": {"x": 0, "y": 0, "width": 10**9, "height": 1}}}},
        {"schema": []}, {"schema": [{"kind": "keys"}]}, {"schema": "keys"}, {"rate_hz": 0}, {"rate_hz": "10"},
        {"frame": {"width": 10**9, "height": 24, "rate_hz": 10}}, {"frame": {"width": -5}}, {"frame": []},
        {"data": []}, {"data": {"recordings": [3]}}, {"data": {"validation": [3]}},
        {"data": {"train_windows": -1}},
        {"metrics": []}, {"made_with": {"created_utc": []}}, {"files": {"model.safetensors": {}}},
        {"files": []}, {"sequence": -1}, {"sequence": "9"}, {"parameters": "many"}, {"device": {}},
    ],
)  # fmt: skip
def test_what_run_json_holds_is_taken_by_type_and_bounds(tmp_path: Path, change: dict[str, Any]) -> None:
    run = saved(tmp_path / "default" / "first")
    edit(run, **change)
    with pytest.raises(Damaged, match=r"run\.json"):
        Run.open(run.path)


def test_a_run_json_that_holds_nan_is_refused(tmp_path: Path) -> None:
    run = saved(tmp_path / "default" / "first")
    text = (run.path / "run.json").read_text()
    (run.path / "run.json").write_text(text.replace("0.5", "NaN"))
    with pytest.raises(Damaged, match=r"run\.json cannot be read"):
        Run.open(run.path)


def test_what_is_newest_does_not_depend_on_the_times_of_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", "--home")
    folders = [home.runs("toy", "default") / name for name in ("b", "c", "a")]
    runs = [saved(folder) for folder in folders]
    assert [run.sequence for run in runs] == [1, 2, 3]
    os.utime(folders[0] / "run.json", (2e9, 2e9))
    os.utime(folders[2] / "run.json", (0, 0))
    assert RunCatalogue(home, GAME).latest().path.name == "a"
    copied = Home(tmp_path / "copied", "--home")
    for folder in reversed(folders):
        shutil.copytree(folder, copied.runs("toy", "default") / folder.name, copy_function=shutil.copyfile)
    assert [name.split("/")[2] for name in RunCatalogue(copied, GAME).names()] == ["a", "c", "b"]


def test_of_older_runs_that_which_says_it_was_made_last_is_the_newest(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", "--home")
    for name, made in (("a", "2026-11-03"), ("b", "2026-11-01"), ("c", "2026-11-02")):
        edit(saved(home.runs("toy", "default") / name), sequence=0, made_with={"created_utc": made})
    assert RunCatalogue(home, GAME).latest().path.name == "a"
    saved(home.runs("toy", "fast") / "x")
    assert RunCatalogue(home, GAME).latest().path.name == "x"


def test_a_damaged_run_is_said_and_the_next_newest_taken(tmp_path: Path) -> None:
    home, said = Home(tmp_path / "home", "--home"), list[str]()
    catalogue = RunCatalogue(home, GAME, said.append)
    saved(home.runs("toy", "default") / "old")
    broken = saved(home.runs("toy", "default") / "new")
    flipped(broken.path / "run.json", 4000)
    assert catalogue.latest().path.name == "old"
    assert catalogue.find("newest").path.name == "old"
    assert len(said) == 2
    assert all("Left aside the run toy/default/new" in sentence for sentence in said)
    assert [run.path.name for run in catalogue.runs()] == ["old"]
    with pytest.raises(Damaged):
        catalogue.find("default/new")
    with pytest.raises(NotFound):
        catalogue.find("x" * 300)


def test_of_a_run_all_is_written_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from playhead.models import run as module

    writes = [0]
    whole = module.write_whole

    def fails_at(file: Path, data: bytes) -> None:
        writes[0] -= 1
        if writes[0] == 0:
            raise OSError(28, "No space left on device")
        whole(file, data)

    monkeypatch.setattr(module, "write_whole", fails_at)
    for number in (1, 2, 3, 4):
        writes[0] = number
        with pytest.raises(OSError, match="No space"):
            saved(tmp_path / "default" / f"run{number}")
        assert list((tmp_path / "default" / f"run{number}").iterdir()) == []


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
    with pytest.raises(Damaged, match="missing required field"):
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


def test_what_a_game_ships_is_copied_before_it_is_written_to(tmp_path: Path) -> None:
    home, shipped = Home(tmp_path / "home", "--home"), tmp_path / "shipped"
    said: list[str] = []
    catalogue = RunCatalogue(home, replace(GAME, shipped_runs=lambda: shipped), said.append)
    saved(shipped / "default" / "world")
    before = sorted(path.name for path in shipped.rglob("*"))
    kept = [catalogue.kept(catalogue.find(str(shipped / "default" / "world"))) for _ in range(2)]
    assert [run.path for run in kept] == [home.runs("toy", "default") / "world"] * 2
    assert len(said) == 1
    assert catalogue.kept(kept[0]) is kept[0]
    assert sorted(path.name for path in shipped.rglob("*")) == before


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
