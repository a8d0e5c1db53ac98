"""Calibrating: the digits of a reading are learned from pictures of a drive whose numbers are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from playhead.capabilities import capabilities_of
from playhead.capture import FrameArray
from playhead.capture.regions import RegionCutter
from playhead.control.drivers import Driver, HumanDriver
from playhead.control.loop import Tick
from playhead.control.scripted import scripted_driver
from playhead.devices import OpenDevice, merged, open_device, rate_of
from playhead.errors import BadValue, not_found
from playhead.events import Event as Pressed
from playhead.game import Game, only_or_named
from playhead.playing.session import play
from playhead.progress import Progress
from playhead.quantities import check_seconds, seeds
from playhead.reading.learning import learn_digits, share_read
from playhead.reading.ocr import OcrReader
from playhead.sessions.control import take_control
from playhead.sessions.devices import choose_device
from playhead.sessions.episodes import FrameCounter
from playhead.sessions.place import NONE, AnyHome, AnyPlugins, Place, nested
from playhead.stopping import stopped_by_interrupt

HELD_OUT = 5  # one picture in so many, in one stretch at the end, is not learned from
SURE = 0.9  # what text recognition must be to teach
Known = list[tuple[FrameArray, int]]


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A file of digits, and how it reads pictures that it was not learned from. Units: shares of 1."""

    file: Path
    game: str
    reading: str
    pictures: int
    numbers: int
    right: float
    wrong: float

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {**vars(self), "file": str(self.file)}


@dataclass(kw_only=True)
class Pictures:
    """A watcher that keeps each picture of a region, with the telemetry that says what it shows, if any does."""

    region: str
    cutter: RegionCutter
    truth: str
    kept: list[tuple[FrameArray, float]] = field(default_factory=list)

    def saw(self, tick: Tick) -> None:
        """Keep what is shown. Raises NotFound for telemetry that the device does not tell."""
        captured = tick.captured
        if self.truth and self.truth not in captured.telemetry:
            raise not_found("telemetry of this device", self.truth, captured.telemetry)
        self.kept.append((self.cutter.shown(captured)[self.region], captured.telemetry.get(self.truth, 0.0)))

    def ended(self, events: Sequence[Pressed]) -> None:
        """Nothing is left to do."""


def calibrate(
    game: str | Game, *, reading: str = "", on: str = "", truth: str = "", out: str | Path = "",
    seconds: float = 60.0, episodes: int = 3, seed: int = 1, settings: Mapping[str, Any] = NONE,
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None,
    stop: Event | None = None,
) -> Calibrated:  # fmt: skip
    """Learn the digits of a reading of a game from drives, as `playhead calibrate` does, into the file `out`.

    A world is driven by its expert, a game by a person. What a picture shows is told by the telemetry `truth`, in
    the reading's unit, without one by text recognition (playhead[ocr]).
    Units:   seconds of each episode, on the device's clock.
    Raises:  PlayheadError, whose sentence says what to do.
    """
    place = Place.of(game, home, plugins, progress)
    check_seconds(seconds=seconds)
    seeds(seed, episodes)
    name = only_or_named(place.game, "reading", place.game.readings, reading, option="--reading")
    device = choose_device(place, on, nested(settings))
    stated = place.game.readings[name]
    pictures = Pictures(region=stated.region, cutter=RegionCutter.of(place.game), truth=truth)
    asked = merged(nested(settings), {"readings": dict.fromkeys(place.game.readings, False)})
    begins_anew = capabilities_of(place.plugins, place.game, device, asked).episodes
    frames = round(seconds * rate_of(asked, place.game, device) * episodes)
    with stopped_by_interrupt(stop) as stopping, place.progress.part(f"look at {name}", frames) as advance:
        for number in range(episodes):
            if stopping.is_set():
                break
            options = {**asked, "seed": seed + number} if begins_anew else asked
            with open_device(place.plugins, place.game, device, options=options) as opened:
                _drive(place, opened, [FrameCounter(advance), pictures], seconds, stopping)
    known = _known(place, pictures, stated.scale)
    return _learned(place, name, known, Path(out or f"{place.game.name}-{name}.safetensors"))


def _drive(place: Place, device: OpenDevice, watchers: Sequence[Any], seconds: float, stop: Event) -> None:
    driver: Driver = scripted_driver(device, "expert") if device.episodic is not None else HumanDriver()
    device, guard = take_control(device, driver.origin, place.say, stop.set)
    play(device, driver, duration_s=seconds, watchers=watchers, guard=guard, stop=stop.is_set)


def _known(place: Place, pictures: Pictures, scale: float) -> Known:
    """Return the pictures of which it is known what they show."""
    if pictures.truth:
        return [(picture_HWC, round(abs(value) / scale)) for picture_HWC, value in pictures.kept]
    reader = OcrReader()
    return list(_recognised(place, reader, [picture_HWC for picture_HWC, _ in pictures.kept]))


def _recognised(
    place: Place, reader: OcrReader, pictures: Sequence[FrameArray]
) -> Iterator[tuple[FrameArray, int]]:
    with place.progress.part("recognise text", len(pictures)) as advance:
        for picture_HWC in pictures:
            number, sure = reader.read(picture_HWC)
            advance(1)
            if sure >= SURE:
                yield picture_HWC, int(number)


def _learned(place: Place, name: str, known: Known, out: Path) -> Calibrated:
    if not known:
        raise BadValue(f"No number could be recognised in the region of {name}. Is it where the game shows it?")
    pictures, numbers = zip(*known, strict=True)
    cut = len(known) - len(known) // HELD_OUT
    digits = learn_digits(pictures[:cut], numbers[:cut])
    right, wrong = share_read(digits, pictures[cut:], numbers[cut:])
    out.write_bytes(digits.to_bytes())
    return Calibrated(
        file=out, game=place.game.name, reading=name, pictures=cut, numbers=len({*numbers[:cut]}),
        right=right, wrong=wrong,
    )  # fmt: skip
