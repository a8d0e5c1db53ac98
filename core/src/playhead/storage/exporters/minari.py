"""Recordings as one Minari set: an episode each, pictures as JPEG, what was held as the action of its step.

Source:  Farama-Foundation/Minari 0.5: data/main_data.hdf5 and data/metadata.json. Observations are one more than
         actions, so the last picture stands twice.
Shape legend: T frames, A columns of all label heads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from playhead.clock import NS_PER_S
from playhead.containers.files import saying_not_written
from playhead.containers.hdf5 import write_hdf5
from playhead.labels import Choice, Keys, LabelSchema
from playhead.progress import OnProgress
from playhead.storage.exporters import Exported
from playhead.storage.exporters.sets import check_alike, new_folder
from playhead.storage.exporters.steady import Steady, steadied
from playhead.storage.pictures import picture_of
from playhead.storage.reader import Recording
from playhead.storage.schema import picture_codecs

VERSION = "0.5.4"  # of Minari, whose layout this is; readers from 0.4 on take it
LEAST_SIDE = 32  # of a picture that Minari keeps as JPEG
_JPEG = b"\xff\xd8"


def export_all(recordings: Sequence[Recording], out: Path, follow: Callable[[str], OnProgress]) -> list[Exported]:
    """Write recordings as one set. Raises as `export_recordings`."""
    check_alike(recordings)
    steady = [steadied(one, one.header.rate_hz) for one in recordings]
    with new_folder(out) as folder:
        (folder / "data").mkdir()
        groups = (_episode(number, recording, told, follow(recording.name))
                  for number, (recording, told) in enumerate(zip(recordings, steady, strict=True)))  # fmt: skip
        write_hdf5(folder / "data" / "main_data.hdf5", groups)
        size = (folder / "data" / "main_data.hdf5").stat().st_size
        about = _metadata(recordings[0], steady, size)
        with saying_not_written(folder / "data" / "metadata.json", "metadata.json"):
            (folder / "data" / "metadata.json").write_text(json.dumps(about), encoding="utf-8")
    return [
        Exported(name=one.name, path=out, frames=len(told), notes=_notes(told))
        for one, told in zip(recordings, steady, strict=True)
    ]


def _notes(steady: Steady) -> tuple[str, ...]:
    left = steady.unlabelled
    return (f"{left:,} pictures that nobody labelled are left out",) if left else ()


def _is_jpeg(recording: Recording) -> bool:
    return min(recording.header.frame.height, recording.header.frame.width) >= LEAST_SIDE


def _episode(
    number: int, recording: Recording, steady: Steady, progress: OnProgress
) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    count = len(steady)
    ends_T = np.arange(count) == count - 1
    time_s = steady.time_ns_T / NS_PER_S
    arrays = {
        "observations": _observations(recording, steady, progress),
        "actions": _actions(recording.header.schema, steady),
        "rewards": np.zeros(count),
        "terminations": np.zeros(count, bool),
        "truncations": ends_T,
        "infos/frame_time": np.append(time_s, time_s[-1] + 1 / steady.rate_hz),
    }
    return f"episode_{number}", {"id": number, "total_steps": count}, arrays


def _observations(recording: Recording, steady: Steady, progress: OnProgress) -> Any:
    frame_T = [*steady.frame_T.tolist(), int(steady.frame_T[-1])]
    if not _is_jpeg(recording):
        return recording.read_frames(frame_T)
    return list(_encoded(recording, frame_T, progress))


def _encoded(recording: Recording, frame_T: Sequence[int], progress: OnProgress) -> Iterator[bytes]:
    """Yield pictures as JPEG: as they are stored, where they are that."""
    coder = picture_of(picture_codecs(replace(recording.header.frame, codec="jpeg", quality=95)), where="")
    for done, number in enumerate(frame_T, 1):
        data = recording.read_encoded(number)
        yield data if data.startswith(_JPEG) else coder.encode(recording.read_frames(number)[0])
        progress(done, len(frame_T))


def _actions(schema: LabelSchema, steady: Steady) -> Any:
    heads = list(schema.values())
    if all(isinstance(head, Keys) for head in heads):
        return steady.action_TA.astype(np.int8)
    if len(heads) == 1 and isinstance(heads[0], Choice):
        return steady.action_TA.argmax(1).astype(np.int64)
    return steady.action_TA


def _metadata(recording: Recording, steady: Sequence[Steady], size: int) -> dict[str, Any]:
    game = recording.header.game["name"]
    return {
        "total_episodes": len(steady),
        "total_steps": sum(map(len, steady)),
        "data_format": "hdf5",
        "jpeg_encoding": _is_jpeg(recording),
        "observation_space": json.dumps(_box(recording)),
        "action_space": json.dumps(_space(recording.header.schema, steady[0])),
        "dataset_id": f"playhead/{game}-v0",
        "minari_version": VERSION,
        "dataset_size": round(size / 1e6, 1),
        "requirements": [],
        "algorithm_name": recording.header.driver,
        "description": f"Recordings of {game}.",
        "playhead_rate_hz": steady[0].rate_hz,
        "playhead_actions": list(steady[0].names),
    }


def _box(recording: Recording) -> dict[str, Any]:
    shape = recording.header.frame.shape
    bounds = {name: np.full(shape, value).tolist() for name, value in (("low", 0), ("high", 255))}
    return {"type": "Box", "dtype": "uint8", "shape": list(shape), **bounds}


def _space(schema: LabelSchema, steady: Steady) -> dict[str, Any]:
    heads, count = list(schema.values()), len(steady.names)
    if all(isinstance(head, Keys) for head in heads):
        return {"type": "MultiBinary", "n": count}
    if len(heads) == 1 and isinstance(heads[0], Choice):
        return {"type": "Discrete", "dtype": "int64", "start": 0, "n": count}
    return {"type": "Box", "dtype": "float32", "shape": [count], "low": [-1.0] * count, "high": [1.0] * count}
