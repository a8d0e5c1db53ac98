"""`playhead play` of a game without controls: a run watches it, and a window shows what it sees in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playhead.cli.context import Desk
from playhead.cli.devices import choose_device, parse_settings
from playhead.errors import BadValue, DeviceFailed

if TYPE_CHECKING:
    from threading import Event

    from playhead.capture import FrameArray
    from playhead.control.loop import Watcher
    from playhead.control.timing import LoopReport
    from playhead.devices import OpenDevice
    from playhead.game import Game
    from playhead.models.run import Run
    from playhead.playing.observing import LiveView, ObservationSummary, Observer
    from playhead.showing.window import Window

# Options of `play` that say how somebody plays, by what they are when they were not given.
FOR_PLAY = {"episodes": 1, "scenario": "", "latency": None, "unstick": False}


def watch(desk: Desk, game: Game, asked: dict[str, Any], *, as_json: bool) -> None:
    """Let a run watch a game until the time is up, the source ends, the window is closed or Ctrl-C is pressed."""
    summary = _Session(desk, game, asked).watch()
    if as_json:
        desk.tell_json(summary.to_json())
    else:
        desk.tell(*lines(summary))


class _Session:
    """One session of watching: run, device, and where it is shown."""

    def __init__(self, desk: Desk, game: Game, asked: dict[str, Any]) -> None:
        from playhead.models.catalogue import RunCatalogue

        given = [name for name, unset in FOR_PLAY.items() if asked[name] != unset]
        if given or asked["seconds"] < 0:
            wrong = f"--{given[0]} is for playing" if given else "--seconds cannot be negative"
            raise BadValue(f"{wrong}; {game.name} has no controls and is only watched.")
        self.desk, self.game, self.asked = desk, game, asked
        self.options = parse_settings(asked["settings"])
        self.device = choose_device(desk, game, asked["on"], self.options)
        if asked["rate"]:
            self.options["rate_hz"] = asked["rate"]
        if asked["real_time"]:
            self.options["real_time"] = True
        catalogue = RunCatalogue(home=desk.home, game=game, say=desk.say)
        self.run: Run = catalogue.find(asked["run_name"]) if asked["run_name"] else catalogue.latest()
        desk.say(f"Run {self.run.name} watches and presses nothing. Ctrl-C stops.")

    def watch(self) -> ObservationSummary:
        """Open the device without any input, and watch."""
        from playhead.devices import open_device
        from playhead.stopping import stopped_by_interrupt
        from playhead.threads import one_thread_each

        plugins, window = self.desk.plugins, self._window()
        try:
            with (
                one_thread_each(),
                stopped_by_interrupt() as stop,
                open_device(plugins, self.game, self.device, options=self.options, input_name="none") as device,
            ):
                return self._watch(device, window, stop)
        finally:
            if window is not None:
                window.close()

    def _window(self) -> Window | None:
        """Return a window to show it in; None where there is no desktop, or the terminal is wanted."""
        from playhead.showing.window import Window

        if self.asked["terminal"]:
            return None
        try:
            return Window(f"{self.game.title}, watched by {self.run.name}", [])
        except DeviceFailed as error:
            self.desk.say(f"Shown in the terminal. {error}")
            return None

    def _watch(self, device: OpenDevice, window: Window | None, stop: Event) -> ObservationSummary:
        from playhead.models import EngineSpec
        from playhead.playing.observing import ObservationSummary, Observer

        engine = EngineSpec(device=self.asked["computes_on"])
        rate_hz, has_window = device.session.rate_hz, window is not None
        observer = Observer.of(
            self.run, self.desk.plugins, self.game, rate_hz=rate_hz, with_heat=has_window, engine=engine
        )
        if window is not None:
            view = self._view(device, observer, window, stop)
            report, names = self._drive(device, observer, [view], stop)
            summary = ObservationSummary.of(observer, report, view)
        else:
            with self._terminal(device, observer) as watcher:
                report, names = self._drive(device, observer, [watcher], stop)
            summary = ObservationSummary.of(observer, report, None)
        if has_window and observer.has_heat and not summary.heats:
            self.desk.say(f"Grad-CAM takes {observer.heat_ms:.0f} ms, too long at {rate_hz:g} frames a second.")
        return replace(summary, recordings=tuple(names))

    def _view(self, device: OpenDevice, observer: Observer, window: Window, stop: Event) -> LiveView:
        from playhead.playing.observing import LiveView
        from playhead.playing.overlay import Canvas

        frame = self.game.needed_frame
        canvas = Canvas(frame.height, frame.width, observer.schema, has_heat=observer.has_heat)
        window.open(*canvas.size)
        screen = ClosableScreen(window, stop)
        return LiveView(observer, screen, canvas, device.clock, rate_hz=device.session.rate_hz)

    @contextmanager
    def _terminal(self, device: OpenDevice, observer: Observer) -> Iterator[Watcher]:
        """Show numbers and bars in the terminal, or a progress bar where nothing waits for anybody's eyes."""
        from playhead.cli.episodes import FrameCounter
        from playhead.cli.progress import frames_bar, live_screen
        from playhead.clock import SystemClock
        from playhead.playing.console import PlayerConsole

        rate_hz, title = device.session.rate_hz, f"{self.game.title} · run {self.run.name}"
        if isinstance(device.clock, SystemClock):
            console = PlayerConsole(
                self.game,
                title,
                rate_hz=rate_hz,
                predictions=lambda: observer.predictions,
                authority=None,
                only_watches=True,
            )
            with live_screen(console.screen):
                yield console
            return
        frames = round(self.asked["seconds"] * rate_hz) or None
        with frames_bar(f"watch {self.game.name}", frames, rate_hz) as on_frames:
            yield FrameCounter(on_frames)

    def _drive(
        self, device: OpenDevice, observer: Observer, watchers: list[Watcher], stop: Event
    ) -> tuple[LoopReport, list[str]]:
        """Run the loop, recorded or not; returns its report and the names of the recordings."""
        duration_s = self.asked["seconds"] or float("inf")
        if not self.asked["is_recorded"]:
            from playhead.playing.session import play

            summary = play(device, observer, duration_s=duration_s, watchers=watchers, stop=stop.is_set)
            return summary.report, []
        from playhead.control.timing import LoopReport
        from playhead.recording.segments import record_segments
        from playhead.recording.session import RecordingRequest
        from playhead.storage.changing import claim_recording

        request = RecordingRequest(driver=observer, driver_name=f"run {self.run.name}", duration_s=duration_s)
        folder = self.desk.home.recordings(self.game.name)
        made = record_segments(
            device, lambda: claim_recording(folder), request, None, watchers=watchers, stop=stop.is_set
        )
        kept = [taken for taken in made if taken.recording.frames]
        for taken in kept:
            self.desk.say(f"Recorded {taken.recording.path.name}, {taken.recording.frames:,} frames.")
        return LoopReport.joined([taken.report for taken in made]), [taken.recording.path.name for taken in kept]


class ClosableScreen:
    """A window that pictures are shown in until somebody closes it, which ends the session normally."""

    def __init__(self, window: Window, stop: Event) -> None:
        from playhead.clock import SystemClock

        self._window = window
        self._stop = stop
        self._clock = SystemClock()

    def show(self, frame_HWC: FrameArray) -> None:
        """Show a picture, and hear whether the window was closed."""
        for happening in self._window.happenings(self._clock, self._clock.now_ns()):
            if happening.kind == "close":
                self._stop.set()
        self._window.show(frame_HWC)


def lines(summary: ObservationSummary) -> list[str]:
    """Say how watching went: what was seen how often, how fast, and what drawing took."""
    report, rates = summary.report, summary.report.rates_hz()
    told = [
        f"{head}: " + "  ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
        for head, shares in summary.share.items()
    ]
    slow = f"  late {report.late}, dropped {report.dropped}" if report.late else ""
    decide = report.sections.get("decide", {})
    times = f"  (median decide {decide['p50_ms']:.1f} ms" if decide else "  ("
    if summary.overhead:
        times += f", drawn and shown {summary.overhead['p50_ms']:.1f} ms, p99 {summary.overhead['p99_ms']:.1f} ms"
    felt = f"  Grad-CAM of {summary.heats:,} of {report.captured:,} frames" if summary.heats else ""
    pace = f"captured {rates['captured']:.1f}/s  predicted {rates['decided']:.1f}/s{slow}{times}){felt}"
    why = [f"ended because {report.because}"] if report.because else []
    first = f"{report.elapsed_s:.1f} s  {report.captured:,} frames"
    return [first, *(f"  {line}" for line in (*told, pace, *why))]
