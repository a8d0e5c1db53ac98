"""`playhead live`: the live system, and the commands about one: a table, each imported when it is run."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import LazyGroup

RUN = "run"
COMMANDS: dict[str, tuple[str, str]] = {
    RUN: ("playhead.cli.live_run:run", "Collect, train, play and show it, all at once (by itself: live GAME)."),
    "collect": ("playhead.cli.live_collect:collect", "Collect for a live run that runs elsewhere."),
    "watch": ("playhead.cli.live_watch:watch", "Let the network of a live run that runs elsewhere drive here."),
    "set": ("playhead.cli.live_set:set_", "Change what a live run learns, while it runs."),
    "balance": ("playhead.cli.live_balance:balance", "Say what came in and what went out, by bins."),
    "replay": ("playhead.cli.live_replay:replay", "Show the diary and the curve of a live run."),
}


class LiveGroup(LazyGroup):
    """The commands about live runs; without the name of one, a game is run."""

    table = COMMANDS

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command; what is none of them is a game."""
        is_game = args[0] not in self.table and not args[0].startswith("-")
        return super().resolve_command(ctx, [RUN, *args] if is_game else args)


@click.group(cls=LiveGroup, short_help="Collect, train and play, all at once.")
def live() -> None:
    """Run collectors, a trainer, a player and a page at once; needs the extra playhead[live].

    Example: playhead live gta5
    """
