"""`playhead export GAME PLACE`: recordings in the layout of another tool."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.places import DATA_FOLDER


@click.command(short_help="Write recordings in the layout of another tool.")
@click.argument("game")
@click.argument("place", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--format", "exporter", default="", help="Which exporter of the game. Default: its only one.")
@click.option(
    "--recordings", multiple=True, metavar="NAME", help="Recordings to export. Default: all of the game."
)
@click.option("--data", "extra_dirs", multiple=True, type=DATA_FOLDER, metavar="FOLDER",
              help="Further folder of recordings, or its address.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def export(
    desk: Desk, game: str, place: Path, exporter: str, recordings: tuple[str, ...],
    extra_dirs: tuple[Path | str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Write recordings of GAME in the layout of another tool, into a new FOLDER, or a zip when it ends in .zip.

    Example: playhead export sideswipe pictures.zip
    """
    from playhead.cli.progress import named_bars
    from playhead.sessions.choosing import open_all
    from playhead.storage.exporting import export_all, exporter_of

    known = desk.game(game)
    exporter_of(known, exporter)  # an unknown one is told before everything is opened
    desk.say_home()
    opened = open_all(desk.place(game), recordings, extra_dirs)
    with named_bars() as bar:
        done = export_all(known, opened, place, exporter=exporter, progress=bar(place.name))
    if as_json:
        desk.tell_json(asdict(done))
        return
    plural = "" if len(opened) == 1 else "s"
    desk.tell(f"{done.place}: {done.frames:,} pictures of {len(opened)} recording{plural}")
    if done.left_out:
        desk.tell(f"{done.left_out:,} left out, listed in {done.listed_in}")
        for one in done.examples:
            desk.tell(f"  {one}")
