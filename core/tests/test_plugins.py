"""Plugins that are broken, misspelt, clashing or of the wrong type never take the others with them."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from playhead.errors import NotFound, PluginError
from playhead.game import Device, Frame, Game
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.plugins import KINDS, Plugins


def game(name: str = "pong") -> Game:
    return Game(
        name=name,
        title=name.title(),
        devices={"screen": Device(capture="screen", input="keyboard")},
        frame=Frame(width=160, height=120, rate_hz=30),
        labels={"paddle": Keys("up", "down")},
    )


def plugin(**hooks: Any) -> types.ModuleType:
    module = types.ModuleType("plugin")
    for name, hook in hooks.items():
        setattr(module, name, hookimpl(hook) if callable(hook) else hook)
    return module


PONG = plugin(playhead_games=lambda: [game()])
WELL_BEHAVED = ("pong", PONG)


def test_the_built_ins_come_by_the_same_road() -> None:
    plugins = Plugins()
    assert plugins.broken == []
    assert plugins.loaded() == ["playhead"]
    assert "environment" in plugins.names("capture")
    assert plugins.origin("model", "conv_lstm") == "playhead"
    assert all(plugins.names(kind) for kind in KINDS)


def test_a_plugin_adds_games_and_names_of_every_kind() -> None:
    module = plugin(
        playhead_games=lambda: [game()],
        playhead_captures=lambda: {"c": "json:loads"},
        playhead_inputs=lambda: {"i": "json:loads"},
        playhead_storages=lambda: {"s": "json:loads"},
        playhead_models=lambda: {"m": "json:loads"},
        playhead_augmentations=lambda: {"a": "json:loads"},
        playhead_trainings=lambda: {"t": print},
    )
    plugins = Plugins([("mine", module)], strict=True)
    assert plugins.game("pong") == game()
    assert plugins.origin("game", "pong") == "mine"
    assert plugins.origin("storage", "s") == "mine"
    assert plugins.get("training", "t") is print
    assert plugins.get("capture", "c").__name__ == "loads"


def test_a_plugin_adds_commands() -> None:
    def playhead_commands(cli: click.Group) -> None:
        cli.add_command(click.Command("juggle"))

    plugins = Plugins([("mine", plugin(playhead_commands=playhead_commands))], strict=True)
    assert list(plugins.commands(click.Group, ())) == ["juggle"]


def unmarked() -> types.ModuleType:
    module = types.ModuleType("plugin")
    module.playhead_games = lambda: [game("other")]  # type: ignore[attr-defined]
    return module


def nothing() -> list[Game]:
    return []


def failing() -> list[Game]:
    raise KeyError("oops")


BROKEN = [
    (plugin(playhead_game=nothing), 'No hook is called "playhead_game".*Did you mean "playhead_games"'),
    (plugin(my_hook=nothing), 'No hook is called "my_hook"'),
    (unmarked(), "playhead_games lacks @hookimpl"),
    (plugin(playhead_games=lambda: ["pong"]), "returned str, not a list of Game"),
    (plugin(playhead_games=lambda: 3), "TypeError"),
    (plugin(playhead_games=failing), "KeyError: 'oops'"),
    (plugin(playhead_models=lambda: ["mine"]), "returned list, not a mapping of names"),
    (plugin(playhead_models=lambda: {"mine": 3}), "'mine' is neither a callable nor"),
    (plugin(playhead_models=lambda: {3: "json:loads"}), "3 is neither a callable nor"),
    (plugin(playhead_games=lambda: [game()]), "the game pong is already taught by plugin pong"),
    (plugin(playhead_models=lambda: {"conv_lstm": print}), "the model conv_lstm is already registered"),
    (plugin(playhead_games=lambda unknown: []), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "reason"), BROKEN)
def test_a_broken_plugin_is_named_and_the_others_go_on_working(module: types.ModuleType, reason: str) -> None:
    plugins = Plugins([WELL_BEHAVED, ("bad", module), ("later", plugin(playhead_games=lambda: [game("later")]))])
    assert [broken.name for broken in plugins.broken] == ["bad"]
    with pytest.raises(PluginError, match=reason):
        raise PluginError(plugins.broken[0].reason)
    assert list(plugins.games) == ["later", "pong"]
    assert "bad" not in plugins.loaded()


@pytest.mark.parametrize(("module", "reason"), BROKEN)
def test_a_broken_plugin_is_an_error_where_it_must_be(module: types.ModuleType, reason: str) -> None:
    with pytest.raises(PluginError, match=f"(?s)Plugin bad is broken.*{reason}"):
        Plugins([WELL_BEHAVED, ("bad", module)], strict=True)


def test_a_broken_plugin_registers_nothing_at_all() -> None:
    half = plugin(playhead_games=lambda: [game("half")], playhead_models=lambda: {"conv_lstm": print})
    plugins = Plugins([("half", half)])
    assert plugins.games == {}
    with pytest.raises(NotFound, match="Plugin half is broken: the model conv_lstm"):
        plugins.game("half")


def test_two_games_of_one_name_in_one_plugin_clash() -> None:
    plugins = Plugins([("twice", plugin(playhead_games=lambda: [game(), game()]))])
    assert plugins.broken[0].reason == "the game pong is already taught by plugin twice"


def test_two_plugins_of_one_name_clash_and_the_first_stays() -> None:
    plugins = Plugins([WELL_BEHAVED, ("pong", plugin(playhead_games=lambda: [game("other")]))])
    assert plugins.broken[0].reason == "another plugin has this name too; rename one of their entry points"
    assert list(plugins.games) == ["pong"]


def test_unknown_games_and_names_are_answered_with_the_nearest() -> None:
    plugins = Plugins([WELL_BEHAVED])
    with pytest.raises(NotFound, match=r'No game is called "pog".*Did you mean "pong".*playhead games'):
        plugins.game("pog")
    with pytest.raises(NotFound, match=r'No model is called "conv_lstn".*"conv_lstm".*playhead plugins'):
        plugins.get("model", "conv_lstn")


def test_a_name_that_leads_nowhere_fails_when_it_is_used() -> None:
    plugins = Plugins([("mine", plugin(playhead_models=lambda: {"lost": "nowhere_at_all:x"}))], strict=True)
    with pytest.raises(PluginError, match="nowhere_at_all:x"):
        plugins.get("model", "lost")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a distribution with one module and one entry point on the path, as pip would."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[playhead]\n{name} = {name}\n", encoding="utf-8")

    return put


GOOD = """
from playhead.game import Device, Frame, Game
from playhead.hookspecs import hookimpl
from playhead.labels import Keys

@hookimpl
def playhead_games():
    return [Game(name="installedgame", title="I", devices={"screen": Device(capture="screen", input="keyboard")},
                 frame=Frame(width=8, height=8, rate_hz=1), labels={"k": Keys("a")})]
"""


def test_installed_plugins_are_found_and_broken_ones_named(install: Callable[[str, str], None]) -> None:
    install("ph_good", GOOD)
    install("ph_syntax", "def (")
    install("ph_missing", "import nowhere_at_all")
    plugins = Plugins.installed()
    assert "installedgame" in plugins.games
    broken = {plugin.name: plugin.reason for plugin in plugins.broken}
    assert "SyntaxError" in broken["ph_syntax"]
    assert "ph_missing cannot be imported: ModuleNotFoundError" in broken["ph_missing"]


def test_a_broken_installed_plugin_fails_in_strict_mode(install: Callable[[str, str], None]) -> None:
    install("aa_broken", "import nowhere_at_all")
    with pytest.raises(PluginError, match="Plugin aa_broken is broken"):
        Plugins.installed(strict=True)
