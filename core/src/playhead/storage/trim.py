"""Cuts idle stretches out of a recording: what is left becomes new recordings, so that no sequence ever jumps.

Pictures are copied as they are. The old folder is kept beside the recordings, as repair.py does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.events import MOTIONS, Event, Origin
from playhead.labels import Choice
from playhead.names import quoted
from playhead.progress import OnProgress
from playhead.storage.beginnings import check_ended
from playhead.storage.changing import changing
from playhead.storage.disk import AS_IT_WAS, saying_what_failed
from playhead.storage.idle import Idle, Span, kept_spans
from playhead.storage.layer_writer import copy_layers
from playhead.storage.marks import keep_mark
from playhead.storage.reader import Recording, open_recording
from playhead.storage.writer import RecordingWriter


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch that stays. Units: begin_s and end_s seconds from the first frame of the old recording."""

    frames: int
    begin_s: float
    end_s: float
    path: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Trim:
    """What a trim found and did. `backup` is the folder as it was; None when nothing was changed."""

    frames_before: int
    duration_s: float
    pieces: list[Piece] = field(default_factory=list)
    backup: Path | None = None

    @property
    def frames_after(self) -> int:
        """Frames that stay."""
        return sum(piece.frames for piece in self.pieces)

    @property
    def is_trimmed(self) -> bool:
        """Whether anything is cut, or divided."""
        return self.frames_after != self.frames_before or len(self.pieces) > 1


def trim_recording(
    folder: Path, idle: Idle, *, dry_run: bool = False, progress: OnProgress = lambda done, total: None
) -> Trim:
    """Put what happens in a recording into new ones and the old folder aside; `dry_run` only looks.

    Raises:  Damaged for a recording that must be repaired first, BadValue for one that is being made or changed or
             holds labelled pictures that nobody played, StorageFull without room for the copies.
    """

    def spans(recording: Recording) -> list[Span]:
        _check_played(recording)
        return kept_spans(recording, idle, progress)

    return keep_spans(folder, spans, dry_run=dry_run)


def keep_spans(folder: Path, spans_of: Callable[[Recording], list[Span]], *, dry_run: bool = False) -> Trim:
    """Put stretches of a recording into new ones and the old folder aside; raises as `trim_recording`."""
    check_ended(folder, "Trim it when it has ended.")
    recording, known_as = open_recording(folder), folder.stat()
    if recording.header.is_archived:
        raise BadValue(
            f"{folder.name} is archived: its pictures are video, which is not cut. First: playhead data unarchive "
            f"{quoted(str(folder))}"
        )
    times_s = (recording.frame_time_ns - recording.frame_time_ns[:1]) / NS_PER_S
    spans = spans_of(recording)
    pieces = [
        Piece(frames=behind - first, begin_s=float(times_s[first]), end_s=float(times_s[behind - 1]))
        for first, behind in spans
    ]
    trim = Trim(frames_before=recording.length, duration_s=recording.duration_s, pieces=pieces)
    if dry_run or not trim.is_trimmed:
        return trim
    backup, made = _replace_folder(folder, known_as, recording, spans)
    pieces = [replace(piece, path=path) for piece, path in zip(pieces, made, strict=True)]
    return replace(trim, pieces=pieces, backup=backup)


def _check_played(recording: Recording) -> None:
    """Refuse pictures of things: none of them is idle, however alike they are."""
    game, schema = recording.header.game, recording.header.schema
    is_labelled = len(recording.columns) and all(isinstance(head, Choice) for head in schema.values())
    if is_labelled and not game.get("controls") and not len(recording.events):
        raise BadValue(
            f"{recording.name} holds labelled pictures and nothing was played: nothing in it is idle, and nothing "
            "is trimmed."
        )


def _replace_folder(
    folder: Path, known_as: os.stat_result, recording: Recording, spans: list[Span]
) -> tuple[Path, list[Path]]:
    with saying_what_failed(folder, AS_IT_WAS), changing(folder, known_as) as change:
        for number, span in enumerate(spans, 1):
            _copy(recording, span, change.copy(number))
        recording.close()
        keep_mark(folder, [change.copy(number) for number, _ in enumerate(spans, 1)])
        return change.divide(len(spans))


def _copy(recording: Recording, span: Span, folder: Path) -> None:
    first, behind = span
    header = replace(
        recording.header,
        padding_frames=max(0, recording.header.padding_frames - first),
        measures={},  # they scored the whole drive
        notes=f"{recording.header.notes} Trimmed: frames {first} to {behind - 1} of {recording.name}.".lstrip(),
    )
    with RecordingWriter(folder, header) as writer:
        for frame in range(first, behind):
            writer.append_encoded(
                recording.read_encoded(frame),
                int(recording.frame_time_ns[frame]),
                {name: recording.labels[name][frame] for name in recording.labels},
                Origin(int(recording.label_origin[frame])),
                {name: float(recording.telemetry[name][frame]) for name in recording.telemetry},
                int(recording.dropped_before[frame]),
                {name: recording.columns[name][frame] for name in recording.columns},
                {name: camera.read_encoded(frame) for name, camera in recording.cameras.items()},
                recorded=recording.recorded_checksum(frame),
            )
        writer.add_events(_events_of(recording, span))
    copy_layers(recording, np.arange(first, behind), folder)


def _events_of(recording: Recording, span: Span) -> Iterator[Event]:
    """Yield the presses that last at the first frame, with their own times, then all up to the frame behind."""
    times_ns, events = recording.frame_time_ns, recording.events
    is_motion_E = np.isin(events["code"], MOTIONS)
    events = events[~is_motion_E | (events["time_ns"] >= times_ns[span[0]])]
    first_ns = int(times_ns[span[0]])
    behind_ns = int(times_ns[span[1]]) if span[1] < len(times_ns) else np.iinfo(np.int64).max
    held: dict[tuple[str, str, bool], npt.NDArray[Any]] = {}
    for row in events[np.argsort(events["time_ns"], kind="stable")]:
        if row["time_ns"] >= behind_ns:
            break
        if row["time_ns"] > first_ns or row["code"] in MOTIONS:
            yield from map(_event, held.values())
            held.clear()
            yield _event(row)
            continue
        hand = str(row["device"]), str(row["code"]), int(row["origin"]) == int(Origin.HUMAN)
        held.pop(hand, None)
        if row["value"]:
            held[hand] = row
    yield from map(_event, held.values())


def _event(row: npt.NDArray[Any]) -> Event:
    return Event(
        time_ns=int(row["time_ns"]), code=str(row["code"]), value=float(row["value"]),
        origin=Origin(int(row["origin"])), device=str(row["device"]),
    )  # fmt: skip
