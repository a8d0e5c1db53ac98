"""`playhead data unarchive`: makes the pictures of archived recordings what they were recorded as."""

from __future__ import annotations

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.data_archive import sentence
from playhead.cli.several import Several


@click.command("unarchive")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--keep", is_flag=True, help="Keep the old folder beside the recordings, under .replaced.")
@pass_desk
def unarchive(desk: Desk, recordings: tuple[str, ...], keep: bool) -> None:
    """Make the pictures of archived recordings, given by name, path or game, single pictures again.

    What was lost is not brought back, and encoding as JPEG loses a little more: the recording says so.

    Example: playhead data unarchive gta5/2026-11-21-1
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.archiving import unarchive_recording

    folders = desk.catalogue.find_folders(recordings, "unarchived")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder), named_bars() as bar:
            done = unarchive_recording(folder, keep=keep, progress=bar(folder.name))
            desk.tell(f"{folder.name}: {sentence(done, 'not archived')}")
    several.end("unarchived")
