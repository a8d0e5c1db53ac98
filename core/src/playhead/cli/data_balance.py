"""`playhead data balance`: how often each thing is done in the recordings of a game."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import data_option, json_option, set_option, skip_bad_option, text, texts
from playhead.cli.table import lines_of
from playhead.errors import BadValue

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
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path),
              help="Draw how often each comes in and is drawn, as this SVG file; needs --balance.")  # fmt: skip
@skip_bad_option
@json_option("the report as JSON")
@pass_desk
def balance(
    desk: Desk, game: str, recordings: tuple[str, ...], data: tuple[Path | str, ...], origins: tuple[str, ...],
    how: str, settings: dict[str, Any], plot: Path | None, skip_bad: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say how often each key, class and combination of GAME was held, how often it changed, and who was idle.

    Example: playhead data balance gta5
    """
    from playhead.data.balance import report
    from playhead.data.balancing import EDGES, drawing, histogram
    from playhead.data.relabelled import relabelled
    from playhead.data.windows import WindowIndex, WindowSpec
    from playhead.sessions.choosing import open_all

    if plot and not how:
        raise BadValue("--plot draws what --balance makes of it. Name a way: --balance labels.")
    desk.say_home()
    found = desk.game(game)
    opened = open_all(desk.place(game), recordings, data, skip_bad=skip_bad)
    then = "Choose others with --recordings."
    seen = [relabelled(recording, found.needed_schema, found.conversions, then=then) for recording in opened]
    index = WindowIndex.of(seen, found.schema, WindowSpec(origins=origins))
    told, drawn = report(index), {}
    if how:
        drawn = histogram(index, drawing(index, how, settings, found), settings.get("edges", EDGES))
    if plot and draw(drawn, plot):
        desk.say(f"Drawn: {plot}")
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


def draw(drawn: Histogram, file: Path) -> bool:
    """Write what comes in beside what is drawn as an SVG file; return whether there is anything to draw."""
    from playhead.evaluation.plots import shares_plot
    from playhead.models.run_file import write_whole
    from playhead.storage.disk import saying_what_failed

    seen = {output: [row for row in bins if row[1] or row[2]] for output, bins in drawn.items()}
    parts = {
        output: ([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
        for output, rows in seen.items()
        if rows
    }
    if parts:
        with saying_what_failed(file, "Free some space, or write it elsewhere: --plot."):
            write_whole(file, shares_plot(parts, ("comes in", "is drawn")).encode())
    return bool(parts)


def drawn_table(drawn: Histogram) -> list[str]:
    """Say in a table how often each bin of each output comes in, and how often it is drawn; nothing of nothing."""
    rows = [
        (output, name, f"{100 * share:.1f} %", f"{100 * mass:.1f} %")
        for output, bins in drawn.items()
        for name, share, mass in bins
        if share
    ]
    return ["", *lines_of(("output", "bin", "comes in", "is drawn"), rows)] if rows else []
