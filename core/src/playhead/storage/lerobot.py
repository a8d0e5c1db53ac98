"""Where a LeRobot set of version 3 keeps what: by the places its own writer takes, whatever a set says of itself.

Source:  huggingface/lerobot, CODEBASE_VERSION v3.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from playhead.decoding import read_json
from playhead.errors import Mismatch, NotFound
from playhead.names import visible

VERSION = "v3.0"
FILES = 1_000  # in a folder
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
PICTURES = "observation.images.main"
TRUE_TIME = "frame_time"  # seconds since the first picture, which a steady rate only comes near
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"


class Feature(Struct):
    """What a set says of one of its columns, or of a camera."""

    dtype: Annotated[str, Meta(max_length=50)]
    shape: Annotated[list[Annotated[int, Meta(ge=0, le=2**31)]], Meta(max_length=8)]
    names: Any = None

    def labels(self) -> list[str]:
        """Return the names of its numbers: of a list, or of the only list of a mapping; else none."""
        names = self.names
        if isinstance(names, dict):
            names = next(iter(names.values())) if len(names) == 1 else list(names)
        is_list = isinstance(names, list) and all(isinstance(one, str) for one in names)
        return [one[:200] for one in names[:1_024]] if is_list else []


class Info(Struct):
    """What is read of meta/info.json."""

    codebase_version: Annotated[str, Meta(max_length=50)]
    fps: Annotated[float, Meta(gt=0, le=10_000)]
    features: Annotated[dict[Annotated[str, Meta(max_length=200)], Feature], Meta(max_length=1_000)]


def read_info(folder: Path) -> Info:
    """Return what a set says of itself. Raises NotFound without one, Damaged, Mismatch for another version."""
    file = folder / INFO
    if not file.is_file():
        raise NotFound(f"{folder} is no LeRobot set: it has no {INFO}.")
    info = read_json(file, Info)
    if info.codebase_version.split(".")[0] != VERSION.split(".")[0]:
        raise Mismatch(
            f"{folder} is a LeRobot set of version {visible(info.codebase_version)}, and {VERSION} is read. "
            "Convert it with lerobot's own script, lerobot.datasets.v30.convert_dataset_v21_to_v30."
        )
    return info
