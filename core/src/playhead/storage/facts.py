"""What a recording holds, in figures: shares of labels, ranges of telemetry, the rate reached, gaps.

Shape legend: T frames, A columns of a label head.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import Damaged, Mismatch
from playhead.events import Origin
from playhead.labels import Axes, Choice, Head
from playhead.storage.reader import Recording

GAP = 1.5  # times the frame interval: from here on a frame is missing


def facts_of(recording: Recording) -> dict[str, Any]:
    """Return everything `data info` says, as plain data. Reads the small arrays and no picture."""
    size = recording.bytes_taken()
    return {
        "name": recording.name,
        "path": recording.place,
        "header": recording.header.to_json(),
        "is_complete": recording.is_complete,
        "frames": recording.length,
        "dropped": recording.dropped,
        "bytes": size,
        "bytes_per_frame": size / max(1, recording.length),
        **_timing(recording),
        "labelled_by": _origins(recording),
        "labels": {name: label_shares(recording, name) for name in recording.labels},
        "telemetry": {name: _range(recording.telemetry[name]) for name in recording.telemetry},
        "cameras": {name: asdict(frame) for name, frame in recording.header.cameras.items()},
        "columns": {name: len(np.unique(recording.columns[name])) for name in recording.columns},
        "events": len(recording.events),
        "layers": {name: _layer(recording, name) for name in recording.layers},
    }


def _layer(recording: Recording, name: str) -> dict[str, Any]:
    """Return what a layer says about itself, and of each head whose labels it holds, as shares of the frames."""
    try:
        layer = recording.layers[name]
        origins = {head: _shares_of_origins(layer.origins[head]) for head in layer.origins}
    except (Damaged, Mismatch) as problem:
        return {"problem": str(problem)}
    return layer.header.to_json() | {"labelled_by": origins}


def _shares_of_origins(origin_T: npt.NDArray[np.uint8]) -> dict[str, float]:
    counts = np.bincount(origin_T, minlength=len(Origin))
    return {one.name.lower(): float(counts[one] / len(origin_T)) for one in Origin if counts[one]}


def _timing(recording: Recording) -> dict[str, Any]:
    """Return duration, the rate reached and the gaps. Units: seconds and frames a second."""
    steps_s = np.diff(recording.frame_time_ns) / NS_PER_S
    wide = steps_s[steps_s > GAP / recording.header.rate_hz]
    return {
        "duration_s": recording.duration_s,
        "rate_hz": float(1 / steps_s.mean()) if len(steps_s) else None,
        "gaps": len(wide),
        "longest_gap_s": float(wide.max()) if len(wide) else 0.0,
    }


def _origins(recording: Recording) -> dict[str, int]:
    numbers, counts = np.unique(recording.label_origin, return_counts=True)
    known = {int(origin): origin.name.lower() for origin in Origin}
    return {known.get(int(n), str(n)): int(count) for n, count in zip(numbers, counts, strict=True)}


def label_shares(recording: Recording, name: str) -> dict[str, Any]:
    """Return for one head the share of labelled frames in which each key or class holds, or each axis' range."""
    labelled_T = recording.label_origin != Origin.NONE
    rows_TA = recording.labels[name][labelled_T]
    return _shares(rows_TA, recording.header.schema[name])


def _shares(rows_TA: npt.NDArray[Any], head: Head) -> dict[str, Any]:
    if not len(rows_TA):
        return {}
    if isinstance(head, Axes):
        return {name: _range(rows_TA[:, column]) for column, name in enumerate(head.names)}
    if isinstance(head, Choice):
        counts = np.bincount(rows_TA[:, 0], minlength=len(head.names))
        return {name: float(counts[number] / len(rows_TA)) for number, name in enumerate(head.names)}
    shares = {name: float(rows_TA[:, column].mean()) for column, name in enumerate(head.names)}
    return {**shares, "none": float((rows_TA.sum(1) == 0).mean())}


def _range(values: npt.NDArray[Any]) -> dict[str, float] | None:
    """Return the lowest, mean and highest known value, or None when nothing is known."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return None
    return {"low": float(known.min()), "mean": float(known.mean()), "high": float(known.max())}
