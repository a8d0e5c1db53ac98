"""Recording with a collector: a script works the device, and each picture is labelled by what it set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from playhead.devices import open_device
from playhead.errors import BadValue, PlayheadError
from playhead.game import Game
from playhead.quantities import check_seconds, rate
from playhead.recording.collecting import Collected, Collecting, Eta, header_of
from playhead.recording.collector import Collector, recorded_parts, split_options, still_missing
from playhead.recording.sharing import Shares
from playhead.references import Reference, resolve
from playhead.sessions.devices import choose_device
from playhead.sessions.place import Place
from playhead.stopping import stopped_by_interrupt
from playhead.storage.beginnings import is_beginning
from playhead.storage.reader import Recording, open_recording
from playhead.storage.reservations import Reservations
from playhead.storage.writer import RecordingWriter
from playhead.threads import one_thread_each

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What is to be collected, where, and the remark with it. Units:  seconds it may take at most; 0: no limit."""

    place: Place
    named: tuple[str, Reference]
    on: str
    settings: Mapping[str, Any]
    seconds: float
    notes: str

    @one_thread_each(networks=False)
    def collect(
        self, seed: int | None, rate: float | None, given: Mapping[str, object], stop: Event | None
    ) -> Collected:
        """Collect what is still missing on a device of the game, and say how it went.

        Raises:  BadValue for options that are for drives, DeviceFailed naming what is kept.
        """
        place, (name, script) = self.place, self.named
        for option in (option for option, is_given in given.items() if is_given):
            raise BadValue(f"--{option} is for drives; the collector {name} does not drive.")
        check_seconds(seconds=self.seconds)
        device = choose_device(place, self.on, self.settings)
        settings = _settings(place.game, device, self.settings, seed, rate)
        own, options = split_options(place.game.device(device), settings)
        with open_device(place.plugins, place.game, device, options=own) as opened:
            collector: Collector = resolve(script)(opened.session, options)
            return self._collect(opened.session, name, collector, stop)

    def _collect(self, session: DeviceSession, name: str, collector: Collector, stop: Event | None) -> Collected:
        place, items = self.place, collector.items()
        header = header_of(session, name, collector, notes=self.notes)
        recordings = _Recordings(place)

        def recorded() -> dict[str, set[str]]:
            return recorded_parts(recordings.newer(), session.name, name, collector)

        todo = still_missing(items, recorded())
        done = len(items) - len(todo)
        place.say(f"{len(items):,} to collect, {done:,} of them recorded already. Ctrl-C stops.")
        bar = place.progress.items(f"record {place.game.name}", done, len(items))
        with (
            Reservations(place.home, place.game.name) as reserved,
            stopped_by_interrupt(stop) as stopping,
            bar as advance,
        ):
            shares = Shares(reserved, f"items of {name} on {session.name}", recorded)
            collected = Collecting(
                session=session,
                collector=collector,
                new_writer=lambda: RecordingWriter(place.new_recording(), header, say=place.say),
                stop=stopping.is_set,
                duration_s=self.seconds,
                item_done=_timed(len(todo), advance),
                claim=shares.claim,
            ).run(todo)
        if collected.ending == "done" and shares.elsewhere:
            place.say(f"{shares.elsewhere:,} more are being collected by another command.")
        return collected


def _timed(todo: int, advance: Callable[[float | None], object]) -> Callable[[], None]:
    """Return what is called after each item: it tells the bar how long the others will take."""
    eta, left, since_s = Eta(), todo, time.perf_counter()

    def item_done() -> None:
        nonlocal left, since_s
        now_s = time.perf_counter()
        eta.add(now_s - since_s)
        since_s, left = now_s, left - 1
        advance(eta.left_s(left))

    return item_done


class _Recordings:
    """The recordings of a game, those again that were not whole when they were last looked at."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._done: set[Path] = set()

    def newer(self) -> Iterator[Recording]:
        """Open recordings, naming those that cannot be read: what they hold will be taken again."""
        for folder in self._place.catalogue.folders(self._place.game.name):
            if folder in self._done or is_beginning(folder):
                continue
            try:
                recording = open_recording(folder)
            except PlayheadError as error:
                self._done.add(folder)
                self._place.say(
                    f"Warning: {folder.name} cannot be read, what it holds is collected again: {error}"
                )
                continue
            if recording.is_complete:
                self._done.add(folder)
            yield recording


def _settings(
    game: Game, device: str, asked: Mapping[str, Any], seed: int | None, rate_hz: float | None
) -> dict[str, Any]:
    settings = dict(asked)
    if rate_hz is not None:
        settings["rate_hz"] = rate(rate_hz)
    if seed is not None:
        if "seed" not in game.device(device).options:
            raise BadValue(f"The device {device} of {game.name} knows no seed. Leave --seed out.")
        settings["seed"] = seed
    return settings
