"""`playhead data repair`: keeps all that can still be read of damaged recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several

if TYPE_CHECKING:
    from playhead.storage.repair import Repair


@click.command("repair")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Say what could be kept, change nothing.")
@pass_desk
def repair(desk: Desk, recordings: tuple[str, ...], dry_run: bool) -> None:
    """Keep all that can still be read of damaged recordings, given by name, path or game.

    The old folder is kept beside the recordings, under .replaced.

    Example: playhead data repair gta5/2026-11-21-1 --dry-run
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.repair import repair_recording

    folders = desk.catalogue.find_folders(recordings, "repaired")
    several = Several(desk, folders)
    for folder in folders:
        with several.one(folder):
            with named_bars() as bar:
                done = repair_recording(folder, dry_run=dry_run, progress=bar(folder.name))
            for problem in done.problems:
                desk.say(f"{folder.name}  {problem}")
            desk.tell(f"{folder.name}: {_sentence(done, dry_run=dry_run)}")
    several.end("repaired")


def _sentence(done: Repair, *, dry_run: bool) -> str:
    if done.holds_nothing:
        nothing = "holds no frame: it was killed at its beginning"
        if dry_run:
            return f"{nothing}. It would be put aside."
        where = f"It is put aside as {done.backup}; delete it when you like." if done.backup else "It is removed."
        return f"{nothing}. {where}"
    if not done.is_needed:
        return f"whole, {done.frames_before:,} frames; nothing was changed."
    kept = f"{done.frames_after:,} of {done.frames_before:,} frames, {done.unlabelled:,} of them without labels"
    if done.cameras_lost:
        kept += f", not the cameras {', '.join(done.cameras_lost)}"
    if dry_run:
        return f"could keep {kept}."
    layers = f", not the layers {', '.join(done.layers_lost)}" if done.layers_lost else ""
    return f"kept {kept}{layers}. The old folder is {done.backup}; delete it when you no longer want it."
