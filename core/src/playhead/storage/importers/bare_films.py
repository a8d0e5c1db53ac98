"""A video of which nobody says what was pressed: recordings of its pictures, taken by time, without labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.containers.film import length_ns_of
from playhead.containers.video import VideoFile
from playhead.errors import Damaged
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import LabelArray
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.films import PART_S, Reading, name_of
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, LeftOut, Noted, NothingLeft, digest_of_file

TAKES = ("rate", "crop", "track")


def bare_film(game: Game, video: Path, settings: ImportSettings) -> Sequence[Importable]:
    """Return a recording for every PART_S of a video; they are read one after the other, each picture once.

    Raises:  as `VideoFile`, before anything is written.
    """
    film = _BareFilm(game, video, settings)
    seen = digest_of_file(video)
    return [
        Importable(
            name=f"{name_of(video)}-{number + 1:03d}",
            source=video,
            fill=partial(film.write, number),
            identity=f"bare video/{seen}/{number}",
            state=places.digest_of([settings.said, seen, number, film.count]),
        )
        for number in range(film.count)
    ]


class _BareFilm:
    """A video being read on from part to part."""

    def __init__(self, game: Game, video: Path, settings: ImportSettings) -> None:
        self._game, self._video, self._settings = game, video, settings
        length_ns = length_ns_of(video, settings.track)
        self._ticks = math.ceil(length_ns * settings.rate / NS_PER_S - 0.5)
        if not self._ticks:
            raise Damaged(
                f"{video} lasts {length_ns / NS_PER_S:.2g} s, less than a picture at {settings.rate:g} Hz."
            )
        self._each = round(PART_S * settings.rate)
        self.count = max(1, round(self._ticks / self._each))
        opened = VideoFile(video, settings.track)
        opened.close()
        slack_ns = min(opened.interval_ns, round(NS_PER_S / settings.rate)) // 2 - 1
        self._reading = Reading(settings.crop, slack_ns, settings.track)
        head = game.needed_schema
        self._nothing: dict[str, LabelArray] = {
            n: np.zeros((1, one.columns), one.dtype) for n, one in head.items()
        }

    def write(self, number: int, folder: Path, progress: OnProgress) -> Sequence[Noted]:
        """Write a part and return what was passed over. Raises NothingLeft behind the last picture."""
        is_last = number + 1 == self.count
        ticks = range(number * self._each, self._ticks if is_last else (number + 1) * self._each)
        pictures = self._reading.pictures(self._video, self._time_ns(ticks.start))
        if pictures.at(self._time_ns(ticks.start)) is None:
            raise NothingLeft(f"{self._video} has no picture from {ticks.start / self._settings.rate:.1f} s on")
        source = Source(
            path=self._video, rows=len(ticks), belongs=name_of(self._video), has_times=True, origin=Origin.NONE,
            notes=f"Nobody says what was pressed in {shown(self._video)}.",
        )  # fmt: skip
        try:
            noted = write_rows(self._game, self._settings.once_cut, source, self._rows(ticks), folder, progress)
            passed = pictures.film.video.left_out() if is_last else ""
        finally:
            if is_last:
                self._reading.close()
        return [*noted, *([LeftOut(what=self._video.name, why=passed)] if passed else [])]

    def _rows(self, ticks: range) -> Iterator[Row]:
        pictures = self._reading.pictures(self._video, self._time_ns(ticks.start))
        for tick in ticks:
            picture_HWC = pictures.at(self._time_ns(tick))
            if picture_HWC is None:
                return
            yield Row(what=f"picture {tick:,}", number=tick, picture=picture_HWC, labels=self._nothing)

    def _time_ns(self, tick: int) -> int:
        return round(tick * NS_PER_S / self._settings.rate)


def bare_settings(game: Game, rate_hz: float, crop: str = "") -> ImportSettings:
    """Return how a video is taken over for a run of this rate. Raises BadValue for a crop that is none."""
    asked = {"rate": repr(rate_hz), **({"crop": crop} if crop else {})}
    return ImportSettings.of(game, asked, TAKES, order="time")
