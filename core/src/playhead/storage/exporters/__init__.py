"""Recordings as others' tools read them: LeRobot and Minari sets, videos with the keys in sight.

Shape legend: T ticks of a steady rate, A columns of all label heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from playhead.errors import not_found
from playhead.progress import OnProgress
from playhead.storage.reader import Recording

# The module of each format, imported when it is asked for; its `export_all` takes what `export_recordings` does.
EXPORTERS: Mapping[str, str] = {"lerobot": "lerobot", "minari": "minari", "video": "films"}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written of a recording: where, how many pictures, and what has to be known of it."""

    name: str
    path: Path
    frames: int
    notes: tuple[str, ...] = ()


def export_recordings(
    recordings: Sequence[Recording], to: str, out: Path, follow: Callable[[str], OnProgress]
) -> list[Exported]:
    """Write recordings into a folder in another format, and return what became of each.

    Raises:  NotFound for a format that is none, BadValue where something is there already, Mismatch for recordings
             that do not fit one another, StorageFull or DeviceFailed from the disk.
    """
    if to not in EXPORTERS:
        raise not_found("format of recordings", to, EXPORTERS)
    module: Any = import_module(f"{__name__}.{EXPORTERS[to]}")
    found: list[Exported] = module.export_all(recordings, out, follow)
    return found
