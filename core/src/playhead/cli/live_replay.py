"""`playhead live replay RUN`: the diary and the curve of a live run."""

from __future__ import annotations

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option


@click.command(short_help="Show the diary and the curve of a live run.")
@click.argument("run")
@json_option("diary and curve as JSON")
@pass_desk
def replay(desk: Desk, run: str, as_json: bool) -> None:
    """Show the diary of a live run and what its validations measured; RUN is GAME/NAME, or a game for its last.

    Example: playhead live replay gta5
    """
    from playhead.live.replay import replayed

    told = replayed(desk.home, run)
    if as_json:
        desk.tell_json(told.to_json())
    else:
        desk.tell(*told.lines())
