"""Evaluation: which run, what it is measured on, where it drives, and where the page about it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playhead.capabilities import capabilities_of, check_episodes, worlds_of
from playhead.data.ood import shows_ood
from playhead.errors import BadValue, Mismatch
from playhead.evaluation.config import EvaluationConfig, config_of
from playhead.evaluation.held_out import choosing_names, held_out_names
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.policies import evaluated_policies
from playhead.evaluation.report import write_report
from playhead.evaluation.results import Evaluation
from playhead.evaluation.tolerance import check_disturbances
from playhead.game import Game, is_playable
from playhead.judgement import Judgement
from playhead.labels import Choice
from playhead.models import EngineSpec
from playhead.models.run import Run
from playhead.names import command as typed
from playhead.names import quoted
from playhead.playing.controllers import open_controller, take_settings
from playhead.playing.guards import GuardSpec
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.quantities import check_seconds, seeds
from playhead.sessions.choosing import AnyFolders, AnyRecordings, open_named, open_readable
from playhead.sessions.guarding import check_guard, guard_for, stuck_settings
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, AnyRun, Place, nested
from playhead.sessions.tolerance import tolerance_folders
from playhead.storage.reader import Recording
from playhead.training.method import method_of

# Far from the seeds that recordings count up from, for environments that keep no towns apart for tests.
FIRST_SEED = 10_000
NOWHERE = "none"


def evaluate(
    game: str | Game, *, run: AnyRun = "", on: str = "", episodes: int = 10, seconds: float = 0.0,
    seed: int = FIRST_SEED, drivers: Sequence[str] = (), scenario: str = "", latency: float | None = None,
    unstick: bool = False,
    recordings: AnyRecordings = (), data: AnyFolders = (), layer: str | None = None, windows: int = 20_000,
    replays: bool = False, delays: Sequence[float] = (), drops: Sequence[float] = (),
    tolerance: float = 0.1, workers: int | None = None, out: str | Path | None = None,
    settings: Mapping[str, Any] = NONE, device: str = "auto", engine: str = "torch",
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None, command: str = "",
) -> Judgement:  # fmt: skip
    """Measure a run against labels, baselines and the expert of its world, as `playhead evaluate` does.

    A training method may judge by itself. A page about it is written into `out`, by default into the run's
    folder; what is returned says where (`page`). `layer` names the label layer that is the truth, by default
    what the run learned; "recorded" is no layer. With `replays` presses are replayed left out and late, where a
    device can be put back, and those that can be seen are judged by themselves. With `unstick` a network that
    stands gets out, as in `play`. What the network scores at `delays` and `drops` is kept with
    the run, and who plays it hears when it is worse than that.
    Units:   seconds, latency, delays and tolerance in seconds; drops as shares of the decisions.
    Raises:  PlayheadError, whose sentence says what to do, before anything is computed.
    """
    check_seconds(seconds=seconds, tolerance=tolerance, latency=latency)
    check_disturbances(delays, drops)
    place = Place.of(game, home, plugins, progress)
    found, options = chosen_run(place, run), nested(settings)
    controller, guarding = take_settings(options), take_settings(options, "guard")
    stuck = stuck_settings(place, options)
    if is_playable(place.game):  # what cannot be is said before anything is computed
        open_controller(place.game, {**found.controller, **controller})
    config = chosen_config(place, found, on, scenario, seconds or math.inf, latency, options)
    if config is None and (delays or drops):
        raise BadValue(f"--delays and --drops need a world in which {place.game.name} is driven; there is none.")
    job = EvaluationJob(
        game=place.game, run=found, plugins=place.plugins, load_plugins=place.load_plugins or Plugins.installed,
        layer=layer, only_held_out=not recordings, config=config, controller=controller, drivers=drivers,
        stuck=stuck if unstick else None, engine=EngineSpec(name=engine, device=device), with_replays=replays,
        delays_s=delays, drops=drops, max_windows=windows, tolerance_s=tolerance, options=options,
        command=command or f'playhead.evaluate("{place.game.name}", ...)', watch=place.progress,
    )  # fmt: skip
    _open_recordings(place, job, recordings, data)
    job.guard = _checked_guard(place, job, guarding)
    job.seeds, job.workers = seeds(seed, episodes), place.workers(workers)
    judgement = method_of(place.plugins, found.recipe.training).evaluate(job)
    _keep(place, found, judgement, Path(out) if out is not None else default_folder(place, found))
    return judgement


def _open_recordings(place: Place, job: EvaluationJob, named: AnyRecordings, folders: AnyFolders) -> None:
    """Give a job the recordings of these names, else those that its run kept for validation."""
    job.recordings = open_named(place, named, folders) if named else held_out(place, job.run, folders)
    job.ood = ood_recordings(place, job.run, folders)
    if job.config is None and not job.recordings:
        job.then = _recordings_to_take(place, folders)


def _checked_guard(place: Place, job: EvaluationJob, given: Mapping[str, Any]) -> GuardSpec | None:
    """Return the guard that drivers may have. Raises what it raises, where one of them has it."""
    if job.config is None:
        return None
    guard = guard_for(place, job.run, job.config.device, given)
    guards = [one.guard for one in evaluated_policies(place.game, job.run, job.drivers, guard=guard)]
    check_guard(place, next(filter(None, guards), None), job.run.rate_hz)
    return guard


def _keep(place: Place, run: Run, judgement: Judgement, out: Path) -> None:
    """Write the page, and what the run bears beside the run."""
    if isinstance(judgement, Evaluation) and judgement.disturbed is not None:
        judgement.disturbed.tolerance.write(tolerance_folders(place, run)[0])
    with place.progress.part("page", 1) as advance:
        judgement.page = write_report(judgement, out)
        advance(1)


def chosen_run(place: Place, named: AnyRun) -> Run:
    """Return the run that is measured, and say which. Raises NotFound or Mismatch."""
    run = place.run(named)
    if run.game["name"] != place.game.name:
        asked = run.name if isinstance(named, Run) else str(named)
        raise Mismatch(
            f"Run {run.name} is of {run.game['name']}, not of {place.game.name}. "
            f"Try: {typed('evaluate', run.game['name'], '--run', asked)}."
        )
    place.say(f"Run {run.name}.")
    return run


def chosen_config(
    place: Place, run: Run, device: str, scenario: str, seconds_s: float, latency_s: float | None,
    options: Mapping[str, Any],
) -> EvaluationConfig | None:  # fmt: skip
    """Return how is driven, None when nothing is; by itself with the latency of the run.

    Raises:  as `chosen_world`.
    """
    world = chosen_world(place, run, device)
    if not world:
        return None
    return config_of(
        place.game, world, scenario=scenario, seconds_s=seconds_s, rate_hz=run.rate_hz,
        latency_s=run.latency_s if latency_s is None else latency_s, settings=options,
    )  # fmt: skip


def chosen_world(place: Place, run: Run, device: str) -> str:
    """Return the device that is driven on, "" when nothing is.

    Raises:  Mismatch when the run cannot play there, BadValue for a device without episodes.
    """
    game = place.game
    worlds = list(worlds_of(place.plugins, game))
    can_drive = game.world is not None and is_playable(game) and worlds and run.answers
    if device == NOWHERE or (not device and not can_drive):
        return ""
    try:
        run.check_plays(game, run.rate_hz)
    except BadValue as error:  # of what no device could tell: a run that labels
        if device:
            raise
        place.say(f"Nothing is driven: {error}")
        return ""
    device = device or worlds[0]
    check_episodes(capabilities_of(place.plugins, game, device), game, device, "Driving by measure needs")
    return device


def held_out(place: Place, run: Run, folders: AnyFolders) -> list[Recording]:
    """Open the recordings that the run kept for validation, saying which of these are gone.

    For a head of classes those of its validation come along: by them scores are chosen.
    """
    wanted = held_out_names(run)
    known = {info.name: info for info in place.catalogue.recordings(place.game.name, folders)}
    gone = [name for name in wanted if name not in known]
    if gone:
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        place.say(f"Not compared on {named}: the run kept them for validation, but they are not here.")
    here = [name for name in wanted if name in known]
    if here and has_classes(run):
        here += [name for name in choosing_names(run) if name in known]
    return open_readable(place, [known[name] for name in here], "Not compared on ")


def has_classes(run: Run) -> bool:
    """Say whether any head chooses one of several classes."""
    return run.network is not None and any(isinstance(head, Choice) for head in run.schema.values())


def ood_recordings(place: Place, run: Run, folders: AnyFolders) -> list[Recording]:
    """Open the recordings that show what the run has no class for; none where no head chooses a class."""
    if not has_classes(run):
        return []
    infos = place.catalogue.recordings(place.game.name, folders)
    shows = open_readable(
        place,
        [info for info in infos if info.frames],
        "Not asked about ",
        lambda recording: shows_ood(recording, place.game),
    )
    if shows:
        place.say(f"Out-of-distribution pictures are in {len(shows)} recording{'s' if len(shows) > 1 else ''}.")
    return shows


def _recordings_to_take(place: Place, folders: AnyFolders) -> str:
    """Say how to measure on other recordings: on those that are here, or on some to be made."""
    game = place.game
    here = [info.name for info in place.catalogue.recordings(game.name, folders) if info.frames]
    if not here:
        return f"Make some: playhead record {game.name}. Then name them: --recordings."
    return f"Name others: --recordings {quoted(here[-1])}, or another of: playhead data list {game.name}."


def default_folder(place: Place, run: Run) -> Path:
    """Return where the page goes: into the run's folder, or the home folder for runs that a package ships."""
    folder = run.path.resolve()
    inside = folder / "evaluation"
    if folder.is_relative_to(place.home.path.resolve()) and inside.resolve() == inside:
        return inside
    return place.home.evaluation(str(run.game["name"]), run.recipe_name, folder.name)
