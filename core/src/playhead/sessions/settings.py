"""Every setting that --set takes in `train` and `play`, in groups: of recipes, methods, networks, and so on."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from playhead.data.balancing import BUILT_IN
from playhead.playing.controllers import Settings, most_of
from playhead.playing.guards import ActionGuard
from playhead.playing.pacing import PaceSettings, pace_values
from playhead.playing.stuck import StuckSettings
from playhead.plugins import Plugins
from playhead.references import resolve
from playhead.training.method import method_of
from playhead.training.recipe import Recipe, allowed
from playhead.training.settings import NoSettings, SettingRow, described, described_options, described_parameters


@dataclass(frozen=True, kw_only=True)
class SettingGroup:
    """Settings that are known where `name` is chosen, "recipe" in every training, and what that is."""

    name: str
    help: str
    rows: list[SettingRow]


def all_settings(plugins: Plugins) -> list[SettingGroup]:
    """Return what can be set by --set; a group may be empty."""
    return list(_groups(plugins))


def _groups(plugins: Plugins) -> Iterator[SettingGroup]:
    yield _group("recipe", Recipe, described(Recipe, allowed()))
    for name in plugins.names("training"):
        method = method_of(plugins, name)
        yield _group(f"training={name}", type(method), described(method.settings))
    for name in plugins.names("model"):
        network = _network(plugins.get("model", name))
        yield _group(f"model={name}", network, described_options(network, "model."))
    ways = {**BUILT_IN, **{name: way for game in plugins.games.values() for name, way in game.balances.items()}}
    for name, way in ways.items():
        yield _group(f"balance={name}", resolve(way), described_parameters(resolve(way), "balance."))
    for name in plugins.names("augmentation"):
        change = plugins.get("augmentation", name)
        yield _group(f"augment.{name}", change, described_parameters(change, f"augment.{name}."))
    bounds = {name: f"0 to {most_of(name):g}" for name in inspect.signature(Settings).parameters}
    rows = described(Settings, {**bounds, "proportional": "", "kind": "", "pace": "", "dead_zones": ""})
    yield _group("controller", Settings, [replace(row, name=f"controller.{row.name}") for row in rows])
    paced = [replace(row, name=f"controller.pace.{row.name}") for row in described(PaceSettings, pace_values())]
    yield _group("controller.kind=paced", PaceSettings, paced)
    yield _group("guard", ActionGuard, [])
    for name in plugins.names("guard"):
        guard = plugins.get("guard", name)
        own = described(getattr(guard, "settings", NoSettings))
        yield _group(f"guard.kind={name}", guard, [replace(row, name=f"guard.{row.name}") for row in own])
    yield _group(
        "stuck", StuckSettings, [replace(row, name=f"stuck.{row.name}") for row in described(StuckSettings)]
    )


def _network(builds: Any) -> type:
    """Return the class of the networks that a builder makes, as it says; else what builds them."""
    said = getattr(builds, "__annotations__", {}).get("return")
    found = getattr(sys.modules.get(builds.__module__), said, None) if isinstance(said, str) else said
    return found if isinstance(found, type) else builds if isinstance(builds, type) else type(builds)


def _group(name: str, what: Any, rows: list[SettingRow]) -> SettingGroup:
    first = (inspect.getdoc(what) or "").split("\n\n")[0].replace("\n", " ")
    return SettingGroup(name=name, help=first.split(". ")[0].rstrip("."), rows=rows)
