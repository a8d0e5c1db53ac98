"""A run plays: episodes one after another on one device, recorded or not, with a person's right to take over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from playhead.capabilities import Capabilities, capabilities_of
from playhead.control.authority import ControlAuthority
from playhead.control.drivers import Driver
from playhead.control.loop import Watcher
from playhead.control.timing import LoopReport
from playhead.devices import OpenDevice, merged, open_device, rate_of
from playhead.errors import BadValue, PlayheadError
from playhead.game import Game, is_playable
from playhead.input.none import DryRun
from playhead.models import EngineSpec
from playhead.models.run import Run
from playhead.playing.console import PlayerConsole
from playhead.playing.controllers import take_settings
from playhead.playing.fitness import Fitness
from playhead.playing.guards import Guarded, GuardSpec, open_guard
from playhead.playing.policy import RunPolicy
from playhead.playing.session import PlaySummary
from playhead.playing.session import play as play_episode
from playhead.playing.stuck import Unsticking
from playhead.progress import Advance, Progress
from playhead.quantities import check_seconds, rate, seeds
from playhead.recording.segments import record_segments
from playhead.recording.session import RecordingRequest
from playhead.sessions.control import take_control
from playhead.sessions.devices import choose_device
from playhead.sessions.episodes import FailedEpisode, FrameCounter, say_failed
from playhead.sessions.filming import EpisodeFilm, film_of
from playhead.sessions.guarding import check_guard, guard_for, stuck_settings
from playhead.sessions.latency import keep_after, warn_before
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, AnyRun, Place, nested, tags_of_now
from playhead.sessions.tolerance import known_tolerance
from playhead.stopping import stopped_by_interrupt
from playhead.threads import one_thread_each
from playhead.workers import run_jobs

if TYPE_CHECKING:
    from playhead.playing.observing import ObservationSummary


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of playing: a summary an episode, and which failed; or what was seen in a game that is watched."""

    run: str
    episodes: Sequence[PlaySummary] = ()
    failed: Sequence[FailedEpisode] = ()
    observed: ObservationSummary | None = None

    def __repr__(self) -> str:
        measures = [dict(one.measures) for one in self.episodes]
        return f"Played({self.run}: {measures if self.observed is None else dict(self.observed.share)})"

    def to_json(self) -> Any:
        """Return everything as plain data: a list with an entry an episode, or what was observed."""
        if self.observed is not None:
            return self.observed.to_json()
        return [*(one.to_json() for one in self.episodes), *(one.to_json() for one in self.failed)]


def play(
    game: str | Game, *, on: str = "", run: AnyRun = "", seconds: float = 0.0, episodes: int = 1, seed: int = 1,
    scenario: str = "", real_time: bool = False, latency: float | None = None, rate: float | None = None,
    dry_run: bool = False, unstick: bool = False, record: bool = False, tags: Mapping[str, str] = NONE,
    settings: Mapping[str, Any] = NONE, video: str | Path = "",
    terminal: bool = False, device: str = "auto", engine: str = "torch",
    home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None,
) -> Played:  # fmt: skip
    """Let a run play a game, as `playhead play` does. Ctrl-C or `stop` ends it normally, with every key released.

    `video` names a file, .mp4 or .webp, that shows what was seen and pressed; of several episodes FILE-1, FILE-2.
    An episode of a world that fails ends none of the others: it is said, and among what `failed`.
    Units:   seconds and latency on the device's clock; rate frames a second.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    place = Place.of(game, home, plugins, progress)
    if not is_playable(place.game):
        given = {
            "episodes": episodes > 1,
            "scenario": scenario,
            "latency": latency is not None,
            "unstick": unstick,
            "tag": tags,
            "video": bool(video),
        }
        for option in (option for option, is_given in given.items() if is_given):
            raise BadValue(f"--{option} is for playing; {place.game.name} has no controls and is only watched.")
        from playhead.sessions.observing import observe  # what draws heat, which playing does without

        seen = observe(place.game, on=on, run=run, seconds=seconds, real_time=real_time, rate=rate, record=record,
                       settings=settings, terminal=terminal, device=device, engine=engine,
                       home=place.home, plugins=place.plugins,
                       progress=place.progress, stop=stop)  # fmt: skip
        return Played(run=seen.run, observed=seen)
    check_seconds(seconds=seconds, latency=latency)
    seeds(seed, episodes)
    session = PlaySession(
        place=place, on=on, settings=nested(settings), rate_hz=rate, scenario=scenario, is_real_time=real_time,
        is_dry=dry_run, unsticks=unstick, is_recorded=record, tags=tags_of_now(tags),
        duration_s=seconds or float("inf"), engine=EngineSpec(name=engine, device=device),
        films=[film_of(Path(video), number, episodes) for number in range(episodes)] if video else [],
    )  # fmt: skip
    session.take_run(run, latency)
    summaries, failed = session.play(episodes, seed, stop)
    return Played(run=session.run.name, episodes=summaries, failed=failed)


@dataclass(kw_only=True)
class PlaySession:
    """What stays the same over all episodes: game, device, run and options."""

    place: Place
    on: str
    settings: dict[str, Any]
    rate_hz: float | None
    scenario: str
    is_real_time: bool
    is_dry: bool
    unsticks: bool
    is_recorded: bool
    tags: Mapping[str, str]
    duration_s: float
    engine: EngineSpec
    films: list[Path] = field(default_factory=list)  # of episodes that are still to be played
    run: Run = field(init=False)
    latency_s: float = field(init=False)
    fitness: Fitness = field(init=False)
    guard: GuardSpec | None = field(init=False)
    authority: ControlAuthority | None = field(default=None, init=False)  # of the episode that was begun last

    def __post_init__(self) -> None:
        self.device = choose_device(self.place, self.on, self.settings)
        self.is_world = self._can(self.settings).episodes
        self.controller = take_settings(self.settings)
        self.guard_settings = take_settings(self.settings, "guard")
        self.stuck = stuck_settings(self.place, self.settings)
        if self.rate_hz is not None:
            self.settings["rate_hz"] = rate(self.rate_hz)
        self.options = self._options()

    def _can(self, options: Mapping[str, Any]) -> Capabilities:
        return capabilities_of(self.place.plugins, self.place.game, self.device, options)

    def _options(self) -> dict[str, Any]:
        """Return the device's options; a world is played where it was not trained, unless this is recorded."""
        if not self.is_world:
            if self.is_real_time or self.scenario:
                raise BadValue(f"--real-time and --scenario are for worlds; {self.device} is none.")
            return self.settings
        game = self.place.game
        unseen = dict(game.world.test_options) if game.world and not self.is_recorded else {}
        reset = {**game.scenario(self.scenario).options, **unseen}
        options: dict[str, Any] = {"reset": reset} if reset else {}
        if self.is_real_time:
            options["real_time"] = True
            if self._can(options).lockstep:
                raise BadValue(f"{self.device} always waits and has no real time. Leave --real-time out.")
        return merged(options, self.settings)

    def take_run(self, named: AnyRun, latency_s: float | None) -> None:
        """Find the run that plays, say which, and with which delay between look and press."""
        place = self.place
        run = self.run = place.player(named)
        self.guard = guard_for(place, run, self.device, self.guard_settings)
        check_guard(place, self.guard, run.rate_hz)
        if not self.is_world and "rate_hz" not in self.options:
            self.options["rate_hz"] = run.rate_hz  # a window can be looked at as often as the run wants
        usual_s = run.latency_s if self.is_world and not self.is_real_time else 0.0
        self.latency_s = usual_s if latency_s is None else latency_s
        # A world that waits is done when its frames are, so a bar is shown; anything else has a screen.
        self.waits = self.is_world and self._can(self.options).lockstep
        is_own = run.path.is_relative_to(place.home.path)
        whence = "named" if named else "the newest here" if is_own else "it came with the game"
        delay = f", pressing {self.latency_s * 1000:.0f} ms after looking" if self.latency_s else ""
        guarded = f", its keys through the guard {self.guard.kind}" if self.guard else ""
        place.say(f"Run {run.name} ({whence}){delay}{guarded}. Ctrl-C stops.")
        self.is_timed = not self.is_world and not self.is_dry
        self.was_warned = self.is_timed and warn_before(place, self.device, run)

    def play(
        self, episodes: int, first_seed: int, stop: Event | None
    ) -> tuple[list[PlaySummary], list[FailedEpisode]]:
        """Play the episodes one after another, until somebody stops it; say which of a world's failed.

        Raises:  what an episode raises, where none came to its end.
        """
        place, rate_hz = self.place, rate_of(self.options, self.place.game, self.device)
        is_endless = self.duration_s == float("inf")
        frames = None if is_endless else round(self.duration_s * rate_hz) * episodes or None
        self.fitness = Fitness(
            place.game.name, self.run.name, asked_hz=rate_hz, rate_hz=self.run.rate_hz,
            latency_s=self.run.latency_s, say=place.say, tolerance=known_tolerance(place, self.run),
            waits=self.waits,
        )  # fmt: skip
        bar: AbstractContextManager[Advance] = nullcontext(lambda count: None)
        if self.waits:
            bar = place.progress.frames(f"play {place.game.name}", frames, rate_hz)
        errors: list[tuple[int | None, PlayheadError]] = []
        with one_thread_each(), stopped_by_interrupt(stop) as stopping, bar as advance:
            summaries = list(run_jobs(
                lambda seed, advance, is_stopped: self._episode(seed, advance, stopping),
                [first_seed + number if self.is_world else None for number in range(episodes)],
                workers=1,
                progress=advance,
                stop=stopping,
                failed=(lambda seed, error: errors.append((seed, error))) if self.is_world else None,
            ))  # fmt: skip
        failed = say_failed(place.say, errors, any_done=bool(summaries))
        if self.is_timed:
            report = LoopReport.joined([summary.report for summary in summaries])
            keep_after(
                place, self.device, self.run, report, was_said=self.was_warned or "age" in self.fitness.said
            )
        if self.fitness.said:
            place.say(self.fitness.summary)
        return summaries, failed

    def _episode(self, seed: int | None, advance: Advance, stop: Event) -> PlaySummary:
        options = self.options if seed is None else {**self.options, "seed": seed}
        input_name = "none" if self.is_dry else ""
        place = self.place
        with open_device(place.plugins, place.game, self.device, options=options, input_name=input_name) as device:
            episode = _Episode(self, device, seed, stop)
            summary = replace(episode.play(advance), fitness=self.fitness.to_json(), guarded=episode.guarded)
            if episode.policy.unanswered:
                place.say(
                    f"On {episode.policy.unanswered:,} frames the answer was no number, as what the network looks "
                    "at was none, and nothing was pressed."
                )
            if self.is_dry:
                place.say(would_have(device, summary))
            return summary


class _Episode:
    """One episode on an open device, with what guards it and what is shown of it."""

    def __init__(self, session: PlaySession, device: OpenDevice, seed: int | None, stop: Event) -> None:
        self.session, self.place, self.seed = session, session.place, seed
        self.policy = RunPolicy.of(
            session.run, self.place.plugins, self.place.game, rate_hz=device.session.rate_hz,
            settings=session.controller, engine=session.engine, awaited=device.capture.telemetry_names,
        )  # fmt: skip
        self.driver: Driver = self.policy
        if session.guard is not None:
            rate_hz = device.session.rate_hz
            guard = open_guard(session.guard, self.place.game, self.place.plugins, rate_hz=rate_hz)
            self.driver = Guarded(self.policy, guard, kind=session.guard.kind, rate_hz=rate_hz)
        self.device, self.authority = take_control(device, self.policy.origin, self.place.say, stop.set)
        self.stop = stop.is_set
        if self.authority is not None and session.authority is not None:
            self.authority.go_on_from(session.authority)
        session.authority = self.authority
        session.fitness.is_driving = lambda: self.authority is None or self.authority.who == "model"

    def play(self, advance: Advance) -> PlaySummary:
        """Play it, recorded or not, and show a screen where a bar would not do."""
        with self._console() as console, self._film() as film:
            watchers: list[Watcher] = [FrameCounter(advance), console, self.session.fitness, *film]
            if self.session.is_recorded:
                return self._record(watchers, lambda writer: console.is_recorded_as(writer.name))
            return self._play(watchers)

    @contextmanager
    def _console(self) -> Iterator[PlayerConsole]:
        """Make the one screen of a play session and show it, unless a bar is shown instead."""
        session = self.device.session
        title = f"{session.game.title} · run {self.session.run.name}"
        console = PlayerConsole(
            session.game, title, rate_hz=session.rate_hz, predictions=lambda: self.policy.predictions,
            authority=self.authority, unfit=lambda: self.session.fitness.now, guarded=lambda: self.guarded,
        )  # fmt: skip
        with nullcontext() if self.session.waits else self.place.progress.screen(console.screen):
            yield console

    @contextmanager
    def _film(self) -> Iterator[list[Watcher]]:
        """Film the episode, where that is asked for, and say where the film is."""
        session = self.session
        if not session.films:
            yield []
            return
        file, device = session.films.pop(0), self.device.session
        with EpisodeFilm(file, device.game, rate_hz=device.rate_hz, waits=session.waits) as film:
            yield [film]
        left_out = f", {film.left_out:,} pictures left out: encoding took too long" if film.left_out else ""
        self.place.say(f"Video: {file}{left_out}")

    def _driver(self) -> Driver:
        if self.session.unsticks:
            return Unsticking(self.driver, self.place.game, settings=self.session.stuck, seed=self.seed or 0)
        return self.driver

    @property
    def guarded(self) -> float | None:
        """The share of the decisions that the guard changed; None without one."""
        return self.driver.stepped_in_share if isinstance(self.driver, Guarded) else None

    def _play(self, watchers: list[Watcher]) -> PlaySummary:
        summary = play_episode(
            self.device,
            self._driver(),
            duration_s=self.session.duration_s,
            latency_s=self.session.latency_s,
            guard=self.authority,
            watchers=watchers,
            stop=self.stop,
            seed=self.seed,
        )
        if self.authority is not None and summary.report.ending == "episode":
            self.authority.tell_end()
        return summary

    def _record(self, watchers: list[Watcher], began: Callable[[Any], object]) -> PlaySummary:
        session = self.session
        request = RecordingRequest(
            driver=self._driver(),
            driver_name=f"run {session.run.name}",
            duration_s=session.duration_s,
            latency_s=session.latency_s,
            scenario=session.scenario,
            seed=self.seed,
            tags=session.tags,
        )
        made = record_segments(
            self.device,
            self.place.new_recording,
            request,
            self.authority,
            watchers=watchers,
            stop=self.stop,
            began=began,
        )
        for one in made:
            if one.recording is not None:
                self.place.say(f"Recorded {one.recording.path.name}, {one.frames:,} frames.")
        report = LoopReport.joined([one.report for one in made])
        return PlaySummary(report=report, measures=self.device.measures(), seed=self.seed)


def would_have(device: OpenDevice, summary: PlaySummary) -> str:
    """Say what a dry run would have pressed: how often, and for how much of the time."""
    if not isinstance(device.input, DryRun) or not device.input.sent:
        return "Dry run: nothing would have been pressed."
    parts = []
    for code, (presses, held_s) in sorted(device.input.totals().items()):
        share = held_s / max(summary.report.elapsed_s, 1e-9)
        parts.append(f"{code} {presses} times, {100 * share:.0f} % of the time")
    return f"Dry run, would have pressed: {'; '.join(parts)}."
