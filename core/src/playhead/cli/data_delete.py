"""`playhead data delete`: deletes recordings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several
from playhead.cli.table import size


@click.command("delete")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_desk
def delete(desk: Desk, recordings: tuple[str, ...], yes: bool) -> None:
    """Delete recordings, given by name, path or game, for good. It asks first, and says how much there is.

    Runs that learned from them go on to work. Only stretches of a recording: playhead data cut.

    Example: playhead data delete gta5/2026-11-21-1 --yes
    """
    from playhead.storage.deleting import delete_recording

    folders = desk.catalogue.find_folders(recordings, "deleted")
    if not yes and not _is_meant(desk, folders):
        desk.tell("Nothing was deleted.")
        return
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder):
            delete_recording(folder)
            desk.tell(f"{folder.name}: deleted")
    several.end("deleted")


def _is_meant(desk: Desk, folders: Sequence[Path]) -> bool:
    """Say what would be gone, and ask. Raises BadValue where nobody can answer."""
    from playhead.errors import BadValue, listed
    from playhead.storage.disk import bytes_on_disk

    if not sys.stdin.isatty():
        raise BadValue("Whether these recordings are to be deleted cannot be asked here. If they are, add --yes.")
    names = listed(folder.name for folder in folders)
    desk.say(f"{len(folders)} recordings, {size(sum(map(bytes_on_disk, folders)))}: {names}")
    return click.confirm("Delete them for good?", err=True)
