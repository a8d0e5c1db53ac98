"""Labelled pictures, one after the other, into one recording. All that built-in importers share of writing.

rows -> pictures made fit, labels joined -> batches -> writer
    \\-> what is left out, named
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.errors import Damaged
from playhead.events import PLAYED, Event, Origin
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.storage.importers.fitting import Fitter
from playhead.storage.importers.meanings import Rows
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import LeftOut, Noted
from playhead.storage.schema import SHARD_FRAMES, RecordingHeader
from playhead.storage.writer import RecordingWriter


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One picture and what it is labelled with; `wrong` says why it is left out.

    `number` is its place in time, or anything that rises.
    Shapes:  labels head -> (1, A).
    """

    what: str
    number: int
    picture: bytes | npt.NDArray[np.uint8] = b""
    labels: Rows = field(default_factory=dict)
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where pictures come from, how many rows there are, and what is known to be left out before any is read.

    `has_times`: rows stand at their times, and the numbers of rows are those of ticks. `events` are what was
    pressed, and `origin` is who labelled the rows; NONE: nobody, and what they say as labels means nothing.
    """

    path: Path
    rows: int
    notes: str = ""
    belongs: str = ""
    left_out: Sequence[LeftOut] = ()
    events: Sequence[Event] = ()
    has_times: bool = False
    origin: Origin = Origin.HUMAN


def write_rows(
    game: Game, settings: ImportSettings, source: Source, rows: Iterable[Row], folder: Path, progress: OnProgress
) -> Sequence[Noted]:
    """Write rows as one recording and return what was left out or converted.

    Raises:  Damaged when no row can be used.
    """
    fitter, left_out, kept = Fitter(game, settings), list(source.left_out), 0
    with RecordingWriter(folder, _header(game, settings, source), sync_s=math.inf) as writer:
        batch: list[Row] = []
        for done, row in enumerate(rows, 1):
            fitted = _fitted(row, fitter)
            if fitted.wrong:
                left_out.append(LeftOut(what=fitted.what, why=fitted.wrong))
            else:
                batch.append(fitted)
            if len(batch) == SHARD_FRAMES:
                kept += _append(writer, settings, source.origin, batch)
            progress(done, max(done, source.rows))
        kept += _append(writer, settings, source.origin, batch)
        writer.add_events(source.events)
    if not kept:
        first = f" The first: {left_out[0]}." if left_out else ""
        raise Damaged(f"None of the {source.rows:,} pictures of {source.path} can be used.{first}")
    return [*left_out, *fitter.converted()]


def _fitted(row: Row, fitter: Fitter) -> Row:
    """Return a row with its picture as it is stored, or with what is wrong with it."""
    if row.wrong:
        return row
    try:
        data = fitter.encoded(row.picture) if isinstance(row.picture, bytes) else fitter.pixels(row.picture)
    except (ValueError, RuntimeError) as error:
        return replace(row, wrong=str(error))
    return replace(row, picture=data)


def _append(writer: RecordingWriter, settings: ImportSettings, origin: Origin, batch: list[Row]) -> int:
    """Hand a batch over, empty it, and return how many rows it had."""
    count = len(batch)
    if count:
        number_N = np.array([row.number for row in batch], np.int64)
        writer.append_many(
            [bytes(row.picture) for row in batch],
            time_ns=np.round(number_N * (NS_PER_S / settings.rate)).astype(np.int64),
            labels={name: np.concatenate([row.labels[name] for row in batch]) for name in batch[0].labels},
            origin=np.full(count, int(origin), np.uint8),
            columns={},
            are_checked=True,
        )
        batch.clear()
    return count


def _header(game: Game, settings: ImportSettings, source: Source) -> RecordingHeader:
    is_alone = settings.order == "none"
    times = "Nothing says which came after which." if is_alone else (
        f"The source holds no times: they are made up from {settings.rate:g} pictures a second."
    )  # fmt: skip
    times = "" if source.has_times else times
    return replace(
        RecordingHeader.of(game, device="screen", driver="human", rate_hz=settings.rate),
        label_device="" if is_alone or source.origin is Origin.NONE else PLAYED,
        are_stills=is_alone,
        tags={"source": source.belongs} if source.belongs else {},
        notes=" ".join(filter(None, [f"Imported from {shown(source.path)}.", source.notes, times])),
    )
