"""`playhead data cut`: cuts named stretches, and what was dropped while recording, out of recordings."""

from __future__ import annotations

import re

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.data_trim import sentence
from playhead.cli.several import Several


class Moment(click.ParamType[float]):
    """A time in a recording, as 75, 75.5 or 1:15.5: seconds from its first frame."""

    name = "TIME"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        parts = re.fullmatch(r"(?:(\d{1,5}):)?(\d{1,6}(?:\.\d{1,9})?)", value)
        if parts is None:
            self.fail(f'"{value}" is no time. Write it as 75.5 or 1:15.5.', param, ctx)
        return 60.0 * int(parts[1] or 0) + float(parts[2])


@click.command("cut")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--remove", "removed", type=(Moment(), Moment()), multiple=True, metavar="FROM TO",
              help="Cut this stretch out. May be given several times.")  # fmt: skip
@click.option("--at", type=Moment(), multiple=True, help="Divide here. May be given several times.")
@click.option("--marks", is_flag=True, help="Divide where the mark hotkey was pressed.")
@click.option("--dry-run", is_flag=True, help="Say what would be cut, change nothing.")
@pass_desk
def cut(
    desk: Desk, recordings: tuple[str, ...], removed: tuple[tuple[float, float], ...], at: tuple[float, ...],
    marks: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Cut stretches out of recordings, given by name, path or game, or divide them.

    What was dropped by its hotkey while recording is always cut out; nobody learns from it before, either. What is
    left becomes new recordings; the old folder is kept beside the recordings, under .replaced.

    Example: playhead data cut gta5/2026-11-21-1 --remove 0:05 0:06.5 --dry-run
    """
    from playhead.errors import BadValue
    from playhead.storage.dropped import Cut
    from playhead.storage.trim import keep_spans

    for begin_s, end_s in removed:
        if end_s <= begin_s:
            raise BadValue(f"The stretch from {begin_s:g} to {end_s:g} s has no end behind its beginning.")
    asked = Cut(removed=removed, at=at, at_marks=marks)
    folders = desk.catalogue.find_folders(recordings, "cut")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder):
            desk.tell(f"{folder.name}: {sentence(keep_spans(folder, asked.spans, dry_run=dry_run), 'to cut')}")
    several.end("cut")
