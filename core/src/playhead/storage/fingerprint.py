"""What a recording is known by whatever it is called and wherever it lies: its pictures, and what is said of them.

A copy of a session must neither be imported twice nor validate what its twin has taught. Pictures are compared by
their CRC-32C, one after another: a recording that has those beside its pictures is not even read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.errors import PlayheadError

if TYPE_CHECKING:
    from playhead.storage.reader import Recording

_PROBED = (0.0, 0.31, 0.62, 1.0)  # places in a recording whose pictures are compared before all of them are


def content_of(recording: Recording) -> str:
    """Return what tells a recording from all others: "PICTURES/LABELS", two digests.

    "" for one that shows and says the same all the time: that it equals another proves nothing.
    Times, names and where it comes from are no part of it.
    """
    checksums_T = _checksums(recording)
    says = _says(recording)
    if not _varies(checksums_T) and not any(_varies(rows) for rows in says.values()):
        return ""
    labels = _digest(b"".join(name.encode() + rows.tobytes() for name, rows in says.items()))
    return f"{_digest(checksums_T.tobytes())}/{labels}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _varies(rows: npt.NDArray[Any]) -> bool:
    return bool(len(rows)) and bool((rows != rows[:1]).any())


def _says(recording: Recording) -> dict[str, npt.NDArray[Any]]:
    """Return labels and columns, by name."""
    columns = {name: recording.stored_column(name) for name in recording.columns}  # unread text costs a third
    parts = {"origin": recording.label_origin, **recording.labels, **columns}
    return {name: np.ascontiguousarray(parts[name]) for name in sorted(parts)}


def _checksums(recording: Recording) -> npt.NDArray[np.uint32]:
    """Return the CRC-32C of each picture as it is stored. Shape (T,)."""
    written = recording.picture_checksums
    return _crc(recording, range(recording.length)) if written is None else np.asarray(written, np.uint32)


def _crc(recording: Recording, frames: Sequence[int]) -> npt.NDArray[np.uint32]:
    return np.array([google_crc32c.value(recording.read_encoded(frame)) for frame in frames], np.uint32)


def twins(recordings: Sequence[Any]) -> Mapping[str, str]:
    """Return of recordings that show the same pictures which stands for all of them: name -> name, others lacking.

    Only recordings of one length are looked into, and wholly only where some of their pictures are the same.
    What is not stored (a recording in memory) is nobody's twin.
    """
    alike: dict[object, list[Any]] = defaultdict(list)
    for recording in sorted(recordings, key=lambda one: str(one.name)):
        if recording.length and hasattr(recording, "read_encoded"):
            alike[recording.length].append(recording)
    for key_of in (_source_or_probe, _whole):
        closer: dict[object, list[Any]] = defaultdict(list)
        for key, group in alike.items():
            for recording in group if len(group) > 1 else ():
                closer[key, key_of(recording)].append(recording)
        alike = closer
    return {one.name: group[0].name for group in alike.values() for one in group[1:]}


def _source_or_probe(recording: Recording) -> object:
    """Return some checksums: other pictures in one of these places are another recording."""
    places = sorted({round(share * (recording.length - 1)) for share in _PROBED})
    try:
        written = recording.picture_checksums
        return (_crc(recording, places) if written is None else written[places]).tobytes()
    except PlayheadError:
        return recording.place  # what cannot be read is told where it is read


def _whole(recording: Recording) -> object:
    """Return a digest of all pictures; where they are all alike, of the labels too."""
    try:
        checksums_T = _checksums(recording)
        return _digest(checksums_T.tobytes()) if _varies(checksums_T) else content_of(recording) or recording.place
    except PlayheadError:
        return recording.place
