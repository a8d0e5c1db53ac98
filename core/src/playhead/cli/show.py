"""`playhead show GAME`: everything playhead knows about a game, and what it has of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.conversions import with_derived
from playhead.labels import LabelSchema, describe
from playhead.names import command

if TYPE_CHECKING:
    from playhead.game import Game


@click.command("show")
@click.argument("game")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def show(desk: Desk, game: str, as_json: bool) -> None:
    """Show what playhead knows about a game, its recordings and runs.

    Example: playhead show gta5
    """
    facts = _facts(desk, desk.game(game))
    if as_json:
        desk.tell_json(facts)
        return
    desk.say_home()
    for line in _lines(desk.game(game), facts):
        desk.tell(line)


def _facts(desk: Desk, game: Game) -> dict[str, Any]:
    """Collect what there is as plain data. Opens no recording's frames and no run's weights."""
    from playhead.models.catalogue import RunCatalogue
    from playhead.storage.importing import importers_of

    world = game.world
    return {
        **game.to_json(),
        "plugin": desk.plugins.origin("game", game.name),
        "devices": {name: _device(game, name) for name in game.devices},
        "recipes": {name: recipe.to_json() for name, recipe in game.all_recipes.items()},
        "readings": {name: reading.region for name, reading in game.readings.items()},
        "conversions": [conversion.name for conversion in game.conversions],
        "balances": list(game.balances),
        "importers": list(importers_of(game)),
        "collectors": list(game.collectors),
        "scenarios": {name: s.padding_s for name, s in world.scenarios.items()} if world else {},
        "policies": list(world.policies) if world else [],
        "recordings": [info.to_json() for info in desk.catalogue.recordings(game.name)],
        "runs": RunCatalogue(home=desk.home, game=game, say=desk.say).names(),
    }


def _device(game: Game, name: str) -> dict[str, Any]:
    device = game.devices[name]
    title = device.window.title or device.window.process if device.window else ""
    rate_hz = game.rate_hz(name) if game.frame else device.rate_hz
    return {
        "capture": device.capture, "input": device.input, "rate_hz": rate_hz,
        "window": title,
    }  # fmt: skip


def _lines(game: Game, facts: dict[str, Any]) -> Iterator[str]:
    frame = game.frame
    yield f"{game.name}: {game.title} (plugin {facts['plugin']})"
    if frame is not None:
        size = f"{frame.width}x{frame.height} {frame.colour}"
        yield f"  frame       {size}, {frame.rate_hz:g} a second, {frame.codec}"
    yield f"  labels      {describe(game.schema) or 'none'}"
    derived = with_derived(game.schema, game.conversions).items()
    for name, head in ((name, head) for name, head in derived if name not in game.labels):
        yield f"  derived     {describe(LabelSchema.of({name: head}))}"
    for name, region in game.regions.items():
        yield f"  region      {name}: {region.width}x{region.height} at {region.x},{region.y}"
    for name, of in facts["readings"].items():
        yield f"  reading     {name}: a number on the screen, read off the region {of}"
    for label, code in game.controls.items():
        yield f"  control     {label}: {code}"
    for name, device in facts["devices"].items():
        rate = f", {device['rate_hz']:g} Hz" if device["rate_hz"] else ""
        window = f', window "{device["window"]}"' if device["window"] else ""
        yield f"  device      {name}: {device['capture']} + {device['input']}{rate}{window}"
    for name, padding_s in facts["scenarios"].items():
        yield f"  scenario    {name}" + (f" (the first {padding_s:g} s are padding)" if padding_s else "")
    for kind in ("policies", "collectors", "balances", "importers", "conversions"):
        if facts[kind]:
            yield f"  {kind:<11} {', '.join(facts[kind])}"
    for name, recipe in game.all_recipes.items():
        yield f"  recipe      {name}: {recipe.model}, {recipe.looks}"
    yield from _possessions(game.name, facts)
    if game.settings:
        yield "  settings"
        for line in game.settings.strip().splitlines():
            yield f"    {line.strip()}"


def _possessions(game: str, facts: dict[str, Any]) -> Iterator[str]:
    recordings = facts["recordings"]
    minutes = sum(info["duration_s"] for info in recordings) / 60
    frames = sum(info["frames"] for info in recordings)
    yield f"  recordings  {len(recordings)}, {minutes:.1f} min, {frames:,} frames: {command('data', 'list', game)}"
    for name in facts["runs"] or ["none"]:
        yield f"  run         {name}"
