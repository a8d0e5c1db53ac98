"""Recordings go out as videos and sets of others, and come back: the same labels, times and pictures."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from foreign import RACE, only, steered

from playhead.errors import BadValue, NotFound
from playhead.events import Origin
from playhead.game import Frame, Game
from playhead.labels import Axes, Choice, Keys
from playhead.progress import OnProgress
from playhead.storage.exporters import export_recordings
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

FRAME = Frame(width=64, height=48, rate_hz=20, quality=95)
KEYS = replace(RACE, frame=FRAME)
MANY = Game(
    name="many", title="Many", frame=FRAME,
    labels={"drive": Keys("w", "a"), "gear": Choice("low", "high"), "wheel": Axes("steer")},
)  # fmt: skip


def quiet(name: str) -> OnProgress:
    return lambda done, total: None


def recorded(folder: Path, game: Game, frames: int = 60, jitter_ns: int = 4_000_000) -> Recording:
    """Record pictures that move, at times that jitter, with labels that change now and then."""
    random = np.random.default_rng(5)
    held = np.repeat(random.random((frames // 6 + 1, 4)) < 0.4, 6, axis=0)[:frames].astype(int)
    header = RecordingHeader.of(game, device="screen", driver="human", rate_hz=20)
    with RecordingWriter(folder, header) as writer:
        for number, picture in enumerate(steered(held)):
            many = {"drive": held[number, :2], "gear": [held[number, 2]], "wheel": [held[number, 3] / 4 - 0.125]}
            labels = {"drive": held[number]} if game is KEYS else many
            time_ns = 10**9 + number * 50_000_000 + int(random.integers(-jitter_ns, jitter_ns + 1))
            writer.append(picture, time_ns, labels, Origin.HUMAN)
    return open_recording(folder)


def psnr(ours: Recording, theirs: Recording) -> float:
    a, b = (one.read_frames(np.arange(one.length)).astype(float) for one in (ours, theirs))
    return float(10 * np.log10(255**2 / np.mean((a - b) ** 2)))


def check_same(ours: Recording, theirs: Recording, least_db: float) -> None:
    assert theirs.length == ours.length
    for name in ours.labels:
        assert np.allclose(theirs.labels[name], ours.labels[name], atol=1e-6), name
    begins = theirs.frame_time_ns - theirs.frame_time_ns[0], ours.frame_time_ns - ours.frame_time_ns[0]
    assert np.abs(begins[0] - begins[1]).max() <= 25_000_000
    assert psnr(ours, theirs) > least_db


@pytest.mark.parametrize("game", [KEYS, MANY], ids=lambda game: game.name)
def test_a_video_comes_back_as_it_was(game: Game, tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", game)
    (done,) = export_recordings([ours], "video", tmp_path / "films", quiet)
    assert done.notes == ("The pictures alone are its upper 48 rows: --crop 0,0,64,48.",)
    theirs, _ = only(tmp_path / "out", "video", done.path, game=game, offset="0", crop="0,0,64,48", rate="20")
    check_same(ours, theirs, 30)


def test_a_video_shows_and_says_what_was_held(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS)
    export_recordings([ours], "video", tmp_path / "films", quiet)
    with av.open(str(tmp_path / "films" / "drive.mp4")) as film:
        bands = [frame.to_ndarray(format="gray")[48:].max() for frame in film.decode(video=0)]
    held = [bool(row.any()) for row in ours.labels["drive"]]
    assert [band > 128 for band in bands] == held
    with av.open(str(tmp_path / "films" / "drive.mp4")) as film:
        texts = [bytes(one)[2:].decode() for one in film.demux(film.streams.subtitles[0]) if one.size > 2]
    srt = (tmp_path / "films" / "drive.srt").read_text().split("\n\n")
    assert [block.splitlines()[2] for block in srt if block.strip()] == texts
    assert texts[0] == " ".join(
        k for k, on in zip("wsad", ours.labels["drive"][held.index(True)], strict=True) if on
    )
    with (tmp_path / "films" / "drive.csv").open() as file:
        assert next(csv.reader(file)) == ["frame", "drive.w", "drive.s", "drive.a", "drive.d"]


def test_what_cannot_be_exported_is_a_sentence(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, frames=6)
    with pytest.raises(NotFound, match=r'format of recordings is called "avi".*lerobot, minari, video'):
        export_recordings([ours], "avi", tmp_path / "films", quiet)
    export_recordings([ours], "video", tmp_path / "films", quiet)
    with pytest.raises(BadValue, match=r"drive\.mp4 is there already"):
        export_recordings([ours], "video", tmp_path / "films", quiet)
    assert not list((tmp_path / "films").glob(".*.part"))
