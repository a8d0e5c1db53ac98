"""`playhead data export`: recordings as other tools read them."""

from __future__ import annotations

from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option


@click.command("export")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--to", required=True, metavar="FORMAT", help="video, lerobot (v3.0) or minari.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="Folder to write into; a set must be new.")  # fmt: skip
@json_option("JSON instead of text")
@pass_desk
def export(desk: Desk, recordings: tuple[str, ...], to: str, out: Path, as_json: bool) -> None:
    """Write recordings, given by name, path, address or game, in the format of another tool.

    video: an MP4 each with the keys below the picture and as subtitles, a .srt, and a table that `playhead import
    GAME FILE --from video` reads back. (A run's network is written by `playhead export`.)

    Example: playhead data export gta5/2026-11-21-1 --to video --out films
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.exporters import export_recordings

    places = desk.catalogue.places
    opened = [places.open(place) for place in desk.catalogue.find_places(recordings)]
    with named_bars() as bar:
        done = export_recordings(opened, to, out, bar)
    if as_json:
        desk.tell_json([{**vars(one), "path": str(one.path)} for one in done])
        return
    for one in done:
        desk.tell(f"{one.name}: {one.frames:,} pictures, at {one.path}", *one.notes)
