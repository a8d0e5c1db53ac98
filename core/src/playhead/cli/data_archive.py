"""`playhead data archive`: makes the pictures of recordings that are only kept video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several
from playhead.cli.table import size

if TYPE_CHECKING:
    from playhead.storage.archiving import Archived


@click.command("archive")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--crf", type=click.IntRange(1, 51), default=26, show_default=True,
              help="How much is lost, by x264's scale: lower is better and larger.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep the old folder beside the recordings, under .replaced.")
@pass_desk
def archive(desk: Desk, recordings: tuple[str, ...], crf: int, keep: bool) -> None:
    """Make the pictures of recordings, given by name, path or game, video: a quarter as large, slower to read.

    Pictures recorded without loss stay without loss. Labels, times and all else stay as they are; the old pictures
    are deleted once the new ones are read back and compared.

    Example: playhead data archive gta5/2026-11-21-1 --keep
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.archiving import archive_recording

    folders = desk.catalogue.find_folders(recordings, "archived")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder), named_bars() as bar:
            done = archive_recording(folder, crf=crf, keep=keep, progress=bar(folder.name))
            desk.tell(f"{folder.name}: {sentence(done, 'archived already')}")
    several.end("archived")


def sentence(done: Archived, already: str) -> str:
    """Say what a recording takes up now, and what it lost."""
    if done.transcoding is None:
        return f"{already}, {size(done.bytes_after)}; nothing was changed."
    per_frame = " to ".join(f"{one / done.frames / 1024:.2f}" for one in (done.bytes_before, done.bytes_after))
    share = (
        f"{done.frames:,} frames, {size(done.bytes_before)} to {size(done.bytes_after)} ({per_frame} KiB a frame)"
    )
    lost = ", ".join(f"{key} {value:.1f} dB" for key, value in done.transcoding.psnr_db.items())
    kept = f" The old folder is {done.backup}; delete it when you like." if done.backup else ""
    return f"{share}, {f'against the pictures before: {lost}' if lost else 'no picture changed'}.{kept}"
