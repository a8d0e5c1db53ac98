"""The window of playing is the window of training, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.capture import CapturedFrame
from playhead.errors import Mismatch
from playhead.inputs import named_inputs
from playhead.playing.history import History
from playhead.windows import PAUSE_INTERVALS, nearest

MS = 1_000_000


def captured(number: int, time_ns: int) -> CapturedFrame:
    frame_HWC = np.full((2, 3, 3), number % 256, dtype=np.uint8)
    return CapturedFrame(frame_HWC=frame_HWC, time_ns=time_ns, number=number, telemetry={"speed": number / 2})


def history(length: int = 3, stride_s: float = 0.25, pause_s: float = 1e6, **changes: tuple[str, ...]) -> History:
    inputs = named_inputs(changes.get("inputs", ("frames",)), length, stride_s)
    return History(inputs, rate_hz=PAUSE_INTERVALS / pause_s)


def picked(kept: History) -> list[int]:
    return [int(frame_HWC[0, 0, 0]) for frame_HWC in kept.window()["frames"]]


@given(
    st.lists(st.integers(1, 120), min_size=1, max_size=60),
    st.integers(1, 5),
    st.integers(1, 300),
)
def test_it_picks_what_training_picks(gaps_ms: list[int], length: int, stride_ms: int) -> None:
    times = np.cumsum(gaps_ms).astype(np.int64) * MS
    trained = nearest(times, times[:, None] - stride_ms * MS * np.arange(length - 1, -1, -1))
    kept = history(length=length, stride_s=stride_ms / 1000)
    for number, time_ns in enumerate(times.tolist()):
        kept.add(captured(number, time_ns))
        assert picked(kept) == trained[number].tolist()


def test_the_oldest_frame_stands_in_for_what_is_not_there_yet() -> None:
    kept = history()
    kept.add(captured(0, 0))
    assert picked(kept) == [0, 0, 0]
    kept.add(captured(1, 250 * MS))
    assert picked(kept) == [0, 0, 1]


def test_only_as_many_frames_are_kept_as_a_window_needs() -> None:
    kept = history()
    for number in range(10_000):
        kept.add(captured(number, number * 12 * MS))
    assert len(kept._frames) < 45


def test_after_a_pause_all_begins_anew() -> None:
    kept = history(pause_s=0.4)
    kept.add(captured(1, 0))
    kept.add(captured(2, 300 * MS))
    kept.add(captured(3, 1000 * MS))
    assert picked(kept) == [3, 3, 3]


def test_telemetry_is_an_input_like_frames() -> None:
    kept = history(inputs=("frames", "speed"))
    for number in range(6):
        kept.add(captured(number, number * 125 * MS))
    assert kept.window()["speed"].tolist() == [0.5, 1.5, 2.5]
    assert kept.window()["speed"].dtype == np.float32


def test_a_column_that_the_device_does_not_tell_is_said() -> None:
    kept = history(inputs=("altitude",))
    kept.add(captured(0, 0))
    with pytest.raises(Mismatch, match=r'telemetry "altitude".*speed'):
        kept.window()
