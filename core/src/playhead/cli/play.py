"""`playhead play`: a run in control."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.devices import choose_device, engine_option, find_scenario, parse_settings
from playhead.cli.latency import keep_after, warn_before
from playhead.devices import merged
from playhead.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from playhead.control.authority import ControlAuthority
    from playhead.control.drivers import Driver
    from playhead.control.loop import Watcher
    from playhead.devices import OpenDevice
    from playhead.game import Game
    from playhead.models.run import Run
    from playhead.playing.session import PlaySummary
    from playhead.storage.writer import RecordingWriter


@click.command(short_help="Let a run play the game.")
@click.argument("game")
@click.option(
    "--on", metavar="DEVICE", default="", help="Device to play on. Default: the game's window, else its world."
)
@click.option("--run", "run_name", metavar="RUN", default="", help="Which run. Default: the newest of this home, "
              "else the one that the game ships.")  # fmt: skip
@click.option(
    "--seconds", type=float, default=0.0, help="Length of an episode, in seconds. Default: until it ends."
)
@click.option("--episodes", type=click.IntRange(min=1), default=1, show_default=True, help="Episodes to play.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the first; the next ones count on.")
@click.option("--scenario", metavar="NAME", default="", help="Kind of episode, as the world names them.")
@click.option("--real-time", is_flag=True, help="Let a world run on and not wait for the network.")
@click.option("--latency", type=float, help="Seconds added between look and press. "
              "Default: what the run was trained for, in a world that waits; else 0.")  # fmt: skip
@click.option(
    "--rate", type=float, help="Frames a second. Default: the run's in a window, the world's in a world."
)
@click.option("--dry-run", is_flag=True, help="Press nothing; say what would have been pressed.")
@click.option("--unstick", is_flag=True, help="When nothing moves, reverse and go round.")
@click.option("--record", "is_recorded", is_flag=True, help="Record the session, with the network as origin. "
              "In a world it then plays training episodes.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="controller.threshold=0.4, or an "
              "option of the device.")  # fmt: skip
@click.option(
    "--terminal", is_flag=True, help="Show a game that is only watched in the terminal, and open no window."
)
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print the summaries as JSON.")
@pass_desk
def play(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Let a run play GAME, or watch a game without controls. Ctrl-C ends it normally, with every key released.

    Example: playhead play gta5 --episodes 3 --seconds 60
    """
    from playhead.cli.play_view import lines
    from playhead.game import is_playable

    desk.say_home()
    if not is_playable(desk.game(game)):
        from playhead.cli.watch import watch

        watch(desk, desk.game(game), asked, as_json=as_json)
        return
    summaries = _Session(desk, desk.game(game), asked).play()
    if as_json:
        desk.tell_json([summary.to_json() for summary in summaries])
        return
    for summary in summaries:
        desk.tell(*lines(desk.game(game), summary))


class _Session:
    """What stays the same over all episodes: game, device, run and options."""

    def __init__(self, desk: Desk, game: Game, asked: dict[str, Any]) -> None:
        from playhead.models.catalogue import RunCatalogue

        if asked["seconds"] < 0 or (asked["latency"] or 0) < 0:
            raise BadValue("--seconds and --latency cannot be negative.")
        self.desk, self.game, self.asked = desk, game, asked
        settings = parse_settings(asked["settings"])
        self.device = choose_device(desk, game, asked["on"], settings)
        self.is_world = game.device(self.device).capture == "environment"
        self.controller = settings.pop("controller", {})
        if not isinstance(self.controller, dict):
            raise BadValue("--set controller needs the name of a setting, as in controller.threshold=0.4.")
        if asked["rate"]:
            settings["rate_hz"] = asked["rate"]
        self.options = self._options(settings)
        catalogue = RunCatalogue(home=desk.home, game=game, say=desk.say)
        self.run: Run = catalogue.find(asked["run_name"]) if asked["run_name"] else catalogue.latest()
        if not self.is_world and "rate_hz" not in self.options:
            self.options["rate_hz"] = self.run.rate_hz  # a window can be looked at as often as the run wants
        self.latency_s = asked["latency"]
        if self.latency_s is None:
            self.latency_s = self.run.latency_s if self.is_world and not asked["real_time"] else 0.0
        # A world that waits is done when its frames are, so a bar is shown; anything else has a screen.
        self.waits = self.is_world and not self.options.get("real_time")
        self.authority: ControlAuthority | None = None  # of the episode that was begun last
        self._say()
        self.is_timed = not self.is_world and not asked["dry_run"]
        self.was_warned = self.is_timed and warn_before(desk, game, self.device, self.run)

    def _options(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the device's options; a world is played where it was not trained, unless this is recorded."""
        if not self.is_world:
            if self.asked["real_time"] or self.asked["scenario"]:
                raise BadValue(f"--real-time and --scenario are for worlds; {self.device} is none.")
            return settings
        world, scenario = self.game.world, find_scenario(self.game, self.asked["scenario"])
        unseen = dict(world.test_options) if world and not self.asked["is_recorded"] else {}
        reset = {**scenario.options, **unseen}
        options: dict[str, Any] = {"reset": reset} if reset else {}
        if self.asked["real_time"]:
            options["real_time"] = True
        return merged(options, settings)

    def _say(self) -> None:
        is_own = self.run.path.is_relative_to(self.desk.home.path)
        whence = "named" if self.asked["run_name"] else "the newest here" if is_own else "it came with the game"
        waits = f", pressing {self.latency_s * 1000:.0f} ms after looking" if self.latency_s else ""
        self.desk.say(f"Run {self.run.name} ({whence}){waits}. Ctrl-C stops.")

    def play(self) -> list[PlaySummary]:
        """Play the episodes one after another, until Ctrl-C."""
        from playhead.cli.progress import frames_bar
        from playhead.control.timing import LoopReport
        from playhead.stopping import stopped_by_interrupt
        from playhead.threads import one_thread_each

        rate_hz = self.options.get("rate_hz") or self.game.rate_hz(self.device)
        episodes, seconds = self.asked["episodes"], self.asked["seconds"]
        frames = round(seconds * rate_hz) * episodes or None
        bar = frames_bar(f"play {self.game.name}", frames, rate_hz) if self.waits else nullcontext(lambda n: None)
        summaries: list[PlaySummary] = []
        with one_thread_each(), stopped_by_interrupt() as stop, bar as on_frames:
            for number in range(episodes):
                if not stop.is_set():
                    seed = self.asked["seed"] + number if self.is_world else None
                    summaries.append(self._episode(seed, on_frames, stop))
        if self.is_timed:
            report = LoopReport.joined([summary.report for summary in summaries])
            keep_after(self.desk, self.game, self.device, self.run, report, was_said=self.was_warned)
        return summaries

    def _episode(self, seed: int | None, on_frames: Callable[[int], None], stop: Event) -> PlaySummary:
        from playhead.cli.play_view import would_have
        from playhead.devices import open_device

        options = self.options if seed is None else {**self.options, "seed": seed}
        input_name = "none" if self.asked["dry_run"] else ""
        with open_device(
            self.desk.plugins, self.game, self.device, options=options, input_name=input_name
        ) as device:
            summary = _EpisodeSession(self, device, seed, stop).play(on_frames)
            if self.asked["dry_run"]:
                self.desk.say(would_have(device, summary))
            return summary


class _EpisodeSession:
    """One episode on an open device, with what guards it and what is shown of it."""

    def __init__(self, session: _Session, device: OpenDevice, seed: int | None, stop: Event) -> None:
        from playhead.cli.control import take_control
        from playhead.models import EngineSpec
        from playhead.playing.policy import RunPolicy

        self.session, self.asked, self.seed = session, session.asked, seed
        self.policy = RunPolicy.of(
            session.run, session.desk.plugins, session.game, rate_hz=device.session.rate_hz,
            settings=session.controller, engine=EngineSpec(device=self.asked["computes_on"]),
        )  # fmt: skip
        self.device, self.authority = take_control(device, self.policy.origin, session.desk.say, stop.set)
        self.stop = stop.is_set
        if self.authority is not None and session.authority is not None:
            self.authority.go_on_from(session.authority)
        session.authority = self.authority
        self.duration_s = self.asked["seconds"] or float("inf")

    def play(self, on_frames: Callable[[int], None]) -> PlaySummary:
        """Play it, recorded or not, and show a screen where a bar would not do."""
        from playhead.cli.episodes import FrameCounter
        from playhead.cli.play_view import console_of

        title = f"run {self.session.run.name}"
        with console_of(
            self.device, self.policy, self.authority, title, is_shown=not self.session.waits
        ) as console:
            watchers: list[Watcher] = [FrameCounter(on_frames), console]
            if self.asked["is_recorded"]:
                return self._record(watchers, lambda writer: console.is_recorded_as(writer.name))
            return self._play(watchers)

    def _driver(self) -> Driver:
        from playhead.playing.stuck import Unsticking

        unsticks = self.asked["unstick"]
        return Unsticking(self.policy, self.session.game, seed=self.seed or 0) if unsticks else self.policy

    def _play(self, watchers: list[Watcher]) -> PlaySummary:
        from playhead.playing.session import play

        summary = play(
            self.device,
            self._driver(),
            duration_s=self.duration_s,
            latency_s=self.session.latency_s,
            guard=self.authority,
            watchers=watchers,
            stop=self.stop,
            seed=self.seed,
        )
        if self.authority is not None and summary.report.ending == "episode":
            self.authority.tell_end()
        return summary

    def _record(self, watchers: list[Watcher], began: Callable[[RecordingWriter], object]) -> PlaySummary:
        from playhead.control.timing import LoopReport
        from playhead.playing.session import PlaySummary, measures_on
        from playhead.recording.segments import record_segments
        from playhead.recording.session import RecordingRequest
        from playhead.storage.changing import claim_recording

        session = self.session
        request = RecordingRequest(
            driver=self._driver(),
            driver_name=f"run {session.run.name}",
            duration_s=self.duration_s,
            latency_s=session.latency_s,
            scenario=self.asked["scenario"],
            seed=self.seed,
        )
        folder = session.desk.home.recordings(session.game.name)
        made = record_segments(
            self.device,
            lambda: claim_recording(folder),
            request,
            self.authority,
            watchers=watchers,
            stop=self.stop,
            began=began,
        )
        for taken in made:
            session.desk.say(f"Recorded {taken.recording.path.name}, {taken.recording.frames:,} frames.")
        report = LoopReport.joined([taken.report for taken in made])
        return PlaySummary(report=report, measures=measures_on(self.device), seed=self.seed)
