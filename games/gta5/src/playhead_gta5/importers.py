"""Reads the recordings of the original system: one HDF5 file a session, frames and labels at 80 a second.

Source:  EduardR02/GTA-V-LSTM, 49cf8bc: `images` uint8 (N, 180, 240, 3) RGB and `labels` float (N, 7), or (N, 4)
         and (N, 5) from the recorder of raw keys; folders new_data, turns and stuck; 80 frames a second;
         the first 300 frames of a stuck file are padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import shown
from playhead.containers.hdf5 import DataSet, Hdf5File, open_hdf5
from playhead.errors import Damaged, Mismatch, NotFound, not_found
from playhead.events import Origin
from playhead.game import Game
from playhead.progress import OnProgress
from playhead.storage.importers.fitting import Fitter
from playhead.storage.importers.meanings import Meanings, meanings_of_columns
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import Converted, Importable
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

RATE_HZ = 80
STUCK_PADDING_FRAMES = 300
FOLDERS = {"new_data": "regular", "turns": "turns", "stuck": "stuck"}  # their folder -> our scenario
BLOCK_FRAMES = 256  # 33 MB at 240x180: what is in memory at a time, whatever the size of the file

ENDINGS = (".h5", ".hdf5", ".hdf")

KeyArray = npt.NDArray[np.uint8]


def find_hdf5(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield what can be imported from a file or a folder and its folders.

    `options`: scenario=NAME for files that do not lie in a folder new_data, turns or stuck.
    Raises:  NotFound when there is no such file, option or scenario.
    """
    for name in options:
        if name != "scenario":
            raise not_found("option of this importer", name, ["scenario"])
    known = game.world.scenarios if game.world else {}
    scenario = options.get("scenario", "")
    if scenario and scenario not in known:
        raise not_found(f"scenario of {game.name}", scenario, known)
    files = (
        [path]
        if path.is_file()
        else sorted(
            (file for file in path.rglob("*") if _is_named_so(file)), key=lambda file: (file.parent, file.stem)
        )
    )  # "s.h5" before its copy "s (1).h5"
    if not files:
        raise NotFound(f"{path} is no HDF5 file and no folder with files ending in .h5 or .hdf5.")
    for file in files:
        kind = scenario or FOLDERS.get(file.parent.name, "regular")
        yield Importable(
            name=f"{file.parent.name}-{file.stem}", source=file, fill=partial(_import_file, game, file, kind)
        )


def _is_named_so(file: Path) -> bool:
    """Say whether a file is called as HDF5 is; those that a Mac writes beside others begin with "._"."""
    return file.suffix.lower() in ENDINGS and not file.name.startswith("._") and not file.is_dir()


def _import_file(game: Game, file: Path, scenario: str, folder: Path, progress: OnProgress) -> Sequence[Converted]:
    """Write one file as one recording, block by block, and return what was scaled.

    Raises:  Damaged or Mismatch naming the file.
    """
    fitter = Fitter(game, ImportSettings(rate=RATE_HZ))
    with open_hdf5(file) as opened:
        images, labels = _checked(file, game, opened)
        meanings = meanings_of_columns(game, labels.shape[1], "", (), str(file))
        with RecordingWriter(folder, _header(game, file, scenario), sync_s=math.inf) as writer:
            for start in range(0, len(images), BLOCK_FRAMES):
                stop = min(start + BLOCK_FRAMES, len(images))
                keys_NA = _keys(file, start, labels.read(start, stop), meanings)
                frames_NHWC = images.read(start, stop)
                _append(writer, start, [fitter.fitted(frame_HWC) for frame_HWC in frames_NHWC], keys_NA)
                progress(stop, len(images))
    return fitter.converted()


def _header(game: Game, file: Path, scenario: str) -> RecordingHeader:
    return replace(
        RecordingHeader.of(game, device="screen", driver="human", rate_hz=RATE_HZ),
        padding_frames=STUCK_PADDING_FRAMES if scenario == "stuck" else 0,
        scenario=scenario,
        notes=f"Imported from {shown(file)}. "
        f"The file holds no times: they are made up from {RATE_HZ} frames a second.",
    )


def _append(
    writer: RecordingWriter, start: int, frames: Sequence[npt.NDArray[np.uint8]], keys_NA: KeyArray
) -> None:
    for place, (frame_HWC, keys_A) in enumerate(zip(frames, keys_NA, strict=True)):
        time_ns = round((start + place) * NS_PER_S / RATE_HZ)
        writer.append(frame_HWC, time_ns, {"drive": keys_A}, Origin.HUMAN)


def _checked(file: Path, game: Game, opened: Hdf5File) -> tuple[DataSet, DataSet]:
    """Return the file's images and labels, which fit the game and one another."""
    for name in ("images", "labels"):
        if name not in opened:
            raise Damaged(f'{file} has no "{name}"; it holds {", ".join(opened.names()) or "nothing"}.')
    colours = game.needed_frame.channels
    images = opened.data_set("images", f"one data set (frames, height, width, {colours})")
    labels = opened.data_set("labels", "one data set (frames, columns)")
    if len(images.shape) != 4 or images.shape[3] != colours or images.dtype != np.uint8:
        first = len(images.shape) == 4 and images.shape[1] == colours
        raise Mismatch(
            f"{file} holds images {images.shape[1:]} of {images.dtype}, but {game.name} has "
            f"{game.needed_frame.shape} of uint8 (height, width, colours), and any size is scaled to it."
            f"{' Move the colours behind the width.' if first else ''}"
        )
    if len(labels.shape) != 2:
        raise Mismatch(f"{file} holds labels {labels.shape}; rows of 4 or 5 (keys), 7 or 9 (classes) are known.")
    if len(images) != len(labels) or len(images) == 0:
        raise Damaged(f"{file} has {len(images)} images and {len(labels)} labels. They must be as many, not none.")
    return images, labels


def _keys(file: Path, start: int, labels_NC: npt.NDArray[Any], meanings: Meanings) -> KeyArray:
    """Return the four keys of a stretch of labels. Raises Damaged naming the first row that cannot be right."""
    labels, wrong = meanings.labels(labels_NC)
    if wrong:
        row = min(wrong)
        raise Damaged(f"Label {start + row} of {file} cannot be right: {wrong[row]}.")
    return labels["drive"]
