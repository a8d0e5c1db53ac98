"""Only what a plugin stated is imported; a text from anywhere else stays a text."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from playhead.errors import PluginError
from playhead.game import Device, Frame, Game, World
from playhead.labels import Keys
from playhead.references import Stated, resolve, stated


def test_a_reference_is_imported_when_it_is_used() -> None:
    assert resolve(stated("json:dumps")) is json.dumps
    assert resolve(json.dumps) is json.dumps
    assert Stated("json:dumps")([1]) == "[1]"


@pytest.mark.parametrize("wrong", ["nowhere_at_all:x", "json:nothing", "json", ":", "json:"])
def test_a_reference_that_cannot_be_imported_is_named(wrong: str) -> None:
    with pytest.raises(PluginError, match=f'"{wrong}" cannot be imported'):
        resolve(stated(wrong))


def test_a_reference_to_something_that_cannot_be_called_is_named() -> None:
    with pytest.raises(PluginError, match="cannot be called"):
        resolve(stated("json:__name__"))


@pytest.mark.parametrize("text", ["json:dumps", "os:system", ""])
def test_a_text_that_no_plugin_stated_is_never_imported(text: str) -> None:
    with pytest.raises(PluginError, match="was not stated by a plugin"):
        resolve(text)


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "raise RuntimeError('no')", "1 /"])
def test_a_module_that_fails_when_it_is_imported_is_an_error_with_its_name(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_module.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("failing_module", None)
    with pytest.raises(PluginError, match='"failing_module:x" cannot be imported'):
        resolve(stated("failing_module:x"))


def test_what_a_game_names_is_stated_when_the_game_is_made() -> None:
    game = Game(
        name="pong",
        title="Pong",
        devices={"world": Device(capture="environment", input="environment", options={"action": "json:dumps"})},
        frame=Frame(width=8, height=8, rate_hz=1),
        labels={"k": Keys("a")},
        controller="json:dumps",
        shipped_runs="json:dumps",
        importers={"i": "json:dumps"},
        collectors={"c": json.dumps},
        world=World(environment="Nowhere-v0", policies={"p": "json:dumps"}),
    )
    assert game.world is not None
    references: list[Any] = [
        game.controller, game.shipped_runs, game.importers["i"], game.collectors["c"],
        game.world.policies["p"], game.devices["world"].options["action"],
    ]  # fmt: skip
    assert [resolve(one) for one in references] == [json.dumps] * len(references)
