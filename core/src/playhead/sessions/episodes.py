"""One recorded episode as a job that another process can do: plain data in, a summary out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from playhead.capabilities import check_episodes
from playhead.clock import SystemClock
from playhead.control.blind import BLIND, blind_driver
from playhead.control.drivers import Driver, HumanDriver
from playhead.control.loop import Tick, Watcher
from playhead.control.scripted import scripted_driver, world_of
from playhead.devices import OpenDevice, merged, open_device
from playhead.errors import PlayheadError
from playhead.events import Event, Origin
from playhead.game import Game, Scenario
from playhead.home import Home
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.playing.guards import Guarded, GuardSpec, open_guard
from playhead.plugins import Plugins
from playhead.progress import Advance, Progress
from playhead.recording.action_noise import BESIDE_A_PERSON, ActionNoise, ActionNoiseSettings
from playhead.recording.live import LiveLine
from playhead.recording.reached import ReachedRate
from playhead.recording.segments import record_segments
from playhead.recording.session import RecordingRequest, SegmentSummary
from playhead.recording.sinks import HOME, AnySink, SinkOpener
from playhead.sessions.control import take_control
from playhead.storage.changing import claim_recording
from playhead.storage.pacing import say_on_stderr
from playhead.threads import one_thread_each

MOST_FAILED = 10  # that are said one by one


@dataclass(frozen=True, kw_only=True)
class FailedEpisode:
    """An episode that did not come to its end, and the sentence that says why and what is kept of it."""

    seed: int | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"seed": self.seed, "failed": self.why}


def say_failed(
    say: Callable[[str], object], errors: Sequence[tuple[int | None, PlayheadError]], *, any_done: bool
) -> list[FailedEpisode]:
    """Say which seeds failed and why, and return them. Raises the first error where no episode came to its end."""
    if errors and not any_done:
        for seed, error in errors[1:MOST_FAILED]:
            say(f"Seed {seed}: {error}")
        raise errors[0][1]
    for seed, error in errors[:MOST_FAILED]:
        say(f"Seed {seed} failed: {error}")
    return [FailedEpisode(seed=seed, why=str(error)) for seed, error in errors]


@dataclass(frozen=True, kw_only=True)
class EpisodeJob:
    """Everything one episode is recorded with. `controller` is laid over the settings that a run plays with.

    Units:  seconds_s on the device's clock; 0 is no limit.
    """

    game: str
    device: str
    home: Home
    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    run_name: str = ""
    engine: EngineSpec = DEFAULT_ENGINE
    controller: Mapping[str, Any] = field(default_factory=dict)
    guard: GuardSpec | None = None
    teacher: str = ""
    beta: float = 0.0
    has_action_noise: bool = False
    noise: ActionNoiseSettings = field(default_factory=ActionNoiseSettings)
    scenario: str = ""
    padding_s: float = 0.0
    seconds_s: float = 0.0
    latency_s: float = 0.0
    seed: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""
    sink: AnySink = HOME


class FrameCounter:
    """A watcher that reports frames as they come, some at a time: messages between processes are not free."""

    EVERY = 20

    def __init__(self, on_frames: Advance) -> None:
        self._on_frames = on_frames
        self._count = 0

    def saw(self, tick: Tick) -> None:
        """Count one frame."""
        self._count += 1
        if self._count >= self.EVERY:
            self._report()

    def ended(self, events: Sequence[Event]) -> None:
        """Report the rest."""
        self._report()

    def _report(self) -> None:
        self._on_frames(self._count)
        self._count = 0


def record_episode(
    job: EpisodeJob,
    on_frames: Advance,
    stop: Callable[[], bool],
    *,
    load_plugins: Callable[[], Plugins],
    progress: Progress | None = None,
    end: Callable[[], object] = lambda: None,
) -> list[SegmentSummary]:
    """Record one episode: open the device, drive, write, close. A pause makes several recordings of it.

    `end` is called when a person wants no further episodes.
    """
    plugins, heard = load_plugins(), progress or Progress()
    game = plugins.game(job.game)
    say = heard.note if progress is not None else say_on_stderr  # a process of its own has nobody to tell
    sinks = SinkOpener(job.sink, lambda: claim_recording(job.home.recordings(game.name)), say)
    with (
        one_thread_each(networks=job.driver == "run"),
        open_device(plugins, game, job.device, options=job.options) as opened,
        ExitStack() as shown,
    ):
        request = _request(job, plugins, opened)
        device, authority = take_control(opened, request.driver.origin, heard.note, end)
        if request.is_beside:
            heard.note("Now and then a wrong key is pressed beside yours: drive on as you want to.")
        live = LiveLine(game, authority)
        if authority is not None:
            shown.enter_context(heard.screen(live.text))
        watchers: list[Watcher] = [FrameCounter(on_frames), live]
        if isinstance(opened.clock, SystemClock):  # a world that waits reaches any rate
            watchers.append(ReachedRate(opened.session.rate_hz, heard.note))
        return record_segments(
            device,
            sinks,
            request,
            authority,
            watchers=watchers,
            stop=stop,
            began=live.began,
        )


def make_driver(device: OpenDevice, plugins: Plugins, job: EpisodeJob) -> Driver:
    """Return the driver of a job: human, run, expert, or a policy of the game's world; behind a guard, if any."""
    driver, rate_hz = _unguarded(device, plugins, job), device.session.rate_hz
    if job.guard is None:
        return driver
    guard = open_guard(job.guard, device.session.game, plugins, rate_hz=rate_hz)
    return Guarded(driver, guard, kind=job.guard.kind, rate_hz=rate_hz)


def _unguarded(device: OpenDevice, plugins: Plugins, job: EpisodeJob) -> Driver:
    if job.driver == "human":
        return HumanDriver()
    if job.driver == "run":
        from playhead.playing.policy import open_policy  # torch, which other drivers do without

        return open_policy(
            job.home, plugins, device.session.game, job.run, rate_hz=device.session.rate_hz,
            settings=job.controller, engine=job.engine, awaited=device.capture.telemetry_names,
        )  # fmt: skip
    game = device.session.game
    if job.driver in BLIND and game.controls and job.driver not in world_of(game).policies:
        check_episodes(device.session.capabilities, game, device.session.name, f"The driver {job.driver} needs")
        return blind_driver(game, job.driver, job.seed or 0)
    return scripted_driver(device, job.driver)


def _request(job: EpisodeJob, plugins: Plugins, device: OpenDevice) -> RecordingRequest:
    driver = make_driver(device, plugins, job)
    game = device.session.game
    return RecordingRequest(
        driver=driver,
        driver_name=job.driver if driver.origin != Origin.MODEL else f"run {job.run_name}",
        teacher=scripted_driver(device, job.teacher) if job.teacher else None,
        action_noise=_noise(game, job, driver) if job.has_action_noise else None,
        beta=job.beta,
        duration_s=job.seconds_s or float("inf"),
        padding_s=job.padding_s,
        latency_s=job.latency_s,
        scenario=job.scenario,
        seed=job.seed,
        tags=job.tags,
        notes=job.notes,
    )


def _noise(game: Game, job: EpisodeJob, driver: Driver) -> ActionNoise:
    """Return wrong keys, the same for the same seed; beside a person, who would learn them, always others."""
    if driver.origin is not Origin.HUMAN:
        return ActionNoise(game, seed=job.seed or 0, settings=job.noise)
    seed = job.seed if job.seed is not None else time.time_ns()
    return ActionNoise(game, seed=seed, settings=BESIDE_A_PERSON, keys_only=True)


def episode_options(scenario: Scenario, seed: int | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the device options of one episode: the scenario's reset, the seed, and what --set asks for."""
    options: dict[str, Any] = {"reset": dict(scenario.options)} if scenario.options else {}
    if seed is not None:
        options["seed"] = seed
    return merged(options, settings)
