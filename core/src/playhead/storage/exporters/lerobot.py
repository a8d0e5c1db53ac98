"""Recordings as one LeRobot set of version 3: an episode each, pictures as video, what was held as its action.

Source:  huggingface/lerobot, CODEBASE_VERSION v3.0: its columns, and its statistics of each feature.
Shape legend: T ticks, A columns of all label heads, H height, W width, C = 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import saying_not_written
from playhead.containers.film_writer import FilmWriter
from playhead.containers.parquet import write_parquet
from playhead.progress import OnProgress
from playhead.storage.exporters import Exported
from playhead.storage.exporters.sets import check_alike, new_folder
from playhead.storage.exporters.steady import Steady, steadied
from playhead.storage.lerobot import (
    DATA_PATH,
    EPISODES_PATH,
    FILES,
    INFO,
    PICTURES,
    STATS,
    TASKS,
    TRUE_TIME,
    VERSION,
    VIDEO_PATH,
)
from playhead.storage.reader import Recording

_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
_SAMPLED = 100  # pictures of an episode, for its statistics
Stats = dict[str, dict[str, Any]]


def export_all(recordings: Sequence[Recording], out: Path, follow: Callable[[str], OnProgress]) -> list[Exported]:
    """Write recordings as one set. Raises as `export_recordings`."""
    check_alike(recordings)
    fps = max(1, round(recordings[0].header.rate_hz))
    done, episodes, begin = [], [], 0
    with new_folder(out) as folder:
        for number, recording in enumerate(recordings):
            steady = steadied(recording, fps)
            place = {"chunk_index": number // FILES, "file_index": number % FILES}
            film = folder / VIDEO_PATH.format(video_key=PICTURES, **place)
            pictures = _write_film(film, recording, steady, follow(recording.name))
            columns = _columns(steady, number, begin)
            write_parquet(folder / DATA_PATH.format(**place), columns)
            stats = {name: _stats(values) for name, values in columns.items()} | {PICTURES: pictures}
            episodes.append(_episode(recording, steady, begin, place) | _flat(stats))
            begin += len(steady)
            note = (
                (f"{steady.unlabelled:,} pictures that nobody labelled are left out",) if steady.unlabelled else ()
            )
            done.append(Exported(name=recording.name, path=out, frames=len(steady), notes=note))
        _write_meta(folder, recordings[0], steady, fps, episodes)
    return done


def _columns(steady: Steady, episode: int, begin: int) -> dict[str, npt.NDArray[Any]]:
    index_T = np.arange(len(steady))
    return {
        "action": steady.action_TA,
        TRUE_TIME: (steady.time_ns_T / NS_PER_S).astype(np.float64),
        "timestamp": (index_T / steady.rate_hz).astype(np.float32),
        "frame_index": index_T,
        "episode_index": np.full(len(steady), episode, np.int64),
        "index": index_T + begin,
        "task_index": np.zeros(len(steady), np.int64),
    }


def _write_film(file: Path, recording: Recording, steady: Steady, progress: OnProgress) -> dict[str, Any]:
    """Write the pictures of an episode and return their statistics, by some of them."""
    frame = recording.header.frame
    sampled, every = [], max(1, len(steady) // _SAMPLED)
    with saying_not_written(file, file.name):
        file.parent.mkdir(parents=True, exist_ok=True)
    with FilmWriter(file, (frame.width, frame.height), steady.rate_hz) as writer:
        for tick, number in enumerate(steady.frame_T.tolist()):
            frame_HWC = recording.read_frames(number)[0]
            writer.add(round(tick * NS_PER_S / steady.rate_hz), frame_HWC)
            if tick % every == 0:
                sampled.append(frame_HWC.reshape(-1, frame_HWC.shape[2])[::7])
            progress(tick + 1, len(steady))
    pixels = np.concatenate(sampled).astype(np.float64) / 255
    stats = _stats(np.repeat(pixels, 3 // pixels.shape[1], axis=1))
    found = {name: np.array(value).reshape(3, 1, 1).tolist() for name, value in stats.items() if name != "count"}
    return found | {"count": [len(sampled)]}


def _stats(values: npt.NDArray[Any]) -> dict[str, Any]:
    rows = values.reshape(len(values), -1).astype(np.float64)
    found: dict[str, Any] = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    found |= {name: np.quantile(rows, share, axis=0) for name, share in _QUANTILES.items()}
    return {name: value.tolist() for name, value in found.items()} | {"count": [len(rows)]}


def _episode(recording: Recording, steady: Steady, begin: int, place: dict[str, int]) -> dict[str, Any]:
    film = {f"videos/{PICTURES}/{name}": value for name, value in place.items()}
    return {
        "episode_index": place["chunk_index"] * FILES + place["file_index"],
        "tasks": [_task(recording)],
        "length": len(steady),
        **{f"data/{name}": value for name, value in place.items()},
        "dataset_from_index": begin,
        "dataset_to_index": begin + len(steady),
        **film,
        f"videos/{PICTURES}/from_timestamp": 0.0,
        f"videos/{PICTURES}/to_timestamp": len(steady) / steady.rate_hz,
        "meta/episodes/chunk_index": 0,
        "meta/episodes/file_index": 0,
    }


def _flat(stats: Stats) -> dict[str, Any]:
    return {f"stats/{name}/{kind}": value for name, one in stats.items() for kind, value in one.items()}


def _task(recording: Recording) -> str:
    return f"play {recording.header.game.get('title') or recording.header.game['name']}"


def _write_meta(
    folder: Path, recording: Recording, steady: Steady, fps: int, episodes: list[dict[str, Any]]
) -> None:
    rows = {name: [one[name] for one in episodes] for name in episodes[0]}
    write_parquet(folder / EPISODES_PATH.format(chunk_index=0, file_index=0), rows)
    write_parquet(folder / TASKS, {"task_index": [0], "task": [_task(recording)]}, index="task")
    frames = sum(one["length"] for one in episodes)
    info = {
        "codebase_version": VERSION, "robot_type": recording.header.game["name"], "total_episodes": len(episodes),
        "total_frames": frames, "total_tasks": 1, "chunks_size": FILES, "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 500, "fps": fps, "splits": {"train": f"0:{len(episodes)}"},
        "data_path": DATA_PATH, "video_path": VIDEO_PATH, "features": _features(recording, steady, fps),
    }  # fmt: skip
    for place, document in ((INFO, info), (STATS, _joined(episodes))):
        with saying_not_written(folder / place, place):
            (folder / place).write_text(json.dumps(document, indent=4), encoding="utf-8")


def _features(recording: Recording, steady: Steady, fps: int) -> dict[str, Any]:
    frame = recording.header.frame
    about = {
        "video.height": frame.height, "video.width": frame.width, "video.codec": "h264", "video.fps": fps,
        "video.pix_fmt": "yuv420p", "video.is_depth_map": False, "video.channels": 3, "has_audio": False,
    }  # fmt: skip
    alone = {name: {"dtype": kind, "shape": [1], "names": None} for name, kind in (
        (TRUE_TIME, "float64"), ("timestamp", "float32"), ("frame_index", "int64"), ("episode_index", "int64"),
        ("index", "int64"), ("task_index", "int64"))}  # fmt: skip
    return {
        "action": {"dtype": "float32", "shape": [len(steady.names)], "names": list(steady.names)},
        PICTURES: {"dtype": "video", "shape": [frame.height, frame.width, 3],
                   "names": ["height", "width", "channels"], "info": about},
        **alone,
    }  # fmt: skip


def _joined(episodes: Sequence[dict[str, Any]]) -> Stats:
    """Return the statistics of all episodes, weighed by how many numbers each has; quantiles by their means."""
    names = sorted({key.split("/")[1] for key in episodes[0] if key.startswith("stats/")})
    return {name: _join([{kind: np.array(one[f"stats/{name}/{kind}"], np.float64)
                          for kind in ("min", "max", "mean", "std", "count", *_QUANTILES)} for one in episodes])
            for name in names}  # fmt: skip


def _join(found: Sequence[dict[str, npt.NDArray[Any]]]) -> dict[str, Any]:
    weight = np.array([float(one["count"][0]) for one in found])
    weight /= weight.sum()
    mean = sum(share * one["mean"] for share, one in zip(weight, found, strict=True))
    square = sum(
        share * (one["std"] ** 2 + (one["mean"] - mean) ** 2) for share, one in zip(weight, found, strict=True)
    )
    joined: dict[str, Any] = {
        "min": np.min([one["min"] for one in found], axis=0), "max": np.max([one["max"] for one in found], axis=0),
        "mean": mean, "std": np.sqrt(square), "count": np.array([int(sum(one["count"][0] for one in found))]),
    }  # fmt: skip
    joined |= {
        name: sum(share * one[name] for share, one in zip(weight, found, strict=True)) for name in _QUANTILES
    }
    return {name: value.tolist() for name, value in joined.items()}
