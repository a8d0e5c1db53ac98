"""`playhead data trim`: cuts idle stretches out of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import Checked
from playhead.cli.several import Several
from playhead.errors import listed

if TYPE_CHECKING:
    from playhead.storage.trim import Trim


@click.command("trim")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--idle", "idle_s", type=Checked(), default=10.0, show_default=True,
              help="Cut stretches that are idle for at least so many seconds.")  # fmt: skip
@click.option("--by", type=click.Choice(["keys", "picture", "both"]), default="both", show_default=True,
              help="Idle is when nothing is pressed, when nothing moves, or when neither.")  # fmt: skip
@click.option("--keep", "keep_s", type=Checked(), default=1.0, show_default=True,
              help="Seconds that stay before and after something happens.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be cut, change nothing.")
@pass_desk
def trim(
    desk: Desk, recordings: tuple[str, ...], idle_s: float, by: Literal["keys", "picture", "both"], keep_s: float,
    dry_run: bool,
) -> None:  # fmt: skip
    """Cut idle stretches out of recordings, given by name, path or game.

    What is left becomes new recordings, so that no sequence jumps. The old folder is kept beside the recordings,
    under .replaced.

    Example: playhead data trim gta5 --idle 5 --dry-run
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.idle import Idle
    from playhead.storage.trim import trim_recording

    idle = Idle(at_least_s=idle_s, by=by, keep_s=keep_s)
    folders = desk.catalogue.find_folders(recordings, "trimmed")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder), named_bars() as bar:
            done = trim_recording(folder, idle, dry_run=dry_run, progress=bar(folder.name))
            desk.tell(f"{folder.name}: {sentence(done, 'idle')}")
    several.end("trimmed")


def sentence(done: Trim, cut: str) -> str:
    """Say what a trim kept, and where; `cut` is what there was nothing of."""
    if not done.is_trimmed:
        return f"{done.frames_before:,} frames, nothing {cut}; nothing was changed."
    share = f"{done.frames_after:,} of {done.frames_before:,} frames"
    spans = ", ".join(f"{_clock(piece.begin_s)} to {_clock(piece.end_s)}" for piece in done.pieces) or "nothing"
    if done.backup is None:
        return f"would keep {share}: {spans}."
    names = listed((piece.path.name for piece in done.pieces if piece.path), otherwise="no recording")
    return f"kept {share} ({spans}) as {names}. The old folder is {done.backup}; delete it when you like."


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
