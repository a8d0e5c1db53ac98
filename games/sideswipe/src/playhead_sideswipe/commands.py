"""`playhead sideswipe-export PLACE`: recordings in the layout that the original kept its pictures in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import data_option, json_option, texts


@click.command("sideswipe-export", short_help="Write recordings of the garage as the original kept its pictures.")
@click.argument("place", metavar="FOLDER", type=click.Path(path_type=Path))
@texts("--recordings", "NAME", "Recordings to export. Default: all of sideswipe.")
@data_option
@json_option("JSON instead of text")
@pass_desk
def sideswipe_export(
    desk: Desk, place: Path, recordings: tuple[str, ...], data: tuple[Path | str, ...], as_json: bool
) -> None:
    """Write recordings as the original kept its pictures, into a new FOLDER, or a zip when it ends in .zip.

    Example: playhead sideswipe-export pictures.zip
    """
    from playhead.cli.progress import named_bars
    from playhead.sessions.choosing import open_all
    from playhead_sideswipe.exporters import write_pictures
    from playhead_sideswipe.exporting import export_all

    desk.say_home()
    game = desk.game("sideswipe")
    opened = open_all(desk.place(game), recordings, data)
    with named_bars() as bar:
        done = export_all(write_pictures, game, opened, place, progress=bar(place.name))
    if as_json:
        desk.tell_json(asdict(done))
        return
    plural = "" if len(opened) == 1 else "s"
    desk.tell(f"{done.place}: {done.frames:,} pictures of {len(opened)} recording{plural}")
    if done.left_out:
        desk.tell(f"{done.left_out:,} left out, listed in {done.listed_in}")
        for one in done.examples:
            desk.tell(f"  {one}")
