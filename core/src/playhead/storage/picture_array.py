"""One array of pictures of a recording, open for reading: its main one, or that of a further camera.

Parses each shard's index once, then decodes exactly the pictures that are asked for; of video also those before
them in their chunk, which are kept for whoever asks for them next.

Shape legend: T frames, H height, W width, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from playhead.containers.h264 import H264Pictures, OpenStream, streams
from playhead.errors import BadValue, Damaged
from playhead.inputs import FRAMES
from playhead.storage.declarations import frames_length, read_document, then_repair
from playhead.storage.pictures import FrameArray, coder_of, most_bytes
from playhead.storage.schema import SHARD_FRAMES, RecordingHeader
from playhead.storage.shard import EMPTY, index_bytes, parse_index
from playhead.storage.sources import FileSource


class PictureArray:
    """Pictures of one size by their numbers; several threads may read at once.

    `length` is that of the recording, as far as it is known; else that which the array declares. `checksums`
    returns the CRC-32C of each picture, where there are any.
    """

    def __init__(
        self, source: FileSource, place: str, header: RecordingHeader, key: str = FRAMES, *,
        checksums: Callable[[], npt.NDArray[Any]], length: int | None = None,
    ) -> None:  # fmt: skip
        self._source = source
        self._place = place
        self._of = place if key == FRAMES else f"{place}/{key}"
        self._key = key
        self._checksums = checksums if header.checksums else None
        self._group = header.group
        self._token = object()  # under which its streams are kept
        self.frame = header.pictures[key]
        self.shape = self.frame.shape
        document = read_document(source, f"{key}/zarr.json", place, header, otherwise="its frames are missing")
        declared = frames_length(document, header, key, f"{place}/{key}/zarr.json")
        self.length = declared if length is None else length
        if declared < self.length:
            raise Damaged(f"{place}/{key} has {declared} pictures for {self.length} frames. {then_repair(place)}")
        self._coder = coder_of(document["codecs"][0]["configuration"]["codecs"], where=place)
        self._offsets, self._lengths = self._read_indices()  # one a chunk

    def _read_indices(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Parse the index of every shard. 100,000 frames are 400 indices of 4 KB each."""
        keys = [shard_key(shard, self._key) for shard in range(-(-self.length // SHARD_FRAMES))]
        heads = self._source.heads((key, index_bytes(SHARD_FRAMES // self._group)) for key in keys)
        parts = [self._index_in(key, head) for key, head in zip(keys, heads, strict=True)]
        index = np.concatenate(parts)[: -(-self.length // self._group)] if parts else np.zeros((0, 2), np.uint64)
        lost = np.flatnonzero(index[:, 1] == EMPTY)
        if len(lost):
            raise Damaged(
                f"{self._of}: frame {lost[0] * self._group} and {len(lost) * self._group - 1} more are not in "
                f"their shards. {then_repair(self._place)}"
            )
        return index[:, 0].astype(np.int64), index[:, 1].astype(np.int64)

    def _index_in(self, key: str, head: tuple[int, bytes] | None) -> npt.NDArray[np.uint64]:
        where = f"{self._place}/{key}"
        if head is None:
            raise Damaged(f"{where} is missing. {then_repair(self._place)}")
        size, data = head
        most = most_bytes(self.shape, self._group)
        try:
            return parse_index(data, SHARD_FRAMES // self._group, where=where, file_bytes=size, most=most)
        except Damaged as error:
            raise Damaged(f"{error} {then_repair(self._place)}") from error

    def read_into(self, number: int, frame_HWC: FrameArray) -> None:
        """Decode one picture into `frame_HWC`. Raises as `read_encoded`, Damaged for what cannot be decoded."""
        if isinstance(self._coder, H264Pictures):
            self._read_video(self._coder, number, frame_HWC)
            return
        data = self.read_encoded(number)
        try:
            self._coder.decode_into(data, frame_HWC)
        except (ValueError, RuntimeError) as error:
            raise Damaged(f"Frame {number} of {self._of} cannot be decoded: {error}.") from error

    def _read_video(self, coder: H264Pictures, number: int, frame_HWC: FrameArray) -> None:
        number = self._checked(number)
        chunk, row = divmod(number, self._group)
        kept, size = (self._token, chunk), self._group * math.prod(self.shape)
        try:
            stream = streams.get(kept, size, lambda: OpenStream(coder, self.read_encoded(number), self.shape))
            stream.read_into(row, frame_HWC)
        except ValueError as error:
            streams.forget(kept)
            raise Damaged(
                f"Frame {number} of {self._of} cannot be decoded, {error}. {then_repair(self._place)}"
            ) from error

    def _checked(self, number: int) -> int:
        if not -self.length <= number < self.length:
            raise BadValue(f"{self._of} has the frames 0 to {self.length - 1}, not {number}.")
        return number % self.length

    def read_encoded(self, number: int) -> bytes:
        """Return one picture as it is stored: a JPEG file, or zstd; negative numbers count from the end.

        Of video it is the whole chunk in which the picture lies.
        Raises:  BadValue for a number outside the recording, Damaged for a picture that is not as it was written.
        """
        number = self._checked(number)
        offset, length = (int(found[number // self._group]) for found in (self._offsets, self._lengths))
        key = shard_key(number // SHARD_FRAMES, self._key)
        data = self._source.read_part(key, offset, length)
        if len(data) != length:
            raise Damaged(f"{self._place}/{key} is truncated: frame {number} lies beyond its end.")
        if self._checksums is not None and google_crc32c.value(data) != self._checksums()[number]:
            raise Damaged(
                f"Frame {number} of {self._of} is damaged: its checksum does not fit. {then_repair(self._place)}"
            )
        return data


def shard_key(shard: int, key: str = FRAMES) -> str:
    """Return where a shard of an array of pictures lies in its recording."""
    return f"{key}/c/{shard}/0/0/0"
