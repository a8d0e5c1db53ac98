"""Minari sets in HDF5: an episode each becomes a recording. Their pictures are JPEG, or numbers.

Source:  Farama-Foundation/Minari 0.4 and 0.5: data/main_data.hdf5, data/metadata.json. Observations are one more
         than actions; the last of them shows what nobody answered.
Shape legend: T steps, A numbers of an action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from playhead.containers.hdf5 import DataSet, Hdf5File, Pictures, open_hdf5
from playhead.decoding import decode_json, read_json
from playhead.errors import BadValue, Damaged, Mismatch, NotFound
from playhead.game import Game
from playhead.names import visible
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.arrays import Blocks
from playhead.storage.importers.key_columns import KeyColumns
from playhead.storage.importers.key_names import proposals
from playhead.storage.importers.key_rows import States
from playhead.storage.importers.meanings import Meanings, Rows, check_all_said, meanings_of_columns
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, Noted, digest_of_file

TAKES = ("keys", "head", "rate", "crop", "colours", "pictures")
DATA, ABOUT = "main_data.hdf5", "metadata.json"
MOST_EPISODES, MOST_ACTIONS = 1_000_000, 4_096
_MANY = 1_000  # episodes: fewer are asked for one by one, and those that lack are named
Text = Annotated[str, Meta(max_length=2**24)]


class _About(Struct):
    """What is read of metadata.json."""

    total_episodes: Annotated[int, Meta(ge=0, le=MOST_EPISODES)]
    data_format: Annotated[str, Meta(max_length=50)] = "hdf5"
    action_space: Text = ""
    playhead_rate_hz: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    playhead_actions: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=1_024)] = ()


class _Space(Struct):
    """What is read of a space: its kind, and how many actions there are."""

    type: Annotated[str, Meta(max_length=50)]
    n: Any = None
    start: int = 0


@dataclass(frozen=True, kw_only=True)
class _Actions:
    """What actions mean: by the names of their numbers, or by how many there are."""

    is_discrete: bool = False
    start: int = 0
    count: int = 0
    states: States | None = None
    meanings: Meanings | None = None

    def labels(self, action: Any) -> Rows:
        """Return what an action says. Shapes:  head -> (1, A). Raises ValueError."""
        numbers = np.atleast_1d(np.asarray(action, np.float64)).reshape(-1)
        if self.is_discrete:
            if numbers.size != 1 or not 0 <= numbers[0] - self.start < self.count:
                raise ValueError(f"its action is {numbers[:4].tolist()}, none of {self.count}")
            numbers = (np.arange(self.count) == numbers[0] - self.start).astype(float)
        if numbers.size != self.count:
            raise ValueError(f"its action has {numbers.size} numbers, not {self.count}")
        if self.states is not None:
            return self.states.labels([f"{value:.9g}" for value in numbers])
        labels, wrong = self.meanings.labels(numbers[None]) if self.meanings else ({}, {0: "it means nothing"})
        if wrong:
            raise ValueError(wrong[0])
        return labels


def find_minari(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every episode of a set.

    `options`: see ImportSettings; `pictures` names the observation that is one. Raises: NotFound, Damaged,
    Mismatch for a set that is stored otherwise, or whose actions mean nothing in the game.
    """
    settings = ImportSettings.of(game, options, TAKES, order="time")
    folder = path / "data" if (path / "data" / ABOUT).is_file() else path
    if not (folder / ABOUT).is_file():
        raise NotFound(f"{path} is no Minari set: it has no data/{ABOUT}.")
    about = read_json(folder / ABOUT, _About, most=2**26)
    if about.data_format != "hdf5":
        raise Mismatch(f"{path} is stored as {visible(about.data_format)}; hdf5 is read. Convert it with Minari.")
    if about.playhead_rate_hz and "rate" not in options:
        settings = replace(settings, rate=about.playhead_rate_hz)
    if not about.total_episodes:
        raise Mismatch(f"{path} has no episodes: {ABOUT} says so. Record some, or name another set.")
    _check_there(folder, about)
    name, seen = places.called(path), digest_of_file(folder / DATA)
    for number in range(about.total_episodes):
        yield Importable(
            name=f"{name}-{number:04d}",
            source=folder / DATA,
            fill=partial(_import_episode, game, folder, about, settings, number),
            identity=f"minari/{seen}/{number}",
            state=places.digest_of([settings.said, seen, settings.rate, number]),
        )


def _check_there(folder: Path, about: _About) -> None:
    """Raise Damaged where very many episodes are said and the last is not there: each would be asked for."""
    last = f"episode_{about.total_episodes - 1}"
    if about.total_episodes > _MANY:
        with open_hdf5(folder / DATA) as opened:
            if last not in opened:
                raise Damaged(f"{folder / DATA} has no {last}, of {about.total_episodes:,} that {ABOUT} says.")


def _import_episode(
    game: Game,
    folder: Path,
    about: _About,
    settings: ImportSettings,
    number: int,
    into: Path,
    progress: OnProgress,
) -> Sequence[Noted]:
    """Write one episode as one recording and return what was left out or converted."""
    group = f"episode_{number}"
    with open_hdf5(folder / DATA) as opened:
        if group not in opened:
            raise Damaged(f"{folder / DATA} has no {group}, of {about.total_episodes:,} that {ABOUT} says.")
        actions = _meant(game, folder, about, settings)
        pictures = _pictures(opened, f"{group}/observations", settings)
        action_TA = opened.data_set(f"{group}/actions", "one data set (steps, numbers)")
        source = Source(
            path=folder / DATA, rows=len(action_TA), belongs=places.called(folder.parent),
            has_times=about.playhead_rate_hz is not None, notes=f"Episode {number} of a Minari set.",
        )  # fmt: skip
        return write_rows(game, settings, source, _rows(actions, action_TA, pictures), into, progress)


def _rows(actions: _Actions, action_TA: DataSet, pictures: _Pictures) -> Iterator[Row]:
    rows = Blocks(action_TA)
    for step in range(min(len(action_TA), len(pictures))):
        row = Row(what=f"step {step}", number=step)
        try:
            yield replace(row, picture=pictures.read(step), labels=actions.labels(rows.row(step)))
        except ValueError as error:
            yield replace(row, wrong=str(error))


@dataclass(frozen=True)
class _Pixels:
    """Pictures that are numbers, one by one."""

    rows: DataSet

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, row: int) -> npt.NDArray[np.uint8]:
        """Return a picture."""
        return np.asarray(self.rows.read(row, row + 1)[0])


_Pictures = Pictures | _Pixels


def _pictures(opened: Hdf5File, name: str, settings: ImportSettings) -> _Pictures:
    """Return the pictures of an episode. Raises Mismatch where observations are none."""
    inside = opened.members(name)
    if inside:
        if settings.pictures not in inside:
            raise BadValue(
                f"{opened.path}: {name} holds {places.some(inside)}. Say which is one: --set pictures=NAME."
            )
        name = f"{name}/{settings.pictures}"
    if opened.is_encoded(name):
        return opened.pictures(name)
    rows = opened.data_set(name, "one data set of pictures (steps, height, width, colours)")
    if rows.dtype != np.uint8 or len(rows.shape) not in (2, 3, 4):
        raise Mismatch(f"{rows.where} holds {rows.shape} of {rows.dtype}: the set has no pictures.")
    return opened.pictures(name) if len(rows.shape) == 2 else _Pixels(rows)


def _meant(game: Game, folder: Path, about: _About, settings: ImportSettings) -> _Actions:
    """Return what actions mean: by names that were written with them, else by how many there are."""
    space = decode_json(about.action_space.encode(), _Space, where=f"The action space of {folder / ABOUT}")
    is_discrete = space.type == "Discrete"
    count = space.n if isinstance(space.n, int) else len(about.playhead_actions) or len(settings.keys)
    if not 0 < count <= MOST_ACTIONS:
        raise Mismatch(
            f"{folder} has actions {visible(space.type)}, of which nobody knows what they mean. Say what each "
            "is, in order: --set keys=w,a,s,d."
        )
    base = _Actions(is_discrete=is_discrete, start=space.start, count=count)
    names = about.playhead_actions
    if len(names) == count and not settings.keys and (found := proposals(game, names)):
        numbers = {names.index(one): meaning for one, meaning in found.items()}
        return replace(base, states=States(game, KeyColumns(kind="columns", names=names, numbers=numbers), {}))
    meanings = meanings_of_columns(game, count, settings.head, settings.keys, str(folder))
    check_all_said(game, meanings.rows, str(folder))
    return replace(base, meanings=meanings)
