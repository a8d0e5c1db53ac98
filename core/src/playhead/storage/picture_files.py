"""The files of one array of pictures while it is written: shards that grow, and the length that counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playhead.storage.disk import replace_json, write_json
from playhead.storage.schema import SHARD_FRAMES, RecordingHeader, frames_json
from playhead.storage.shard import ShardFile


class PictureFiles:
    """Encoded pictures of one frame after the other. Raises OSError as the disk does.

    Of video each frame is handed over as the chunk that holds it, and the chunk is written with its first.
    """

    def __init__(self, folder: Path, header: RecordingHeader, key: str) -> None:
        self._folder = folder
        self._header = header
        self._key = key
        self._count = 0
        self._shard: ShardFile | None = None
        self._shards = 0
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "zarr.json", frames_json(header, key, 0))

    def append(self, data: bytes) -> None:
        """Add one picture. Nobody sees it before `publish` and `publish_length`."""
        if self._count % self._header.group == 0:
            self._open_shard().append(data)
        self._count += 1

    def extend(self, pictures: Sequence[bytes]) -> None:
        """Add several pictures, as `append`."""
        done = 0
        while done < len(pictures):
            shard = self._open_shard()
            part = pictures[done : done + shard.room]
            shard.extend(part)
            done += len(part)

    def _open_shard(self) -> ShardFile:
        if self._shard is not None and self._shard.is_full:
            self._shard.publish(durable=False)
            self._shard.close()
            self._shard = None
        if self._shard is None:
            path = self._folder / "c" / str(self._shards) / "0" / "0" / "0"
            self._shard = ShardFile(path, SHARD_FRAMES // self._header.group)
            self._shards += 1
        return self._shard

    def publish(self, *, durable: bool) -> None:
        """Name in the index what was added."""
        if self._shard is not None:
            self._shard.publish(durable=durable)

    def publish_length(self, length: int, scratch: Path) -> None:
        """Let so many pictures count."""
        replace_json(self._folder / "zarr.json", frames_json(self._header, self._key, length), scratch)

    def close(self) -> None:
        """Close the open shard without publishing."""
        if self._shard is not None:
            self._shard.close()
