"""One page to look through a recording: its pictures, keys, axes and telemetry on one time line. No network.

    pictures evenly spread --> WebP, as many as fit --+
    labels --> stretches held                         +--> JSON inside one page, drawn by its own script
    axes and telemetry --> least and most of bins ----+

Shape legend: T frames, B bins, H height, W width, 3 channels, RGB.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.evaluation.pages import render
from playhead.evaluation.pictures import FrameArray, encode, write_named
from playhead.events import HOTKEY, Origin
from playhead.labels import Axes, Choice, Head
from playhead.names import visible
from playhead.playing.overlay import coloured
from playhead.storage.reader import Recording

MOST_MB = 12.0  # of pictures; as text in a page a third more
WIDTH_PX = 320  # of a picture; larger ones are made smaller
QUALITY = 60
_TRIED = 16  # pictures are encoded to learn how many fit
_BINS = 2_000  # of a curve: more than a wide screen has pixels
_MOST_TRACKS = 200  # keys, axes and telemetry
_MOST_STRETCHES = 20_000  # of a key
_WHO = {Origin.NONE: "nobody", Origin.HUMAN: "human", Origin.MODEL: "network", Origin.SCRIPT: "script"}

Progress = Callable[[int, int], object]
Json = dict[str, Any]


def write_viewer(
    recording: Recording, path: Path, *, most_mb: float = MOST_MB, progress: Progress = lambda done, total: None
) -> int:
    """Write the page; returns how many pictures it shows.

    Units:   most_mb of pictures, in 10^6 bytes. `progress` is called with pictures done and in all.
    Raises:  BadValue without a frame, Damaged where one cannot be read, DeviceFailed.
    """
    if not recording.length:
        raise BadValue(f"{recording.name} holds no frame.")
    data = {"tracks": tracks_of(recording), **_pictures(recording, round(most_mb * 1e6), progress)}
    header = recording.header
    page = render(
        "recording.html.jinja",
        name=recording.name,
        about=_about(recording),
        game=str(header.game.get("title") or header.game.get("name") or ""),
        duration_s=recording.duration_s,
        shown=len(data["times"]),
        frames=recording.length,
        data=data | {"duration": round(recording.duration_s, 3)},
    )
    write_named(path, page.encode())
    return len(data["times"])


def _about(recording: Recording) -> str:
    header = recording.header
    said = [
        f"{header.frame.width}×{header.frame.height} at {header.rate_hz:g} Hz",
        f"{header.driver} on {header.device}",
        header.scenario,
        "" if header.seed is None else f"seed {header.seed}",
        f"{recording.dropped:,} frames dropped" if recording.dropped else "",
        header.created_utc[:16].replace("T", " ") + " UTC",
    ]
    return ", ".join(str(one) for one in said if one)


def tracks_of(recording: Recording) -> list[Json]:
    """Return what is drawn below the pictures: who labelled, each key, class, axis and number, marks; as JSON.

    A track of `spans` has [begin, end, word] in seconds, one of `curve` [time, least, most] of each bin.
    Raises:  Damaged where some of it cannot be read.
    """
    time_s_T = _seconds(recording, recording.frame_time_ns)
    origin_T = recording.label_origin
    words = [_WHO.get(Origin(int(one)), "nobody") for one in range(len(Origin))]
    tracks = [_spans("labelled by", "who", time_s_T, origin_T, words)]
    for name, head in recording.header.schema.items():
        tracks += _head_tracks(name, head, recording.labels[name], time_s_T, origin_T == Origin.NONE)
    for name in recording.telemetry:
        tracks.append(_curve(name, "telemetry", time_s_T, recording.telemetry[name]))
    events = recording.events[recording.events["device"] == HOTKEY][:_MOST_STRETCHES]
    if len(events):
        times = _seconds(recording, events["time_ns"]).tolist()
        spans = [
            [round(time, 3)] * 2 + [visible(str(code))] for time, code in zip(times, events["code"], strict=True)
        ]
        tracks.append({"name": "hotkeys", "kind": "mark", "spans": spans})
    return tracks[:_MOST_TRACKS]


def _seconds(recording: Recording, time_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = (time_ns - recording.frame_time_ns[0]) / NS_PER_S
    return seconds


def _head_tracks(
    name: str, head: Head, labels_TA: npt.NDArray[Any], time_s_T: npt.NDArray[np.float64],
    nobody_T: npt.NDArray[np.bool_],
) -> Iterator[Json]:  # fmt: skip
    """Yield the tracks of a head; where nobody labelled, nothing is held."""
    if isinstance(head, Choice):
        classes_T = np.where(nobody_T, len(head.names), labels_TA[:, 0].astype(np.int64))
        yield _spans(name, "choice", time_s_T, classes_T, [*head.names, ""])
        return
    for one, values_T in zip(head.names, labels_TA.T, strict=True):
        if isinstance(head, Axes):
            yield _curve(one, "axis", time_s_T, np.where(nobody_T, np.nan, values_T))
        else:
            yield _spans(one, "key", time_s_T, (values_T > 0) & ~nobody_T, ["", one])


def _spans(
    name: str, kind: str, time_s_T: npt.NDArray[np.float64], values_T: npt.NDArray[Any], words: list[str]
) -> Json:
    """Return the stretches in which a value stays; one without a word is left out."""
    changes = np.flatnonzero(np.diff(values_T.astype(np.int64), prepend=-1))
    last = float(time_s_T[-1])
    ends = np.append(time_s_T[changes[1:]], last)
    spans = [
        [round(float(time_s_T[begin]), 3), round(float(end), 3), visible(words[int(values_T[begin])])]
        for begin, end in zip(changes.tolist(), ends, strict=True)
        if words[int(values_T[begin])]
    ]
    return {"name": visible(name), "kind": kind, "spans": spans[:_MOST_STRETCHES]}


def _curve(name: str, kind: str, time_s_T: npt.NDArray[np.float64], values_T: npt.NDArray[Any]) -> Json:
    """Return the least and the most of each bin; no number where nothing was finite."""
    values_T = np.where(np.isfinite(values_T), values_T, np.nan).astype(np.float64)
    starts_B = np.unique(np.linspace(0, len(values_T), min(_BINS, len(values_T)), endpoint=False).astype(int))
    low_B, high_B = np.fmin.reduceat(values_T, starts_B), np.fmax.reduceat(values_T, starts_B)
    points = [
        [round(float(time), 3), _number(low), _number(high)]
        for time, low, high in zip(time_s_T[starts_B], low_B, high_B, strict=True)
    ]
    return {"name": visible(name), "kind": kind, "curve": points}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.5g}")


def _pictures(recording: Recording, budget: int, progress: Progress) -> Json:
    """Return times and pictures, as many as the budget takes, evenly spread, the first and the last among them."""
    tried = np.linspace(0, recording.length - 1, min(_TRIED, recording.length)).astype(int)
    size = max(1.0, float(np.mean([len(_encoded(recording, int(frame))) for frame in tried])))
    count = int(min(recording.length, max(2, budget // size)))
    chosen = np.unique(np.linspace(0, recording.length - 1, count).round().astype(int))
    kept: list[tuple[int, bytes]] = []
    every, held = 1, 0
    for done, frame in enumerate(chosen.tolist()):
        progress(done + 1, len(chosen))
        if done % every == 0:
            kept.append((frame, _encoded(recording, frame)))
            held += len(kept[-1][1])
        if held > 1.2 * budget and len(kept) > 1:  # those tried were smaller than the others
            kept, every = kept[::2], 2 * every
            held = sum(len(data) for _, data in kept)
    numbers = [frame for frame, _ in kept]
    return {
        "times": np.round(_seconds(recording, recording.frame_time_ns[numbers]), 3).tolist(),
        "numbers": numbers,
        "pictures": [base64.b64encode(data).decode("ascii") for _, data in kept],
    }


def _encoded(recording: Recording, frame: int) -> bytes:
    picture_HW3: FrameArray = coloured(recording.read_frames([frame])[0])
    height, width = picture_HW3.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        picture_HW3 = np.asarray(cv2.resize(picture_HW3, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode(picture_HW3, QUALITY)
