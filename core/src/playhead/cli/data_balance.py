"""`playhead data balance`: how often each thing is done in the recordings of a game."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import data_option, json_option, set_option, skip_bad_option, text, texts
from playhead.cli.table import lines_of

if TYPE_CHECKING:
    from playhead.data.balance import BalanceReport
    from playhead.data.balancing import Histogram


@click.command(short_help="Say how often each thing is done in recordings.")
@click.argument("game")
@texts("--recordings", "NAME", "Recordings to look at. Default: all of the game.")
@data_option
@click.option("--origin", "origins", multiple=True, metavar="NAME", default=("human", "script"), show_default=True,
              help="Whose labels to count: human, script or model.")  # fmt: skip
@text("--balance", "NAME", "Say what is drawn for training by this way to balance: none, changes, labels, heads, "
      "alone, together, or the game's own.", "how")  # fmt: skip
@set_option("Option of it, as rarest=0.02.")
@skip_bad_option
@json_option("the report as JSON")
@pass_desk
def balance(
    desk: Desk, game: str, recordings: tuple[str, ...], data: tuple[Path | str, ...], origins: tuple[str, ...],
    how: str, settings: dict[str, Any], skip_bad: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say how often each key, class and combination of GAME was held, how often it changed, and who was idle.

    Example: playhead data balance gta5
    """
    from playhead.data.balance import report
    from playhead.data.balancing import EDGES, drawing, histogram
    from playhead.data.relabelled import relabelled
    from playhead.data.windows import WindowIndex, WindowSpec
    from playhead.sessions.choosing import open_all

    desk.say_home()
    found = desk.game(game)
    opened = open_all(desk.place(game), recordings, data, skip_bad=skip_bad)
    then = "Choose others with --recordings."
    seen = [relabelled(recording, found.needed_schema, found.conversions, then=then) for recording in opened]
    index = WindowIndex.of(seen, found.schema, WindowSpec(origins=origins))
    told, drawn = report(index), {}
    if how:
        drawn = histogram(index, drawing(index, how, settings, found), settings.get("edges", EDGES))
    if as_json:
        desk.tell_json(told.to_json() | ({"drawn": drawn} if how else {}))
    else:
        desk.tell(*table(told), *drawn_table(drawn))


def table(told: BalanceReport) -> list[str]:
    """Say a report in lines."""
    lines = [told.line(), "", "together:"]
    lines += [f"  {100 * share:5.1f} %  {words}" for words, share in told.combinations.items()]
    lines.append("")
    lines.append(f"changes in {100 * told.change_share:.1f} % of the frames")
    if not told.keys and not told.axes:
        return lines  # what is only chosen is never idle
    where = f", the longest {told.longest_idle_s:.1f} s in {told.longest_idle_in}" if told.longest_idle_in else ""
    lines.append(f"idle in {100 * told.idle_share:.1f} % of the frames{where}")
    return lines


def drawn_table(drawn: Histogram) -> list[str]:
    """Say in a table how often each bin of each output comes in, and how often it is drawn; nothing of nothing."""
    rows = [
        (output, name, f"{100 * share:.1f} %", f"{100 * mass:.1f} %")
        for output, bins in drawn.items()
        for name, share, mass in bins
        if share
    ]
    return ["", *lines_of(("output", "bin", "comes in", "is drawn"), rows)] if rows else []
