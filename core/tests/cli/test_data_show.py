"""`playhead data show` writes what a person would look at; `data cut` and a hotkey take out some of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from playhead.cli import run
from playhead.evaluation.contact_sheet import BAND_PX, GAP_PX, TILE_PX, held_words
from playhead.events import DROP, HOTKEY, MARK, Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

SCHEMA = LabelSchema.of({"drive": Keys("w", "s"), "gear": Choice("low", "high"), "wheel": Axes("steer")})
FRAMES, HZ, BEGIN_NS = 400, 10, 5_000_000_000  # 40 s


@pytest.fixture(autouse=True)
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of 40 s whose pictures grow lighter; nobody labels the first second."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    folder = tmp_path / "recordings/pong/2026-11-21-1"
    header = RecordingHeader(
        game={"name": "pong", "controls": {"w": "w", "s": "s"}}, schema=SCHEMA,
        frame=Frame(width=16, height=8, rate_hz=HZ), rate_hz=float(HZ), device="screen", driver="human",
    )  # fmt: skip
    with RecordingWriter(folder, header) as writer:
        for number in range(FRAMES):
            picture = np.full((8, 16, 3), number // 2, np.uint8)
            labels = {"drive": [number % 2, 1], "gear": [1], "wheel": [-0.4]}
            origin = Origin.NONE if number < HZ else Origin.HUMAN
            writer.append(picture, BEGIN_NS + number * 10**9 // HZ, labels, origin)
        writer.add_events([told(MARK, 8), told(DROP, 25), told(DROP, 29)])
    return folder


def told(code: str, after_s: float) -> Event:
    time_ns = BEGIN_NS + round(after_s * 1e9)
    return Event(time_ns=time_ns, code=code, value=1, origin=Origin.HUMAN, device=HOTKEY)


def test_the_sheet_shows_frames_from_the_first_to_the_last_in_order(recording: Path, tmp_path: Path) -> None:
    assert run(["data", "show", "pong", "--frames", "9", "--out", str(tmp_path / "sheet.png")]) == 0
    sheet_HW3 = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet_HW3 is not None
    tile_high, wide = TILE_PX // 2 + BAND_PX + GAP_PX, TILE_PX + GAP_PX
    middles = [
        int(sheet_HW3[BAND_PX + (place // 6) * tile_high + 50, (place % 6) * wide + 100, 0]) for place in range(9)
    ]
    assert middles == pytest.approx([frame // 2 for frame in np.linspace(0, FRAMES - 1, 9)], abs=3)
    assert sheet_HW3.shape == (BAND_PX + 2 * tile_high, 6 * wide, 3)


def test_words_say_what_each_head_holds(recording: Path) -> None:
    opened = open_recording(recording)
    assert held_words(opened, 0) == "nobody"
    assert held_words(opened, 300) == "s high steer -0.40"
    assert held_words(opened, 301) == "w s high steer -0.40"


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "show", "pong", "--out", str(tmp_path / "sheet.doc")]) != 0
    assert "Name it .png or .jpg" in capsys.readouterr().err


def test_what_was_dropped_is_learned_from_no_more(recording: Path) -> None:
    origin_T = open_recording(recording).label_origin
    kept = [*range(HZ, 15 * HZ), *range(29 * HZ + 1, FRAMES)]
    assert np.flatnonzero(origin_T == Origin.HUMAN).tolist() == kept


def test_cut_takes_out_what_was_dropped_and_named_and_divides(recording: Path, tmp_path: Path) -> None:
    assert run(["data", "cut", "pong", "--remove", "0:35", "36.5", "--at", "33", "--marks"]) == 0
    pieces = [open_recording(path) for path in sorted(recording.parent.glob("2026*"))]
    spans = [tuple(int(time) for time in (piece.frame_time_ns[[0, -1]] - BEGIN_NS) // 10**8) for piece in pieces]
    assert sorted(spans) == [(0, 79), (80, 149), (291, 329), (330, 349), (366, 399)]
    assert all((piece.label_origin[-1:] == Origin.HUMAN).all() for piece in pieces)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--at", "41"], "lasts 39.9 s and has no 41 s"),
        (["--remove", "9", "8"], "has no end behind its beginning"),
        (["--at", "1:x"], "Write it as 75.5 or 1:15.5"),
    ],
)
def test_times_that_are_none_change_nothing(
    asked: list[str], sentence: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "cut", "pong", *asked]) != 0
    assert sentence in capsys.readouterr().err
    assert open_recording(recording).length == FRAMES
