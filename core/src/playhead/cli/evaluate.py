"""`playhead evaluate`: a run to numbers and a page."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.devices import engine_option, parse_settings
from playhead.cli.places import DATA_FOLDER
from playhead.errors import BadValue, Mismatch
from playhead.names import command, quoted

if TYPE_CHECKING:
    from playhead.evaluation.config import EvaluationConfig
    from playhead.evaluation.evaluate import EvaluationJob
    from playhead.game import Game
    from playhead.models.run import Run
    from playhead.storage.reader import Recording

# Far from the seeds that recordings count up from, for environments that keep no towns apart for tests.
FIRST_SEED = 10_000
NOWHERE = "none"


@click.command(short_help="Measure a run against baselines and the expert.")
@click.argument("game")
@click.option("--run", "run_name", metavar="RUN", default="", help="Run to measure. Default: the newest.")
@click.option("--on", metavar="DEVICE", default="", help=f"World to drive in; {NOWHERE}: compare labels only. "
              "Default: the game's world, if it has one.")  # fmt: skip
@click.option("--episodes", type=click.IntRange(min=1), default=10, show_default=True,
              help="Seeds that every driver drives.")  # fmt: skip
@click.option(
    "--seconds", type=float, default=0.0, help="Length of each drive, in seconds. Default: until it ends."
)
@click.option(
    "--seed", type=int, default=FIRST_SEED, show_default=True, help="First seed; the next ones count on."
)
@click.option("--drivers", multiple=True, metavar="NAME",
              help="Who drives: network, expert, always_forward, random, idle, a policy of the world. "
              "Default: the first four.")  # fmt: skip
@click.option("--scenario", metavar="NAME", default="", help="Kind of episode, as the world names them.")
@click.option(
    "--latency", type=float, help="Seconds between look and press. Default: what the run was trained for."
)
@click.option("--recordings", multiple=True, metavar="NAME",
              help="Recordings to compare labels on. Default: what the run kept from its training.")  # fmt: skip
@click.option("--data", "extra_dirs", multiple=True, type=DATA_FOLDER, metavar="FOLDER",
              help="Further folder of recordings, or its address.")  # fmt: skip
@click.option("--windows", type=click.IntRange(min=1), default=20_000, show_default=True,
              help="Windows compared at most.")  # fmt: skip
@click.option("--tolerance", type=float, default=0.1, show_default=True,
              help="Seconds a press or release may be early or late.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes that drive. Default: one a core.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for index.html and scores.json. Default: evaluation, in the run's folder.")  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Option of the world, as arguments.width=800."
)
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
@pass_desk
def evaluate(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Measure a run of GAME against labels, baselines and the expert of its world, and write a page.

    Example: playhead evaluate gta5 --episodes 10
    """
    desk.say_home()
    found = desk.game(game)
    job = evaluation_job(desk, found, asked)
    out = asked["out"] or default_folder(desk, job.run)

    from playhead.cli.evaluate_view import EvaluateView
    from playhead.evaluation.evaluate import evaluate as measure
    from playhead.evaluation.report import write_report

    with EvaluateView() as view:
        job.watch = view
        evaluation = measure(job)
        with view.part("page", 1) as advance:
            page = write_report(evaluation, out)
            advance(1)
    if as_json:
        desk.tell_json(evaluation.to_json())
    else:
        desk.tell(*evaluation.to_text().split("\n"))
    desk.say(f"Page {page}")


def evaluation_job(desk: Desk, game: Game, asked: dict[str, Any]) -> EvaluationJob:
    """Return what was asked for, checked. Raises NotFound, Mismatch or BadValue before anything is computed."""
    import os

    from playhead.evaluation.evaluate import EvaluationJob
    from playhead.evaluation.policies import evaluated_policies
    from playhead.models import EngineSpec

    if asked["seconds"] < 0 or asked["tolerance"] < 0 or (asked["latency"] or 0) < 0:
        raise BadValue("--seconds, --tolerance and --latency cannot be negative.")
    run = chosen_run(desk, game, asked["run_name"])
    config = chosen_config(game, run, asked)
    recordings = chosen_recordings(desk, game, run, asked)
    if config is None and not recordings:
        raise BadValue(
            f"There is nothing to measure {run.name} on: no world, and no recording that it kept for that. "
            + _recordings_to_take(desk, game, asked)
        )
    if config is not None:
        evaluated_policies(game, run, asked["drivers"])
    return EvaluationJob(
        game=game,
        run=run,
        plugins=desk.plugins,
        recordings=recordings,
        ood=ood_recordings(desk, game, run, asked),
        only_held_out=not asked["recordings"],
        config=config,
        drivers=asked["drivers"],
        engine=EngineSpec(device=asked["computes_on"]),
        seeds=range(asked["seed"], asked["seed"] + asked["episodes"]),
        workers=asked["workers"] or (os.cpu_count() or 1),
        max_windows=asked["windows"],
        tolerance_s=asked["tolerance"],
        command=command(*sys.argv[1:]),
    )


def _recordings_to_take(desk: Desk, game: Game, asked: dict[str, Any]) -> str:
    """Say how to measure on other recordings: on those that are here, or on some to be made."""

    here = [info.name for info in desk.catalogue.recordings(game.name, asked["extra_dirs"]) if info.frames]
    if not here:
        return f"Make some: playhead record {game.name}. Then name them: --recordings."
    return f"Name others: --recordings {quoted(here[-1])}, or another of: playhead data list {game.name}."


def chosen_run(desk: Desk, game: Game, name: str) -> Run:
    """Open the run called `name`, or the newest; say which. Raises NotFound or Mismatch."""
    from playhead.models.catalogue import RunCatalogue

    catalogue = RunCatalogue(home=desk.home, game=game, say=desk.say)
    run = catalogue.find(name) if name else catalogue.latest()
    if run.game["name"] != game.name:
        raise Mismatch(
            f"Run {run.name} is of {run.game['name']}, not of {game.name}. "
            f"Try: {command('evaluate', run.game['name'], '--run', name)}."
        )
    desk.say(f"Run {run.name}.")
    return run


def chosen_config(game: Game, run: Run, asked: dict[str, Any]) -> EvaluationConfig | None:
    """Return what is driven, or None when nothing is. Raises Mismatch when the run cannot play there."""
    from playhead.evaluation.config import config_of
    from playhead.game import is_playable

    device = asked["on"]
    worlds = [name for name, known in game.devices.items() if known.capture == "environment"]
    can_drive = game.world is not None and is_playable(game) and worlds
    if device == NOWHERE or (not device and not can_drive):
        return None
    device = device or worlds[0]
    run.check_plays(game, run.rate_hz)
    return config_of(
        game,
        device,
        scenario=asked["scenario"],
        seconds_s=asked["seconds"] or math.inf,
        latency_s=run.latency_s if asked["latency"] is None else asked["latency"],
        rate_hz=run.rate_hz,
        settings=parse_settings(asked["settings"]),
    )


def chosen_recordings(desk: Desk, game: Game, run: Run, asked: dict[str, Any]) -> list[Recording]:
    """Open the recordings named, or those the run kept for validation, saying which of these are gone.

    For a head of classes those of its validation come along: by them scores are chosen.
    """
    from playhead.cli.train import open_readable
    from playhead.evaluation.held_out import choosing_names, held_out_names

    catalogue = desk.catalogue
    if asked["recordings"]:
        infos = catalogue.find(game.name, asked["recordings"], asked["extra_dirs"])
        return [catalogue.open(info) for info in infos]
    wanted = held_out_names(run)
    known = {info.name: info for info in catalogue.recordings(game.name, asked["extra_dirs"])}
    gone = [name for name in wanted if name not in known]
    if gone:
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        desk.say(f"Not compared on {named}: the run kept them for validation, but they are not here.")
    here = [name for name in wanted if name in known]
    if here and has_classes(run):
        here += [name for name in choosing_names(run) if name in known]
    return open_readable(desk, catalogue, [known[name] for name in here], "Not compared on ")


def has_classes(run: Run) -> bool:
    """Say whether any head chooses one of several classes."""
    from playhead.labels import Choice

    return any(isinstance(head, Choice) for head in run.schema.values())


def ood_recordings(desk: Desk, game: Game, run: Run, asked: dict[str, Any]) -> list[Recording]:
    """Open the recordings that show what the run has no class for; none where no head chooses a class."""
    from playhead.cli.train import open_readable
    from playhead.data.ood import shows_ood

    if not has_classes(run):
        return []
    catalogue = desk.catalogue
    infos = catalogue.recordings(game.name, asked["extra_dirs"])
    shows = open_readable(
        desk,
        catalogue,
        [info for info in infos if info.frames],
        "Not asked about ",
        lambda recording: shows_ood(recording, game),
    )
    if shows:
        desk.say(f"Out-of-distribution pictures are in {len(shows)} recording{'s' if len(shows) > 1 else ''}.")
    return shows


def default_folder(desk: Desk, run: Run) -> Path:
    """Return where the page goes: into the run's folder, or the home folder for runs that a package ships."""
    folder = run.path.resolve()
    inside = folder / "evaluation"
    if folder.is_relative_to(desk.home.path.resolve()) and inside.resolve() == inside:
        return inside
    return desk.home.evaluation(str(run.game["name"]), run.recipe_name, folder.name)
