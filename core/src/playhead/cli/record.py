"""`playhead record`: drives into recordings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.devices import choose_device, engine_option, find_scenario, parse_settings
from playhead.errors import BadValue, PlayheadError

if TYPE_CHECKING:
    from playhead.cli.episodes import EpisodeJob
    from playhead.control.timing import LoopReport
    from playhead.game import Game
    from playhead.models.run import Run
    from playhead.recording.session import SegmentSummary
    from playhead.references import Reference
    from playhead.storage.reservations import Reservations


@click.command(short_help="Record a game: what it shows and what is pressed.")
@click.argument("game")
@click.option(
    "--on", metavar="DEVICE", default="", help="Device to record. Default: the game's window, else its world."
)
@click.option("--driver", metavar="NAME", default="", help="human, expert, a policy of the world, run, or a "
              "collector of the game. Default: the collector of a game that is not played, "
              "expert on a world, else human.")  # fmt: skip
@click.option(
    "--run",
    "run_name",
    metavar="RUN",
    default="",
    help="Which run drives. Default: the newest. Implies --driver run.",
)
@click.option(
    "--teacher", metavar="POLICY", default="", help="Label with what this policy would press, whoever drives."
)
@click.option("--beta", "--teacher-share", type=float, default=0.3, show_default=True,
              help="Share of the seconds that the teacher drives itself, as in DAgger.")  # fmt: skip
@click.option(
    "--action-noise",
    "--disturb",
    is_flag=True,
    help="Press wrong keys now and then; the true keys stay the labels.",
)
@click.option("--scenario", metavar="NAME", default="", help="Kind of episode, as the world names them.")
@click.option("--episodes", type=click.IntRange(min=1), default=1, show_default=True, help="Recordings to make.")
@click.option("--seconds", type=float, default=0.0, help="Length of each, in seconds. Default: until it ends.")
@click.option("--seed", type=int, help="Seed of the first episode; the next ones count on. Default: unused ones.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes on a world. Default: one a core.")
@click.option("--rate", type=float, help="Frames a second. Default: the game's on that device.")
@click.option("--latency", type=float, help="Seconds added between look and press. "
              "Default: what the run was trained for, in a world; else 0.")  # fmt: skip
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Option of the device, as arguments.traffic=20, or of a collector.",
)
@click.option("--notes", default="", help="A remark that the recordings keep.")
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print the summaries as JSON.")
@pass_desk
def record(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Record drives of GAME. Ctrl-C ends a recording normally.

    Example: playhead record gta5 --episodes 4 --seconds 60 --action-noise
    """
    from playhead.recording.collector import collector_of
    from playhead.storage.reservations import Reservations

    desk.say_home()
    found = desk.game(game)
    collector = collector_of(found, asked["driver"])
    if collector is not None and not asked["run_name"]:
        _collect(desk, found, collector, as_json, asked)
        return
    with Reservations(desk.home, found.name) as reserved:
        episodes = _episodes(desk, found, asked, reserved)
        started = time.perf_counter()
        summaries = _record_all(desk, found, episodes, asked["workers"])
    wall_s = time.perf_counter() - started
    if as_json:
        desk.tell_json([summary.to_json() for summary in summaries])
        return
    for summary in summaries:
        desk.tell(_line(summary))
    desk.tell(_total(summaries, wall_s))


def _collect(
    desk: Desk, game: Game, collector: tuple[str, Reference], as_json: bool, asked: dict[str, Any]
) -> None:
    from playhead.cli.collect import collect, line, to_json

    collected = collect(desk, game, collector, asked)
    if as_json:
        desk.tell_json([to_json(collected)])
    else:
        desk.tell(line(collected))


def _episodes(desk: Desk, game: Game, asked: dict[str, Any], reserved: Reservations) -> list[EpisodeJob]:
    """Return the episodes to record, each with its own seed."""
    from playhead.cli.episodes import EpisodeJob, episode_options
    from playhead.models import EngineSpec

    settings = parse_settings(asked["settings"])
    device = choose_device(desk, game, asked["on"], settings)
    is_world = game.device(device).capture == "environment"
    driver = asked["driver"] or ("run" if asked["run_name"] else "expert" if is_world else "human")
    _check_asked(asked, driver, is_world=is_world)
    scenario = find_scenario(game, asked["scenario"])
    if asked["rate"]:
        settings["rate_hz"] = asked["rate"]
    run = _find_run(desk, game, asked["run_name"]) if driver == "run" else None
    latency_s = asked["latency"] if asked["latency"] is not None else run.latency_s if run and is_world else 0.0
    seeds = _seeds(desk, game, asked, reserved) if is_world else [None] * asked["episodes"]
    return [
        EpisodeJob(
            game=game.name,
            device=device,
            home=desk.home,
            driver=driver,
            options=episode_options(scenario, seed, settings) if is_world else settings,
            run=run.name if run else "",
            engine=EngineSpec(device=asked["computes_on"]),
            teacher=asked["teacher"],
            beta=asked["beta"] if asked["teacher"] else 0.0,
            has_action_noise=asked["action_noise"],
            scenario=asked["scenario"]
            or (next(iter(game.world.scenarios), "") if game.world and is_world else ""),
            padding_s=scenario.padding_s if is_world else 0.0,
            seconds_s=asked["seconds"],
            latency_s=latency_s,
            seed=seed,
            notes=asked["notes"],
        )
        for seed in seeds
    ]


def _check_asked(asked: dict[str, Any], driver: str, *, is_world: bool) -> None:
    if asked["run_name"] and driver != "run":
        raise BadValue(f"--run names a run, but --driver {driver} drives. Leave one of them out.")
    if asked["episodes"] > 1 and not is_world and not asked["seconds"]:
        raise BadValue("Several episodes of a real game need a length. Pass --seconds.")
    if asked["seconds"] < 0 or (asked["latency"] or 0) < 0:
        raise BadValue("--seconds and --latency cannot be negative.")


def _seeds(desk: Desk, game: Game, asked: dict[str, Any], reserved: Reservations) -> Sequence[int | None]:
    """Reserve the seeds of the episodes: those asked for, else the numbers behind every seed that is known."""

    def choose(taken: set[str]) -> range:
        first = asked["seed"]
        if first is None:
            first = max([_highest_seed(desk, game), *map(int, taken)]) + 1
        return range(first, first + asked["episodes"])

    return [int(seed) for seed in reserved.take("seeds", choose)]


def _highest_seed(desk: Desk, game: Game) -> int:
    """Return the highest seed that any recording of this game was made with, also one that was killed."""
    from playhead.storage.reader import open_recording

    seeds = [0]
    for info in desk.catalogue.recordings(game.name):
        with suppress(PlayheadError):
            seeds.append(open_recording(info.path).header.seed or 0)
    return max(seeds)


def _find_run(desk: Desk, game: Game, name: str) -> Run:
    from playhead.models.catalogue import RunCatalogue

    catalogue = RunCatalogue(home=desk.home, game=game, say=desk.say)
    run = catalogue.find(name) if name else catalogue.latest()
    desk.say(f"Run {run.name} drives.")
    return run


def _record_all(desk: Desk, game: Game, episodes: list[EpisodeJob], workers: int | None) -> list[SegmentSummary]:
    import os

    from playhead.cli.episodes import record_episode
    from playhead.cli.progress import frames_bar
    from playhead.stopping import stopped_by_interrupt
    from playhead.workers import run_jobs

    is_world = game.device(episodes[0].device).capture == "environment"
    count = min(workers or (os.cpu_count() or 1), len(episodes)) if is_world else 1
    rate_hz = episodes[0].options.get("rate_hz") or game.rate_hz(episodes[0].device)
    frames = round(episodes[0].seconds_s * rate_hz) * len(episodes) or None
    # A real game has a live line of its own.
    bar = frames_bar(f"record {game.name}", frames, rate_hz) if is_world else nullcontext(lambda count: None)
    with stopped_by_interrupt() as stop, bar as on_frames:
        here = partial(record_episode, plugins=desk.plugins, say=desk.say, end=stop.set)
        work = here if count == 1 else record_episode
        made = run_jobs(work, episodes, workers=count, progress=on_frames, stop=stop, name_of=_name)
        return [summary for segments in made for summary in segments]


def _name(episode: EpisodeJob) -> str:
    return f"an episode of seed {episode.seed}"


def _line(summary: SegmentSummary) -> str:
    recording, report = summary.recording, summary.report
    if recording.frames == 0:
        return "nothing recorded: stopped before the first frame"
    seed = f", seed {summary.seed}" if summary.seed is not None else ""
    dropped = f", {recording.dropped} dropped" if recording.dropped else ""
    return (
        f"{recording.path.name}: {recording.duration_s:.1f} s, {recording.frames:,} frames{dropped}, "
        f"{recording.bytes / 1e6:.1f} MB{seed}, ended {_ending(report)}"
    )


def _ending(report: LoopReport) -> str:
    return f"because {report.because}" if report.because else f"by {_ENDINGS[report.ending]}"


_ENDINGS = {"time": "the time", "episode": "the end of the episode", "stopped": "you"}


def _total(summaries: list[SegmentSummary], wall_s: float) -> str:
    frames = sum(summary.recording.frames for summary in summaries)
    game_s = sum(summary.report.elapsed_s for summary in summaries)
    late = sum(summary.report.late for summary in summaries)
    return (
        f"{len(summaries)} recordings, {frames:,} frames, {game_s:.1f} s of play in {wall_s:.1f} s "
        f"({game_s / max(wall_s, 1e-9):.1f} x real time), {late} ticks late"
    )
