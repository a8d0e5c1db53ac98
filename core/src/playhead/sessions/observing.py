"""A run watches a game without controls, and a window shows what it sees in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from playhead.capture import FrameArray
from playhead.clock import SystemClock
from playhead.control.loop import Watcher
from playhead.control.timing import LoopReport
from playhead.devices import OpenDevice, open_device
from playhead.errors import DeviceFailed
from playhead.game import Game
from playhead.models import EngineSpec
from playhead.models.run import Run
from playhead.playing.console import PlayerConsole
from playhead.playing.fitness import Fitness
from playhead.playing.observing import LiveView, ObservationSummary, Observer
from playhead.playing.overlay import Canvas
from playhead.playing.session import play as watch_episode
from playhead.progress import Progress
from playhead.quantities import check_seconds
from playhead.quantities import rate as checked_rate
from playhead.recording.segments import record_segments
from playhead.recording.session import RecordingRequest
from playhead.sessions.devices import choose_device
from playhead.sessions.episodes import FrameCounter
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, AnyRun, Place, nested
from playhead.stopping import stopped_by_interrupt
from playhead.threads import one_thread_each

if TYPE_CHECKING:
    from playhead.showing.window import Window


def observe(
    game: str | Game, *, on: str = "", run: AnyRun = "", seconds: float = 0.0, real_time: bool = False,
    rate: float | None = None, record: bool = False, settings: Mapping[str, Any] = NONE, terminal: bool = False,
    device: str = "auto", engine: str = "torch", home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None,
) -> ObservationSummary:  # fmt: skip
    """Let a run watch a game until the time is up, the source ends, or somebody stops it or closes the window.

    Where there is no desktop, or with `terminal`, `progress` shows it instead of a window.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    place, options = Place.of(game, home, plugins, progress), nested(settings)
    check_seconds(seconds=seconds)
    chosen = choose_device(place, on, options)
    if rate is not None:
        options["rate_hz"] = checked_rate(rate)
    if real_time:
        options["real_time"] = True
    watching = place.player(run)
    place.say(f"Run {watching.name} watches and presses nothing. Ctrl-C stops.")
    session = _Session(place=place, run=watching, seconds=seconds, is_recorded=record,
                       engine=EngineSpec(name=engine, device=device))  # fmt: skip
    window = None if terminal else session.window()
    try:
        with (
            one_thread_each(),
            stopped_by_interrupt(stop) as stopping,
            open_device(place.plugins, place.game, chosen, options=options, input_name="none") as opened,
        ):
            return session.watch(opened, window, stopping)
    finally:
        if window is not None:
            window.close()


@dataclass(frozen=True, kw_only=True)
class _Session:
    """One session of watching: run, how long, and whether it is recorded."""

    place: Place
    run: Run
    seconds: float
    is_recorded: bool
    engine: EngineSpec

    def window(self) -> Window | None:
        """Return a window to show it in; None where there is no desktop."""
        from playhead.showing.window import Window

        try:
            return Window(f"{self.place.game.title}, watched by {self.run.name}", [])
        except DeviceFailed as error:
            self.place.say(f"Shown in the terminal. {error}")
            return None

    def watch(self, device: OpenDevice, window: Window | None, stop: Event) -> ObservationSummary:
        """Watch an open device, shown in a window or by whoever hears of the session."""
        rate_hz, has_window = device.session.rate_hz, window is not None
        place = self.place
        observer = Observer.of(self.run, place.plugins, place.game, rate_hz=rate_hz, with_heat=has_window,
                               engine=self.engine)  # fmt: skip
        fitness = Fitness(
            place.game.name, self.run.name, asked_hz=rate_hz, rate_hz=rate_hz, latency_s=self.run.latency_s,
            say=place.say, does="sees",
        )  # fmt: skip
        if window is not None:
            view = self._view(device, observer, window, stop)
            report, names = self._drive(device, observer, [view, fitness], stop)
            summary = ObservationSummary.of(observer, report, view)
        else:
            with self._shown(device, observer, fitness) as watcher:
                report, names = self._drive(device, observer, [watcher, fitness], stop)
            summary = ObservationSummary.of(observer, report, None)
        if has_window and observer.has_heat and not summary.heats:
            place.say(f"Grad-CAM takes {observer.heat_ms:.0f} ms, too long at {rate_hz:g} frames a second.")
        if fitness.said:
            place.say(fitness.summary)
        return replace(summary, recordings=tuple(names), fitness=fitness.to_json())

    def _view(self, device: OpenDevice, observer: Observer, window: Window, stop: Event) -> LiveView:
        frame = self.place.game.needed_frame
        canvas = Canvas(frame.height, frame.width, observer.schema, has_heat=observer.has_heat)
        window.open(*canvas.size)
        screen = ClosableScreen(window, stop)
        return LiveView(observer, screen, canvas, device.clock, rate_hz=device.session.rate_hz)

    @contextmanager
    def _shown(self, device: OpenDevice, observer: Observer, fitness: Fitness) -> Iterator[Watcher]:
        """Have numbers and bars shown, or how far it is where nothing waits for anybody's eyes."""
        rate_hz, game = device.session.rate_hz, self.place.game
        if isinstance(device.clock, SystemClock):
            console = PlayerConsole(
                game, f"{game.title} · run {self.run.name}", rate_hz=rate_hz,
                predictions=lambda: observer.predictions, authority=None, only_watches=True,
                unfit=lambda: fitness.now,
            )  # fmt: skip
            with self.place.progress.screen(console.screen):
                yield console
            return
        frames = round(self.seconds * rate_hz) or None
        with self.place.progress.frames(f"watch {game.name}", frames, rate_hz) as advance:
            yield FrameCounter(advance)

    def _drive(
        self, device: OpenDevice, observer: Observer, watchers: list[Watcher], stop: Event
    ) -> tuple[LoopReport, list[str]]:
        """Run the loop, recorded or not; returns its report and the names of the recordings."""
        duration_s = self.seconds or float("inf")
        if not self.is_recorded:
            summary = watch_episode(device, observer, duration_s=duration_s, watchers=watchers, stop=stop.is_set)
            return summary.report, []
        request = RecordingRequest(driver=observer, driver_name=f"run {self.run.name}", duration_s=duration_s)
        made = record_segments(
            device, self.place.new_recording, request, None, watchers=watchers, stop=stop.is_set
        )
        names = []
        for one in made:
            if one.recording is not None and one.frames:
                names.append(one.recording.path.name)
                self.place.say(f"Recorded {names[-1]}, {one.frames:,} frames.")
        return LoopReport.joined([one.report for one in made]), names


class ClosableScreen:
    """A window that pictures are shown in until somebody closes it, which ends the session normally."""

    def __init__(self, window: Window, stop: Event) -> None:
        self._window = window
        self._stop = stop
        self._clock = SystemClock()

    def show(self, frame_HWC: FrameArray) -> None:
        """Show a picture, and hear whether the window was closed."""
        for happening in self._window.happenings(self._clock, self._clock.now_ns()):
            if happening.kind == "close":
                self._stop.set()
        self._window.show(frame_HWC)
