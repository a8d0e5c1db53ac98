"""Replaying: what reached the game in a recording is sent again, as timed, and what comes of it is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from playhead.capabilities import capabilities_of
from playhead.clock import NS_PER_S
from playhead.control.authority import ControlAuthority
from playhead.control.guard import AlwaysSafe
from playhead.control.loop import Loop, Pace, Watcher
from playhead.control.timing import NS_PER_MS, LoopReport
from playhead.control.waiting import wait_for_control
from playhead.devices import OpenDevice, open_device
from playhead.errors import BadValue, Mismatch
from playhead.events import Origin
from playhead.progress import Progress
from playhead.replaying.driver import ReplayDriver, SentWatcher
from playhead.replaying.opening import as_recorded
from playhead.replaying.pictures import Compared, PictureWatcher
from playhead.replaying.played import MOST_A_SECOND, Played
from playhead.sessions.control import take_control
from playhead.sessions.episodes import FrameCounter
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, Place, home_of, nested
from playhead.stopping import stopped_by_interrupt
from playhead.storage.catalogue import Catalogue
from playhead.storage.reader import Recording
from playhead.windows import interval_of

PERCENTILES = (50, 90, 99)
LARGEST_SIDE = 32_767  # of a place in a window, as X11 takes it


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of a replay.

    `due` changes were recorded up to where it ended, `sent` of them went out and `held_back` did not, as the
    window or the pointer was elsewhere; what is left was so already. `compared` is None where a game runs in its
    own time, and so never shows the same twice.
    Units:  delay_ms milliseconds from when a change was due to when it had gone out, by percentile and "max".
    """

    recording: str
    device: str
    due: int
    sent: int
    held_back: int
    delay_ms: Mapping[str, float]
    compared: Compared | None
    report: LoopReport

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        compared = None if self.compared is None else {**asdict(self.compared), "share": self.compared.share}
        told = {**vars(self), "delay_ms": dict(self.delay_ms), "compared": compared}
        return {**told, "report": self.report.to_json()}


def replay(
    recording: str | Path | Recording, *, on: str = "", settings: Mapping[str, Any] = NONE,
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None,
    stop: Event | None = None,
) -> Replayed:  # fmt: skip
    """Send what a recording holds again, as `playhead replay` does, on the device it was made on or another.

    A world is opened with the recording's seed, scenario and options, `settings` laid over them, and where it
    waits its frames are compared, at the size that they were recorded at. In a game
    with a window all is as when a run plays: nothing goes out without the focus, and any touch ends it.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    if not isinstance(recording, Recording):
        catalogue = Catalogue(home_of(home))
        recording = catalogue.places.open(catalogue.find_anywhere(str(recording)))
    header = recording.header
    place = Place.of(str(header.game["name"]), home, plugins, progress)
    device, options = on or header.device, nested(settings)
    _check(place, recording, device)
    game = place.game
    if capabilities_of(place.plugins, game, device, options).episodes:
        game, options = as_recorded(game, recording.name, header, device, options)
    options = {"rate_hz": header.rate_hz, **options}
    with (
        stopped_by_interrupt(stop) as stopping,
        open_device(place.plugins, game, device, options=options) as opened,
    ):
        return _Replay(place, recording, opened, stopping).run()


def _check(place: Place, recording: Recording, device: str) -> None:
    """Raise for what cannot be sent: no events, codes that the game has no more, a device it never had."""
    place.game.device(device)
    played = Played(recording.events, int(recording.frame_time_ns[0])) if recording.length > 1 else None
    if played is None or next(played.changes(), None) is None:
        raise BadValue(
            f"Recording {recording.name} holds no event that reached the game, so nothing can be sent again: it "
            f"was imported, or nothing was pressed. Record one: playhead record {place.game.name}."
        )
    if played.is_crowded:
        raise BadValue(
            f"Recording {recording.name} holds more than {MOST_A_SECOND:,} events within a second, which no mouse "
            "makes. Check where it is from, and replay another."
        )
    unknown = sorted(played.codes - set(place.game.controls.values()))
    if unknown:
        raise Mismatch(
            f"Recording {recording.name} was played with {', '.join(unknown)}, which {place.game.name} has no "
            "more. Install the version of the game's package that recorded it."
        )


def _place_of(told: object) -> tuple[int, int] | None:
    """Return the place in a window that a header tells; None for what is none."""
    if not isinstance(told, Sequence) or [type(one) for one in told] != [int, int]:
        return None
    left, top = told
    return (left, top) if 0 <= min(left, top) <= max(left, top) <= LARGEST_SIDE else None


class _Replay:
    """One replay on an open device, with what guards it."""

    def __init__(self, place: Place, recording: Recording, device: OpenDevice, stop: Event) -> None:
        self._place, self._recording, self._name = place, recording, device.session.name
        self._authority: ControlAuthority | None
        self._device, self._authority = take_control(device, Origin.SCRIPT, place.say, stop.set)
        self._stop = stop.is_set
        self._sent = SentWatcher()
        waits = device.session.capabilities.lockstep
        self._pictures = PictureWatcher(recording) if waits else None

    def run(self) -> Replayed:
        """Wait for the focus, send everything, measure."""
        times_ns = np.asarray(self._recording.frame_time_ns, dtype=np.int64)
        first_ns, period_ns = int(times_ns[0]), interval_of(times_ns, self._recording.header.rate_hz)
        changes = Played(self._recording.events, first_ns).changes()
        driver = ReplayDriver(changes, first_ns, period_ns, self._sent)
        if self._authority is None or wait_for_control(self._device, self._authority, self._stop):
            self._begin()
            report = self._drive(driver, (int(times_ns[-1]) - first_ns + period_ns) / NS_PER_S)
        else:
            report = LoopReport(ending="stopped")
        return self._judged(report)

    def _begin(self) -> None:
        """Put the pointer where it was, and say when the window is not as large as it was."""
        header, window = self._recording.header, self._device.capture.window
        if at := _place_of(header.input.get("began_at")):
            self._device.input.begin_at(at)
        box = window.box() if window is not None else None
        was = header.window.get("width"), header.window.get("height")
        if box is not None and None not in was and was != (box.width, box.height):
            self._place.say(
                f"Warning: the window is {box.width}x{box.height} and was {was[0]}x{was[1]}, so the mouse points "
                "elsewhere. Make it as large as it was."
            )

    def _drive(self, driver: ReplayDriver, duration_s: float) -> LoopReport:
        authority, rate_hz = self._authority, self._device.session.rate_hz

        def is_over() -> bool:
            return self._stop() or (authority is not None and authority.who != authority.driver)

        name, frames = f"replay {self._recording.name}", round(duration_s * rate_hz)
        with self._place.progress.frames(name, frames, rate_hz) as advance:
            watchers: list[Watcher] = [FrameCounter(advance), self._sent]
            watchers += [self._pictures] if self._pictures is not None else []
            pace = Pace(rate_hz=rate_hz, duration_s=duration_s)
            report = Loop(
                device=self._device, driver=driver, pace=pace, guard=authority or AlwaysSafe(),
                watchers=watchers, stop=is_over,
            ).run()  # fmt: skip
        if report.ending == "stopped" and authority is not None:
            report.because = authority.why or (
                "a key or the mouse was touched" if authority.who == "human" else ""
            )
        return report

    def _judged(self, report: LoopReport) -> Replayed:
        delays_ms = np.array(self._sent.delays_ns) / NS_PER_MS
        told = {f"p{share}": float(np.percentile(delays_ms, share)) for share in PERCENTILES if len(delays_ms)}
        return Replayed(
            recording=self._recording.name,
            device=self._name,
            due=self._sent.due,
            sent=len(delays_ms),
            held_back=self._device.input.refused,
            delay_ms={**told, **({"max": float(delays_ms.max())} if len(delays_ms) else {})},
            compared=self._pictures.found if self._pictures is not None else None,
            report=report,
        )
