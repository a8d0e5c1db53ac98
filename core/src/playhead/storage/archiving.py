"""Encodes the pictures of a recording anew, as video to be kept or back to be trained on; nothing else changes.

every other file, as it is          --> copy
pictures, a chunk at a time --> encoded --> decoded again and compared --> copy
the header, last                    --> copy, checked --> in the place of the recording (changing.py)

Shape legend: N pictures of a chunk, H height, W width, C channels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from playhead.containers.h264 import USUAL_CRF, H264Pictures
from playhead.decoding import encode_json, read_json
from playhead.errors import BadValue, Damaged, DeviceFailed
from playhead.game import Frame
from playhead.inputs import CAMERAS, FRAMES
from playhead.names import quoted
from playhead.progress import OnProgress
from playhead.storage.beginnings import check_ended
from playhead.storage.changing import changing
from playhead.storage.check import check_recording
from playhead.storage.copying import files_of
from playhead.storage.disk import (
    AS_IT_WAS,
    bytes_on_disk,
    replace_json,
    saying_what_failed,
    sync_folder,
    write_with_hole,
)
from playhead.storage.files import RECORDED_CHECKSUMS, checksums_of
from playhead.storage.marks import MARK, keep_mark
from playhead.storage.picture_files import PictureFiles
from playhead.storage.pictures import FrameArray, coder_of
from playhead.storage.reader import Recording, open_recording
from playhead.storage.rows import RowFile
from playhead.storage.schema import GROUPS, RecordingHeader, Transcoding
from playhead.storage.seals import ATTRIBUTE, seal
from playhead.storage.sources import FolderSource

_MOST_CHUNK_BYTES = 32 * 2**20  # of the pictures of all cameras in a chunk: 5 of 1920x1080
_ALIKE_DB = 99.0  # PSNR of pictures that are the same
_UINT32 = np.dtype(np.uint32)


@dataclass(frozen=True, kw_only=True)
class Archived:
    """What became of a recording. Without `transcoding` it was as wanted, and nothing was changed.

    `backup` is the folder as it was, where it was kept.
    """

    frames: int
    bytes_before: int
    bytes_after: int
    transcoding: Transcoding | None = None
    backup: Path | None = None


@dataclass(kw_only=True)
class _Job:
    """One recording being encoded anew into a folder."""

    recording: Recording
    header: RecordingHeader
    folder: Path
    crf: int
    progress: OnProgress
    psnr_db: dict[str, float] = field(default_factory=dict)


def archive_recording(
    folder: Path, *, crf: int = USUAL_CRF, keep: bool = False, progress: OnProgress = lambda done, total: None
) -> Archived:
    """Make the pictures of a recording H.264, lossless where they are; `keep` leaves the old folder as a backup.

    Raises:  Damaged for a recording that must be repaired first, BadValue for one that is being made or changed,
             DeviceFailed without PyAV, StorageFull without room for the copy.
    """
    check_ended(folder, "Archive it when it has ended.")
    to = Transcoding(to="h264", group=_group(open_recording(folder).header))
    return _encode_anew(folder, to, crf, keep=keep, progress=progress)


def unarchive_recording(
    folder: Path, *, keep: bool = False, progress: OnProgress = lambda done, total: None
) -> Archived:
    """Make the pictures of an archived recording JPEG again, or what they were; raises as `archive_recording`."""
    check_ended(folder, "Unarchive it when it has ended.")
    return _encode_anew(folder, Transcoding(to="recorded"), USUAL_CRF, keep=keep, progress=progress)


def _group(header: RecordingHeader) -> int:
    size = sum(int(np.prod(frame.shape)) for frame in header.pictures.values())
    return max(group for group in GROUPS if group == 1 or group * size <= _MOST_CHUNK_BYTES)


def _encode_anew(folder: Path, to: Transcoding, crf: int, *, keep: bool, progress: OnProgress) -> Archived:
    recording, known_as = open_recording(folder), folder.stat()
    before = recording.bytes_taken()
    if recording.header.is_archived == (to.to == "h264"):
        return Archived(frames=recording.length, bytes_before=before, bytes_after=before)
    _check(folder, recording)
    header = replace(recording.header, transcodings=(*recording.header.transcodings, to))
    with saying_what_failed(folder, AS_IT_WAS), changing(folder, known_as) as change:
        job = _Job(recording=recording, header=header, folder=change.copy(1), crf=crf, progress=progress)
        to = _fill(job, folder, to)
        recording.close()
        keep_mark(folder, [job.folder])
        sync_folder(job.folder)  # before the only other copy goes
        after = bytes_on_disk(job.folder)
        backup = change.replace() if keep else None
        if not keep:
            change.supersede()
    return Archived(frames=recording.length, bytes_before=before, bytes_after=after, transcoding=to, backup=backup)


def _check(folder: Path, recording: Recording) -> None:
    """Raise for a recording of which a copy could be less than it is."""
    problems = [problem for problem in check_recording(folder) if not problem.is_note]
    then = f"First: playhead data repair {quoted(str(folder))}"
    if not recording.length:
        raise BadValue(f"{folder.name} holds no frame: there is nothing to encode. {then}")
    if problems:
        raise Damaged(f"{folder.name} is damaged: {problems[0]}. {then}")
    if not recording.is_complete:
        raise BadValue(f"{folder.name} was not ended properly. {then}")
    if not recording.header.checksums:
        raise BadValue(f"{folder.name} was made before recordings had checksums. {then}")


def _fill(job: _Job, folder: Path, to: Transcoding) -> Transcoding:
    """Write the whole copy; return what was done to its pictures, with what it cost."""
    _copy_rest(folder, job.folder, job.header)
    recorded = job.recording.picture_checksums
    for number, key in enumerate(job.header.pictures):
        _write_pictures(job, key, number)
    _write_rows(job.folder, RECORDED_CHECKSUMS, recorded)
    to = replace(to, psnr_db=job.psnr_db)
    header = replace(job.header, transcodings=(*job.recording.header.transcodings, to))
    _write_header(folder, job.folder, header)
    problems = [problem for problem in check_recording(job.folder) if not problem.is_note]
    if problems:
        raise DeviceFailed(
            f"The copy of {folder.name} would be damaged: {problems[0]}. The recording is as it was."
        )
    return to


def _copy_rest(folder: Path, copy: Path, header: RecordingHeader) -> None:
    """Copy every file but the header, pictures and their checksums: holes stay holes, so the rest is as large."""
    source = FolderSource(folder)
    anew = {f"{key}/" for key in (*header.pictures, *map(checksums_of, header.pictures), RECORDED_CHECKSUMS)}
    for key, size in files_of(source).items():
        if key in (MARK, "zarr.json") or key.startswith(tuple(anew)):
            continue
        write_with_hole(copy / key, source.read_part(key, 0, size))


def _write_pictures(job: _Job, key: str, number: int) -> None:
    """Write an array of pictures and its checksums, each chunk compared with what it decodes to."""
    files, checksums, psnr_db = PictureFiles(job.folder / key, job.header, key), [], []
    coder, frame = coder_of(job.header.codecs_of(key), where=job.folder.name), job.header.pictures[key]
    length = job.recording.length
    done, total = number * length, length * len(job.header.pictures)
    for frames_NHWC in _chunks(job.recording, key, frame, job.header.group):
        data = (
            coder.encode(frames_NHWC, job.crf) if isinstance(coder, H264Pictures) else coder.encode(frames_NHWC[0])
        )
        decoded_NHWC = _decoded(coder, data, frames_NHWC)
        if frame.codec == "lossless" and not np.array_equal(decoded_NHWC, frames_NHWC):
            raise DeviceFailed(f"{key} would not be the same pictures. PyAV's H.264 is at fault. {AS_IT_WAS}")
        psnr_db += _psnr_db(frames_NHWC, decoded_NHWC)
        for _ in frames_NHWC:
            files.append(data)
        checksums += [google_crc32c.value(data)] * len(frames_NHWC)
        done += len(frames_NHWC)
        job.progress(done, total)
    files.publish(durable=False)
    files.close()
    files.publish_length(length, job.folder / FRAMES / ".new")
    _write_rows(job.folder, checksums_of(key), np.array(checksums, _UINT32))
    if frame.codec != "lossless":
        job.psnr_db[key] = round(float(np.mean(psnr_db)), 2)


def _chunks(recording: Recording, key: str, frame: Frame, group: int) -> Iterator[FrameArray]:
    camera = None if key == FRAMES else recording.cameras[key.removeprefix(CAMERAS)]
    for first in range(0, recording.length, group):
        frames_NHWC = np.empty((min(group, recording.length - first), *frame.shape), np.uint8)
        for row, frame_HWC in enumerate(frames_NHWC):
            (recording.read_frame_into if camera is None else camera.read_into)(first + row, frame_HWC)
        yield frames_NHWC


def _decoded(coder: Any, data: bytes, frames_NHWC: FrameArray) -> FrameArray:
    try:
        decoded_NHWC: FrameArray = coder.decode_all(data, frames_NHWC.shape[1:], len(frames_NHWC))
    except (ValueError, RuntimeError) as error:
        raise DeviceFailed(f"What was encoded does not decode: {error}. Nothing was changed.") from error
    return decoded_NHWC


def _psnr_db(one_NHWC: FrameArray, other_NHWC: FrameArray) -> list[float]:
    """Return the PSNR of each picture; _ALIKE_DB for the same."""
    apart = np.square(one_NHWC.astype(np.float32) - other_NHWC).mean((1, 2, 3))
    return [10 * float(np.log10(255**2 / one)) if one else _ALIKE_DB for one in apart]


def _write_rows(folder: Path, key: str, rows: Any) -> None:
    scratch = folder / FRAMES / ".new"
    file = RowFile(folder / key, scratch.with_name(f".new.{key.replace('/', '.')}"), _UINT32)
    file.extend(rows)
    file.write()
    file.publish(scratch)


def _write_header(folder: Path, copy: Path, header: RecordingHeader) -> None:
    """Write the zarr.json of the old folder, which others may have added to, with the new header."""
    document = read_json(folder / "zarr.json", dict[str, Any])
    document.pop("consolidated_metadata", None)  # of the old arrays
    document["attributes"][ATTRIBUTE] |= json.loads(encode_json(header.to_json()))
    replace_json(copy / "zarr.json", seal(document), copy / FRAMES / ".new")
