"""`playhead live balance RUN`: what came in and what went out of the balancing, by bins."""

from __future__ import annotations

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option


@click.command(short_help="Say what came in and what went out, by bins.")
@click.argument("run")
@json_option("the histograms as JSON")
@pass_desk
def balance(desk: Desk, run: str, as_json: bool) -> None:
    """Say how often each bin of each output was seen and sent; RUN is GAME/NAME, or a game for its last.

    Example: playhead live balance gta5
    """
    from playhead.live.replay import balanced

    told = balanced(desk.home, run)
    if as_json:
        desk.tell_json(told)
        return
    for name, table in told.items():
        seen, sent = max(1, sum(table["seen"])), max(1, sum(table["sent"]))
        desk.tell(f"{name:<14}      seen      sent")
        for words, before, behind in zip(table["bins"], table["seen"], table["sent"], strict=True):
            desk.tell(
                f"  {words:<14}  {before / seen:6.1%}    {behind / sent:6.1%}  {'#' * round(40 * behind / sent)}"
            )
