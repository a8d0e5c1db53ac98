"""A live run from its beginning to its end: settings, processes, the watch over them, an orderly end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import msgspec

from playhead.decoding import setting_value
from playhead.errors import BadValue, DeviceFailed
from playhead.home import claim_folder
from playhead.live.diary import Diary
from playhead.live.rooms import NAMESPACE, Room, open_ray, opened
from playhead.live.settings import BUFFER, Live, LiveSettings, read_settings, size_of, write_settings
from playhead.live.store import check_room
from playhead.locks import take
from playhead.progress import Progress
from playhead.sessions.devices import choose_device
from playhead.sessions.place import AnyHome, AnyPlugins, Place, nested
from playhead.sessions.training import chosen_recipe
from playhead.stopping import stopped_by_interrupt

DEVICE = "device."  # before the name of a setting that is the device's
LOOK_S = 1.0
END_S = 20.0  # that a part has to end by itself
SAMPLE_BYTES = 60_000  # of a sample on the disk at 480x270, before the first is there


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """What `playhead live` may be told; what is empty or 0 is the game's."""

    name: str = ""
    on: str = ""
    collectors: int = 1
    size: str = ""
    rate: float = 0.0
    recipe: str = ""
    balance: str = "v3"
    buffer: int = 25_000
    depth: int = 1
    patience: int = 600
    swap: str = "episode"
    port: int = 8642
    has_player: bool = True
    seconds: float = 0.0
    address: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def live(
    game: str, options: LiveOptions, *, home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run a live system until Ctrl-C, `stop`, or the seconds are over; return what it came to.

    A name that exists goes on where it was.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    place = Place.of(game, home, plugins, progress)
    folder, settings = _begun(place, options)
    whole = Live.of(settings, place.plugins)
    frame = whole.game.needed_frame
    per_sample = max(1, SAMPLE_BYTES * frame.width * frame.height // (480 * 270))
    check_room(folder / BUFFER, settings.buffer, len(whole.buffers), per_sample)
    lock = take(folder / ".live")
    if lock is None:
        raise BadValue(f"{settings.name} is running already. Look at its page, or give another --name.")
    with lock:
        return _Running(place, folder, settings, options).run(stop)


def folder_of(place: Place, name: str = "") -> Path:
    """Return the folder of the live runs of a game, or of one of them."""
    from playhead.names import checked_name

    parent = place.home.path / "live" / checked_name(place.game.name, "the game")
    return parent / checked_name(name, "the live run") if name else parent


def _begun(place: Place, options: LiveOptions) -> tuple[Path, LiveSettings]:
    """Return folder and settings of the run to go on with, or of a new one."""
    if options.name and (folder_of(place, options.name) / "live.json").exists():
        folder = folder_of(place, options.name)
        place.say(f"Going on with the live run {options.name}.")
        return folder, read_settings(folder)
    settings = _asked(place, options)
    Live.of(settings, place.plugins)
    folder = folder_of(place, options.name) if options.name else claim_folder(folder_of(place))
    settings = msgspec.structs.replace(settings, name=folder.name)
    write_settings(folder, settings)
    return folder, settings


def _asked(place: Place, options: LiveOptions) -> LiveSettings:
    game, own = place.game, place.game.live
    texts = {name: str(value) for name, value in options.settings.items()}
    recipe_texts = {name: value for name, value in texts.items() if not name.startswith(DEVICE)}
    of_device = {
        name.removeprefix(DEVICE): setting_value(value) for name, value in texts.items() if name.startswith(DEVICE)
    }
    named = options.recipe or own.recipe
    recipe = chosen_recipe(place, named, recipe_texts, None, None, None)
    frame = game.needed_frame
    width, height = own.width or frame.width, own.height or frame.height
    if options.size:
        width, height = size_of(options.size)
    device = choose_device(place, options.on, {}) if options.on else _world_of(place)
    return LiveSettings(
        game=game.name, name=options.name or "new", device=device, width=width, height=height,
        rate_hz=options.rate or own.rate_hz or game.rate_hz(device), recipe_name=named, recipe=recipe.to_json(),
        balance=options.balance, depth=options.depth, patience=options.patience, buffer=options.buffer,
        options=nested(of_device),
    )  # fmt: skip


def _world_of(place: Place) -> str:
    """Return the device that stands in for the game. Raises BadValue without one."""
    from playhead.capabilities import capabilities_of

    for name in place.game.devices:
        if capabilities_of(place.plugins, place.game, name, {}).lockstep:
            return name
    raise BadValue(f"{place.game.name} has no world that waits for its driver. Name a device: --on DEVICE.")


class _Running:
    """The processes of one live run, and the watch over them."""

    def __init__(self, place: Place, folder: Path, settings: LiveSettings, options: LiveOptions) -> None:
        self._place, self._folder, self._options = place, folder, options
        self._diary = Diary(folder)
        self._room = Room(settings=settings, home=str(place.home.path), folder=str(folder), swap=options.swap,
                          port=options.port)  # fmt: skip
        self._parts: dict[str, Any] = {}
        self._runs: dict[str, Any] = {}
        self._processes: dict[str, int] = {}

    def run(self, stop: Event | None) -> dict[str, Any]:
        """Begin all parts, watch over them, and end them in order."""
        options = self._options
        self._ray = open_ray(self._place.home, address=options.address, parts=options.collectors + 4)
        try:
            self._diary.write("system", f"Started with {options.collectors} collectors.")
            with stopped_by_interrupt(stop) as stopping:
                self._begin()
                self._watch(stopping)
                return self._end()
        finally:
            self._ray.shutdown()

    def _begin(self) -> None:
        self._open("page", "page", self._room)
        self._open("trainer", "trainer", self._room)
        for number in range(self._options.collectors):
            self._open("collector", f"collector {number}", replace(self._room, number=number))
        if self._options.has_player:
            self._open("player", "player", self._room)
        self._place.say(f"The page: http://127.0.0.1:{self._options.port}. Ctrl-C ends it all in order.")

    def _open(self, kind: str, name: str, room: Room) -> None:
        part = self._parts[name] = opened(self._ray, kind, name, room)
        self._runs[name] = part.run.remote()

    def _watch(self, stopping: Event) -> None:
        """Look every second what has become of the parts, and write down which died and came back."""
        end_s = time.monotonic() + (self._options.seconds or float("inf"))
        asked = {name: part.process.remote() for name, part in self._parts.items()}
        while not stopping.is_set() and time.monotonic() < end_s:
            ready, _ = self._ray.wait(list(asked.values()), num_returns=len(asked), timeout=LOOK_S)
            for name in [name for name, ref in asked.items() if ref in ready]:
                self._heard(name, asked[name])
                asked[name] = self._parts[name].process.remote()
            self._check_runs()
            stopping.wait(LOOK_S)

    def _heard(self, name: str, ref: Any) -> None:
        try:
            number = self._ray.get(ref)
        except Exception as error:  # of a part that just dies, in Ray's classes; it is made again
            self._diary.write(name, f"The {name} does not answer: {type(error).__name__}.")
            return
        before = self._processes.get(name)
        if before is not None and before != number:
            said = f"The {name} died (process {before}) and is back (process {number})."
            self._diary.write(name, said)
            self._place.say(said)
        self._processes[name] = number

    def _check_runs(self) -> None:
        """Say what a part failed with, and have it begin again."""
        ended, _ = self._ray.wait(list(self._runs.values()), num_returns=len(self._runs), timeout=0)
        for name in [name for name, ref in self._runs.items() if ref in ended]:
            try:
                self._ray.get(self._runs[name])
            except Exception as error:  # whatever it is: the others go on
                cause = getattr(error, "cause", None) or error
                said = f"The {name} failed: {str(cause).splitlines()[0][:500]}"
                self._diary.write(name, said)
                self._place.say(said)
            self._runs[name] = self._parts[name].run.remote()

    def _end(self) -> dict[str, Any]:
        """End collectors, player, trainer and page, in this order, and return what it came to."""
        self._place.say("Ending: what is under way is finished.")
        told: dict[str, Any] = {}
        names = [name for name in self._parts if name.startswith("collector")] + ["player", "trainer", "page"]
        with suppress(Exception):
            told = self._ray.get(self._parts["trainer"].status.remote(), timeout=5)
        for name in (name for name in names if name in self._parts):
            self._end_one(name)
        batch = int(told.get("batch", 0))
        self._diary.write("system", f"Ended at batch {batch:,}.", batch)
        return {"name": self._room.settings.name, "folder": str(self._folder), **told}

    def _end_one(self, name: str) -> None:
        part = self._parts[name]
        try:
            part.end.remote()
            self._ray.get(self._runs[name], timeout=END_S)
        except Exception as error:  # one that does not end by itself is ended
            self._diary.write(name, f"The {name} did not end by itself ({type(error).__name__}).")
        with suppress(Exception):
            self._ray.kill(part, no_restart=True)


def names_of_parts(ray: Any) -> Sequence[str]:
    """Return the parts that run at an address. Raises DeviceFailed where there is no live run."""
    names = [
        one["name"] for one in ray.util.list_named_actors(all_namespaces=True) if one["namespace"] == NAMESPACE
    ]
    if "trainer" not in names:
        raise DeviceFailed("No live run is there. Begin one: playhead live GAME.")
    return names
