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

    One that ends earlier than another, and shows the same until then, is its twin too. Only recordings whose first
    pictures are the same are looked into further. What is not stored (a recording in memory) is nobody's twin.
    """
    alike: dict[object, list[Any]] = defaultdict(list)
    for recording in recordings:
        if recording.length and hasattr(recording, "read_encoded"):
            alike[_first(recording)].append(recording)
    twin_of: dict[str, str] = {}
    for group in alike.values():
        longest: list[Any] = []
        for recording in sorted(group, key=lambda one: (-one.length, str(one.name))):
            first = next((one for one in longest if _show_the_same(one, recording)), None)
            if first is None:
                longest.append(recording)
            else:
                twin_of[recording.name] = first.name
    return twin_of


def say_the_same(one: Any, other: Any) -> bool:
    """Whether two recordings have the same labels, too, as far as the shorter goes: then it is one drive twice."""
    try:
        says = [_says(recording) for recording in (one, other)]
    except PlayheadError:
        return False
    length = min(one.length, other.length)
    return says[0].keys() == says[1].keys() and all(
        says[0][name][:length].tobytes() == says[1][name][:length].tobytes() for name in says[0]
    )


def _first(recording: Recording) -> object:
    try:
        return _some(recording, [0]).tobytes()
    except PlayheadError:
        return recording.place  # what cannot be read is told where it is read


def _show_the_same(one: Recording, other: Recording) -> bool:
    """Whether the pictures are the same as far as the shorter goes; where they are all alike, the labels too."""
    length = min(one.length, other.length)
    places = sorted({round(share * (length - 1)) for share in _PROBED})
    try:
        if not np.array_equal(_some(one, places), _some(other, places)):
            return False
        shown_T = _checksums(other)[:length]
        if not np.array_equal(_checksums(one)[:length], shown_T):
            return False
        if _varies(shown_T):
            return True
        return one.length == other.length and bool(content_of(one)) and content_of(one) == content_of(other)
    except PlayheadError:
        return False


def _some(recording: Recording, places: Sequence[int]) -> npt.NDArray[np.uint32]:
    """Return the checksums of some pictures."""
    written = recording.picture_checksums
    return _crc(recording, places) if written is None else np.asarray(written[places], np.uint32)
