"""Recordings as videos: the keys drawn below the picture and as subtitles, and a table that is read back.

Shape legend: T frames, H height, W width, C channels, A columns of all label heads.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.film_writer import FilmWriter
from playhead.containers.video import FrameArray
from playhead.errors import BadValue, PlayheadError
from playhead.events import Origin
from playhead.inputs import action_columns
from playhead.labels import Axes
from playhead.progress import OnProgress
from playhead.storage.disk import disk_failed
from playhead.storage.exporters import Exported
from playhead.storage.exporters.sets import held_alone
from playhead.storage.exporters.steady import numbers_of
from playhead.storage.reader import Recording

BAND_PX = 24  # below the picture, for what is held; even, as colours of H.264 want it
_FONT, _SCALE, _INK = cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255)
_HELD = 0.5


def export_all(recordings: Sequence[Recording], out: Path, follow: Callable[[str], OnProgress]) -> list[Exported]:
    """Write NAME.mp4, NAME.srt and NAME.csv of each recording. Raises as `export_recordings`."""
    for recording in recordings:
        if sum(one.name == recording.name for one in recordings) > 1:
            raise BadValue(
                f"Two recordings are called {recording.name}. Export them into two folders: --out FOLDER."
            )
        for file in _files(recording, out):
            if os.path.lexists(file):
                raise BadValue(f"{file} is there already. Name another folder: --out FOLDER.")
    return [_export(recording, out, follow(recording.name)) for recording in recordings]


def _files(recording: Recording, out: Path) -> list[Path]:
    return [out / f"{recording.name}{ending}" for ending in (".mp4", ".srt", ".csv")]


def _export(recording: Recording, out: Path, progress: OnProgress) -> Exported:
    if not recording.length:
        raise BadValue(f"{recording.name} has no frames.")
    film, srt, table = _files(recording, out)
    parts = {file.with_name(f".{file.name}.part"): file for file in (srt, table)}
    time_ns = recording.frame_time_ns - recording.frame_time_ns[0]
    numbers_TA = numbers_of(recording)
    words = [_words(recording, numbers_A) for numbers_A in numbers_TA]
    texts = list(_texts(words, time_ns, round(NS_PER_S / recording.header.rate_hz)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        with held_alone(film.with_name(f".{film.name}.lock"), film):
            try:
                srt_part, table_part = parts
                _write_srt(srt_part, texts)
                _write_table(table_part, recording, numbers_TA)
                _write_film(film, recording, texts, words, progress)
                for part, file in parts.items():
                    part.replace(file)
            finally:
                for part in parts:
                    part.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, PlayheadError):
            raise
        raise disk_failed(out, error) from error
    high, wide = recording.header.frame.height, recording.header.frame.width
    then = f"The pictures alone are its upper {high} rows: --crop 0,0,{wide},{high}."
    return Exported(name=recording.name, path=film, frames=recording.length, notes=(then,))


def _write_film(
    film: Path, recording: Recording, texts: Sequence[tuple[int, int, str]], words: Sequence[str],
    progress: OnProgress,
) -> None:  # fmt: skip
    frame = recording.header.frame
    time_ns = recording.frame_time_ns - recording.frame_time_ns[0]
    size = frame.width, frame.height + BAND_PX
    with FilmWriter(film, size, recording.header.rate_hz, texts=True) as writer:
        for begin_ns, end_ns, text in texts:
            writer.say(begin_ns, end_ns, text)
        for number in range(recording.length):
            frame_HWC = recording.read_frames(number)[0]
            writer.add(int(time_ns[number]), _with_band(frame_HWC, words[number]))
            progress(number + 1, recording.length)


def _words(recording: Recording, numbers_A: npt.NDArray[np.float32]) -> str:
    """Return what is held, as "w a" or "steer -0.40"."""
    heads = recording.header.schema.values()
    names = [name for head in heads for name in head.names]
    axes = {name for head in heads if isinstance(head, Axes) for name in head.names}
    told = [
        f"{name} {value:+.2f}" if name in axes else name
        for name, value in zip(names, numbers_A.tolist(), strict=True)
        if name in axes or value > _HELD
    ]
    return " ".join(told)


def _with_band(frame_HWC: FrameArray, words: str) -> FrameArray:
    """Return a picture with words below it. (H + BAND_PX, W, 3)."""
    picture_HWC = frame_HWC if frame_HWC.shape[2] == 3 else np.repeat(frame_HWC, 3, axis=2)
    band_HWC = np.zeros((BAND_PX, picture_HWC.shape[1], 3), np.uint8)
    cv2.putText(band_HWC, words.encode("ascii", "replace").decode(), (4, 16), _FONT, _SCALE, _INK, 1, cv2.LINE_AA)
    return np.concatenate([picture_HWC, band_HWC])


def _texts(words: Sequence[str], time_ns: npt.NDArray[np.int64], last_ns: int) -> Iterator[tuple[int, int, str]]:
    """Yield (begin, end, what is held) of every stretch in which something is."""
    begin = 0
    for number in range(1, len(words) + 1):
        if number == len(words) or words[number] != words[begin]:
            end_ns = int(time_ns[number]) if number < len(words) else int(time_ns[-1]) + last_ns
            if words[begin]:
                yield int(time_ns[begin]), end_ns, words[begin]
            begin = number


def _write_srt(file: Path, texts: Sequence[tuple[int, int, str]]) -> None:
    rows = [f"{number}\n{_stamp(begin)} --> {_stamp(end)}\n{text}\n" for number, (begin, end, text) in
            enumerate(texts, 1)]  # fmt: skip
    file.write_text("\n".join(rows), encoding="utf-8")


def _stamp(time_ns: int) -> str:
    seconds, ms = divmod(time_ns // 1_000_000, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{ms:03d}"


def _write_table(file: Path, recording: Recording, numbers_TA: npt.NDArray[np.float32]) -> None:
    """Write a row a picture, but for pictures that nobody labelled."""
    with closing(file.open("w", encoding="utf-8", newline="")) as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["frame", *action_columns(recording.header.schema)])
        for number in np.flatnonzero(recording.label_origin != int(Origin.NONE)).tolist():
            rows.writerow([number, *(f"{value:.6g}" for value in numbers_TA[number].tolist())])
