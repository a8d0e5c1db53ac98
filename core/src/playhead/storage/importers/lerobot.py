"""LeRobot sets of version 3: an episode each becomes a recording, at the rate of the set.

Source:  huggingface/lerobot, CODEBASE_VERSION v3.0. Files are looked for where its own writer puts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.parquet import read_parquet
from playhead.errors import BadValue, Damaged, Mismatch, not_found
from playhead.game import Game
from playhead.names import visible
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.films import Pictures, Reading
from playhead.storage.importers.key_columns import KeyColumns
from playhead.storage.importers.key_names import proposals
from playhead.storage.importers.key_rows import States
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Converted, Importable, Noted, digest_of_file
from playhead.storage.lerobot import DATA_PATH, EPISODES_PATH, INFO, VIDEO_PATH, Feature, Info, read_info

TAKES = ("keys", "crop", "pictures", "column")
ACTION = "action"
MOST_EPISODES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class _Set:
    """A set that is read: which camera, and what its numbers mean."""

    game: Game
    folder: Path
    camera: str
    column: str
    columns: KeyColumns
    settings: ImportSettings
    reading: Reading

    def data(self, file: Path) -> Mapping[str, npt.NDArray[Any]]:
        """Return what is needed of a file of data; the last one is kept, for episodes lie in one file."""
        return _read(file, self.column, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=1)
def _read(file: Path, column: str, changed_ns: int) -> Mapping[str, npt.NDArray[Any]]:
    return read_parquet(file, [column, "episode_index", "frame_index"], lists=[column])


@dataclass(frozen=True)
class _Episode:
    number: int
    length: int
    data: Path
    video: Path
    begins_s: float


def find_lerobot(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every episode of a set.

    `options`: see ImportSettings; `pictures` names a camera, `column` what is the action. Raises: NotFound,
    Damaged, Mismatch for a set of another version, without pictures, or of actions that mean nothing in the game.
    """
    settings = ImportSettings.of(game, options, TAKES, order="time")
    info = read_info(path)
    found = _Set(
        game=game, folder=path, camera=_camera(path, info, settings), column=settings.column or ACTION,
        columns=_columns(game, path, info, settings), settings=replace(settings, rate=info.fps),
        reading=Reading(settings.crop, round(NS_PER_S / info.fps) // 2),
    )  # fmt: skip
    digests: dict[Path, str] = {}
    episodes = _episodes(path, found.camera)
    if (first := next(episodes, None)) is None:
        raise Mismatch(f"{path} lists no episodes. Record some, or name another set.")
    for one in chain([first], episodes):
        for file in (one.data, one.video):
            if file not in digests:
                digests[file] = digest_of_file(file) if file.is_file() else ""
        told = [digests[one.data], digests[one.video], one.number]
        yield Importable(
            name=f"{places.called(path)}-{one.number:04d}",
            source=path / INFO,
            fill=partial(_import_episode, found, one),
            identity=f"lerobot/{places.digest_of(told)}",
            state=places.digest_of([found.settings.said, found.camera, found.column, *told]),
            says=(f"Actions of {places.called(path)}: {_said(found.columns)}.",),
        )


def _said(columns: KeyColumns) -> str:
    known = [f"{columns.names[place]} is {meaning}" for place, meaning in columns.numbers.items()]
    left = f"; of no meaning: {places.some(columns.unused)}" if columns.unused else ""
    return places.some(known) + left


def _camera(folder: Path, info: Info, settings: ImportSettings) -> str:
    cameras = [name for name, one in info.features.items() if one.dtype == "video"]
    if leading := [name for name in cameras if re.search(r"[/\\]|^\.", name)]:
        raise Damaged(f"{folder} has a camera whose name leads elsewhere, {visible(leading[0])}.")
    if settings.pictures:
        if settings.pictures not in cameras:
            raise not_found(f"camera of {folder}", settings.pictures, cameras)
        return settings.pictures
    if not cameras:
        stills = any(one.dtype == "image" for one in info.features.values())
        why = "keeps pictures one by one, and only videos are read" if stills else "has no pictures"
        raise Mismatch(f"{folder} {why}. Write it with video.")
    if len(cameras) > 1:
        raise BadValue(f"{folder} has several cameras. Say which: --set pictures={' or '.join(cameras[:10])}.")
    return cameras[0]


def _columns(game: Game, folder: Path, info: Info, settings: ImportSettings) -> KeyColumns:
    """Return what the numbers of the action mean, by their names, or in the order of `keys`."""
    name = settings.column or ACTION
    feature: Feature | None = info.features.get(name)
    if feature is None:
        raise not_found(f"column of {folder}", name, info.features)
    count = int(np.prod(feature.shape)) if feature.shape else 1
    names = (
        feature.labels()
        if len(feature.labels()) == count
        else [str(number) for number in range(min(count, 1_024))]
    )
    given = dict(settings.keys)
    found = proposals(game, names) if feature.labels() else {}
    found |= {one: given[one] for one in names if one in given}
    if given and len(given) == count and not set(given) & set(names):
        found = dict(zip(names, given.values(), strict=True))
    if not found:
        raise Mismatch(
            f"{folder} has {count} numbers in {name}, called {places.some(names)}, of which none is a key of "
            f"{game.name}. Say what they mean, in order: --set keys=w,a,s,d."
        )
    numbers = {names.index(one): meaning for one, meaning in found.items()}
    return KeyColumns(kind="columns", names=tuple(names), numbers=numbers)


def _episodes(folder: Path, camera: str) -> Iterator[_Episode]:
    """Yield the episodes that a set lists, by where its files must lie."""
    video = f"videos/{camera}/"
    wanted = ["episode_index", "length", "data/chunk_index", "data/file_index", f"{video}chunk_index",
              f"{video}file_index", f"{video}from_timestamp"]  # fmt: skip
    files = sorted((folder / "meta" / "episodes").glob("chunk-*/file-*.parquet"))
    if not files:
        raise Damaged(
            f"{folder} lists no episodes: {EPISODES_PATH.format(chunk_index=0, file_index=0)} is missing."
        )
    for file in files:
        rows = read_parquet(file, wanted)
        table = np.stack([np.asarray(rows[name], np.float64) for name in wanted], axis=1)
        if len(table) > MOST_EPISODES or not ((table >= 0) & (table < 1e9)).all():
            raise Damaged(f"{file} lists episodes that cannot be.")
        for row in table.tolist():
            number, length, *at = map(int, row[:6])
            data = DATA_PATH.format(chunk_index=at[0], file_index=at[1])
            film = VIDEO_PATH.format(video_key=camera, chunk_index=at[2], file_index=at[3])
            yield _Episode(number, length, folder / data, folder / film, row[6])


def _import_episode(found: _Set, one: _Episode, folder: Path, progress: OnProgress) -> Sequence[Noted]:
    """Write one episode as one recording and return what was left out or converted."""
    action_TA = _actions(found, one)
    source = Source(
        path=one.video, rows=len(action_TA), belongs=places.called(found.folder), has_times=True,
        notes=f"Episode {one.number} of a LeRobot set.",
    )  # fmt: skip
    try:
        pictures = found.reading.pictures(one.video, round(one.begins_s * NS_PER_S))
        noted = write_rows(
            found.game, found.settings.once_cut, source, _rows(found, one, action_TA, pictures), folder, progress
        )
    except BaseException:
        found.reading.close()
        raise
    meant = [Converted(what=f"{found.column} {found.columns.names[place]}", how=f"read as {meaning}")
             for place, meaning in found.columns.numbers.items()]  # fmt: skip
    return [*meant, *noted]


def _actions(found: _Set, one: _Episode) -> npt.NDArray[Any]:
    rows = found.data(one.data)
    is_mine = rows["episode_index"] == one.number
    action_TA = rows[found.column][is_mine].reshape(int(is_mine.sum()), -1)
    if len(action_TA) != one.length or not one.length or action_TA.shape[1] != len(found.columns.names):
        raise Damaged(
            f"{one.data} has {len(action_TA):,} rows of {action_TA.shape[1]} numbers for episode {one.number}, "
            f"and the set says {one.length:,} of {len(found.columns.names)}."
        )
    return np.asarray(action_TA[np.argsort(rows["frame_index"][is_mine], kind="stable")])


def _rows(found: _Set, one: _Episode, action_TA: npt.NDArray[Any], pictures: Pictures) -> Iterator[Row]:
    states = States(found.game, found.columns, {})
    for tick, action_A in enumerate(action_TA.tolist()):
        row = Row(what=f"frame {tick}", number=tick)
        picture_HWC = pictures.at(round((one.begins_s + tick / found.settings.rate) * NS_PER_S))
        if picture_HWC is None:
            yield replace(row, wrong="the video has ended")
            continue
        try:
            labels = states.labels([f"{value:.9g}" for value in action_A])
        except ValueError as error:
            yield replace(row, wrong=str(error))
            continue
        yield replace(row, picture=picture_HWC, labels=labels)
