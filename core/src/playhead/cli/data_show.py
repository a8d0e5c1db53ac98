"""`playhead data show`: a picture of recordings, frames with the keys that were held."""

from __future__ import annotations

from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several

ONE, MANY = 24, 6  # frames of a recording alone, and of each of several
MOST = 100  # recordings in a picture


@click.command("show")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--frames", type=click.IntRange(1, 600), help=f"Frames of each recording. Default: {ONE} of one, "
              f"{MANY} of several.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("recordings.png"),
              show_default=True, help="The picture to write, .png or .jpg.")  # fmt: skip
@pass_desk
def show(desk: Desk, recordings: tuple[str, ...], frames: int | None, out: Path) -> None:
    """Write a picture of recordings, given by name, path, address or game: frames with what was held.

    Look at it after the first recording: whether the picture is the game's, and the keys are those that you held.

    Example: playhead data show gta5/2026-11-21-1 --out drive.png
    """
    from playhead.cli.progress import named_bars
    from playhead.evaluation.contact_sheet import contact_sheet, write_sheets

    catalogue = desk.catalogue
    found = catalogue.find_places(recordings)
    if len(found) > MOST:
        desk.say(f"{len(found)} recordings: the newest {MOST} are shown.")
        found = found[-MOST:]
    several, sheets = Several(desk, found), []
    with named_bars() as bar:
        advance = bar("recordings")
        for number, place in enumerate(found, 1):
            with several.one(place):
                recording = catalogue.places.open(place)
                sheets.append(contact_sheet(recording, frames or (ONE if len(found) == 1 else MANY)))
                recording.close()
            advance(number, len(found))
    if sheets:
        write_sheets(sheets, out)
        desk.tell(f"{out}: recordings shown: {len(sheets)}")
    several.end("shown")
