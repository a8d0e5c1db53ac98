"""`playhead record` with a collector: a script works the device, and each picture is labelled by what it set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.cli.context import Desk
from playhead.cli.devices import choose_device, parse_settings
from playhead.cli.progress import items_bar
from playhead.devices import open_device
from playhead.errors import BadValue, PlayheadError
from playhead.game import Game
from playhead.recording.collecting import Collected, Collecting, Eta, header_of
from playhead.recording.collector import Collector, recorded_parts, split_options, still_missing
from playhead.recording.sharing import Shares
from playhead.references import Reference, resolve
from playhead.stopping import stopped_by_interrupt
from playhead.storage.beginnings import is_beginning
from playhead.storage.changing import claim_recording
from playhead.storage.reader import Recording, open_recording
from playhead.storage.reservations import Reservations
from playhead.storage.writer import RecordingWriter
from playhead.threads import one_thread_each

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

# Options of `record` that say how somebody drives, by what they are when they were not given.
FOR_DRIVES = {
    "teacher": "",
    "action_noise": False,
    "scenario": "",
    "episodes": 1,
    "workers": None,
    "latency": None,
}


@one_thread_each(networks=False)
def collect(desk: Desk, game: Game, named: tuple[str, Reference], asked: dict[str, Any]) -> Collected:
    """Collect what is still missing on a device of the game, and say how it went.

    Raises:  BadValue for options that are for drives, DeviceFailed naming what is kept when the device is gone.
    """
    name, script = named
    _check_asked(name, asked)
    device = choose_device(desk, game, asked["on"], parse_settings(asked["settings"]))
    own, options = split_options(game.device(device), _settings(game, device, name, asked))
    with open_device(desk.plugins, game, device, options=own) as opened:
        collector: Collector = resolve(script)(opened.session, options)
        return _collect(desk, opened.session, name, collector, asked)


def _collect(
    desk: Desk, session: DeviceSession, name: str, collector: Collector, asked: dict[str, Any]
) -> Collected:
    game = session.game
    items = collector.items()
    header = header_of(session, name, collector, notes=asked["notes"])
    recordings = _Recordings(desk, game)

    def recorded() -> dict[str, set[str]]:
        return recorded_parts(recordings.newer(), session.name, name, collector)

    todo = still_missing(items, recorded())
    done = len(items) - len(todo)
    desk.say(f"{len(items):,} to collect, {done:,} of them recorded already. Ctrl-C stops.")
    bar = items_bar(f"record {game.name}", done, len(items))
    with (
        Reservations(desk.home, game.name) as reserved,
        stopped_by_interrupt() as stop,
        bar as advance,
    ):
        shares = Shares(reserved, f"items of {name} on {session.name}", recorded)
        collected = Collecting(
            session=session,
            collector=collector,
            new_writer=lambda: RecordingWriter(claim_recording(desk.home.recordings(game.name)), header),
            stop=stop.is_set,
            duration_s=asked["seconds"],
            item_done=_timed(len(todo), advance),
            claim=shares.claim,
        ).run(todo)
    if collected.ending == "done" and shares.elsewhere:
        desk.say(f"{shares.elsewhere:,} more are being collected by another command.")
    return collected


def _timed(todo: int, advance: Callable[[float | None], None]) -> Callable[[], None]:
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

    def __init__(self, desk: Desk, game: Game) -> None:
        self._desk = desk
        self._game = game
        self._done: set[Path] = set()

    def newer(self) -> Iterator[Recording]:
        """Open recordings, naming those that cannot be read: what they hold will be taken again."""
        for folder in self._desk.catalogue.folders(self._game.name):
            if folder in self._done or is_beginning(folder):
                continue
            try:
                recording = open_recording(folder)
            except PlayheadError as error:
                self._done.add(folder)
                self._desk.say(f"Warning: {folder.name} cannot be read, what it holds is collected again: {error}")
                continue
            if recording.is_complete:
                self._done.add(folder)
            yield recording


def _check_asked(name: str, asked: dict[str, Any]) -> None:
    given = [option for option, default in FOR_DRIVES.items() if asked.get(option, default) != default]
    if given:
        raise BadValue(f"--{given[0].replace('_', '-')} is for drives; the collector {name} does not drive.")
    if asked["seconds"] < 0:
        raise BadValue("--seconds cannot be negative.")


def _settings(game: Game, device: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    settings = parse_settings(asked["settings"])
    if asked["rate"]:
        settings["rate_hz"] = asked["rate"]
    if asked["seed"] is not None:
        if "seed" not in game.device(device).options:
            raise BadValue(f"The device {device} of {game.name} knows no seed. Leave --seed out.")
        settings["seed"] = asked["seed"]
    return settings


def line(collected: Collected) -> str:
    """Say in one line what was collected."""
    if not collected.todo:
        return "nothing left to collect: everything is recorded already"
    recording = collected.recording
    if recording is None:
        return "nothing recorded: stopped before the first picture"
    left = collected.todo - collected.items
    rest = f", {left:,} left: the same command goes on" if left else ""
    return (
        f"{recording.path.name}: {collected.items:,} of {collected.todo:,} collected in {recording.frames:,} "
        f"pictures, {recording.bytes / 1e6:.1f} MB{rest}"
    )


def to_json(collected: Collected) -> dict[str, Any]:
    """Return what was collected as plain data."""
    recording = collected.recording
    kept = {**vars(recording), "path": str(recording.path), "name": recording.path.name} if recording else {}
    return {**kept, **{name: value for name, value in vars(collected).items() if name != "recording"}}
