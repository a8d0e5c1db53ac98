"""The one place where readings join a frame's telemetry: around the capture of every device that is opened.

So recording, training, playing and evaluation are told the same, on a screen and in a world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from playhead.adapters import complete, passes_on
from playhead.capture import Capture, CapturedFrame
from playhead.capture.regions import RegionCutter
from playhead.errors import BadValue, Mismatch, PlayheadError, PluginError, not_found
from playhead.game import Game
from playhead.guarded import ask_foreign
from playhead.reading import Reader
from playhead.reading.believing import Belief
from playhead.readings import Reading, confidence_of
from playhead.references import resolve


class OpenReading:
    """One reading of an open device: its reader and what it believed so far."""

    def __init__(self, name: str, reading: Reading) -> None:
        self.name, self.region = name, reading.region
        self._belief = Belief(reading)
        self._reader = ask_foreign(self._made, reading, failed=partial(self._failed, "be opened"))

    @staticmethod
    def _made(reading: Reading) -> Reader:
        return complete(Reader, resolve(reading.reader)(reading.options))

    def tell(self, captured: CapturedFrame, picture_HWC: Any) -> dict[str, float]:
        """Return the number and how sure it is, by the names of their telemetry. Raises PluginError."""
        answer = ask_foreign(self._reader.read, picture_HWC, failed=partial(self._failed, "read"))
        try:
            number, confidence = (float(one) for one in answer)
        except (TypeError, ValueError) as error:
            raise PluginError(
                f"The reader of {self.name} answers {answer!r:.80}; `read` must say a number and how sure it is."
            ) from error
        believed, sure = self._belief.take(captured.time_ns, number, confidence)
        return {self.name: believed, confidence_of(self.name): sure}

    def _failed(self, doing: str, reason: str) -> PlayheadError:
        return PluginError(f"The reader of {self.name} could not {doing}, {reason}. Mend it.")


@passes_on(Capture)
class ReadingCapture(Capture):
    """A capture that tells, with what the inner one does, what is read off its pictures."""

    def __init__(self, inner: Capture, readings: Sequence[OpenReading], cutter: RegionCutter) -> None:
        self.inner = inner
        self._readings = readings
        self._cutter = cutter
        self._looked: tuple[CapturedFrame, CapturedFrame] | None = None

    @classmethod
    def of(cls, inner: Capture, game: Game, options: Mapping[str, Any]) -> Capture:
        """Return a capture with the readings of a game; what a device's option "readings" leaves out is not read.

        Raises:  NotFound for an unknown reading, BadValue for one that cannot be, what opening a reader raises.
        """
        stated = chosen_readings(game, options)
        if not stated:
            return inner
        opened = [OpenReading(name, reading) for name, reading in stated.items()]
        return cls(inner, opened, RegionCutter.of(game))

    @property
    def telemetry_names(self) -> Sequence[str] | None:
        """What the inner one will tell, and the readings."""
        told = self.inner.telemetry_names
        if told is None:
            return None
        self._check_free(told)
        return [*told, *(name for one in self._readings for name in (one.name, confidence_of(one.name)))]

    def look(self) -> CapturedFrame | None:
        """Return the newest frame with what is read off it. A frame that is looked at again is not read again."""
        captured = self.inner.look()
        if captured is None:
            return None
        if self._looked is None or self._looked[0] is not captured:
            self._looked = captured, self._read(captured)
        return self._looked[1]

    def _read(self, captured: CapturedFrame) -> CapturedFrame:
        self._check_free(captured.telemetry)
        regions = self._cutter.shown(captured)
        told = dict(captured.telemetry)
        for reading in self._readings:
            told |= reading.tell(captured, regions[reading.region])
        return replace(captured, telemetry=told)

    def _check_free(self, told: Sequence[str] | Mapping[str, float]) -> None:
        for one in self._readings:
            if one.name in told or confidence_of(one.name) in told:
                raise Mismatch(
                    f"The device tells {one.name} itself, so what is read off the screen needs another name: give "
                    "the reading one in the Game."
                )


def chosen_readings(game: Game, options: Mapping[str, Any]) -> dict[str, Reading]:
    """Return the readings of a game with a device's option "readings" laid over their options.

    `readings.NAME=false` has one left out. Raises NotFound, BadValue.
    """
    changes = options.get("readings") or {}
    if not isinstance(changes, Mapping):
        raise BadValue(f"readings={changes} is no mapping. Give one as readings.NAME.OPTION=VALUE.")
    for name, change in changes.items():
        if name not in game.readings:
            raise not_found(f"reading of {game.name}", name, game.readings)
        if change is not False and not isinstance(change, Mapping):
            raise BadValue(f"readings.{name}={change} is no mapping. Leave it out with readings.{name}=false.")
    chosen = {name: (reading, changes.get(name, {})) for name, reading in game.readings.items()}
    return {
        name: replace(reading, options={**reading.options, **change})
        for name, (reading, change) in chosen.items()
        if change is not False
    }
