"""Training: which recipe, which recordings, from which run on, and the folder that the new run fills."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from playhead.data.assembly import Batch
from playhead.data.source import Source
from playhead.errors import BadValue, PlayheadError, not_found
from playhead.game import Game
from playhead.home import claim_folder
from playhead.locks import Lock, take
from playhead.models.run import Run
from playhead.names import checked_name
from playhead.progress import Progress
from playhead.sessions.choosing import AnyFolders, AnyRecordings, open_all
from playhead.sessions.latency import AUTO, measured_latency
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, AnyRun, Place
from playhead.training import auto
from playhead.training.checkpoint import read_checkpoint
from playhead.training.job import TrainingJob
from playhead.training.method import changed_recipe, method_of
from playhead.training.recipe import Recipe
from playhead.training.resuming import changes, find_unfinished, saved_recipe

OWN = "own"  # what a recipe is called that is not named


def train(
    game: str | Game, *, recipe: str | Recipe = "default", settings: Mapping[str, Any] = NONE,
    recordings: AnyRecordings = (), data: AnyFolders = (), layer: str | None = None, rate: float | None = None,
    latency: float | str | None = None, steps: int | None = None, start_from: AnyRun = "", name: str = "",
    skip_bad: bool = False, resume: str | bool = "", checkpoint: float = 60.0, device: str = "auto",
    batches: Iterable[Batch] | None = None, validation: Iterable[Batch] | None = None,
    on_step: Callable[[int, Any], object] | None = None, home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None, command: str = "",
) -> Run:  # fmt: skip
    """Train a network on recordings of a game, as `playhead train` does. Ctrl-C or `stop` keeps what was learned.

    `recordings` are names, paths, or recordings themselves (playhead.data.source.Source); `batches` take their
    place, and `validation` likewise; `on_step` hears of each step, with the network. `layer` names the label layer
    that is learned from, "recorded" is none. `resume` goes on with an interrupted training, by its name,
    or True for the last one. `command` is what the run says it was made by.
    Units:   latency seconds or "auto"; checkpoint seconds between two checkpoints; rate frames a second.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    place = Place.of(game, home, plugins, progress)
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    if resume:
        _check_as_it_began({
            "recipe": recipe != "default", "data": data, "recordings": recordings, "rate": rate, "layer": layer,
            "from": start_from, "name": name, "skip-bad": skip_bad, "device": device != "auto",
        })  # fmt: skip
        job = _resumed(place, "" if resume is True else resume, texts, latency, steps)
    else:
        shift = latency if latency != AUTO else None
        choose = partial(chosen_recipe, place, recipe, texts, shift, steps, layer)
        opened = _opened(place, choose(), recordings, data, skip_bad) if batches is None else []
        chosen = choose(opened)
        if latency == AUTO:
            chosen = replace(chosen, latency_s=measured_latency(place, opened))
        recipe_name = recipe if isinstance(recipe, str) else OWN
        job = TrainingJob(
            game=place.game, recipe=chosen, recipe_name=recipe_name, recordings=opened,
            start_from=place.run(start_from) if start_from else None, out=_new_folder(place, recipe_name, name),
            plugins=place.plugins, rate_hz=rate, skip_bad=skip_bad, device=device,
            command=command or f'playhead.train("{place.game.name}", ...)',
        )  # fmt: skip
    job.progress, job.checkpoint_s = place.progress, checkpoint
    job.stop = stop or job.stop
    job.batches, job.validation, job.on_step = batches, validation, on_step or job.on_step
    try:
        with _held(job.out):
            return method_of(place.plugins, job.recipe.training).train(job)
    except BaseException:
        _remove_if_empty(job.out)
        raise


def _check_as_it_began(given: Mapping[str, Any]) -> None:
    """Raise BadValue for an option that is given beside --resume."""
    for option in (option for option, is_given in given.items() if is_given):
        raise BadValue(f"--resume goes on as it began, and takes no --{option}.")


def _opened(place: Place, recipe: Recipe, named: AnyRecordings, folders: AnyFolders, skip_bad: bool) -> list[Any]:
    """Open what is learned from. Raises NothingToTrain where the recipe's method needs some and there is none."""
    needs = method_of(place.plugins, recipe.training).needs_recordings
    return open_all(place, named, folders, skip_bad=skip_bad, may_be_none=not needs)


def chosen_recipe(
    place: Place, named: str | Recipe, settings: Mapping[str, str], latency_s: float | str | None,
    steps: int | None, layer: str | None, recordings: Sequence[Source] | None = None,
) -> Recipe:  # fmt: skip
    """Return a recipe of the game with the changes asked for; `auto` is chosen by recordings once there are any.

    Raises:  NotFound or BadValue.
    """
    known = {auto.NAME: auto.BASE, "default": auto.BASE, **place.game.recipes}
    if isinstance(named, str) and named not in known:
        known |= place.game.all_recipes
    if isinstance(named, str) and named not in known:
        raise not_found(f"recipe of {place.game.name}", named, known)
    recipe = known[named] if isinstance(named, str) else named
    if isinstance(named, str) and recordings is not None and auto.is_asked(place.game, named):
        recipe, why = auto.recipe_for(place.game, recordings)
        place.say(why)
    recipe = changed_recipe(place.plugins, recipe, settings)
    if latency_s is not None:
        recipe = replace(recipe, latency_s=float(latency_s))
    if layer is not None:
        recipe = replace(recipe, layer=layer)
    return recipe if steps is None else replace(recipe, steps=steps)


def _resumed(
    place: Place, name: str, settings: Mapping[str, str], latency: float | str | None, steps: int | None
) -> TrainingJob:
    """Return the job of an interrupted training again.

    Raises:  NotFound without one, BadValue for options that would make another one of it, Damaged.
    """
    game = place.game
    kept = read_checkpoint(find_unfinished(place.home.runs(game.name), name, game.name))
    recipe = saved_recipe(kept.asked)
    wanted = changed_recipe(place.plugins, recipe, settings)
    wanted = wanted if steps is None else replace(wanted, steps=steps)
    if isinstance(latency, float):
        wanted = replace(wanted, latency_s=latency)
    if wanted != recipe:
        raise BadValue(
            f"--resume goes on as it began: {changes(recipe.to_json(), wanted.to_json())}. "
            f"Leave that out, or begin anew: playhead train {game.name}."
        )
    recordings = []
    for recording, (path, _) in kept.asked.recordings.items():
        try:
            recordings.append(place.catalogue.places.open(path))
        except PlayheadError as problem:
            raise type(problem)(
                f"The training cannot go on without its recording {recording}: {problem}"
            ) from problem
    place.say(f"Going on from step {kept.learning.step:,} of {recipe.steps:,} of {kept.folder}.")
    return TrainingJob(
        game=game,
        recipe=recipe,
        recipe_name=kept.asked.recipe_name,
        recordings=recordings,
        out=kept.folder,
        plugins=place.plugins,
        start_from=Run.open(kept.asked.start_from) if kept.asked.start_from else None,
        rate_hz=kept.asked.rate_hz,
        device=kept.asked.device,
        command=kept.asked.command,
        left_out=list(kept.asked.left_out),
        resume=kept,
    )


def _new_folder(place: Place, recipe_name: str, name: str) -> Path:
    """Make the folder of a new run. Raises: BadValue when there is one of the name already."""
    parent = place.home.runs(place.game.name, recipe_name)
    if not name:
        return claim_folder(parent)
    folder = parent / checked_name(name, "the run", "Give another --name.")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:  # also one that another command made just now
        raise BadValue(f'A run called "{name}" exists already in {parent}. Give another --name.') from None
    return folder


def _held(folder: Path) -> Lock:
    """Hold the folder of a run while it is trained. Raises: BadValue when another command does."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = take(folder / ".training")
    if lock is None:
        raise BadValue(f"{folder} is being trained by another command right now. Wait until it has ended.")
    return lock


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
