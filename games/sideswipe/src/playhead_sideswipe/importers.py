"""Reads the original's data sets: a folder or zip of pictures named by uuid, and one sqlite file about them.

A data set becomes recordings of PART_ROWS rows each, so that an interrupted import goes on within it. Pictures are
copied byte for byte.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.errors import Damaged, not_found
from playhead.events import Origin
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.storage.importing import Converted, Importable, LeftOut, Noted
from playhead.storage.pictures import Picture, picture_of
from playhead.storage.schema import RecordingHeader, picture_codecs
from playhead.storage.writer import RecordingWriter
from playhead_sideswipe.bundle import BadPicture, Bundle, Pictures, open_bundle
from playhead_sideswipe.dataset import DATA, Columns, Table, read_table
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import COLUMNS, NO_BODY, Loadout

PART_ROWS = 10_000  # rows of a recording: what an interruption loses at most, and one folder of 40 files
BATCH = 250  # pictures handed over at a time, and a shard
RATE_HZ = 10  # of the times that are made up
CHECKS = ("header", "decode")

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of a data set and their pictures.

    Shapes:  rows_N (N,) rows of the table; places_N (N,) of the pictures.
    """

    rows_N: IndexArray
    places_N: IndexArray
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A table and its pictures, found together."""

    path: Path
    table: Table
    bundle: Bundle
    check: str


def find_pictures(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every PART_ROWS rows of the data set in a folder, a zip, or beside a sqlite file.

    `options`: check=decode decodes every picture; without, the beginning and end of each are looked at.
    Raises:  NotFound when there is no data set, Damaged or Mismatch when its sqlite file cannot be used.
    """
    check = _check_asked(options)
    bundle = open_bundle(path)
    with bundle.database() as file:
        table = read_table(file, bundle.shown)
    if not len(table):
        raise Damaged(
            f"The table data of {bundle.shown} is empty: there is nothing to import. Pass the data set whose rows "
            "say what its pictures show."
        )
    data_set = DataSet(path=path, table=table, bundle=bundle, check=check)
    name = bundle.name
    first = next((uuid.decode() for uuid in table.columns["uuid"].tolist() if uuid), "")
    for number, part in _parts(table, bundle):
        rows = [table.columns[name][part.rows_N].tobytes() for name in DATA]
        yield Importable(
            name=f"{name}-{number + 1:03d}",
            source=path,
            fill=partial(_import_part, game, data_set, part),
            identity=f"{name}/{first}/{number}",  # so a data set that has grown is known again
            state=hashlib.sha256(b"".join(rows)).hexdigest(),
        )


def _check_asked(options: Mapping[str, str]) -> str:
    for name in options:
        if name != "check":
            raise not_found("option of this importer", name, ["check"])
    check = options.get("check", CHECKS[0])
    if check not in CHECKS:
        raise not_found("check of this importer", check, CHECKS)
    return check


def _parts(table: Table, bundle: Bundle) -> Iterator[tuple[int, Part]]:
    """Match rows and pictures, and cut what matches into parts; each knows what was left out beside it."""
    places_N, left_out = _matched(table, bundle.pictures)
    rows_N = np.flatnonzero(places_N >= 0)
    if not len(rows_N):
        first = next((one for _, one in left_out if one.what.startswith("row ")), None)
        why = f" (the first: {first})" if first else ""
        raise Damaged(
            f"None of the {len(table):,} rows of {bundle.shown} has a picture and can be used{why}. Pass the "
            "folder or zip that holds both."
        )
    number_N = rows_N // PART_ROWS
    numbers = np.unique(number_N)
    # What was left out goes to the part it lies in, or else the last one before, so that every list is read once.
    part_of = np.maximum(np.searchsorted(numbers, [row // PART_ROWS for row, _ in left_out], side="right") - 1, 0)
    for place, number in enumerate(numbers.tolist()):
        mine = rows_N[number_N == number]
        lacking = [one for part, (_, one) in zip(part_of.tolist(), left_out, strict=True) if part == place]
        yield number, Part(rows_N=mine, places_N=places_N[mine], left_out=tuple(lacking))


def _matched(table: Table, pictures: Pictures) -> tuple[IndexArray, list[tuple[int, LeftOut]]]:
    """Return where the picture of each row lies, -1 for none, and what was left out, with a row it belongs to."""
    uuid_N = table.columns["uuid"]
    places_N = np.full(len(table), -1, np.int64)
    if len(pictures.uuid_N):
        near_N = np.minimum(np.searchsorted(pictures.uuid_N, uuid_N), len(pictures.uuid_N) - 1)
        places_N = np.where(pictures.uuid_N[near_N] == uuid_N, near_N, -1)
    left_out = [(0, one) for one in pictures.left_out]
    is_used = np.zeros(len(pictures.uuid_N), bool)
    is_used[places_N[places_N >= 0]] = True
    for place in np.flatnonzero(~is_used).tolist():
        left_out.append((0, LeftOut(what=f"picture {pictures.path(place)}", why="no row says what it shows")))
    _, first = np.unique(uuid_N, return_index=True)
    is_again_N = np.ones(len(table), bool)
    is_again_N[first] = False
    wrong = dict.fromkeys(np.flatnonzero(places_N < 0).tolist(), "it has no picture")
    wrong |= dict.fromkeys(np.flatnonzero(is_again_N).tolist(), "an earlier row has the same picture")
    wrong |= table.wrong
    for row in sorted(wrong):
        places_N[row] = -1
        left_out.append((row, LeftOut(what=f"row {row + 1} {uuid_N[row].decode()}".rstrip(), why=wrong[row])))
    return places_N, left_out


def _import_part(game: Game, data_set: DataSet, part: Part, folder: Path, progress: OnProgress) -> Sequence[Noted]:
    """Write one part as one recording and return what was left out or converted."""
    left_out: list[Noted] = list(part.left_out)
    picture = picture_of(picture_codecs(game.needed_frame), where="")
    kept = 0
    reading = closing(data_set.bundle.read(part.places_N.tolist()))
    with RecordingWriter(folder, _header(game, data_set, part), sync_s=math.inf) as writer, reading as read:
        for start in range(0, len(part.rows_N), BATCH):
            rows_N = part.rows_N[start : start + BATCH]
            pictures, bad = _parted(itertools.islice(read, BATCH))
            converted = _made_fit(picture, game, pictures, bad, closely=data_set.check == "decode")
            if data_set.check == "decode":
                _decode(picture, game, pictures, bad)
            good_N = np.array([row for row in range(len(rows_N)) if row not in bad], np.int64)
            _append(writer, data_set.table, rows_N[good_N], [pictures[row] for row in good_N])
            if bad or converted:
                names = [f"picture {uuid.decode()}" for uuid in data_set.table.columns["uuid"][rows_N].tolist()]
                left_out += [LeftOut(what=names[row], why=bad[row]) for row in sorted(bad)]
                left_out += [
                    Converted(what=names[row], how=how) for row, how in converted.items() if row not in bad
                ]
            kept += len(rows_N) - len(bad)
            progress(start + len(rows_N), len(part.rows_N))
    if not kept:
        raise Damaged(
            f"None of {len(part.rows_N):,} pictures of {data_set.path} can be used: {left_out[-1]}. "
            "Copy them again; or leave this part out: --skip-damaged."
        )
    return left_out


def _parted(read: Iterable[bytes | BadPicture]) -> tuple[list[bytes], dict[int, str]]:
    """Part pictures from those that could not be read, and why. Nothing stands in for those."""
    kept = list(read)
    bad = {number: one.why for number, one in enumerate(kept) if isinstance(one, BadPicture)}
    return [one if isinstance(one, bytes) else b"" for one in kept], bad


def _made_fit(
    picture: Picture, game: Game, pictures: list[bytes], bad: dict[int, str], *, closely: bool
) -> dict[int, str]:
    """Put pictures that cannot be stored as they are into a form that can; return which, and how.

    `closely` walks through every picture to its end.
    """
    shape, converted, check = game.needed_frame.shape, dict[int, str](), picture.check
    for number, data in enumerate(pictures):
        if number in bad:
            continue
        try:
            if not closely:
                check(data, shape)
                continue
        except (ValueError, RuntimeError):
            pass  # perhaps it can be converted
        try:
            pictures[number], how = picture.made_fit(data, shape)
        except (ValueError, RuntimeError) as error:
            bad[number] = str(error)
        else:
            converted |= {number: how} if how else {}
    return converted


def _decode(picture: Picture, game: Game, pictures: Sequence[bytes], bad: dict[int, str]) -> None:
    """Note the pictures that do not decode."""
    out_HWC = np.empty(game.needed_frame.shape, np.uint8)
    for number, data in enumerate(pictures):
        if number not in bad:
            try:
                picture.decode_into(data, out_HWC)
            except (ValueError, RuntimeError) as error:
                bad[number] = str(error)


def _append(writer: RecordingWriter, table: Table, rows_N: IndexArray, pictures: Sequence[bytes]) -> None:
    """Hand over pictures that were checked."""
    columns = {name: table.columns[name][rows_N] for name in DATA}
    told = {"loadout": _loadout_keys(table, columns), "car": _bodies(table, columns["model"])}
    is_class_N = (columns["model"] >= 0) & (columns["model"] < len(BODIES))
    columns["model"] = np.where(is_class_N, columns["model"], NO_BODY)
    writer.append_many(
        pictures,
        time_ns=rows_N * (NS_PER_S // RATE_HZ),
        labels={"car": np.where(is_class_N, columns["model"], 0)[:, None]},
        origin=np.where(is_class_N, int(Origin.SCRIPT), int(Origin.NONE)).astype(np.uint8),
        columns={**columns, **told},
        are_checked=True,
    )


def _bodies(table: Table, model_N: npt.NDArray[np.generic]) -> npt.NDArray[np.bytes_]:
    """Return what the body of each row is called. Shape (N,)."""
    models, place_N = np.unique(model_N, return_inverse=True)
    names_N: npt.NDArray[np.bytes_] = np.array([table.body(int(model)).encode() for model in models] or [b""])[
        place_N
    ]
    return names_N


def _loadout_keys(table: Table, columns: Columns) -> npt.NDArray[np.bytes_]:
    """Return the key of the loadout of each row. Shape (N,). The ten rotations of a loadout follow one another."""
    wears = np.stack([columns[name] for name in DATA if name not in ("uuid", "x_rotation", "y_rotation")], 1)
    is_new_N = np.ones(len(wears), bool)
    is_new_N[1:] = (wears[1:] != wears[:-1]).any(1)
    keys = [_loadout(table, *row).key.encode() for row in wears[is_new_N].tolist()]
    keys_N: npt.NDArray[np.bytes_] = np.array(keys or [b""])[np.cumsum(is_new_N) - 1]
    return keys_N


def _loadout(
    table: Table,
    model: float,
    team: float,
    primary: float,
    secondary: float,
    hat: float,
    skin: float,
    wheel: float,
) -> Loadout:
    return Loadout(
        body=table.body(int(model)), team=int(team), primary=primary, secondary=secondary,
        hat=int(hat), sticker=int(skin), wheel=int(wheel),
    )  # fmt: skip


def _header(game: Game, data_set: DataSet, part: Part) -> RecordingHeader:
    first, last = int(part.rows_N[0]) + 1, int(part.rows_N[-1]) + 1
    return replace(
        RecordingHeader.of(game, device="android", driver="script", rate_hz=RATE_HZ),
        columns=COLUMNS,
        legends=data_set.table.names,
        notes=f"Imported from {shown(data_set.path)}, rows {first} to {last}. "
        f"The data set holds no times: they are made up from the rows' numbers, {RATE_HZ} a second.",
    )
