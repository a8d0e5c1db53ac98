"""Writes recordings as the original kept its pictures: JPEG files named by uuid, one sqlite file beside them."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import Mismatch
from playhead.game import Game
from playhead.names import command
from playhead.progress import OnProgress
from playhead.storage.importing import LeftOut
from playhead.storage.reader import Recording
from playhead_sideswipe.dataset import DATA, NAMES, Columns, insert_rows, new_database
from playhead_sideswipe.exporting import Target
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import COLUMNS, NO_BODY

DATABASES = {False: "dataset.db", True: "index.db"}  # in a folder, in a zip: as the original called them
_FILE_NAME = re.compile(r"[0-9A-Za-z_-]{1,36}")
_REPORT_EVERY = 1000

Names = dict[str, dict[int, dict[str, Any]]]  # column -> id -> row of its table


def write_pictures(
    game: Game, recordings: Sequence[Recording], target: Target, progress: OnProgress
) -> Sequence[LeftOut]:
    """Write every picture under its uuid, byte for byte, and the five tables.

    Returns the pictures that have no uuid, or one that another has already.
    Raises:  Mismatch for a recording whose pictures are no JPEG or say nothing about the car.
    """
    for recording in recordings:
        _check_exportable(game, recording)
    names = _names(recordings)
    bodies = {str(row["name"]): number for number, row in names["model"].items()}
    left_out: list[LeftOut] = []
    written: set[str] = set()
    done, total = 0, sum(recording.length for recording in recordings)
    with tempfile.TemporaryDirectory(prefix="playhead-") as folder:
        file = Path(folder, "dataset.db")
        with new_database(file, {column: _unique(rows) for column, rows in names.items()}) as database:
            for recording in recordings:
                kept = []
                for frame, uuid in _new_frames(recording, written, left_out):
                    target.write(f"{uuid}.jpg", recording.read_encoded(frame))
                    kept.append(frame)
                    if frame % _REPORT_EVERY == 0:
                        progress(done + frame, total)
                insert_rows(database, _rows(recording, np.array(kept, np.int64), bodies))
                done += recording.length
                progress(done, total)
        target.copy(DATABASES[target.is_zip], file)
    return left_out


def _check_exportable(game: Game, recording: Recording) -> None:
    missing = [name for name in COLUMNS if name not in recording.columns]
    if missing:
        raise Mismatch(
            f"{recording.name} does not say of its pictures what is on them: it has no {', '.join(missing)}. "
            "Choose others with --recordings."
        )
    if recording.header.is_archived:
        raise Mismatch(
            f"{recording.name} is archived: its pictures are video, the layout wants JPEG. First: "
            f"{command('data', 'unarchive', f'{game.name}/{recording.name}')}"
        )
    if recording.header.frame.codec != "jpeg" or recording.header.frame.shape != game.needed_frame.shape:
        raise Mismatch(
            f"{recording.name} holds {recording.header.frame.codec} pictures of {recording.header.frame.shape}; "
            f"the layout wants JPEG of {game.needed_frame.shape} (height, width, colours). "
            "Choose others with --recordings."
        )


def _new_frames(recording: Recording, written: set[str], left_out: list[LeftOut]) -> Iterator[tuple[int, str]]:
    """Yield the frames that can be written under a name of their own."""
    for frame, uuid in enumerate(recording.columns["uuid"].tolist()):
        if uuid in written or not _FILE_NAME.fullmatch(uuid):
            why = f"its uuid {uuid!a} is no name of a file" if uuid not in written else f"{uuid} is there already"
            left_out.append(LeftOut(what=f"frame {frame} of {recording.name}", why=why))
            continue
        written.add(uuid)
        yield frame, uuid


def _rows(recording: Recording, frames_N: npt.NDArray[np.int64], bodies: Mapping[str, int]) -> Columns:
    """Return rows of `data` for these frames; a body that is no class gets the number that its name has."""
    columns = {name: np.asarray(recording.columns[name])[frames_N] for name in COLUMNS}
    columns["uuid"] = columns["uuid"].astype("S36")
    for name in ("primary_color", "secondary_color"):
        # The shortest number that float32 keeps: 0.1, not 0.10000000149.
        columns[name] = np.array([float(str(value)) for value in columns[name]], np.float64)
    for row in np.flatnonzero(~_is_class(columns["model"])).tolist():
        columns["model"][row] = bodies[str(columns["car"][row])]
    return {name: columns[name] for name in DATA}


def _is_class(model_N: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray((model_N >= 0) & (model_N < len(BODIES)))


def _names(recordings: Sequence[Recording]) -> Names:
    """Return what every number is called: as the recordings say, else by its number."""
    names: Names = {column: {} for column in NAMES}
    for recording in recordings:
        for column, rows in recording.header.legends.items():
            for row in rows if column in names else ():
                names[column].setdefault(int(row["id"]), dict(row))
    for number, body in enumerate(BODIES):
        names["model"].setdefault(number, {"id": number, "name": body, "color": ""})
    _name_other_bodies(recordings, names["model"])
    for column in ("hat", "wheel"):
        for number in sorted({int(n) for one in recordings for n in np.unique(one.columns[column])}):
            names[column].setdefault(number, {"id": number, "name": f"{column} {number}", "color": ""})
    _name_stickers(recordings, names["skin"])
    return names


def _name_other_bodies(recordings: Sequence[Recording], rows: dict[int, dict[str, Any]]) -> None:
    known = {str(row["name"]) for row in rows.values()}
    others = [one.columns["car"][~_is_class(one.columns["model"])] for one in recordings]
    shown = {str(car) for cars in others for car in np.unique(cars)}
    for body in sorted(shown - known):
        number = max(len(BODIES), *(number + 1 for number in rows))
        rows[number] = {"id": number, "name": body, "color": ""}


def _name_stickers(recordings: Sequence[Recording], rows: dict[int, dict[str, Any]]) -> None:
    """Stickers are numbered within their body, ids only once: one that several bodies have is of none."""
    models: dict[int, set[int]] = defaultdict(set)
    for one in recordings:
        for skin, model in np.unique(np.stack([one.columns["skin"], one.columns["model"]]), axis=1).T.tolist():
            models[skin].add(model)
    for skin in sorted(models):
        (model, *more) = models[skin]
        model = None if more or model == NO_BODY else model
        rows.setdefault(skin, {"id": skin, "name": f"sticker {skin}", "color": "", "model": model})


def _unique(rows: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a table of names; of two that are called the same the later one gets its number added."""
    seen: set[tuple[Any, ...]] = set()
    unique = []
    for number, row in sorted(rows.items()):
        plain = dict(row)
        key = plain["name"], plain.get("color"), plain.get("model")
        if key in seen:
            plain["name"] = f"{plain['name']} ({number})"
        seen.add(key)
        unique.append(plain)
    return unique
