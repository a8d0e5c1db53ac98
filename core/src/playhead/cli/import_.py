"""`playhead import GAME PATH...`: recordings made by another tool become recordings here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option, set_option

if TYPE_CHECKING:
    from playhead.storage.importing import Imported

_SETTINGS = {"keys": "keys_file"}  # options that are called otherwise behind --set


@click.command("import")
@click.argument("game")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "--format",
    "importer",
    metavar="NAME",
    default="",
    help="video, lerobot, minari, hdf5, npy, folders, csv, or an importer of the game. Default: its only one.",
)
@click.option("--keys", metavar="FILE", help="What their keys mean here: a table as --save-keys writes it.")
@click.option("--save-keys", metavar="FILE", help="Write what keys were taken for, to be mended and given again.")
@click.option("--rate", metavar="HZ", help="Pictures a second to take. Default: as the game has.")
@click.option("--crop", metavar="L,T,W,H", help="What to cut out of the pictures, in their own pixels.")
@click.option(
    "--offset",
    metavar="SECONDS",
    help="How much later keys are in the video than their times say, 0 for not at all. Default: measured.",
)
@set_option(
    "Something the importer wants to know, as keys=left:a,right:d.", example="scenario=stuck", is_text=True
)
@click.option("--skip-damaged", is_flag=True, help="Leave files out that cannot be used, instead of stopping.")
@json_option("JSON instead of text")
@pass_desk
def import_(
    desk: Desk, game: str, paths: tuple[Path, ...], importer: str, settings: dict[str, str], skip_damaged: bool,
    as_json: bool, **asked: str | None,
) -> None:  # fmt: skip
    """Import recordings, pictures and labels made by other tools; what is there already is left alone.

    Videos have a table beside them, drive.csv for drive.mp4: a row a picture or a row a change of keys.

    Example: playhead import gta5 drive.mp4 --from video --rate 10
    """
    from playhead.cli.progress import named_bars, working_on
    from playhead.storage.importing import find, import_all

    known = desk.game(game)
    settings |= {_SETTINGS.get(name, name): value for name, value in asked.items() if value is not None}
    desk.say_home()
    with working_on("looking through what there is"):
        found = find(known, importer, paths, settings)
    for line in dict.fromkeys(line for one in found for line in one.says):
        desk.say(line)
    rows = []
    with named_bars() as bar:
        parent = desk.home.recordings(game)
        for row in import_all(found, parent, skip_damaged=skip_damaged, progress=lambda one: bar(one.name)):
            rows.append(row)
            if not as_json:
                desk.tell(*_lines(row))
    if as_json:
        desk.tell_json([asdict(row) for row in rows])


def _lines(row: Imported) -> list[str]:
    line = f"{row.outcome:<13} {row.name}" + (f": {row.reason}" if row.reason else "")
    if row.left_out:
        line += f", {row.left_out:,} left out, listed in {row.listed_in}"
    if row.converted:
        line += f", {row.converted:,} converted, listed in {row.converted_in}"
    if row.kept_in:
        line += f", the one of before kept in {row.kept_in}"
    return [line, *(f"{'':<13} {one}" for one in row.examples)]
