"""games, show and plugins say what is there, as text and as JSON, and name what is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playhead.cli import run

GAME = """
from playhead.game import Device, Frame, Game, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.regions import Region
from playhead.training.recipe import Recipe

GAME = Game(
    name="listedgame",
    title="Listed Game",
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title="Listed"))},
    frame=Frame(width=160, height=120, rate_hz=20),
    regions={"score": Region(x=60, y=0, width=40, height=10)},
    labels={"paddle": Keys("up", "down")},
    controls={"up": "w", "down": "s"},
    recipes={"default": Recipe(length=2, stride_s=0.1)},
    world=World(environment="Nowhere-v0", scenarios={"stuck": Scenario(padding_s=1.5)}),
    settings="Sound off.\\nWindow in front.",
)

@hookimpl
def playhead_games():
    return [GAME]

@hookimpl
def playhead_models():
    return {"listedmodel": "json:loads"}
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install one good and one broken plugin, as pip would."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(tmp_path)
    for name, code in (("ph_listed", GAME), ("ph_wrecked", "import nowhere_at_all")):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[playhead]\n{name} = {name}\n", encoding="utf-8")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def ask(*args: str) -> str:
        assert run(list(args)) == 0
        return capsys.readouterr().out

    return ask


def test_games_are_listed(ask: Callable[..., str]) -> None:
    line = next(line for line in ask("games").splitlines() if line.startswith("listedgame"))
    assert line.split(maxsplit=1)[1] == "Listed Game              paddle: keys up, down"
    rows: list[dict[str, Any]] = json.loads(ask("games", "--json"))
    (row,) = (row for row in rows if row["name"] == "listedgame")
    assert row["plugin"] == "ph_listed"
    assert row["devices"] == ["screen"]


def test_a_broken_plugin_is_a_warning_on_stderr_and_the_list_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["games"]) == 0
    said = capsys.readouterr()
    assert "plugin ph_wrecked is broken and left out" in said.err
    assert "ph_wrecked" not in said.out
    assert "listedgame" in said.out


def test_plugins_say_what_they_register_and_which_are_broken(ask: Callable[..., str]) -> None:
    text = ask("plugins")
    assert "ph_listed\n  game      listedgame\n  model     listedmodel\n" in text
    assert "ph_wrecked is BROKEN and left out: ph_wrecked cannot be imported: ModuleNotFoundError" in text
    assert "pip uninstall" in text
    data = json.loads(ask("plugins", "--json"))
    registered = {plugin["name"]: plugin["registers"] for plugin in data["loaded"]}
    assert registered["ph_listed"] == {"game": ["listedgame"], "model": ["listedmodel"]}
    assert "environment" in registered["playhead"]["capture"]
    assert [plugin["name"] for plugin in data["broken"]] == ["ph_wrecked"]


def test_a_game_is_shown_with_all_it_has(ask: Callable[..., str]) -> None:
    text = ask("show", "listedgame")
    for part in (
        "listedgame: Listed Game (plugin ph_listed)",
        "160x120 rgb, 20 a second, jpeg",
        "paddle: keys up, down",
        "score: 40x10 at 60,0",
        "up: w",
        'screen: screen + keyboard, 20 Hz, window "Listed"',
        "stuck (the first 1.5 s are padding)",
        "default: conv_lstm, 2 frames 0.1 s apart",
        "importers   npy, folders, csv",
        "0, 0.0 min, 0 frames: playhead data list listedgame",
        "run         none",
        "    Sound off.\n    Window in front.\n",
    ):
        assert part in text, part


def test_a_game_is_shown_as_json(ask: Callable[..., str]) -> None:
    facts = json.loads(ask("show", "listedgame", "--json"))
    assert facts["regions"] == {"score": {"x": 60, "y": 0, "width": 40, "height": 10}}
    assert facts["devices"]["screen"]["window"] == "Listed"
    assert facts["recipes"]["default"]["stride_s"] == 0.1
    assert (facts["recordings"], facts["runs"]) == ([], [])


def test_an_unknown_game_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "listedgam"]) == 1
    assert 'Did you mean "listedgame"' in capsys.readouterr().err
