"""`playhead data tag`: says afterwards where recordings belong."""

from __future__ import annotations

import re

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several

_TAG = re.compile(r"[^=/\\]+=.*", re.DOTALL)  # no path of a folder, nor an address


@click.command("tag")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDINGS... NAME=VALUE...")
@pass_desk
def tag(desk: Desk, recordings: tuple[str, ...]) -> None:
    """Give recordings, named by name, path or game, tags as track=alpine; `track=` takes one away.

    By tags recordings are split or left out: playhead train GAME --set leave_out=track=alpine.

    Example: playhead data tag gta5/2026-11-21-1 track=alpine
    """
    from playhead.errors import BadValue
    from playhead.storage.tagging import tag_recording

    tags = dict(one.split("=", 1) for one in recordings if _TAG.fullmatch(one))
    names = [one for one in recordings if not _TAG.fullmatch(one)]
    if not tags or not names:
        raise BadValue("Name recordings and tags, as: playhead data tag gta5/2026-11-21-1 track=alpine.")
    folders = desk.catalogue.find_folders(names, "tagged")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder):
            left = tag_recording(folder, tags)
            desk.tell(f"{folder.name}: {', '.join(f'{name}={value}' for name, value in left.items()) or 'no tag'}")
    several.end("tagged")
