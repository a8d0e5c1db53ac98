from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest
from doubles import DRIVE, MemoryRecording, events_of, mixed_heads, recording, small_game
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import NotFound
from playhead.events import PLAYED, TEACHER, Origin
from playhead.inputs import Input
from playhead.labels import Axes, Choice, LabelSchema
from playhead.playing.history import History
from playhead.tracks import Track
from playhead.windows import PAUSE_INTERVALS, TOLERANCE_INTERVALS

MS = NS_PER_S // 1000
GAME = small_game()


def numbered(count: int, **more: Any) -> MemoryRecording:
    """A recording whose label at frame i is i in binary."""
    labels = (np.arange(count)[:, None] >> np.arange(4)) & 1
    return recording(GAME, {"drive": labels.astype(np.uint8)}, **more)


def index_of(*recordings: MemoryRecording, **spec: Any) -> WindowIndex:
    return WindowIndex.of(recordings, recordings[0].header.schema, WindowSpec(**spec))


def numbers(labels_NA: np.ndarray[Any, Any]) -> list[int]:
    return (labels_NA @ (1 << np.arange(4))).astype(int).tolist()


def test_windows_are_strided_by_time_with_the_newest_frame_last() -> None:
    index = index_of(numbered(8), length=3, stride_s=0.2)
    assert index.frames_NT[4:].tolist() == [[0, 2, 4], [1, 3, 5], [2, 4, 6], [3, 5, 7]]
    assert numbers(index.labels["drive"]) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert numbers(index.previous["drive"]) == [0, 0, 1, 2, 3, 4, 5, 6]


def test_before_a_beginning_its_first_frame_stands_in_as_in_play() -> None:
    times = np.concatenate([np.arange(6), np.arange(5) + 12, [25]]) * 100 * MS
    inputs = {"frames": Input("frames", (-0.4, -0.2, 0.0)), "speed": Input("speed", (-0.1, 0.0))}
    made = numbered(12, times_ns=times, telemetry={"speed": np.arange(12, dtype=np.float32)})
    index = index_of(made, inputs=inputs)
    assert len(index) == 11, "one frame alone is shorter than a window"
    assert index.frames_NT[:6].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 3], [0, 2, 4], [1, 3, 5]]
    assert index.frames_NT[6:].tolist() == [[6, 6, 6], [6, 6, 7], [6, 6, 8], [6, 7, 9], [6, 8, 10]]
    history = History(inputs, rate_hz=10)
    for number, time_ns in enumerate(times.tolist()):
        frame = np.full((1, 1, 1), number, np.uint8)
        history.add(
            CapturedFrame(frame_HWC=frame, time_ns=time_ns, number=number, telemetry={"speed": float(number)})
        )
        looked_at = history.window()
        if number == len(index):
            break
        assert looked_at["frames"].ravel().tolist() == index.frames_NT[number].tolist()
        assert looked_at["speed"].tolist() == index.numbers("speed", np.array([number]))[0].tolist()


@pytest.mark.parametrize(
    "more",
    [
        {"positions_s": (-0.2, 0.0)},
        {"inputs": {"frames": Input("frames", (-0.2, 0.0, 0.2))}},
        {"inputs": {"frames": Input("frames", (-0.2, 0.0)), "held": Input("actions", (-0.2,))}},
    ],
)
def test_no_window_begins_before_the_first_frame_where_play_does_not(more: dict[str, Any]) -> None:
    assert index_of(numbered(8), **{"length": 2, "stride_s": 0.2, **more}).frames_NT[:, 0].min() == 0
    assert len(index_of(numbered(8), **{"length": 2, "stride_s": 0.2, **more})) <= 6


def test_of_two_equally_near_frames_the_newer_is_taken() -> None:
    assert index_of(numbered(6), length=2, stride_s=0.25).frames_NT[3].tolist() == [1, 3]


def drives_at(*rates_hz: float) -> list[MemoryRecording]:
    """The same ten seconds of a person at a keyboard, filmed at several rates."""
    events = events_of(
        [(round(s * NS_PER_S), "wasd"[n % 4], n // 4 % 2) for n, s in enumerate(np.arange(1, 9, 0.07))]
    )
    return [
        recording(
            GAME, {"drive": np.zeros((round(10 * rate_hz), 4), np.uint8)}, rate_hz=rate_hz, name=f"at {rate_hz:g}",
            events=events, origin=Origin.HUMAN,
        )
        for rate_hz in rates_hz
    ]  # fmt: skip


@pytest.mark.parametrize("rates_hz", [(10, 80), (30, 20), (80, 10, 17.5)])
def test_recordings_of_several_rates_are_taken_by_time(rates_hz: tuple[float, ...]) -> None:
    spec = {"length": 3, "stride_s": 0.2, "latency_s": 0.06, "label_over_s": 0.15, "inputs": ("frames", "actions")}
    drives = drives_at(*rates_hz)
    together, alone = index_of(*drives, **spec), [index_of(drive, **spec) for drive in drives]
    for number, one in enumerate(alone):
        mine = together.take(together.recording_N == number)
        assert len(one) > 0.9 * drives[number].length
        assert np.array_equal(mine.frames_NT, one.frames_NT)
        assert np.array_equal(mine.labels["drive"], one.labels["drive"])
        assert np.array_equal(
            mine.numbers("actions", np.arange(len(mine))), one.numbers("actions", np.arange(len(one)))
        )
        assert mine.time_N.sum() == pytest.approx(10 * min(rates_hz), rel=0.1)
        evenly = mine.by_time()
        assert len(evenly) == pytest.approx(mine.time_N.sum(), abs=1)
        # A change is a change of the same time, so each lasts as long: as many windows, evenly taken.
        assert evenly.changes().mean() == pytest.approx(
            alone[rates_hz.index(min(rates_hz))].changes().mean(), abs=0.1
        )
        assert one.by_time() is one
        assert (one.time_N == 1).all()


def test_latency_moves_the_label_and_drops_windows_without_one() -> None:
    index = index_of(numbered(8), length=1, latency_s=0.2)
    assert index.frames_NT[:, 0].tolist() == list(range(7))
    assert numbers(index.labels["drive"]) == [2, 3, 4, 5, 6, 7, 7]  # the last state is known for one more interval


def test_a_dropped_frame_is_not_replaced_by_a_neighbour() -> None:
    times = np.delete(np.arange(8) * 100 * MS, 3)
    index = index_of(numbered(7, times_ns=times), length=2, stride_s=0.1)
    assert index.frames_NT.tolist() == [[0, 0], [0, 1], [1, 2], [3, 4], [4, 5], [5, 6]]


def test_where_the_rate_was_not_reached_the_usual_interval_counts() -> None:
    """28 frames a second of 80 asked: every moment has its frame all the same, and no two are a pause apart."""
    jitter_ns = np.random.default_rng(3).integers(-4 * MS, 4 * MS, 60)
    times = np.arange(60) * NS_PER_S // 28 + jitter_ns
    index = index_of(numbered(60, times_ns=np.sort(times), rate_hz=80.0), length=3, stride_s=0.1)
    assert len(index) > 50
    whole = index.take(np.sort(times)[index.frame_N] > 240 * MS)
    apart_NT = np.diff(np.sort(times)[whole.frames_NT], axis=1)
    assert np.abs(apart_NT - 100 * MS).max() < 40 * MS


def test_no_window_and_no_label_crosses_a_pause() -> None:
    times = np.concatenate([np.arange(5), np.arange(5) + 10]) * 100 * MS
    index = index_of(numbered(10, times_ns=times), length=2, stride_s=1.0, latency_s=0.0)
    assert len(index) == 0
    late = index_of(numbered(10, times_ns=times), length=1, latency_s=0.3)
    assert late.frames_NT[:, 0].tolist() == [0, 1, 2, 5, 6, 7]


def test_padding_may_be_seen_and_is_never_a_label() -> None:
    index = index_of(numbered(10, padding_frames=6), length=3, stride_s=0.2, latency_s=0.1)
    assert index.frames_NT[0].tolist() == [1, 3, 5]
    assert numbers(index.labels["drive"])[0] == 6


def test_only_trusted_origins_are_labels() -> None:
    origin = np.array([Origin.HUMAN, Origin.MODEL, Origin.SCRIPT, Origin.NONE, Origin.HUMAN], np.uint8)
    made = numbered(5, origin=origin)
    assert index_of(made).frames_NT[:, 0].tolist() == [0, 2, 4]
    assert index_of(made, origins=("human",)).frames_NT[:, 0].tolist() == [0, 4]
    assert index_of(made, origins=("model",)).frames_NT[:, 0].tolist() == [1]
    with pytest.raises(NotFound, match='Did you mean "human"'):
        index_of(made, origins=("humen",))


def test_events_give_the_exact_state_between_frames() -> None:
    events = events_of([(130 * MS, "a", 1), (160 * MS, "a", 0), (250 * MS, "d", 1)])
    made = recording(GAME, {"drive": np.zeros((5, 4), np.uint8)}, events=events)
    held = index_of(made, latency_s=0.05).labels["drive"]
    assert held[:3].tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    shares = index_of(made, label_over_s=0.1).labels["drive"]
    np.testing.assert_allclose(shares[:4], [[0, 0, 0, 0], [0, 0.3, 0, 0], [0, 0, 0, 0.5], [0, 0, 0, 1]], atol=1e-6)


def test_the_events_of_the_label_device_count_and_no_others() -> None:
    events = np.concatenate([events_of([(50 * MS, "w", 1)], PLAYED), events_of([(50 * MS, "s", 1)], TEACHER)])
    labels = {"drive": np.zeros((4, 4), np.uint8)}
    played = index_of(recording(GAME, labels, events=events), latency_s=0.1)
    taught = index_of(recording(GAME, labels, events=events, label_device=TEACHER), latency_s=0.1)
    assert played.labels["drive"][0].tolist() == [1, 0, 0, 0]
    assert taught.labels["drive"][0].tolist() == [0, 0, 1, 0]


def test_every_kind_of_head_has_its_labels() -> None:
    game = small_game(mixed_heads())
    labels = {
        "drive": np.eye(4, dtype=np.uint8),
        "gear": np.array([[0], [0], [2], [1]], np.uint16),
        "wheel": np.array([[0, 0], [0.5, -1], [1, 1], [0, 0]], np.float32),
        "nudge": np.array([[0.0], [0.1], [0.3], [0.2]], np.float32),
    }
    index = index_of(recording(game, labels), latency_s=0.1)
    assert index.labels["gear"][:, 0].tolist() == [0, 2, 1, 1]
    assert index.previous["gear"][:, 0].tolist() == [0, 0, 0, 2]
    np.testing.assert_allclose(index.labels["wheel"], labels["wheel"][[1, 2, 3, 3]])
    np.testing.assert_allclose(index.labels["nudge"][:, 0], [0.1, 0.2, -0.1, 0.0], atol=1e-6)
    assert index.changes().tolist() == [True, True, True, True]


def test_single_pictures_are_windows_of_one_frame_without_events() -> None:
    game = small_game({"car": Choice("octane", "werewolf")})
    made = recording(game, {"car": np.array([[1], [0], [1]], np.uint16)}, times_ns=np.array([0, 5, 9]) * NS_PER_S)
    index = index_of(made)
    assert index.labels["car"][:, 0].tolist() == [1, 0, 1]
    assert index.frames_NT.tolist() == [[0], [1], [2]]


def test_stills_stand_alone_whatever_a_window_looks_at() -> None:
    """No picture, label or state of another is theirs; beside drives each is as a beginning is."""
    stills = numbered(6, are_stills=True)
    index = index_of(stills, length=3, stride_s=0.2, latency_s=0.2, label_over_s=0.3)
    assert index.frames_NT.tolist() == [[n, n, n] for n in range(6)]
    assert numbers(index.labels["drive"]) == numbers(index.previous["drive"]) == list(range(6))
    assert not index.changes().any()
    both = index_of(stills, numbered(8, name="r2"), length=3, stride_s=0.2)
    assert both.frames_NT[both.recording_N == 0].tolist() == [[n, n, n] for n in range(6)]
    assert both.time_N.tolist() == [1.0] * len(both)
    looks_ahead = {"frames": Input("frames", (0.0, 0.1))}
    remembers = {"frames": Input("frames", (0.0,)), "actions": Input("actions", (-0.1,))}
    assert len(index_of(stills, inputs=looks_ahead)) == len(index_of(stills, inputs=remembers)) == 0
    game = small_game({"nudge": Axes("x", deltas=(-0.1, 0.1))})
    turned = recording(game, {"nudge": np.zeros((4, 1), np.float32)}, are_stills=True)
    assert len(index_of(turned)) == 0, "nobody knows by how much an axis changed"


def test_several_recordings_keep_apart() -> None:
    empty = recording(GAME, {"drive": np.zeros((0, 4), np.uint8)})
    index = index_of(numbered(4), empty, numbered(3), length=2, stride_s=0.1)
    assert index.recording_N.tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert index.frames_NT.tolist() == [[0, 0], [0, 1], [1, 2], [2, 3], [0, 0], [0, 1], [1, 2]]
    assert len(index.take(np.array([1, 4]))) == 2


TIMES = st.lists(st.integers(20, 700), min_size=1, max_size=25).map(lambda gaps: np.cumsum(gaps) * MS)
EVENTS = st.lists(st.tuples(st.integers(0, 8000), st.sampled_from("wasd"), st.integers(0, 1)), max_size=30)


@settings(deadline=None, max_examples=150)
@given(
    times=TIMES, rows=EVENTS, length=st.integers(1, 3), stride_ms=st.integers(50, 400),
    latency_ms=st.integers(0, 300), over_ms=st.sampled_from([0, 100]), padding=st.integers(0, 5),
)  # fmt: skip
def test_the_index_is_what_the_definition_says(
    times: Any, rows: Any, length: int, stride_ms: int, latency_ms: int, over_ms: int, padding: int
) -> None:
    rows = sorted((t * MS, code, float(value)) for t, code, value in rows)
    made = recording(
        GAME, {"drive": np.zeros((len(times), 4), np.uint8)}, times_ns=times, events=events_of(rows),
        padding_frames=padding,
    )  # fmt: skip
    index = index_of(
        made, length=length, stride_s=stride_ms / 1000, latency_s=latency_ms / 1000, label_over_s=over_ms / 1000
    )
    expected = by_definition(times, rows, length, stride_ms * MS, latency_ms * MS, over_ms * MS, padding)
    assert index.frames_NT.tolist() == [frames for frames, _ in expected]
    np.testing.assert_allclose(
        index.labels["drive"], np.array([label for _, label in expected]).reshape(-1, 4), atol=1e-5
    )


def by_definition(
    times: Any, rows: Any, length: int, stride: int, latency: int, over: int, padding: int
) -> list[tuple[list[int], list[float]]]:
    """The same in plain words, one window after another."""
    times = [int(time) for time in times]
    usual = round(median(b - a for a, b in pairwise(times))) if len(times) > 1 else 0
    interval = usual if usual > 125 * MS else 100 * MS
    rows = [row for row in rows if row[0] > times[0]]
    found, whole = [], set[int]()
    for last, now in enumerate(times):
        pauses = [i for i in range(1, len(times)) if times[i] - times[i - 1] > PAUSE_INTERVALS * interval]
        begin = max([pause for pause in pauses if pause <= last] or [0])
        frames, is_complete, is_whole = [], True, True
        for back in range(length - 1, 0, -1):
            wanted = now - back * stride
            nearest = min(range(len(times)), key=lambda i: (abs(times[i] - wanted), -i))
            is_near = abs(times[nearest] - wanted) <= (0.5 + TOLERANCE_INTERVALS) * interval and nearest >= begin
            is_whole &= is_near
            is_complete &= is_near or wanted < times[begin]
            frames.append(begin if wanted < times[begin] else nearest)
        frames.append(last)
        start, end = now + latency, now + latency + over
        at_label = max(i for i in range(len(times)) if times[i] <= start)
        segment_end = min([times[pause - 1] for pause in pauses if pause > last] or [times[-1]])
        is_known = end <= segment_end + round((1 + TOLERANCE_INTERVALS) * interval)
        whole |= {begin} if is_whole else set()
        if is_complete and is_known and at_label >= padding:
            found.append((begin, frames, [state(rows, key, start, end) for key in DRIVE.names]))
    return [(frames, label) for begin, frames, label in found if begin in whole]


def state(rows: Any, key: str, start: int, end: int) -> float:
    mine = [(time, value) for time, code, value in rows if code == key]

    def at(moment: float) -> float:
        return next((value for time, value in reversed(mine) if time <= moment), 0.0)

    if start == end:
        return at(start)
    cuts = [start, *sorted(time for time, _ in mine if start < time < end), end]
    return sum(at(a) * (b - a) for a, b in pairwise(cuts)) / (end - start)


def test_a_track_is_its_first_value_before_its_first_step() -> None:
    track = Track(np.array([10, 20]), np.array([1.0, 0.0]))
    assert track.at(np.array([0, 10, 19, 20])).tolist() == [1, 1, 1, 0]


def test_a_hundred_thousand_frames_take_a_moment() -> None:
    index = index_of(numbered(100_000), length=3, stride_s=0.25, latency_s=0.125)
    assert len(index) > 99_000


def test_an_axis_that_hardly_moves_is_no_change() -> None:
    game = small_game({"wheel": Axes("steer")})
    made = recording(game, {"wheel": np.array([[0.0], [0.05], [0.5]], np.float32)})
    assert index_of(made).changes().tolist() == [False, False, True]
    assert LabelSchema.of({"wheel": Axes("steer")}) == made.header.schema
