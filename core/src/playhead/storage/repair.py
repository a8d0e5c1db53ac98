"""Repairs a recording: everything that can still be read goes into a new one in its place; the old one is kept.

Nothing is changed in the damaged files, so a repair can be undone by moving a folder back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from google_crc32c import value as crc

from playhead.decoding import convert, decode_json
from playhead.errors import Damaged, Mismatch
from playhead.events import Event, Origin
from playhead.inputs import CAMERAS, FRAMES
from playhead.progress import OnProgress
from playhead.storage.beginnings import check_ended, forget_maker, is_beginning
from playhead.storage.changing import BACKUPS as BACKUPS
from playhead.storage.changing import changing
from playhead.storage.check import check_recording, declared_length, shards_present
from playhead.storage.declarations import header_of, read_document, read_header, tables_of
from playhead.storage.disk import AS_IT_WAS, saying_what_failed
from playhead.storage.files import EVENT_KINDS, RECORDED_CHECKSUMS, checksums_of, row_kinds
from playhead.storage.layer_writer import LayerRows, fill_layer, make_layers
from playhead.storage.layers import GROUPS as LAYER_GROUPS
from playhead.storage.layers import LAYERS, LayerHeader, crc_of_times, layer_names, read_layer_header, strict
from playhead.storage.marks import keep_mark
from playhead.storage.mending import mend_bytes, mend_document
from playhead.storage.picture_array import shard_key
from playhead.storage.pictures import coder_of, most_bytes
from playhead.storage.problems import Problem
from playhead.storage.salvage import Span, salvage_rows, spans_in_shard
from playhead.storage.schema import ROWS, SHARD_FRAMES, RecordingHeader
from playhead.storage.seals import ATTRIBUTE, Json
from playhead.storage.sources import FolderSource
from playhead.storage.values import usable
from playhead.storage.writer import RecordingWriter

Rows = dict[str, tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]]


@dataclass(kw_only=True)
class Repair:
    """What a repair found and did. `backup` is the folder as it was; None when nothing was changed.

    `holds_nothing`: it was killed before its first frame counted, and is put aside, or removed if it was empty.
    """

    problems: list[Problem]
    is_needed: bool = True
    frames_before: int = 0
    frames_after: int = 0
    unlabelled: int = 0
    events_after: int = 0
    holds_nothing: bool = False
    backup: Path | None = None
    lost: list[int] = field(default_factory=list)
    layers_lost: list[str] = field(default_factory=list)
    cameras_lost: list[str] = field(default_factory=list)

    @property
    def is_less(self) -> bool:
        """Whether anything was lost that was in every frame."""
        return bool(self.unlabelled or self.cameras_lost or self.frames_after < self.frames_before)


def repair_recording(
    folder: Path, *, dry_run: bool = False, progress: OnProgress = lambda done, total: None
) -> Repair:
    """Put all that can still be read of a damaged recording in its place, and keep the old folder as a backup.

    A frame that lacks a picture or its time is lost, and so is a camera without any file of pictures; a frame
    without its labels stays, unlabelled; of video a whole chunk is lost. `dry_run` only counts.
    Raises:  Damaged when not even the header can be read, BadValue for a recording that is being made or changed,
             StorageFull without room for the copy.
    """
    check_ended(folder, "Repair it when it has ended.")
    known_as = folder.stat()
    if is_beginning(folder):
        return _put_aside(folder, known_as, [], dry_run=dry_run)
    if not dry_run:
        forget_maker(folder)
    problems = check_recording(folder, every_frame=True, progress=progress)
    source = FolderSource(folder)
    header = _header(source, folder)
    length, unreadable = declared_length(source, header)
    repair = Repair(problems=problems)
    if length and all(problem.is_note for problem in problems) and header.checksums:
        repair.is_needed = False
        repair.frames_before = repair.frames_after = length
        return repair
    salvage = _Salvage(source, header)
    if not salvage.length and not unreadable:
        source.close()
        return _put_aside(folder, known_as, problems, dry_run=dry_run)
    repair.frames_before = salvage.length
    repair.cameras_lost = salvage.cameras_lost
    if dry_run:
        salvage.copy_into(None, repair, progress)
        return repair
    _replace_folder(folder, known_as, salvage, repair, progress)
    return repair


def _header(source: FolderSource, folder: Path) -> RecordingHeader:
    """Return the header of a recording. One that does not fit its seal is mended, or else taken as it stands."""
    try:
        return read_header(source, str(folder))[0]
    except Damaged:
        data = source.read("zarr.json")
        if data is None:
            raise
    if (document := mend_document(data)) is not None:
        return header_of(document, str(folder))[0]
    header, _ = header_of(decode_json(data, dict[str, Any], where=f"{folder}/zarr.json"), str(folder))
    return replace(header, notes=f"{header.notes} Its header did not fit its seal.".lstrip())


def _put_aside(folder: Path, known_as: os.stat_result, problems: list[Problem], *, dry_run: bool) -> Repair:
    """Take a recording that holds no frame out of the way."""
    repair = Repair(problems=problems, holds_nothing=True)
    if dry_run or _is_removed(folder):
        return repair
    with saying_what_failed(folder, AS_IT_WAS), changing(folder, known_as) as change:
        repair.backup, _ = change.divide(0)
    return repair


def _is_removed(folder: Path) -> bool:
    """Remove a folder in which there is no file."""
    for empty in (folder / "frames", folder):
        try:
            empty.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _replace_folder(
    folder: Path, known_as: os.stat_result, salvage: _Salvage, repair: Repair, progress: OnProgress
) -> None:
    with saying_what_failed(folder, AS_IT_WAS), changing(folder, known_as) as change:
        with RecordingWriter(change.copy(1), salvage.header) as writer:
            salvage.copy_into(writer, repair, progress)
        if not repair.frames_after:
            raise Damaged(f"Nothing can be read in {folder}. It was left as it is; delete it when you like.")
        salvage.copy_layers(change.copy(1), repair)
        salvage.source.close()
        keep_mark(folder, [change.copy(1)], is_less=repair.is_less)
        repair.backup = change.replace()


class _Salvage:
    """What can still be read of a recording."""

    def __init__(self, source: FolderSource, header: RecordingHeader) -> None:
        self.source = source
        self.cameras_lost = [name for name in header.cameras if not shards_present(source, f"{CAMERAS}{name}")]
        cameras = {name: one for name, one in header.cameras.items() if name not in self.cameras_lost}
        self.header = header = replace(header, cameras=cameras)
        self.coders = {key: coder_of(header.codecs_of(key), where="") for key in header.pictures}
        self.kinds = row_kinds(header)
        declared, unreadable = declared_length(source, header)
        self.length = declared if declared and not unreadable else self._count_frames()
        self.header = replace(header, notes=f"{header.notes} Repaired.".lstrip())
        self.rows: Rows = {
            key: salvage_rows(source, key, kind, self.length, header) for key, kind in self.kinds.items()
        }
        for key, (rows, known) in self.rows.items():
            known &= usable(key, rows, header)

    def _count_frames(self) -> int:
        """Return how many frames there are by their pictures and times, for want of a declared shape."""
        shard, found = 0, 0
        present = shards_present(self.source)
        while shard in present:
            spans = self._spans(shard, FRAMES)
            found = shard * SHARD_FRAMES + self.header.group * sum(span is not None for span in spans)
            shard += 1
        return min(found, _declared_rows(self.source, "frame_time_ns", self.header))

    def copy_into(self, writer: RecordingWriter | None, repair: Repair, progress: OnProgress) -> None:
        """Hand everything good to the writer; without one, only count."""
        lost_before = 0
        for frame, pictures in self._frames():
            progress(frame, self.length)
            if pictures is None:
                repair.lost.append(frame)
                lost_before += 1
                continue
            repair.frames_after += 1
            repair.unlabelled += not self._is_labelled(frame)
            if writer is not None:
                self._append(writer, pictures, frame, lost_before)
            lost_before = 0
        events = self._events()
        repair.events_after = len(events)
        if writer is not None:
            writer.add_events(events)

    def copy_layers(self, folder: Path, repair: Repair) -> None:
        """Give the new recording its layers; labels that cannot be read are of unknown origin."""
        times_T, known_T = self.rows["frame_time_ns"]
        kept = np.setdiff1d(np.arange(self.length), repair.lost)
        for name in layer_names(self.source):
            try:
                header = self._layer_header(name, times_T if known_T.all() else None)
            except (Damaged, Mismatch):
                repair.layers_lost.append(name)
                continue
            kept_header = replace(header, frames=len(kept), times_crc32c=crc_of_times(times_T[kept]))
            rows = [self._layer_rows(name, header, kept)]
            fill_layer(make_layers(folder) / name, self.header, kept_header, rows)

    def _layer_header(self, name: str, times_T: npt.NDArray[np.int64] | None) -> LayerHeader:
        """Return what a layer says about itself, one bit of it turned back. Raises Damaged for other frames."""
        try:
            header = read_layer_header(self.source, "", self.header, name, times_T)
        except Damaged:
            document = mend_document(self.source.read(f"{LAYERS}/{name}/zarr.json") or b"")
            if document is None:
                raise
            header = LayerHeader.from_json(document["attributes"][ATTRIBUTE], where=name)
        if header.frames != self.length or (times_T is not None and not header.labels_frames(times_T)):
            raise Damaged(f"{name} labels other frames.")
        return header

    def _layer_rows(self, name: str, header: LayerHeader, kept: npt.NDArray[np.int64]) -> LayerRows:
        told = replace(strict(self.header), schema=header.schema)
        rows: Rows = {}
        for key, kind in header.row_kinds().items():
            found, known = salvage_rows(self.source, f"{LAYERS}/{name}/{key}", kind, self.length, told)
            as_key = "label_origin" if key.startswith("origins/") else key
            known &= np.isfinite(found).all(1) if key.startswith("prob") else usable(as_key, found, told)
            rows[key] = found, known
        for head in header.schema:
            both = rows[f"labels/{head}"][1] & rows[f"origins/{head}"][1]
            rows[f"labels/{head}"][1][:] = rows[f"origins/{head}"][1][:] = both
        groups: dict[str, dict[str, Any]] = {group: {} for group in LAYER_GROUPS}
        for key, (found, known) in rows.items():
            found[~known] = 0
            group, _, head = key.partition("/")
            groups[group][head] = found[kept]
        return LayerRows(**groups)

    def _spans(self, shard: int, key: str) -> list[Span | None]:
        group = self.header.group
        most = most_bytes(self.header.pictures[key].shape, group)
        return spans_in_shard(self.source, shard_key(shard, key), most, SHARD_FRAMES // group)

    def _frames(self) -> Iterator[tuple[int, dict[str, bytes] | None]]:
        """Yield every frame with its pictures by their keys, or None where one of these or the time is lost.

        Frames of one chunk stay or are lost together: so those of the next lie in chunks as before.
        """
        times_T, known_T = self.rows["frame_time_ns"]
        last_ns, group = np.iinfo(np.int64).min, self.header.group
        spans: dict[str, list[Span | None]] = {}
        for first in range(0, self.length, group):
            row = first % SHARD_FRAMES // group
            if row == 0:
                spans = {key: self._spans(first // SHARD_FRAMES, key) for key in self.coders}
            frames = range(first, min(first + group, self.length))
            held = slice(first, frames.stop)
            found: dict[str, bytes] | None = None
            if known_T[held].all() and times_T[first] > last_ns and (np.diff(times_T[held]) > 0).all():
                found = self._pictures_of(frames, {key: spans[key][row] for key in spans})
            last_ns = last_ns if found is None else times_T[frames[-1]]
            for frame in frames:
                yield frame, found

    def _pictures_of(self, frames: range, spans: Mapping[str, Span | None]) -> dict[str, bytes] | None:
        """Return the chunks of some frames as they were written, each decoded once; None where one is lost."""
        found, frame = {}, frames[0]
        for key, span in spans.items():
            if span is None:
                return None
            part = self.source.read_part(shard_key(frame // SHARD_FRAMES, key), *span)
            found[key] = self._as_written(frame, key, part)
            try:
                self.coders[key].decode_all(found[key], self.header.pictures[key].shape, len(frames))
            except (ValueError, RuntimeError):
                return None
        return found

    def _as_written(self, frame: int, key: str, data: bytes) -> bytes:
        """Return a picture that fits its checksum, nothing where none is to be had."""
        checksums, known = self.rows.get(checksums_of(key), (None, None))
        if checksums is None or known is None or not known[frame] or crc(data) == checksums[frame]:
            return data
        return mend_bytes(data, int(checksums[frame])) or b""

    def _is_labelled(self, frame: int) -> bool:
        keys = ["label_origin", *(f"labels/{name}" for name in self.header.schema)]
        return all(bool(self.rows[key][1][frame]) for key in keys)

    def _append(
        self, writer: RecordingWriter, pictures: Mapping[str, bytes], frame: int, lost_before: int
    ) -> None:
        is_labelled = self._is_labelled(frame)
        labels = (
            {name: self.rows[f"labels/{name}"][0][frame] for name in self.header.schema} if is_labelled else {}
        )
        origin = Origin(int(self.rows["label_origin"][0][frame])) if is_labelled else Origin.NONE
        writer.append_encoded(
            pictures[FRAMES],
            int(self.rows["frame_time_ns"][0][frame]),
            labels,
            origin,
            self._cells("telemetry", frame),
            min(int(self.rows["dropped"][0][frame]) + lost_before, 2**32 - 1),
            self._cells("columns", frame),
            {name: pictures[f"{CAMERAS}{name}"] for name in self.header.cameras},
            recorded=int(self.rows[RECORDED_CHECKSUMS][0][frame]) if self.header.transcodings else 0,
        )

    def _cells(self, group: str, frame: int) -> dict[str, Any]:
        """Return the known telemetry or further columns of a frame; text becomes text again."""
        cells: dict[str, Any] = {}
        for key in self.kinds:
            rows, known = self.rows[key]
            if key.startswith(f"{group}/") and known[frame]:
                is_text = rows.ndim == 2
                value = rows[frame].tobytes().rstrip(b"\0").decode(errors="ignore") if is_text else rows[frame]
                cells[key.partition("/")[2]] = value
        return cells

    def _events(self) -> list[Event]:
        """Return the events whose every part is known."""
        count = min(_declared_rows(self.source, f"events/{name}", self.header) for name in EVENT_KINDS)
        rows = {
            name: salvage_rows(self.source, f"events/{name}", (dtype, ()), count, self.header)
            for name, dtype in EVENT_KINDS.items()
        }
        known = np.logical_and.reduce([known for _, known in rows.values()])
        known &= np.isfinite(rows["value"][0]) & usable("label_origin", rows["origin"][0], self.header)
        known &= usable("frame_time_ns", rows["time_ns"][0], self.header)
        try:
            codes, devices = tables_of(_document(self.source, "events/zarr.json", self.header), "events/zarr.json")
        except Damaged:
            return []
        names = ("time_ns", "device", "code", "value", "origin")
        columns = [rows[name][0][known].tolist() for name in names]
        return [
            Event(time_ns=time_ns, device=devices[device], code=codes[code], value=value, origin=Origin(origin))
            for time_ns, device, code, value, origin in zip(*columns, strict=True)
            if device < len(devices) and code < len(codes)
        ]


def _declared_rows(source: FolderSource, key: str, header: RecordingHeader) -> int:
    """Return how many rows an array declares: never more than its files have room for."""
    declared = 0
    try:
        shape = _document(source, f"{key}/zarr.json", header).get("shape")
        declared = convert(shape, list[int], where=key)[0]
    except (Damaged, IndexError):
        return 0
    return max(0, min(declared, ROWS * len(source.names(f"{key}/c"))))


def _document(source: FolderSource, key: str, header: RecordingHeader) -> Json:
    """Return a zarr.json as it was written, else as it stands. Raises Damaged."""
    try:
        return read_document(source, key, "", header, otherwise="it is missing")
    except Damaged:
        data = source.read(key)
        if data is None:
            raise
    return mend_document(data) or decode_json(data, dict[str, Any], where=key)
