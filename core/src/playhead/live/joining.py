"""Joins a live run from outside: a collector with a person or a script at the keys, or a player to be watched.

    welcome <-- trainer: what is learned, and a number of one's own
    collector --sets--> trainer            trainer --run, weights--> player

Whoever joins goes along with what is changed, and ends when the live run does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import msgspec

from playhead import __version__
from playhead.errors import DeviceFailed, PlayheadError
from playhead.live.cluster import cause_of, check_answers, opened_ray, other
from playhead.live.collector import Collector
from playhead.live.extra import check_installed
from playhead.live.facts import of_collector, of_player
from playhead.live.player import Player
from playhead.live.rooms.room import Told, telling
from playhead.live.sending import Sender
from playhead.live.settings import Live, LiveSettings
from playhead.names import command
from playhead.sessions.devices import choose_device
from playhead.sessions.place import AnyHome, AnyPlugins, Place
from playhead.stopping import stopped_by_interrupt
from playhead.threads import one_thread_each

LOOK_S = 2.0
WELCOME_S = 60.0  # that a trainer on a busy machine takes to answer


@dataclass(frozen=True, kw_only=True)
class JoinOptions:
    """What whoever joins may be told; what is empty or 0 is the live run's."""

    address: str
    on: str = ""
    driver: str = ""
    swap: str = "episode"
    seconds: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


class Joined:
    """A live run that was joined. `stopping` ends it here; so does the end of the live run itself."""

    def __init__(self, place: Place, options: JoinOptions, ray: Any, stopping: Event) -> None:
        self.place, self.options, self.stopping = place, options, stopping
        self._ray = ray
        self._end_s = float("inf")

    def ask(self, what: str, *given: Any) -> Any:
        """Ask the trainer. Raises the PlayheadError that it raised, DeviceFailed where there is none."""
        try:
            return self._ray.get(getattr(other("trainer"), what).remote(*given), timeout=WELCOME_S)
        except Exception as error:  # Ray's, around what the trainer raised, or for a trainer that is not there
            cause = cause_of(error)
            if isinstance(cause, PlayheadError):
                raise cause from error
            raise DeviceFailed(
                f"Ray runs at {self.options.address}, and no live run in it. "
                f"Begin one: {command('live', self.place.game.name)}."
            ) from error

    def lives(self) -> Iterator[tuple[Live, int, Event]]:
        """Yield the live run as it is now, a number of one's own and what ends it: once more at each change."""
        while not self.stopping.is_set():
            told = self.ask("welcome", self.place.game.name, __version__)
            settings, ends = here(told.settings, self.place, self.options), Event()
            if self.options.seconds:  # from now on: a busy machine takes long to get here
                self._end_s = min(self._end_s, time.monotonic() + self.options.seconds)
            watch = threading.Thread(target=self._watch, args=(settings.version, ends), daemon=True)
            watch.start()
            yield Live.of(settings, self.place.plugins), told.number, ends
            ends.set()
            watch.join()

    def _watch(self, version: int, ends: Event) -> None:
        """Set `ends` when it is over: by Ctrl-C, by the time, by a change of what is learned, by the run's end."""
        while not ends.is_set():
            if time.monotonic() > self._end_s or not self._is_there():
                self.stopping.set()
            if self.stopping.is_set() or self._is_changed(version):
                ends.set()
            self.stopping.wait(min(LOOK_S, max(0.0, self._end_s - time.monotonic())))

    def _is_there(self) -> bool:
        try:
            check_answers(self.options.address)
        except DeviceFailed:
            self.place.say(f"The live run at {self.options.address} has ended.")
            return False
        return True

    def _is_changed(self, version: int) -> bool:
        with suppress(Exception):  # the trainer is just being made again
            return bool(self._ray.get(other("trainer").version.remote(), timeout=LOOK_S) != version)
        return False


@contextmanager
def joined(
    game: str, options: JoinOptions, *, home: AnyHome, plugins: AnyPlugins, progress: Any, stop: Event | None
) -> Iterator[Joined]:
    """Join a live run, and leave it after. Raises DeviceFailed where there is none."""
    check_installed()
    place = Place.of(game, home, plugins, progress)
    with opened_ray(place.home, address=options.address) as ray, stopped_by_interrupt(stop) as stopping:
        yield Joined(place, options, ray, stopping)


def collect(
    game: str, options: JoinOptions, *, home: AnyHome = None, plugins: AnyPlugins = None, progress: Any = None,
    stop: Event | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Collect for a live run elsewhere until Ctrl-C, or until it ends; return what was sent.

    Raises:  PlayheadError, whose sentence says what to do.
    """
    came_to = {"drives": 0, "samples": 0, "sets": 0}
    with joined(game, options, home=home, plugins=plugins, progress=progress, stop=stop) as there:
        for live, number, ends in there.lives():
            name, say = f"collector {number}", there.place.say
            say(f"{name} of {live.settings.name} drives on {live.settings.device}. Ctrl-C ends it.")
            collector = Collector(live, number, driver=options.driver, home=there.place.home, stop=ends.is_set)
            telling(name, partial(_told, of_collector, collector.status), ends)
            sender = Sender(ends, _says_news(say))
            collector.run(sender.send, first_drive=int(time.time()) % 1_000_000)
            for what in came_to:
                came_to[what] += getattr(collector.status, what)
    return came_to


def _told(facts: Callable[[Any], dict[str, Any]], of: Any) -> Told:
    return facts(of), {}


def _says_news(say: Callable[[str], object]) -> Callable[[str, bool], object]:
    return lambda said, is_news: say(said) if is_news else None


def watch(
    game: str, options: JoinOptions, *, home: AnyHome = None, plugins: AnyPlugins = None, progress: Any = None,
    stop: Event | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Let the network of a live run elsewhere drive here until Ctrl-C, or until it ends; return its drives.

    Raises:  PlayheadError, whose sentence says what to do.
    """
    drives: list[Mapping[str, float]] = []
    with joined(game, options, home=home, plugins=plugins, progress=progress, stop=stop) as there:
        for live, number, ends in there.lives():
            with TemporaryDirectory(prefix="playhead-live-") as folder:
                player = Player(live, Path(folder), swap="always" if options.swap == "always" else "episode",
                                say=there.place.say, stop=ends.is_set)  # fmt: skip
                there.place.say(f"The network of {live.settings.name} is waited for. Ctrl-C ends it.")
                fetching = threading.Thread(target=fetch, args=(there, player, ends), daemon=True)
                fetching.start()
                telling(f"player {number}", partial(_told, of_player, player), ends)
                with one_thread_each():
                    player.run(first=number * 1000)
                ends.set()
                fetching.join()
                drives += player.status.drives
    return {"drives": drives}


def fetch(there: Joined, player: Player, ends: Event) -> None:
    """Bring the run here once, and then its weights whenever there are newer ones."""
    batch, has_run = 0, False
    while not ends.wait(LOOK_S):
        with suppress(PlayheadError, OSError):  # the trainer is just being made again
            if not has_run and (found := there.ask("run_files")):
                keep_run(player.folder, found)
                has_run = True
            weights = there.ask("weights")
            if weights is not None and weights.batch > batch:
                batch = weights.batch
                player.offer(weights)


def keep_run(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a run, that which makes a folder one last."""
    for name in sorted(files, key=lambda name: name == "run.json"):
        (folder / Path(name).name).write_bytes(files[name])


def here(settings: LiveSettings, place: Place, options: JoinOptions) -> LiveSettings:
    """Return the settings of a live run with the device of this machine."""
    if not options.on and not options.options:
        return settings
    device = choose_device(place, options.on, {}) if options.on else settings.device
    own = settings.options if device == settings.device else {}
    return msgspec.structs.replace(settings, device=device, options={**own, **options.options})
