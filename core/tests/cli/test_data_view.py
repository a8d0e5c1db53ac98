"""`playhead data view` writes one page that shows all of a recording, is small, and runs nothing of it."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from playhead.cli import run
from playhead.events import HOTKEY, MARK, Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.names import visible
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

SCHEMA = LabelSchema.of({"drive": Keys("w", "s", "x"), "gear": Choice("low", "high"), "wheel": Axes("steer")})
HZ, BEGIN_NS, STEP_NS = 10, 5_000_000_000, 100_000_000
EVIL = "</script><script>alert(1)</script>\x1b[31m\u202e<img src=x onerror=alert(2)>"


def record(folder: Path, frames: int, *, size: tuple[int, int] = (16, 8), noise: int = 0) -> Path:
    """Write a recording: nobody labels the first second, w is held every other second, s always, x never."""
    header = RecordingHeader(
        game={"name": "pong", "title": EVIL, "controls": {"w": "w", "s": "s", "x": "x"}}, schema=SCHEMA,
        frame=Frame(width=size[0], height=size[1], rate_hz=HZ), rate_hz=float(HZ), device="screen", driver="human",
        telemetry=("speed",), scenario=EVIL,
    )  # fmt: skip
    random = np.random.default_rng(0)
    with RecordingWriter(folder, header) as writer:
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), number % 256, np.uint8)
            if noise:
                picture = random.integers(0, noise, picture.shape, np.uint8)
            labels = {"drive": [number // HZ % 2, 1, 0], "gear": [number // HZ % 2], "wheel": [-0.4]}
            speed = float("nan") if number == 5 else 1000.0 if number == frames // 2 else 3.0
            origin = Origin.NONE if number < HZ else Origin.HUMAN
            writer.append(picture, BEGIN_NS + number * STEP_NS, labels, origin, {"speed": speed})
        told = Event(time_ns=BEGIN_NS + 2 * 10**9, code=MARK, value=1, origin=Origin.HUMAN, device=HOTKEY)
        writer.add_events([told])
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    return tmp_path


class _Page(HTMLParser):
    """What a browser would find in a page: scripts by their type, and elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[tuple[str, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "", ""))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    @property
    def data(self) -> Any:
        return json.loads(self.scripts[0][1])


def page_of(folder: Path, *words: str) -> _Page:
    out = folder.parent / "page.html"
    assert run(["data", "view", f"pong/{folder.name}", "--out", str(out), *words]) == 0
    return _Page(out.read_text("utf-8"))


def test_it_holds_all_that_was_recorded(home: Path) -> None:
    data = page_of(record(home / "recordings/pong/one", 60)).data
    tracks = {track["name"]: track for track in data["tracks"]}
    assert tracks["labelled by"]["spans"] == [[0, 1, "nobody"], [1, 5.9, "human"]]
    assert tracks["w"]["spans"] == [[1, 2, "w"], [3, 4, "w"], [5, 5.9, "w"]]
    assert tracks["s"]["spans"] == [[1, 5.9, "s"]]
    assert tracks["x"]["spans"] == []
    assert [span[2] for span in tracks["gear"]["spans"]] == ["high", "low", "high", "low", "high"]
    assert tracks["steer"]["curve"][9:11] == [[0.9, None, None], [1.0, -0.4, -0.4]]
    assert tracks["speed"]["curve"][5] == [0.5, None, None]
    assert tracks["hotkeys"]["spans"] == [[2, 2, "mark"]]
    assert data["times"] == [number / HZ for number in range(60)]
    shown = [cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), 1) for one in data["pictures"]]
    assert [round(float(one.mean())) for one in shown if one is not None] == pytest.approx(range(60), abs=4)


def test_a_peak_of_one_frame_stays_in_a_long_recording(home: Path) -> None:
    data = page_of(record(home / "recordings/pong/long", 6000)).data
    speed = next(track for track in data["tracks"] if track["name"] == "speed")["curve"]
    assert len(speed) == 2000
    assert max(high for _, _, high in speed if high is not None) == 1000


def test_a_page_takes_no_more_room_than_it_may(home: Path) -> None:
    folder = record(home / "recordings/pong/noisy", 300, size=(160, 120), noise=256)
    data = page_of(folder, "--size", "0.5").data
    assert 20 < len(data["pictures"]) < 300
    assert sum(map(len, data["pictures"])) * 3 / 4 < 0.6e6
    assert (data["numbers"][0], data["numbers"][-1]) == (0, 299)
    assert np.ptp(np.diff(data["numbers"])) <= 1  # evenly


def test_what_a_recording_says_runs_nothing(home: Path) -> None:
    page = page_of(record(home / "recordings/pong/evil", 12))
    assert len(page.scripts) == 2
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert not any(tag == "img" and attributes.get("src") for tag, attributes in page.elements)
    text = (home / "recordings/pong/page.html").read_text("utf-8")
    assert visible(text, keep="\n\t") == text
    assert json.dumps(page.data).isascii()
    assert not re.search(r"https?://", text)


def test_what_cannot_be_shown_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(home / "recordings/pong/one", 12)
    assert run(["data", "view", "pong/two"]) == 1
    assert 'No recording is called "pong/two"' in capsys.readouterr().err
    assert run(["data", "view", "pong/one", "--out", str(home / "recordings/pong/one/zarr.json/page.html")]) == 1
    assert "Name another file with --out" in capsys.readouterr().err
