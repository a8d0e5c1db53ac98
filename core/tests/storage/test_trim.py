"""Trimming cuts where nothing happens, never within a sequence, and copies everything else as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from derived import derive_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.errors import BadValue
from playhead.events import HOTKEY, Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.storage.catalogue import Catalogue
from playhead.storage.check import check_recording
from playhead.storage.idle import Idle, kept_spans
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.trim import trim_recording
from playhead.storage.writer import RecordingWriter

RATE_HZ = 10
STEP_NS = 1_000_000_000 // RATE_HZ
FRAME = Frame(width=32, height=24, rate_hz=RATE_HZ)
SCHEMA = LabelSchema.of({"keys": Keys("a", "b"), "wheel": Axes("steer")})
CONTROLS = {"a": "key a", "b": "key b", "steer": "axis"}


def event(at_s: float, code: str, value: float, *, device: str = "played", human: bool = True) -> Event:
    origin = Origin.HUMAN if human else Origin.MODEL
    return Event(time_ns=round(at_s * 1e9), code=code, value=value, origin=origin, device=device)


def write(
    folder: Path, seconds: float, events: Iterable[Event] = (), moving: Callable[[float], bool] = lambda s: False,
    **changes: Any,
) -> Recording:  # fmt: skip
    """Record a square that moves at some times, with labels from events."""
    times_ns = np.arange(round(seconds * RATE_HZ)) * STEP_NS
    events = list(events)
    schema = changes.get("schema", SCHEMA)
    labels = derive_labels(events, times_ns, schema, CONTROLS)
    game = {"name": "pong", "controls": CONTROLS}
    values = {"schema": schema, "telemetry": ("speed",), "columns": {"label": "S8"}, **changes}
    header = RecordingHeader(game=game, frame=FRAME, rate_hz=RATE_HZ, device="screen", driver="human", **values)
    place = 0
    with RecordingWriter(folder, header) as writer:
        for number, time_ns in enumerate(times_ns.tolist()):
            place += moving(time_ns / 1e9)
            shown = np.full(FRAME.shape, 40, np.uint8)
            shown[8:16, place % 24 : place % 24 + 8] = 220
            told = {name: rows[number] for name, rows in labels.items()}
            writer.append(
                shown, time_ns, told, Origin.HUMAN, {"speed": number}, int(number == 7), {"label": f"n{number}"}
            )
        writer.add_events(events)
    return open_recording(folder)


def held(from_s: float, to_s: float, code: str = "key a") -> list[Event]:
    return [event(from_s, code, 1.0), event(to_s, code, 0.0)]


def kept_s(recording: Recording, **idle: Any) -> list[tuple[float, float]]:
    """What stays, as first and last time in seconds."""
    times_s = recording.frame_time_ns / 1e9
    return [(times_s[first], times_s[behind - 1]) for first, behind in kept_spans(recording, Idle(**idle))]


def near(spans: list[tuple[float, float]], frames: float = 1.1) -> list[Any]:
    return [pytest.approx(span, abs=frames / RATE_HZ) for span in spans]


def test_long_stretches_without_a_key_are_cut_but_for_their_edges(tmp_path: Path) -> None:
    recording = write(tmp_path / "one", 60, [*held(5, 8), *held(15, 16), *held(40, 41.95)])
    # 8 to 15 is shorter than 10 s and stays. The release is heard with the frame behind it.
    kept = [(0.0, 17.1), (38.9, 43.1)]
    assert kept_s(recording, by="keys", at_least_s=10, keep_s=1) == near(kept)
    kept = [(4.5, 8.6), (14.5, 16.6), (39.5, 42.6)]
    assert kept_s(recording, by="keys", at_least_s=4, keep_s=0.5) == near(kept)


@pytest.mark.parametrize(
    ("by", "kept"),
    [("keys", [(9.0, 21.0)]), ("picture", [(14.0, 31.0)]), ("both", [(9.0, 31.0)])],
)
def test_idle_is_by_keys_by_picture_or_by_both(tmp_path: Path, by: str, kept: Any) -> None:
    recording = write(tmp_path / "one", 50, held(10, 20), moving=lambda s: 15 <= s < 30)
    assert kept_s(recording, by=by, at_least_s=8) == near(kept, frames=3.1)


def test_axes_choices_and_marks_count_as_something_that_happens(tmp_path: Path) -> None:
    axis = write(tmp_path / "one", 30, [event(10, "axis", 0.5), event(12, "axis", 0.01), event(14, "axis", 0.0)])
    assert kept_s(axis, by="keys") == near([(0, 15)])
    mark = write(tmp_path / "two", 40, [event(20, "mark", 1.0, device=HOTKEY)])
    assert kept_s(mark, by="keys") == near([(19, 21)])
    gears = LabelSchema.of({"gear": Choice("a", "b")})
    gear = write(tmp_path / "three", 40, held(20, 20.05, "key b"), schema=gears)
    assert kept_s(gear, by="keys") == near([(19, 21)])
    none = LabelSchema.of({"way": Choice("none", "b")})
    held_long = write(tmp_path / "four", 40, held(15, 30, "key b"), schema=none)
    assert kept_s(held_long, by="keys") == near([(14, 40)])


def test_what_is_left_are_whole_recordings_and_the_old_one_is_aside(tmp_path: Path) -> None:
    folder = tmp_path / "2026-11-21-1"
    events = [*held(2, 5), *held(6, 30, "key b"), event(31, "axis", 0.3), *held(50, 52)]
    # The person holds b from 6 to 30 while nothing moves from 10 to 49.
    recording = write(folder, 60, events, moving=lambda s: s < 10 or s > 49, padding_frames=30, notes="A try.",
                      measures={"return": 3.0})  # fmt: skip
    before = {name: np.array(recording.labels[name]) for name in SCHEMA}
    pictures = [recording.read_encoded(number) for number in range(recording.length)]
    trim = trim_recording(folder, Idle(by="picture", at_least_s=10, keep_s=1))
    assert not folder.exists()
    assert trim.backup is not None
    assert open_recording(trim.backup).length == 600
    assert [piece.path.name for piece in trim.pieces if piece.path] == ["2026-11-21-1-1", "2026-11-21-1-2"]
    for piece, padding in zip(trim.pieces, (30, 0), strict=True):
        assert piece.path is not None
        made = open_recording(piece.path)
        assert not check_recording(piece.path, every_frame=True)
        first = round(piece.begin_s * RATE_HZ)
        assert made.is_complete
        assert made.header.padding_frames == padding
        assert not made.header.measures
        assert made.header.notes.startswith("A try. Trimmed: frames ")
        assert (np.diff(made.frame_time_ns) == STEP_NS).all(), "no sequence jumps"
        assert [made.read_encoded(n) for n in range(made.length)] == pictures[first : first + made.length]
        assert made.columns["label"].tolist() == [f"n{first + n}" for n in range(made.length)]
        assert made.telemetry["speed"].tolist() == [first + n for n in range(made.length)]
        again = derive_labels(events_of(made), made.frame_time_ns, SCHEMA, CONTROLS)
        for name in SCHEMA:
            assert np.array_equal(made.labels[name], before[name][first : first + made.length])
            assert np.allclose(again[name], made.labels[name]), "its own events give its labels"
    assert open_recording(folder.with_name("2026-11-21-1-1")).dropped == 1


def test_what_is_left_keeps_its_layers(tmp_path: Path) -> None:
    recording = write(tmp_path / "2026-11-21-1", 60, [*held(2, 5), *held(50, 52)])
    number = np.arange(recording.length)[:, None] % 2
    rows = LayerRows(
        labels={"side": number}, origins={"side": Origin.MODEL}, probabilities={"side": np.add(number, [[0, 0.5]])}
    )
    write_layer(recording, "again", {"side": Choice("l", "r")}, [rows], precision="float32", run="pong/a/1")
    trim = trim_recording(recording.path, Idle(by="keys", at_least_s=10, keep_s=1))
    assert len(trim.pieces) == 2
    for piece in trim.pieces:
        assert piece.path is not None
        layer = open_recording(piece.path).layers["again"]
        begin = round(piece.begin_s * RATE_HZ)
        assert layer.labels["side"].tolist() == number[begin : begin + piece.frames].tolist()
        assert layer.probabilities["side"][0].tolist() == [begin % 2, begin % 2 + 0.5]
        assert layer.header.run == "pong/a/1"
        assert check_recording(piece.path) == []


def events_of(recording: Recording) -> list[Event]:
    return [
        Event(time_ns=int(row["time_ns"]), code=str(row["code"]), value=float(row["value"]),
              origin=Origin(int(row["origin"])), device=str(row["device"]))
        for row in recording.events
    ]  # fmt: skip


def test_a_dry_run_and_nothing_to_cut_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    write(folder, 30, held(2, 3))
    trim = trim_recording(folder, Idle(by="keys"), dry_run=True)
    assert (trim.is_trimmed, trim.backup) == (True, None)
    again = trim_recording(folder, Idle(by="keys", at_least_s=100))
    assert (again.is_trimmed, again.frames_after) == (False, 300)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_recording_in_which_nothing_happens_leaves_none(tmp_path: Path) -> None:
    write(tmp_path / "one", 20)
    trim = trim_recording(tmp_path / "one", Idle())
    assert trim.pieces == []
    assert [path.name for path in tmp_path.iterdir()] == [".replaced"]


def test_an_empty_recording_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "one", 0, [event(1, "key a", 1.0)])
    assert not trim_recording(tmp_path / "one", Idle()).is_trimmed


def test_a_recording_that_is_being_made_is_refused(tmp_path: Path) -> None:
    header = RecordingHeader(
        game={"name": "pong"}, schema=SCHEMA, frame=FRAME, rate_hz=RATE_HZ, device="screen", driver="human"
    )
    with RecordingWriter(tmp_path / "one", header), pytest.raises(BadValue, match="right now"):
        trim_recording(tmp_path / "one", Idle())


def test_a_failure_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "one", 60, [*held(5, 8), *held(40, 42)])

    def fail(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RecordingWriter, "append_encoded", fail)
    with pytest.raises(KeyboardInterrupt):
        trim_recording(tmp_path / "one", Idle(by="keys"))
    assert open_recording(tmp_path / "one").length == 600
    assert not list((tmp_path / ".replaced").iterdir())


@pytest.mark.parametrize(("at_least_s", "keep_s"), [(2, 1), (1, 0.5), (0, 0), (5, -1)])
def test_what_would_cut_nothing_is_said(at_least_s: float, keep_s: float) -> None:
    with pytest.raises(BadValue, match="--idle"):
        Idle(at_least_s=at_least_s, keep_s=keep_s)


@settings(deadline=None, max_examples=40)  # each writes a recording of 550 frames
@given(
    presses=st.lists(st.tuples(st.floats(0, 50), st.floats(0.01, 6)), max_size=6),
    at_least_s=st.floats(1, 20),
    keep_share=st.floats(0, 0.49),
)
def test_whatever_is_pressed_stays_and_every_cut_is_idle(
    tmp_path_factory: pytest.TempPathFactory, presses: list[tuple[float, float]], at_least_s: float,
    keep_share: float,
) -> None:  # fmt: skip
    events = sorted(
        (one for at_s, for_s in presses for one in held(at_s, at_s + for_s)), key=lambda one: one.time_ns
    )
    recording = write(tmp_path_factory.mktemp("trim") / "one", 55, events)
    spans = kept_spans(recording, Idle(by="keys", at_least_s=at_least_s, keep_s=keep_share * at_least_s))
    is_kept_T = np.zeros(recording.length, bool)
    for first, behind in spans:
        assert not is_kept_T[first:behind].any()
        is_kept_T[first:behind] = True
    assert is_kept_T[recording.labels["keys"].any(1)].all()
    for one in events:
        assert is_kept_T[min(recording.length - 1, np.searchsorted(recording.frame_time_ns, one.time_ns))]


def test_trimmed_recordings_are_listed_like_any(tmp_path: Path) -> None:
    from playhead.home import Home

    home = Home(path=tmp_path, why="test")
    write(home.recordings("pong") / "2026-11-21-1", 60, [*held(5, 8), *held(40, 42)])
    trim_recording(home.recordings("pong") / "2026-11-21-1", Idle(by="keys"))
    listed = Catalogue(home).recordings("pong")
    assert [info.name for info in listed] == ["2026-11-21-1-1", "2026-11-21-1-2"]
    assert not any(info.problems for info in listed)
