"""Recording a game: drives of a person, a script or a network, or what a collector takes pictures of."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from playhead.capabilities import capabilities_of
from playhead.data.quality import MOST_ALIKE, odd_recordings
from playhead.devices import rate_of
from playhead.errors import BadValue, PlayheadError
from playhead.game import Game
from playhead.models import EngineSpec
from playhead.playing.controllers import open_controller, take_settings
from playhead.progress import Advance, Progress
from playhead.quantities import check_seconds, rate, seeds
from playhead.recording.collecting import Collected
from playhead.recording.collector import collector_of
from playhead.recording.session import SegmentSummary
from playhead.recording.sinks import HOME, AnySink, SinkOpener
from playhead.sessions.devices import choose_device
from playhead.sessions.disturbing import record_disturbed
from playhead.sessions.episodes import (
    EpisodeJob,
    FailedEpisode,
    episode_options,
    record_episode,
    say_failed,
)
from playhead.sessions.guarding import check_guard, guard_for
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, AnyRun, Place, nested, tags_of_now
from playhead.stopping import stopped_by_interrupt
from playhead.storage.reader import open_recording
from playhead.storage.reservations import Reservations
from playhead.training.auto import default_of
from playhead.workers import run_jobs

if TYPE_CHECKING:
    from playhead.models.run import Run  # torch, which other drivers do without


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What was recorded: a segment a recording, or what a collector took; and which episodes failed.

    Units:  wall_s seconds it lasted.
    """

    segments: Sequence[SegmentSummary] = ()
    failed: Sequence[FailedEpisode] = ()
    collected: Collected | None = None
    wall_s: float = 0.0

    @property
    def names(self) -> list[str]:
        """What the recordings are called, without those that hold nothing or went elsewhere."""
        kept = [segment.recording for segment in self.segments]
        kept += [self.collected.recording] if self.collected is not None else []
        return [one.path.name for one in kept if one is not None and one.frames]

    @property
    def frames(self) -> int:
        """How many frames there are in all."""
        collected = self.collected.pictures if self.collected is not None else 0
        return sum(segment.frames for segment in self.segments) + collected

    def __repr__(self) -> str:
        return f"Recorded({self.frames:,} frames in {', '.join(self.names) or 'no recording'})"

    def to_json(self) -> list[dict[str, Any]]:
        """Return everything as plain data, an entry a recording."""
        if self.collected is not None:
            return [self.collected.to_json()]
        return [*(one.to_json() for one in self.segments), *(one.to_json() for one in self.failed)]


def record(
    game: str | Game, *, on: str = "", driver: str = "", run: AnyRun = "", teacher: str = "", beta: float = 0.3,
    action_noise: bool = False, scenario: str = "", episodes: int = 1, seconds: float = 0.0,
    seed: int | None = None, workers: int | None = None, rate: float | None = None, latency: float | None = None,
    settings: Mapping[str, Any] = NONE, tags: Mapping[str, str] = NONE, notes: str = "",
    device: str = "auto", engine: str = "torch",
    sink: AnySink = HOME, home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None,
) -> Recorded:  # fmt: skip
    """Record drives of a game, as `playhead record` does. Ctrl-C or `stop` ends a recording normally.

    `sink` is "home" (recordings in the home folder), something with append and close, a function that makes one of
    a recording's header, or several of these. `tags` say where the recordings belong, as {"track": "alpine"}; all
    of a call have the same `session`. An episode of a world that fails ends none of the others: it is said, and
    among what `failed`.
    Units:   seconds and latency on the device's clock; rate frames a second.
    Raises:  PlayheadError, whose sentence says what to do; that of an episode only where none came to its end.
    """
    place, options = Place.of(game, home, plugins, progress), nested(settings)
    named = collector_of(place.game, driver)
    if named is not None and not run:
        given = {"teacher": teacher, "action-noise": action_noise, "scenario": scenario, "episodes": episodes > 1,
                 "workers": workers, "latency": latency is not None, "sink": sink != HOME,
                 "tag": tags}  # fmt: skip
        from playhead.sessions.collecting import Collection

        collection = Collection(place=place, named=named, on=on, settings=options, seconds=seconds, notes=notes)
        return Recorded(collected=collection.collect(seed, rate, given, stop))
    with Reservations(place.home, place.game.name) as reserved:
        job = EpisodeJob(
            game=place.game.name, device=on, home=place.home, driver=driver, teacher=teacher,
            beta=beta if teacher else 0.0, has_action_noise=action_noise, scenario=scenario, seconds_s=seconds,
            tags=tags_of_now(tags), notes=notes, sink=sink, engine=EngineSpec(name=engine, device=device),
        )  # fmt: skip
        session = _Session(place, options, job, run, latency_s=latency, rate_hz=rate)
        jobs = session.jobs(episodes, seed, reserved)
        began_s = time.perf_counter()
        segments, failed = session.record(jobs, workers, stop)
    made = Recorded(segments=segments, failed=failed, wall_s=time.perf_counter() - began_s)
    for sentence in _odd(place, session.job.device, made.names):
        place.say(sentence)
    if session.is_world and len(segments) > 1 and all(one.report.ending == "time" for one in segments):
        place.say(
            f"All {len(segments)} drives were ended by --seconds {seconds:g}, none at its own end: what happens "
            "there is not taught, and evaluate goes on until there. Record some without --seconds."
        )
    return made


def _odd(place: Place, device: str, new: Sequence[str]) -> list[str]:
    """Return what is odd about new recordings, beside those that were made before on the same device."""
    if not new:
        return []
    infos = [one for one in place.catalogue.recordings(place.game.name) if one.device == device and one.frames]
    opened = []
    for info in infos[-max(MOST_ALIKE, len(new)) :]:
        with suppress(PlayheadError):
            opened.append(open_recording(info.path))
    said = odd_recordings(place.game, default_of(place.game), opened, new)
    for recording in opened:
        recording.close()
    return said


class _Session:
    """What stays the same over all episodes: device, driver, scenario and options."""

    def __init__(
        self, place: Place, settings: dict[str, Any], asked: EpisodeJob, named: AnyRun, *, latency_s: float | None,
        rate_hz: float | None,
    ) -> None:  # fmt: skip
        game = place.game
        self.place, self.settings = place, settings
        controller, guard = take_settings(settings), take_settings(settings, "guard")
        device = choose_device(place, asked.device, settings)
        self.is_world = capabilities_of(place.plugins, game, device, settings).episodes
        driver = asked.driver or ("run" if named else "expert" if self.is_world else "human")
        if named and driver != "run":
            raise BadValue(f"--run names a run, but --driver {driver} drives. Leave one of them out.")
        check_seconds(seconds=asked.seconds_s, latency=latency_s)
        self.scenario = game.scenario(asked.scenario)
        if rate_hz is not None:
            settings["rate_hz"] = rate(rate_hz)
        self.rate_hz = rate_of(settings, game, device)
        asked = replace(asked, device=device, driver=driver, controller=controller)
        asked = self._driven(asked, place.player(named) if driver == "run" else None, guard)
        if self.is_world:
            first = next(iter(game.world.scenarios), "") if game.world else ""
            asked = replace(asked, scenario=asked.scenario or first, padding_s=self.scenario.padding_s)
        self.job = asked if latency_s is None else replace(asked, latency_s=latency_s)

    def _driven(self, asked: EpisodeJob, run: Run | None, guarding: Mapping[str, Any]) -> EpisodeJob:
        """Return the job with who drives it: a run, if any, and the guard that is asked for, which is said."""
        place, driver = self.place, asked.driver
        guard = guard_for(place, run, asked.device, guarding) if guarding else None
        if guard is not None and driver == "human":
            raise BadValue("A person's keys go straight into the game, past any guard. Leave guard.* out.")
        check_guard(place, guard, self.rate_hz)
        through = f", its keys through the guard {guard.kind}" if guard is not None else ""
        if run is None:
            for name in asked.controller:
                raise BadValue(
                    f"controller.{name} is what a run plays with, and {driver} drives. Leave it out, or pass "
                    "--driver run."
                )
            if through:
                place.say(f"{driver} drives{through}.")
            return replace(asked, guard=guard)
        open_controller(place.game, {**run.controller, **asked.controller})  # what cannot be is said at once
        if not guarding and guard_for(place, run, asked.device, NONE):
            through = ", without the guard that it plays with"
        place.say(f"Run {run.name} drives{through}.")
        latency_s = run.latency_s if self.is_world else 0.0
        return replace(asked, run=str(run.path), run_name=run.name, latency_s=latency_s, guard=guard)

    def jobs(self, episodes: int, seed: int | None, reserved: Reservations) -> list[EpisodeJob]:
        """Return the episodes to record, those of a world each with its own seed."""
        if not self.is_world:
            if episodes > 1 and not self.job.seconds_s:
                raise BadValue("Several episodes of a real game need a length. Pass --seconds.")
            return [replace(self.job, options=self.settings)] * episodes
        options = [
            (one, episode_options(self.scenario, one, self.settings))
            for one in _seeds(self.place, episodes, seed, reserved)
        ]
        return [replace(self.job, seed=one, options=asked) for one, asked in options]

    def record(
        self, jobs: Sequence[EpisodeJob], workers: int | None, stop: Event | None
    ) -> tuple[list[SegmentSummary], list[FailedEpisode]]:
        """Record all episodes, those of a world in as many processes as there may be; say which of these failed.

        Raises:  what an episode raises, where none came to its end.
        """
        errors: list[tuple[EpisodeJob, PlayheadError]] = []
        place, job = self.place, self.job
        elsewhere = "" if job.sink == HOME else "The sink is in this process"
        count = min(place.workers(workers, why_here=elsewhere), len(jobs)) if self.is_world else 1
        sinks = SinkOpener(job.sink, place.new_recording)
        frames = round(job.seconds_s * self.rate_hz) * len(jobs) or None
        bar: AbstractContextManager[Advance] = nullcontext(lambda count: None)
        if self.is_world:  # a real game has a live line of its own
            bar = place.progress.frames(f"record {place.game.name}", frames, self.rate_hz)
        with stopped_by_interrupt(stop) as stopping, bar as advance, closing(sinks):
            work = partial(record_episode, load_plugins=place.load_plugins or (lambda: place.plugins))
            if count == 1:
                work = partial(record_episode, load_plugins=lambda: place.plugins, progress=place.progress,
                               end=stopping.set)  # fmt: skip
            run = partial(
                run_jobs, work, workers=count, progress=advance, stop=stopping, name_of=_name,
                failed=(lambda job, error: errors.append((job, error))) if self.is_world else None,
            )  # fmt: skip

            def record_some(some: Sequence[EpisodeJob]) -> list[SegmentSummary]:
                return [one for segments in run(some) for one in segments]

            if self.is_world:
                segments = record_disturbed(jobs, record_some, tick_s=1 / self.rate_hz, say=place.say)
            else:
                segments = record_some(jobs)
        failed = say_failed(place.say, [(one.seed, error) for one, error in errors], any_done=bool(segments))
        return sorted(segments, key=lambda one: one.seed or 0), failed


def _name(job: EpisodeJob) -> str:
    return f"an episode of seed {job.seed}"


def _seeds(place: Place, episodes: int, seed: int | None, reserved: Reservations) -> list[int]:
    """Reserve the seeds of the episodes: those asked for, else the numbers behind every seed that is known."""

    def choose(taken: set[str]) -> range:
        first = seed
        if first is None:
            first = max([_highest_seed(place), *map(int, taken)]) + 1
        return seeds(first, episodes)

    return [int(one) for one in reserved.take("seeds", choose)]


def _highest_seed(place: Place) -> int:
    """Return the highest seed that any recording of this game was made with, also one that was killed."""
    seeds = [0]
    for info in place.catalogue.recordings(place.game.name):
        with suppress(PlayheadError):
            seeds.append(open_recording(info.path).header.seed or 0)
    return max(seeds)
