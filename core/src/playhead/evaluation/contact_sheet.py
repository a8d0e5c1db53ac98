"""A contact sheet: frames of a recording side by side, each with its time and what its label says was held.

Shape legend: H height, W width, 3 channels, RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from playhead.clock import NS_PER_S
from playhead.errors import BadValue
from playhead.evaluation.pictures import FrameArray, write_named
from playhead.events import Origin
from playhead.labels import Axes, Choice, Head
from playhead.playing.overlay import coloured
from playhead.storage.reader import Recording

TILE_PX = 240  # the width of a frame; smaller ones are enlarged, so that the words below them have room
BAND_PX = 18  # for a line of words
GAP_PX = 4
_PAPER, _INK, _FAINT = 24, (255, 255, 255), (190, 194, 200)


def contact_sheet(recording: Recording, frames: int = 24, columns: int = 6) -> FrameArray:
    """Return a picture of frames evenly spread over a recording, below its name. Shape (H, W, 3).

    What nobody labelled says "nobody". Raises: BadValue without a frame, Damaged where one cannot be read.
    """
    if not recording.length:
        raise BadValue(f"{recording.name} holds no frame.")
    chosen = np.unique(np.linspace(0, recording.length - 1, min(frames, recording.length)).round())
    tiles = [_tile(recording, int(frame)) for frame in chosen]
    title = _band(columns * (TILE_PX + GAP_PX), _title(recording), _INK)
    rows = [_row(tiles[first : first + columns], columns) for first in range(0, len(tiles), columns)]
    return np.concatenate([title, *rows])


def write_sheets(sheets: Sequence[FrameArray], path: Path) -> None:
    """Write sheets below one another. Raises BadValue for a kind of file OpenCV cannot write, DeviceFailed."""
    width = max(sheet.shape[1] for sheet in sheets)
    wide = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0)), constant_values=_PAPER) for one in sheets]
    try:
        _, data = cv2.imencode(path.suffix, cv2.cvtColor(np.concatenate(wide), cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise BadValue(f"{path} is no kind of picture that can be written. Name it .png or .jpg.") from error
    write_named(path, bytes(data))


def held_words(recording: Recording, frame: int) -> str:
    """Say what the label of a frame holds, as "up left" or "steer -0.40"; "nobody" where nobody labelled it."""
    if recording.label_origin[frame] == int(Origin.NONE):
        return "nobody"
    held = [
        word
        for name, head in recording.header.schema.items()
        for word in _words(head, recording.labels[name][frame].tolist())
    ]
    return " ".join(held) or "-"


def _words(head: Head, row: list[float]) -> list[str]:
    if isinstance(head, Choice):
        return [head.names[int(row[0])]]
    if isinstance(head, Axes):
        return [f"{name} {value:+.2f}" for name, value in zip(head.names, row, strict=True)]
    return [name for name, value in zip(head.names, row, strict=True) if value]


def _title(recording: Recording) -> str:
    header = recording.header
    seed = "" if header.seed is None else f", seed {header.seed}"
    return (
        f"{recording.name}: {recording.duration_s:.1f} s, {recording.length:,} frames, {header.driver} on "
        f"{header.device}{seed} {header.scenario}".rstrip()
    )


def _tile(recording: Recording, frame: int) -> FrameArray:
    picture_HW3 = coloured(recording.read_frames([frame])[0])
    height = max(1, round(picture_HW3.shape[0] * TILE_PX / picture_HW3.shape[1]))
    way = cv2.INTER_AREA if picture_HW3.shape[1] > TILE_PX else cv2.INTER_NEAREST
    picture_HW3 = np.asarray(cv2.resize(picture_HW3, (TILE_PX, height), interpolation=way), np.uint8)
    since_s = (recording.frame_time_ns[frame] - recording.frame_time_ns[0]) / NS_PER_S
    words = f"{int(since_s) // 60}:{since_s % 60:04.1f}  {held_words(recording, frame)}"
    return np.concatenate([picture_HW3, _band(TILE_PX, words, _FAINT)])


def _row(tiles: list[FrameArray], columns: int) -> FrameArray:
    height = tiles[0].shape[0] + GAP_PX
    row_HW3 = np.full((height, columns * (TILE_PX + GAP_PX), 3), _PAPER, np.uint8)
    for place, tile in enumerate(tiles):
        row_HW3[: tile.shape[0], place * (TILE_PX + GAP_PX) :][:, :TILE_PX] = tile
    return row_HW3


def _band(width: int, words: str, colour: tuple[int, int, int]) -> FrameArray:
    """Return a strip with words on it; what does not fit is left out, what the font lacks is a question mark."""
    band_HW3 = np.full((BAND_PX, width, 3), _PAPER, np.uint8)
    told = words.encode("ascii", "replace").decode()
    cv2.putText(band_HW3, told, (3, BAND_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return band_HW3
