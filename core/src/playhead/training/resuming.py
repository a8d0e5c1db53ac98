"""Whether an interrupted training can go on: the same recipe, the same recordings, the same run it began from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import playhead
from playhead.data.source import Source
from playhead.errors import BadValue, Mismatch, NotFound, not_found
from playhead.models.sequence import called
from playhead.names import command
from playhead.storage.local import lasting
from playhead.training.checkpoint import Asked, fingerprint, next_order, unfinished
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.version import git_revision


def asked_by(job: TrainingJob, recordings: Sequence[Source]) -> Asked:
    """Return what a training was asked for, as its checkpoints keep it."""
    kept = job.resume.asked if job.resume is not None else None
    return Asked(
        game=job.game.name,
        recipe_name=job.recipe_name,
        recipe=job.recipe.to_json(),
        recordings={one.name: (lasting(one.place), fingerprint(one)) for one in recordings},
        start_from=str(job.start_from.path.absolute()) if job.start_from is not None else "",
        rate_hz=job.rate_hz,
        device=job.device,
        command=kept.command if kept is not None else job.command,
        playhead=playhead.__version__,
        git_revision=git_revision(),
        left_out=list(job.left_out),
        order=kept.order if kept is not None else next_order(job.out.parents[1]),
    )


def check_goes_on(job: TrainingJob, now: Asked) -> None:
    """Raise Mismatch unless what is asked for is what was asked for when it began; say another version."""
    if job.resume is None:
        return
    before = job.resume.asked
    then = f"Begin anew: playhead train {job.game.name}."
    recipe = saved_recipe(before).to_json()  # with all settings that have come since, as they were then
    if now.recipe != recipe:
        raise BadValue(f"A training goes on as it began: {changes(recipe, now.recipe)}. {then}")
    for name in sorted(before.recordings.keys() | now.recordings.keys()):
        was, is_now = before.recordings.get(name), now.recordings.get(name)
        if was is None or is_now is None or was[1] != is_now[1]:
            what = "is gone" if is_now is None else "was added" if was is None else "has changed"
            raise Mismatch(f"Recording {name} {what} since the training was interrupted. {then}")
    if (now.playhead, now.git_revision) != (before.playhead, before.git_revision):
        job.progress.note(
            f"The training was begun by playhead {before.playhead} {before.git_revision}, this is {now.playhead} "
            f"{now.git_revision}: what comes out may differ from one that was not interrupted."
        )


def changes(before: dict[str, object], now: dict[str, object]) -> str:
    """Say which settings of a recipe are others now."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"{name} was {before.get(name)} and would be {now.get(name)}" for name in names)


def saved_recipe(asked: Asked) -> Recipe:
    """Return the recipe of an interrupted training. Raises as `Recipe.from_json`."""
    return Recipe.from_json(asked.recipe)


def find_unfinished(runs: Path, name: str, game: str) -> Path:
    """Return the folder of an unfinished training by its name as of a run, or of the one begun last for "".

    Raises:  NotFound with the nearest name.
    """
    folders = unfinished(runs)
    names = {f"{game}/{folder.parent.name}/{folder.name}": folder for folder in folders}
    if not folders:
        raise NotFound(f"{game} has no unfinished training in {runs}. Begin one: {command('train', game)}.")
    if not name:
        return folders[0]
    found = called(name, names.items())
    if found is not None:
        return found
    raise not_found("unfinished training", name, names)
