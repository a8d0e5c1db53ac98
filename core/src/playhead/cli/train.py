"""`playhead train`: recordings to a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.latency import AUTO, measured_latency, seconds_or_auto
from playhead.cli.places import DATA_FOLDER
from playhead.errors import BadValue, Damaged, NothingToTrain, PlayheadError, not_found
from playhead.locks import Lock, take
from playhead.names import checked_name
from playhead.names import command as typed

if TYPE_CHECKING:
    from playhead.game import Game
    from playhead.models.run import Run
    from playhead.storage.catalogue import Catalogue, RecordingInfo
    from playhead.storage.reader import Recording
    from playhead.training.job import TrainingJob
    from playhead.training.recipe import Recipe


LAST = "\0last"  # of --resume without a name: no run is called so


@click.command(short_help="Train a network on the recordings of a game.")
@click.argument("game")
@click.option("--recipe", "recipe_name", metavar="NAME", default="default", show_default=True,
              help="Training settings, by the name the game gives them.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE",
              help="Change a setting of the recipe, as lr=1e-3 or augment.flip=0.2.")  # fmt: skip
@click.option("--recordings", multiple=True, metavar="NAME", help="Recordings to use. Default: all of the game.")
@click.option("--data", "extra_dirs", multiple=True, type=DATA_FOLDER, metavar="FOLDER",
              help="Further folder of recordings, or its address.")  # fmt: skip
@click.option("--rate", type=float, help="Frames a second the recordings must have. Default: the game's.")
@click.option("--latency", metavar="SECONDS|auto", callback=seconds_or_auto,
              help="Seconds between a frame and its label; auto: what doctor or play measured on this machine. "
              "Default: the recipe's.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps. Default: the recipe's.")
@click.option(
    "--from", "start_from", metavar="RUN", default="", help="Run to go on from, as after a teacher round."
)
@click.option("--name", default="", help="Name of the run. Default: today's date and a number.")
@click.option("--skip-bad", is_flag=True, help="Leave out recordings that do not fit or cannot be read.")
@click.option("--resume", metavar="[RUN]", is_flag=False, flag_value=LAST, default="",
              help="Go on with an interrupted training, by its name, or the last one: on a CPU to the bit as if "
              "it had not been interrupted.")  # fmt: skip
@click.option("--checkpoint", "checkpoint_s", type=click.FloatRange(min=0), metavar="SECONDS", default=60.0,
              show_default=True, help="Time between two checkpoints; --resume takes the newest.")  # fmt: skip
@click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True,
              help="Where to compute.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@pass_desk
def train(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Train a network on the recordings of GAME. Ctrl-C keeps what was learned so far as a run.

    Any other end, a crash too, leaves a checkpoint to go on from: playhead train GAME --resume.

    Example: playhead train gta5 --steps 2000 --set augment.flip=0.2
    """
    # Read once, when torch is loaded: threads that wait asleep cost nothing where another program wants the core.
    # Waiting spinning made a step 6 times slower (340 against 58 ms, two threads on two busy cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from playhead.cli.train_view import TrainView
    from playhead.game import is_playable

    desk.say_home()
    found = desk.game(game)
    recipe, begin = _resumed(desk, found, asked) if asked["resume"] else _new(desk, found, asked)
    with TrainView(recipe.steps, is_acting=is_playable(found)) as view:
        job = begin(view)
        try:
            with _held(job.out):
                run: Run = desk.plugins.get("training", recipe.training)(job)
        except BaseException:
            _remove_if_empty(job.out)
            raise
    told = {"name": run.name, "path": str(run.path), **run.to_json()}
    if as_json:
        desk.tell_json(told)
    else:
        desk.tell(*summary(run, is_acting=is_playable(found)))


def _new(desk: Desk, game: Game, asked: dict[str, Any]) -> tuple[Recipe, Callable[[Any], TrainingJob]]:
    """Return the recipe of a training that begins, and what makes its job for whoever watches."""
    is_measured = asked["latency"] == AUTO
    latency_s = None if is_measured else asked["latency"]
    recipe = chosen_recipe(game, asked["recipe_name"], asked["settings"], latency_s, asked["steps"])
    recordings = open_all(desk, game, asked["recordings"], asked["extra_dirs"], skip_bad=asked["skip_bad"])
    if is_measured:
        recipe = replace(recipe, latency_s=measured_latency(desk, game, recordings))
    return recipe, lambda view: _job(desk, game, recipe, recordings, asked, view)


BEGAN_WITH = ("recipe_name", "extra_dirs", "recordings", "rate", "start_from", "name", "skip_bad", "device")


def _resumed(desk: Desk, game: Game, asked: dict[str, Any]) -> tuple[Recipe, Callable[[Any], TrainingJob]]:
    """Return the recipe of an interrupted training, and what makes its job again.

    Raises:  NotFound without one, BadValue for options that would make another one of it, Damaged.
    """
    from playhead.models.run import Run
    from playhead.training.checkpoint import read_checkpoint
    from playhead.training.job import TrainingJob
    from playhead.training.recipe import with_settings
    from playhead.training.resuming import changes, find_unfinished, saved_recipe

    given = click.get_current_context().get_parameter_source
    others = [name for name in BEGAN_WITH if given(name) is click.core.ParameterSource.COMMANDLINE]
    if others:
        option = {"recipe_name": "recipe", "extra_dirs": "data", "start_from": "from"}.get(others[0], others[0])
        raise BadValue(f"--resume goes on as it began, and takes no --{option.replace('_', '-')}.")
    name = "" if asked["resume"] == LAST else asked["resume"]
    kept = read_checkpoint(find_unfinished(desk.home.runs(game.name), name, game.name))
    recipe = saved_recipe(kept.asked)
    wanted = with_settings(recipe, _texts(asked["settings"]))
    wanted = wanted if asked["steps"] is None else replace(wanted, steps=asked["steps"])
    if isinstance(asked["latency"], float):
        wanted = replace(wanted, latency_s=asked["latency"])
    if wanted != recipe:
        raise BadValue(
            f"--resume goes on as it began: {changes(recipe.to_json(), wanted.to_json())}. "
            f"Leave that out, or begin anew: playhead train {game.name}."
        )
    recordings, places = [], desk.catalogue.places
    for recording, (path, _) in kept.asked.recordings.items():
        try:
            recordings.append(places.open(path))
        except PlayheadError as problem:
            raise type(problem)(
                f"The training cannot go on without its recording {recording}: {problem}"
            ) from problem
    start_from = Run.open(kept.asked.start_from) if kept.asked.start_from else None
    desk.say(f"Going on from step {kept.learning.step:,} of {recipe.steps:,} of {kept.folder}.")
    return recipe, lambda view: TrainingJob(
        game=game,
        recipe=recipe,
        recipe_name=kept.asked.recipe_name,
        recordings=recordings,
        out=kept.folder,
        plugins=desk.plugins,
        start_from=start_from,
        rate_hz=kept.asked.rate_hz,
        device=kept.asked.device,
        command=kept.asked.command,
        progress=view,
        left_out=list(kept.asked.left_out),
        resume=kept,
        checkpoint_s=asked["checkpoint_s"],
    )


def chosen_recipe(
    game: Game, name: str, settings: tuple[str, ...], latency_s: float | None, steps: int | None
) -> Recipe:
    """Return a recipe of the game with the changes asked for. Raises NotFound or BadValue."""
    from playhead.training.recipe import Recipe, with_settings

    known = {"default": Recipe(), **game.recipes}
    if name not in known:
        raise not_found(f"recipe of {game.name}", name, known)
    recipe = with_settings(known[name], _texts(settings))
    if latency_s is not None:
        recipe = replace(recipe, latency_s=latency_s)
    return recipe if steps is None else replace(recipe, steps=steps)


def _texts(settings: tuple[str, ...]) -> dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            raise BadValue(f'--set {setting} is not of the form name=value, as in "lr=1e-3".')
    return dict(setting.partition("=")[::2] for setting in settings)


def open_all(
    desk: Desk, game: Game, names: tuple[str, ...], extra_dirs: tuple[Path | str, ...], *, skip_bad: bool
) -> list[Recording]:
    """Open the recordings of a game; with skip_bad say which cannot be read and leave them out.

    Raises:  NothingToTrain when there are none, NotFound for an unknown name, Damaged.
    """

    catalogue = desk.catalogue
    infos = catalogue.find(game.name, names, extra_dirs)
    if not infos:
        raise NothingToTrain(
            f"{game.name} has no recordings in {desk.home.recordings(game.name)}. "
            f"Make some: playhead record {game.name}."
        )
    opened = open_readable(desk, catalogue, infos, "Left out " if skip_bad else "")
    bad = len(infos) - len(opened)
    if bad and not skip_bad:
        raise Damaged(
            f"{bad} of {len(infos)} recordings cannot be read. Repair them, or leave them out: --skip-bad."
        )
    return opened


def open_readable(
    desk: Desk,
    catalogue: Catalogue,
    infos: Sequence[RecordingInfo],
    why: str,
    is_wanted: Callable[[Recording], bool] = lambda recording: True,
) -> list[Recording]:
    """Open the wanted recordings that can be read, and name those that cannot: `why` begins the sentence."""
    opened: list[Recording] = []
    for info in infos:
        try:
            recording = catalogue.open(info)
            if is_wanted(recording):
                recording.check_rows()
                opened.append(recording)
        except Exception as problem:  # of one recording: all others are looked at, too
            known = isinstance(problem, PlayheadError)
            desk.say(f"{why}{info.name}: {problem if known else desk.unexpected(problem)}")
    return opened


def _job(
    desk: Desk, game: Game, recipe: Recipe, recordings: list[Recording], asked: dict[str, Any], view: Any
) -> TrainingJob:
    from playhead.home import claim_folder
    from playhead.models.catalogue import RunCatalogue
    from playhead.training.job import TrainingJob

    catalogue = RunCatalogue(home=desk.home, game=game, say=desk.say)
    start_from = catalogue.find(asked["start_from"]) if asked["start_from"] else None
    parent = desk.home.runs(game.name, asked["recipe_name"])
    name = asked["name"]
    if name:
        try:
            (parent / checked_name(name, "the run", "Give another --name.")).mkdir(parents=True)
        except FileExistsError:  # also one that another command made just now
            raise BadValue(f'A run called "{name}" exists already in {parent}. Give another --name.') from None
    return TrainingJob(
        game=game,
        recipe=recipe,
        recipe_name=asked["recipe_name"],
        recordings=recordings,
        out=parent / name if name else claim_folder(parent),
        plugins=desk.plugins,
        start_from=start_from,
        rate_hz=asked["rate"],
        skip_bad=asked["skip_bad"],
        device=asked["device"],
        command=typed(*sys.argv[1:]),
        progress=view,
        checkpoint_s=asked["checkpoint_s"],
    )


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


def summary(run: Run, *, is_acting: bool = True) -> list[str]:
    """Say in a few lines how good a run is and what it is called."""
    from playhead.cli.train_view import share

    metrics = run.metrics
    lines = []
    for name, head in metrics.get("heads", {}).items():
        shares = "  ".join(f"{key} {share(value)}" for key, value in head["f1"].items())
        lines.append(f"{name}: F1 {shares}")
        repeat, majority = head["repeat_last"], head["majority"]
        if is_acting:
            lines.append(
                f"  all right {share(head['accuracy'])} (repeat-last {repeat['accuracy']:.2f}, "
                f"majority {majority['accuracy']:.2f}); where the action changes F1 {head['change_f1']:.2f} "
                f"(repeat-last {repeat['change_f1']:.2f})"
            )
        else:
            lines.append(f"  all right {share(head['accuracy'])} (majority {majority['accuracy']:.2f})")
    loss = f", validation loss {metrics['loss']:.3f}" if "loss" in metrics else ""
    early = ", stopped early" if metrics["stopped_early"] else ""
    lines.append(
        f"{run.name}: {metrics['steps']:,} steps in {metrics['seconds']:.0f} s{early}, "
        f"{run.parameters:,} parameters{loss}"
    )
    return lines
