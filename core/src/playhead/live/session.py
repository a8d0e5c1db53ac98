"""A live run from its beginning to its end: settings, processes, the watch over them, an orderly end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import msgspec

from playhead.errors import BadValue, DeviceFailed, PlayheadError
from playhead.home import claim_folder
from playhead.live.asked import LiveOptions, folder_of, settings_asked, what_is_learned
from playhead.live.cluster import cause_of, check_free, opened_ray
from playhead.live.diary import Diary, Repeats
from playhead.live.extra import check_installed
from playhead.live.page import check_port
from playhead.live.rooms.opening import opened
from playhead.live.rooms.room import Room
from playhead.live.settings import FILE, Live, LiveSettings, read_settings, write_settings
from playhead.live.store import check_room
from playhead.locks import take
from playhead.names import command
from playhead.progress import Progress
from playhead.sessions.place import AnyHome, AnyPlugins, Place
from playhead.stopping import stopped_by_interrupt

LOOK_S = 1.0
END_S = 60.0  # that parts have to end by themselves: a batch, a validation, a checkpoint
ANSWER_S = 5.0
SAMPLE_BYTES = 60_000  # of a sample on the disk at 480x270, before the first is there


def live(
    game: str, options: LiveOptions, *, home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None, stop: Event | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run a live system until Ctrl-C, `stop`, or the seconds are over; return what it came to.

    A name that exists goes on where it was.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    check_installed()
    place = Place.of(game, home, plugins, progress)
    folder, settings = _begun(place, options)
    if not options.address:
        check_port(options.port)  # before Ray and four processes begin
    lock = take(folder / ".live")
    if lock is None:
        raise BadValue(f"{settings.name} is running already. Look at its page, or give another --name.")
    with lock:
        return _Running(place, folder, settings, options).run(stop)


def _begun(place: Place, options: LiveOptions) -> tuple[Path, LiveSettings]:
    """Return folder and settings of the run to go on with, or of a new one. Raises before anything is written."""
    folder = folder_of(place, options.name) if options.name else None
    goes_on = folder is not None and (folder / FILE).exists()
    settings = read_settings(folder) if folder is not None and goes_on else settings_asked(place, options)
    whole = Live.of(settings, place.plugins)
    whole.check_network()
    if place.load_plugins is None:
        raise BadValue(
            f"{place.game.name} is not installed, and each part of a live run is a process that loads it."
        )
    if folder is not None and goes_on:
        place.say(
            f"Going on with the live run {options.name} as it was begun. What it learns is changed by "
            f"{command('live', 'set', place.game.name, options.name)}."
        )
        return folder, settings
    per_sample = max(1, SAMPLE_BYTES * settings.width * settings.height // (480 * 270))
    check_room(place.home.path, settings.buffer, len(whole.buffers), per_sample)
    folder = folder or claim_folder(folder_of(place))
    settings = msgspec.structs.replace(settings, name=folder.name)
    write_settings(folder, settings)
    return folder, settings


class _Running:
    """The processes of one live run, and the watch over them."""

    def __init__(self, place: Place, folder: Path, settings: LiveSettings, options: LiveOptions) -> None:
        self._place, self._folder, self._options = place, folder, options
        self._diary = Diary(folder)
        self._room = Room(settings=settings, home=str(place.home.path), folder=str(folder), swap=options.swap,
                          unstick=options.unstick, port=options.port)  # fmt: skip
        self._parts: dict[str, Any] = {}
        self._runs: dict[str, Any] = {}
        self._processes: dict[str, int] = {}
        self._repeats = Repeats()

    def run(self, stop: Event | None) -> dict[str, Any]:
        """Begin all parts, watch over them, and end them in order."""
        options = self._options
        with (
            opened_ray(self._place.home, address=options.address, parts=options.collectors + 4) as self._ray,
            stopped_by_interrupt(stop) as stopping,
        ):
            self._address = self._ray.get_runtime_context().gcs_address
            check_free(options.address)
            self._diary.write("system", f"Started with {options.collectors} collectors.")
            self._begin()
            self._watch(stopping)
            return self._end()

    def _begin(self) -> None:
        if "page" not in self._parts:
            self._open("page", "page", self._room)
        self._open("trainer", "trainer", self._room)
        for number in range(self._options.collectors):
            self._open("collector", f"collector {number}", replace(self._room, number=number))
        if self._options.has_player:
            self._open("player", "player", self._room)
        self._place.say(f"The page: http://127.0.0.1:{self._options.port}. Ctrl-C ends it all in order.")
        self._place.say(
            f"Others join: {command('live', 'collect', self._place.game.name)} --address {self._address}"
        )

    def _open(self, kind: str, name: str, room: Room) -> None:
        end_s = time.monotonic() + END_S
        while True:
            try:
                part = opened(self._ray, kind, name, room)
                break
            except ValueError as error:  # the name of one that has just ended is still taken
                if time.monotonic() > end_s:
                    raise DeviceFailed(f"The {name} could not begin anew: {error}.") from error
                time.sleep(LOOK_S)
        self._parts[name], self._runs[name] = part, part.run.remote()

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
            if self._has_changed():
                self._begin_anew()
                asked = {name: part.process.remote() for name, part in self._parts.items()}
            stopping.wait(LOOK_S)

    def _has_changed(self) -> bool:
        """Whether somebody has changed what is learned; a file that is no such thing is said and left."""
        try:
            return read_settings(self._folder).version != self._room.settings.version
        except PlayheadError as error:
            self._place.say(str(error))
            return False

    def _begin_anew(self) -> None:
        """Have all parts but the page end, and begin by what is asked for now."""
        settings = read_settings(self._folder)
        said = f"Changed, version {settings.version}: {what_is_learned(settings)}."
        self._diary.write("system", said)
        self._place.say(said)
        ended = [name for name in self._parts if name != "page"]
        self._end_parts(ended)
        for name in ended:
            del self._parts[name], self._runs[name]
            self._processes.pop(name, None)
        self._room = replace(self._room, settings=settings)
        self._begin()

    def _heard(self, name: str, ref: Any) -> None:
        try:
            number = self._ray.get(ref)
        except Exception as error:  # of a part that just dies, in Ray's classes; it is made again
            self._write_news(name, f"The {name} does not answer: {type(error).__name__}.")
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
            except self._ray.exceptions.ActorDiedError as error:  # it cannot be made: nor could it again
                self._end()
                raise DeviceFailed(f"The {name} could not begin. {reason_of(error)}") from error
            except Exception as error:  # whatever it is: the others go on
                if said := self._write_news(name, f"The {name} failed: {reason_of(error)}"):
                    self._place.say(said)
                time.sleep(LOOK_S)
            self._runs[name] = self._parts[name].run.remote()

    def _write_news(self, name: str, said: str) -> str:
        """Write into the diary what was not written before, or was so often that its count is news; return it."""
        news = self._repeats.said(said)
        if news:
            self._diary.write(name, news)
        return news

    def _end(self) -> dict[str, Any]:
        """End collectors and player, then the trainer, then the page; return what it came to."""
        self._place.say("Ending: what is under way is finished.")
        told: dict[str, Any] = {}
        with suppress(Exception):
            told = self._ray.get(self._parts["trainer"].status.remote(), timeout=ANSWER_S)
        self._end_parts([name for name in self._parts if name not in ("trainer", "page")])
        self._end_parts(["trainer"])
        self._end_parts(["page"])
        batch = int(told.get("batch", 0))
        self._diary.write("system", f"Ended at batch {batch:,}.", batch)
        return {"name": self._room.settings.name, "folder": str(self._folder), **told}

    def _end_parts(self, names: Sequence[str]) -> None:
        """Have parts end all at once, and wait for each; what does not end by itself is ended."""
        for name in names:
            self._parts[name].end.remote()
        end_s = time.monotonic() + END_S
        for name in names:
            try:
                self._ray.get(self._runs[name], timeout=max(0.0, end_s - time.monotonic()))
            except Exception as error:
                self._diary.write(name, f"The {name} did not end by itself ({type(error).__name__}).")
            with suppress(Exception):
                self._ray.kill(self._parts[name], no_restart=True)


def reason_of(error: BaseException) -> str:
    """Return the sentence of ours that an error of Ray was made of, else its last line."""
    lines = [line.strip() for line in str(cause_of(error)).splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("playhead.errors.")]
    said = ours[-1].partition(": ")[2] if ours else lines[-1] if lines else type(error).__name__
    return said[:500]
