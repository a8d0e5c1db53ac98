"""Frames go where somebody wants them: a list, a buffer, a function's sink, several, and a recording besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cartpole import CART, SMALL

import playhead
from playhead.data.source import Source
from playhead.errors import BadValue
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter


class Kept:
    """A sink with nothing but what a sink needs."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.closed = 0

    def append(self, *row: Any) -> None:
        assert not self.closed
        self.rows.append(row)

    def close(self) -> None:
        self.closed += 1


class Listening(Kept):
    """A sink that wants to know what is pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def add_events(self, events: Any) -> None:
        self.events += events


def test_a_sink_gets_the_frames_of_all_episodes_and_is_closed_once(tmp_path: Path) -> None:
    sink = Kept()
    made = playhead.record(CART, episodes=2, seconds=0.4, sink=sink, home=tmp_path)
    assert len(sink.rows) == made.frames == 20
    assert sink.closed == 1
    frames = np.stack([row[0] for row in sink.rows])
    assert frames.shape == (20, 32, 48, 3)
    assert len({frame.tobytes() for frame in frames}) > 10, "its own to keep"
    assert made.names == []
    assert not (tmp_path / "recordings").exists()
    assert made.to_json()[0]["frames"] == 10


def test_several_sinks_get_what_a_recording_holds(tmp_path: Path) -> None:
    first, second, headers = Kept(), Listening(), []

    def new(header: RecordingHeader) -> Listening:
        headers.append(header)
        return second

    made = playhead.record(CART, seconds=0.4, seed=3, sink=["home", first, new], home=tmp_path)
    recording = open_recording(tmp_path / "recordings" / "cart" / made.names[0])
    assert len(first.rows) == len(second.rows) == recording.length == 10
    assert [row[1] for row in first.rows] == recording.frame_time_ns.tolist()
    assert [int(row[2]["push"][0]) for row in first.rows] == recording.labels["push"][:, 0].tolist()
    assert len(second.events) == len(recording.events) > 0
    assert headers[0].seed == 3
    assert first.closed == second.closed == 1


def test_all_sinks_are_closed_when_one_of_them_fails(tmp_path: Path) -> None:
    class Full(Kept):
        def append(self, *row: Any) -> None:
            raise RuntimeError("full")

    other, full = Kept(), Full()
    with pytest.raises(RuntimeError, match="full"):
        playhead.record(CART, seconds=0.4, sink=[lambda header: other, full, "home"], home=tmp_path)
    assert other.closed == full.closed == 1
    (folder,) = (tmp_path / "recordings" / "cart").iterdir()
    assert open_recording(folder).is_complete


@pytest.mark.parametrize("sink", [3, [], "elsewhere", [None]])
def test_what_is_no_sink_is_said_before_anything_is_opened(tmp_path: Path, sink: Any) -> None:
    with pytest.raises(BadValue, match="append and close"):
        playhead.record(CART, seconds=0.4, sink=sink, home=tmp_path)


def test_sinks_and_processes_exclude_one_another(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="workers"):
        playhead.record(CART, episodes=2, workers=2, seconds=0.4, sink=Kept(), home=tmp_path)


def test_a_recording_made_by_a_sink_is_learned_from_as_an_object(tmp_path: Path) -> None:
    made: list[Path] = []

    def elsewhere(header: RecordingHeader) -> RecordingWriter:
        made.append(tmp_path / "elsewhere" / f"r{len(made)}")
        return RecordingWriter(made[-1], header)

    playhead.record(CART, episodes=2, seconds=1, sink=elsewhere, home=tmp_path / "home")
    opened: list[Source] = [open_recording(folder) for folder in made]
    run = playhead.train(CART, recordings=opened, steps=2, settings=SMALL, home=tmp_path / "home")
    assert [entry["name"] for entry in run.data["recordings"]] == ["r0", "r1"]
