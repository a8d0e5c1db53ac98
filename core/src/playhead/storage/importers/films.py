"""Videos with a table of keys beside each: resampled by time, put in time with one another, cut into recordings.

video -> pictures at every tick --\\
                                   > rows -> recording
table -> moved by the offset ------/

Shape legend: T ticks, N pictures.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.containers.film import Film, length_ns_of
from playhead.containers.video import FrameArray, VideoFile
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PlayheadError
from playhead.events import Event
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.regions import Region
from playhead.storage.importers import places
from playhead.storage.importers.alignment import MEASURED_S, Motion, Offset, measure_offset
from playhead.storage.importers.key_files import write_keys
from playhead.storage.importers.key_table import KeyTable
from playhead.storage.importers.key_tables import ENDINGS, read_key_table
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Converted, Importable, LeftOut, Noted, NothingLeft, digest_of_file

TAKES = ("keys", "rate", "crop", "table", "columns", "table_rate", "offset", "track", "save_keys")
VIDEOS = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".flv", ".ts", ".mpg", ".mpeg", ".wmv", ".ogv")
PART_S = 120  # of a recording: what an interruption loses at most, and what validation is chosen by
_BESIDE = ("", "_keys", "-keys", ".keys", "_labels", "-labels", "_actions")  # behind the name of its video
FEWER = 0.05  # of the pictures, by which there may be more or fewer rows


def find_films(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every PART_S of each video, a file or those of a folder, with a table beside it.

    `options`: see ImportSettings. Raises: NotFound when there is no video or option, BadValue.
    """
    settings = ImportSettings.of(game, options, TAKES, order="time")
    files = [path] if path.is_file() else sorted(_below(path), key=lambda file: places.natural(str(file)))
    if not files:
        raise NotFound(
            f"{path} is no video and no folder with files ending in {', '.join(VIDEOS[:4])} or the like."
        )
    if settings.table and len(files) > 1:
        raise BadValue(f"table={settings.table} is of one video, and {path} holds {len(files)}. Name the video.")
    told: dict[str, tuple[str, int]] = {}
    for file in files:
        try:
            pair = Pair(game, file, _table(file, settings), settings)
            parts = list(pair.parts())
        except (Damaged, Mismatch) as error:
            yield Importable(name=name_of(file), source=file, fill=partial(_raise, error))
            continue
        told |= pair.table.meant
        yield from parts
    if settings.save_keys and told:
        write_keys(Path(settings.save_keys), {name: meaning for name, (meaning, _) in told.items()})


def _raise(error: PlayheadError, folder: Path, progress: OnProgress) -> Sequence[Noted]:
    raise error


def _below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.suffix.lower() in VIDEOS and not file.name.startswith("._") and file.is_file():
            yield file


def _table(video: Path, settings: ImportSettings) -> Path:
    """Return the table of a video: as said, else beside it under its name. Raises Mismatch where there is none."""
    if settings.table:
        return Path(settings.table)
    for ending in ENDINGS:
        for behind in _BESIDE:
            for name in (video.stem + behind + ending, video.name + behind + ending):
                if (beside := video.with_name(name)).is_file() and beside != video:
                    return beside
    raise Mismatch(
        f"{video} has no table of keys beside it: {video.stem}.csv, {video.stem}.jsonl or the like. Name it: "
        "--set table=FILE."
    )


def name_of(file: Path) -> str:
    """Return what the recordings of a video are called: by its folder and its name."""
    return f"{places.called(file.absolute().parent)}-{file.stem}"


class Pair:
    """A video and the table beside it. Pictures are read on from part to part, wherever possible."""

    def __init__(self, game: Game, video: Path, table: Path, settings: ImportSettings) -> None:
        self.game, self.video, self.settings = game, video, settings
        self.length_ns = length_ns_of(video, settings.track)
        self.table = read_key_table(game, table, settings, self.length_ns)
        self.table_file = table

    def parts(self) -> Iterator[Importable]:
        """Yield a recording for every PART_S; the last has what is left to the end."""
        seen, said = digest_of_file(self.video), digest_of_file(self.table_file)
        count = max(1, round(self.length_ns / NS_PER_S / PART_S))
        ticks = round(PART_S * self.settings.rate)
        for number in range(count):
            part = _Part(number * ticks, (number + 1) * ticks if number + 1 < count else None)
            yield Importable(
                name=f"{name_of(self.video)}-{number + 1:03d}",
                source=self.video,
                fill=partial(_import_part, self, part),
                identity=f"video/{seen}/{number}",
                state=places.digest_of([self.settings.said, seen, said, number, count]),
                says=self._says(),
            )

    def _says(self) -> tuple[str, ...]:
        known = [
            f"{name} ({count:,}) is {meaning}" for name, (meaning, count) in self.table.meant.items() if meaning
        ]
        free = [f"{name} ({count:,})" for name, (meaning, count) in self.table.meant.items() if not meaning]
        left = f"; no key of {self.game.name}: {places.some(free)}" if free else ""
        return (f"Keys of {self.table_file.name}: {places.some(known)}{left}.",)

    @cached_property
    def reading(self) -> Reading:
        """The video, as its parts read it."""
        return Reading(self.settings.crop, self.slack_ns, self.settings.track)

    @cached_property
    def slack_ns(self) -> int:
        """By how much a picture may be later than its tick: half of what parts them, so the nearest is taken."""
        video = VideoFile(self.video, self.settings.track)
        video.close()
        return min(video.interval_ns, round(NS_PER_S / self.settings.rate)) // 2 - 1

    def told(self, offset: Offset, pictures: Pictures) -> list[Noted]:
        """Return what was done to times, keys and pictures."""
        often = round(pictures.film.video.interval_ns * self.settings.rate / NS_PER_S)
        hint = f"--rate {NS_PER_S / pictures.film.video.interval_ns:.3g} takes each once"
        return [
            Converted(what="times of the keys", how=f"moved by {offset}"),
            *(Converted(what=self.table_file.name, how=note) for note in self.table.notes),
            *([Converted(what="pictures", how=f"shown {often} times each; {hint}")] if often > 1 else []),
            *(Converted(what=f"key {name}, held in {count:,} rows", how=f"read as {meaning}")
              for name, (meaning, count) in self.table.meant.items() if meaning),
        ]  # fmt: skip

    @cached_property
    def in_time(self) -> tuple[KeyTable, Offset]:
        """The table by the video's times, and what it was moved by."""
        asked = self.settings.offset
        motion, times_N, interval_ns = self._looked_through(
            moves=asked is None, to_its_end=not self.table.has_times
        )
        table = self.table if self.table.has_times else self._at_pictures(times_N, interval_ns)
        if asked is None:
            moments_T, moved_TF = motion.at(motion.step_ns)
            offset = measure_offset(table.numbers(moments_T), moved_TF, motion.step_ns)
        else:
            offset = Offset(seconds=asked, is_said=True)
        return table.moved(round(offset.seconds * NS_PER_S)), offset

    def _looked_through(self, *, moves: bool, to_its_end: bool) -> tuple[Motion, npt.NDArray[np.int64], int]:
        """Return how the film moves at its beginning, the times of its pictures, and their interval."""
        motion, times = Motion(), []
        film = Film(VideoFile(self.video, self.settings.track))
        try:
            for time_ns, frame in film.pictures():
                times.append(time_ns)
                if moves and time_ns <= MEASURED_S * NS_PER_S:
                    motion.add(time_ns, film.video.grey(frame))
                elif not to_its_end:
                    break
        finally:
            film.video.close()
        if not times:
            raise Damaged(f"{self.video} has no picture that could be decoded.")
        return motion, np.array(times, np.int64), film.video.interval_ns

    def _at_pictures(self, times_N: npt.NDArray[np.int64], interval_ns: int) -> KeyTable:
        rows, pictures = int(self.table.place_S[-1]) + 1, len(times_N)
        if self.table.is_numbered and abs(rows - pictures) > max(2, FEWER * pictures):
            raise Mismatch(
                f"{self.table_file} has {rows:,} rows without times, and {self.video} {pictures:,} pictures. Say "
                f"how many rows a second there are: --set table_rate={rows / self.length_ns * NS_PER_S:.3g}."
            )
        return self.table.at_pictures(times_N, interval_ns)


class Reading:
    """A video that is read on from part to part, wherever that is possible. `close` may be called twice."""

    def __init__(self, crop: Region | None, slack_ns: int, track: int | None = None) -> None:
        self._crop, self._slack_ns, self._track = crop, slack_ns, track
        self._pictures: Pictures | None = None

    def pictures(self, video: Path, from_ns: int) -> Pictures:
        """Return the pictures of a video from a moment on. Raises as `VideoFile`."""
        found = self._pictures
        if found is None or found.film.video.path != video or found.time_ns > from_ns:
            self.close()
            found = self._pictures = Pictures(Film(VideoFile(video, self._track), self._crop), self._slack_ns)
        return found

    def close(self) -> None:
        """Close the video, if it is open."""
        if self._pictures is not None:
            self._pictures.film.video.close()
            self._pictures = None


@dataclass(frozen=True)
class _Part:
    """The ticks of a recording, from the first to the last but one; None: to the end of the film."""

    first: int
    end: int | None


class Pictures:
    """The pictures of a film, asked for at rising moments: the last that is due, or nearly."""

    def __init__(self, film: Film, slack_ns: int) -> None:
        self.film = film
        self._slack_ns = slack_ns
        self._coming = film.pictures()
        self._now = next(self._coming, None)
        self._next = next(self._coming, None)
        self._shown: FrameArray | None = None
        weakref.finalize(self, film.video.close)

    @property
    def time_ns(self) -> int:
        """The time of the picture that was due last."""
        return self._now[0] if self._now else 0

    def at(self, time_ns: int) -> FrameArray | None:
        """Return the picture of a moment, the same array as long as it is the same; None behind the last."""
        while self._next is not None and self._next[0] <= time_ns + self._slack_ns:
            self._now, self._next, self._shown = self._next, next(self._coming, None), None
        is_over = self._next is None and time_ns >= self.time_ns + self.film.video.interval_ns
        if self._now is None or is_over:
            return None
        if self._shown is None:
            self._shown = self.film.cut(self._now[1])
        return self._shown


def _import_part(pair: Pair, part: _Part, folder: Path, progress: OnProgress) -> Sequence[Noted]:
    """Write one part as one recording and return what was left out or converted."""
    table, offset = pair.in_time
    tick_T, time_ns_T = _ticks(pair, part)
    state_T = table.states(time_ns_T, pair.slack_ns)
    is_said_T = state_T >= 0
    begin = _clock(int(time_ns_T[0]))
    if not is_said_T.any():
        raise NothingLeft(f"{pair.table_file} says nothing of {pair.video.name} from {begin} on")
    pictures = pair.reading.pictures(pair.video, int(time_ns_T[is_said_T][0]))
    if pictures.at(int(time_ns_T[is_said_T][0])) is None:
        raise NothingLeft(f"{pair.video} has no picture from {begin} on")
    source = Source(
        path=pair.video, rows=int(is_said_T.sum()), belongs=name_of(pair.video), has_times=True,
        left_out=[
            *(table.left_out if part.first == 0 else ()),
            *stretches_left_out(time_ns_T, ~is_said_T, "the table says nothing of them"),
        ],
        events=_events(pair, table, time_ns_T),
        notes=f"Its keys come from {shown(pair.table_file)}; the offset of their times: {offset}.",
    )  # fmt: skip
    rows = _rows(pictures, table, tick_T[is_said_T], time_ns_T[is_said_T], state_T[is_said_T])
    try:
        noted = write_rows(pair.game, pair.settings.once_cut, source, rows, folder, progress)
        told = pair.told(offset, pictures) if part.first == 0 else []
        passed = pictures.film.video.left_out() if part.end is None else ""
    finally:
        if part.end is None:
            pair.reading.close()
    return [*told, *([LeftOut(what=pair.video.name, why=passed)] if passed else []), *noted]


def _ticks(pair: Pair, part: _Part) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers and the times of the ticks of a part; a tick shows the picture that is nearest."""
    period_ns = NS_PER_S / pair.settings.rate
    end = part.end if part.end is not None else max(part.first + 1, math.ceil(pair.length_ns / period_ns - 0.5))
    tick_T = np.arange(part.first, end)
    return tick_T, np.round(tick_T * period_ns).astype(np.int64)


def _rows(
    pictures: Pictures, table: KeyTable, tick_T: npt.NDArray[np.int64], time_ns_T: npt.NDArray[np.int64],
    state_T: npt.NDArray[np.int64],
) -> Iterator[Row]:  # fmt: skip
    for tick, time_ns, state in zip(tick_T.tolist(), time_ns_T.tolist(), state_T.tolist(), strict=True):
        picture_HWC = pictures.at(time_ns)
        if picture_HWC is None:
            return
        labels = {name: rows_CA[state : state + 1] for name, rows_CA in table.rows.items()}
        yield Row(what=_clock(time_ns), number=tick, picture=picture_HWC, labels=labels)


def _events(pair: Pair, table: KeyTable, time_ns_T: npt.NDArray[np.int64]) -> list[Event]:
    """Return the changes of a part, of keys that the game has a control for: labels are exact by them."""
    codes = set(pair.game.controls.values())
    end_ns = time_ns_T[-1] + NS_PER_S / pair.settings.rate
    return [one for one in table.events if time_ns_T[0] <= one.time_ns < end_ns and one.code in codes]


def stretches_left_out(
    time_ns_T: npt.NDArray[np.int64], is_left_out_T: npt.NDArray[np.bool_], why: str
) -> Iterator[LeftOut]:  # fmt: skip
    """Yield each stretch of ticks that is left out as one, and why."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_left_out_T, [False]]).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2).tolist():
        what = f"{_clock(time_ns_T[begin])} to {_clock(time_ns_T[end - 1])}, {end - begin:,} pictures"
        yield LeftOut(what=what, why=why)


def _clock(time_ns: int) -> str:
    minutes, seconds = divmod(time_ns / NS_PER_S, 60)
    return f"{int(minutes)}:{seconds:06.3f}"
