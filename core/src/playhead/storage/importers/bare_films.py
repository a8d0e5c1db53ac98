"""A video of which nobody says what was pressed: recordings of its pictures, taken by time, without labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.containers.film import Film, length_ns_of
from playhead.containers.shots import REASONS, Skipping
from playhead.containers.video import VideoFile
from playhead.errors import Damaged, Mismatch
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import LabelArray
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.films import PART_S, Reading, name_of, stretches_left_out
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, LeftOut, Noted, NothingLeft, digest_of_file
from playhead.windows import PAUSE_INTERVALS

TAKES = ("rate", "crop", "track")
MOST_SQUEEZED = 1.25  # a wide picture of a game that is 3:2 or 4:3 is stretched at most so much
NOT_SKIPPED = Skipping(reasons=(), pause_ns=0)


class BareFilm:
    """A video that becomes a recording for every PART_S of it, without what of it is skipped.

    Parts are read one after the other, each picture once, and once more, a few a second, to see what is skipped.
    Raises:  as `VideoFile`, Mismatch for pictures of quite another shape, before anything is written.
    """

    def __init__(
        self, game: Game, video: Path, settings: ImportSettings, skipping: Skipping = NOT_SKIPPED
    ) -> None:
        self._game, self._video, self._settings, self._skipping = game, video, settings, skipping
        length_ns = length_ns_of(video, settings.track)
        self._ticks = math.ceil(length_ns * settings.rate / NS_PER_S - 0.5)
        if not self._ticks:
            raise Damaged(
                f"{video} lasts {length_ns / NS_PER_S:.2g} s, less than a picture at {settings.rate:g} Hz."
            )
        self._each = round(PART_S * settings.rate)
        self.count = max(1, round(self._ticks / self._each))
        opened = VideoFile(video, settings.track)
        try:
            self._check_shape(Film(opened, settings.crop))
        finally:
            opened.close()
        slack_ns = min(opened.interval_ns, round(NS_PER_S / settings.rate)) // 2 - 1
        self._reading = Reading(settings.crop, slack_ns, settings.track)
        head = game.needed_schema
        self._nothing: dict[str, LabelArray] = {
            n: np.zeros((1, one.columns), one.dtype) for n, one in head.items()
        }

    def _check_shape(self, film: Film) -> None:
        """Raise Mismatch for pictures that would be squeezed, as those of a telephone held upright."""
        first = next(film.pictures(), None)
        if first is None:
            raise Damaged(f"{self._video} has no picture that could be decoded.")
        (high, wide), frame = film.cut(first[1]).shape[:2], self._game.needed_frame
        squeezed = wide / high * frame.height / frame.width
        if max(squeezed, 1 / squeezed) > MOST_SQUEEZED:
            raise Mismatch(
                f"{self._video} shows pictures of {wide}x{high}, which {self._game.name} with its "
                f"{frame.width}x{frame.height} would squeeze. Cut the game out of them: --crop L,T,W,H, or "
                "--crop auto for borders."
            )

    def parts(self) -> Sequence[Importable]:
        """Return a recording for every part."""
        seen = digest_of_file(self._video)
        return [
            Importable(
                name=f"{name_of(self._video)}-{number + 1:03d}",
                source=self._video,
                fill=partial(self._write, number),
                identity=f"bare video/{seen}/{number}",
                state=places.digest_of([
                    self._settings.said, seen, number, self.count, self._skipping.reasons
                ]),
            )
            for number in range(self.count)
        ]  # fmt: skip

    def skipped(self, number: int | None = None) -> dict[str, int]:
        """Return how many pictures of a part, or of all, are skipped, by reason."""
        ticks = range(self._ticks) if number is None else self._part(number)
        counts_W = np.bincount(self._reasons[ticks.start : ticks.stop], minlength=len(REASONS) + 1)[1:]
        return {why: int(count) for why, count in zip(REASONS, counts_W, strict=True) if count}

    @cached_property
    def _reasons(self) -> npt.NDArray[np.int8]:
        """The reason of every tick, counted from 1 in the order of REASONS; 0: it is not skipped."""
        why_T = np.zeros(self._ticks, np.int8)
        if not self._skipping.reasons:
            return why_T
        video = VideoFile(self._video, self._settings.track)
        try:
            skipped = self._skipping.of(Film(video, self._settings.crop))
        finally:
            video.close()
        for one in reversed(skipped):  # the first reason counts
            first, end = (
                math.ceil(at * self._settings.rate / NS_PER_S - 1e-3) for at in (one.first_ns, one.end_ns)
            )
            why_T[first:end] = [*REASONS].index(one.why) + 1
        return why_T

    def _part(self, number: int) -> range:
        is_last = number + 1 == self.count
        return range(number * self._each, self._ticks if is_last else (number + 1) * self._each)

    def _write(self, number: int, folder: Path, progress: OnProgress) -> Sequence[Noted]:
        """Write a part and return what was passed over. Raises NothingLeft where there is nothing in it."""
        is_last, ticks = number + 1 == self.count, self._part(number)
        begin = f"from {ticks.start / self._settings.rate:.1f} s on"
        kept = [tick for tick in ticks if not self._reasons[tick]]
        if not kept:
            said = ", ".join(f"{REASONS[why]} in {count:,}" for why, count in self.skipped(number).items())
            raise NothingLeft(f"{self._video} has no picture to label {begin}: {said}")
        pictures = self._reading.pictures(self._video, self._time_ns(kept[0]))
        if pictures.at(self._time_ns(kept[0])) is None:
            raise NothingLeft(f"{self._video} has no picture {begin}")
        source = Source(
            path=self._video, rows=len(kept), belongs=name_of(self._video), has_times=True, origin=Origin.NONE,
            notes=f"Nobody says what was pressed in {shown(self._video)}.", left_out=[*self._stretches(ticks)],
        )  # fmt: skip
        try:
            noted = write_rows(self._game, self._settings.once_cut, source, self._rows(kept), folder, progress)
            passed = pictures.film.video.left_out() if is_last else ""
        finally:
            if is_last:
                self._reading.close()
        return [*noted, *([LeftOut(what=self._video.name, why=passed)] if passed else [])]

    def _stretches(self, ticks: range) -> Iterator[LeftOut]:
        times_T = np.array([self._time_ns(tick) for tick in ticks], np.int64)
        why_T = self._reasons[ticks.start : ticks.stop]
        for number, why in enumerate(REASONS.values(), 1):
            yield from stretches_left_out(times_T, why_T == number, why)

    def _rows(self, ticks: Sequence[int]) -> Iterator[Row]:
        pictures = self._reading.pictures(self._video, self._time_ns(ticks[0]))
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


def pause_ns_of(rate_hz: float) -> int:
    """Return what is left out at a cut, so that windows of this rate do not reach across it."""
    return round((PAUSE_INTERVALS + 0.5) * NS_PER_S / rate_hz)
