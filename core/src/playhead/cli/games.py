"""`playhead games`: what is installed."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.labels import describe


@click.command("games")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@pass_desk
def games(desk: Desk, as_json: bool) -> None:
    """List the games that are installed.

    Example: playhead games
    """
    rows = [_row(desk, name) for name in desk.plugins.games]
    if as_json:
        desk.tell_json(rows)
        return
    for row in rows:
        desk.tell(f"{row['name']:<12} {row['title']:<24} {row['labels']}")
    if not rows:
        desk.say("No game is installed. Install a package that teaches one, or write one: playhead new-game NAME.")


def _row(desk: Desk, name: str) -> dict[str, Any]:
    game = desk.plugins.games[name]
    return {
        "name": name,
        "title": game.title,
        "labels": describe(game.schema),
        "devices": list(game.devices),
        "recipes": list(game.recipes),
        "plugin": desk.plugins.origin("game", name),
    }
