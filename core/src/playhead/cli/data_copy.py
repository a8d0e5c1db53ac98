"""`playhead data copy`: finished recordings to another place, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several, shown_name
from playhead.cli.table import copied_words
from playhead.storage.local import scheme_of

if TYPE_CHECKING:
    from playhead.storage.places import Located


@click.command("copy")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True)
@click.argument("destination")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def copy(desk: Desk, recordings: tuple[str, ...], destination: str, as_json: bool) -> None:
    """Copy finished recordings, given by name, path, address or game, to DESTINATION.

    DESTINATION is a folder of recordings, its address (s3://...), or a game: then its recordings in the home. What
    is there already is left; a copy that was interrupted goes on.

    Example: playhead data copy gta5/2026-11-21-1 s3://bucket/gta5
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.copying import copy_recording

    places = desk.catalogue.places
    parent = _destination(desk, destination)
    game = destination if destination in desk.plugins.games else ""
    found = desk.catalogue.find_places(recordings)
    several, done = Several(desk, found), []
    with named_bars() as bar:
        for place in found:
            with several.one(place):
                copied = copy_recording(places.to_check(place), parent, bar(shown_name(place)), game=game)
                done.append(copied)
                if not as_json:
                    desk.tell(f"{copied.name}: {copied_words(copied)}, at {copied.place}")
    if as_json:
        desk.tell_json([vars(one) for one in done])
    several.end("copied")


def _destination(desk: Desk, destination: str) -> Located:
    if scheme_of(destination):
        return desk.catalogue.places.located(destination)
    if destination in desk.plugins.games:
        return desk.home.recordings(destination)
    return Path(destination)
