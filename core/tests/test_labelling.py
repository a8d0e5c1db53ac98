"""Label rows are the state after every event up to the frame; however they come, the rows are the same."""

from __future__ import annotations

import numpy as np
from derived import derive_labels
from hypothesis import given
from hypothesis import strategies as st

from playhead.events import PLAYED, TEACHER, Event, Origin
from playhead.labelling import HeldLabels
from playhead.labels import Axes, Choice, Keys, LabelSchema

SCHEMA = LabelSchema.of({"keys": Keys("w", "a"), "gear": Choice("low", "high", "none"), "wheel": Axes("x")})
CONTROLS = {"w": "W", "a": "A", "low": "1", "high": "2", "x": "X"}


def event(time_ns: int, code: str, value: float, device: str = PLAYED) -> Event:
    return Event(time_ns=time_ns, code=code, value=value, origin=Origin.SCRIPT, device=device)


def test_a_press_at_the_frame_is_the_answer_to_the_frame() -> None:
    rows = derive_labels([event(10, "W", 1), event(20, "W", 0)], [9, 10, 19, 20], SCHEMA, CONTROLS)
    assert rows["keys"].tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]


def test_other_devices_and_codes_do_not_count() -> None:
    events = [event(1, "W", 1, TEACHER), event(1, "F9", 1), event(2, "A", 1)]
    assert derive_labels(events, [5], SCHEMA, CONTROLS)["keys"].tolist() == [[0, 1]]
    assert derive_labels(events, [5], SCHEMA, CONTROLS, device=TEACHER)["keys"].tolist() == [[1, 0]]


def test_a_choice_is_what_was_pressed_last_and_is_held() -> None:
    events = [event(1, "1", 1), event(3, "2", 1), event(5, "2", 0), event(7, "1", 0)]
    rows = derive_labels(events, [0, 1, 3, 5, 7], SCHEMA, CONTROLS)
    assert rows["gear"][:, 0].tolist() == [2, 0, 1, 0, 2]


def test_a_choice_whose_classes_all_have_controls_stays() -> None:
    schema = LabelSchema.of({"push": Choice("left", "right")})
    rows = derive_labels([event(2, "r", 1), event(4, "r", 0)], [1, 3, 5], schema, {"left": "l", "right": "r"})
    assert rows["push"][:, 0].tolist() == [0, 1, 1]


def test_axes_keep_their_value_and_stay_in_range() -> None:
    rows = derive_labels([event(1, "X", -0.5), event(2, "X", 3.0)], [1, 2], SCHEMA, CONTROLS)
    assert rows["wheel"].tolist() == [[-0.5], [1.0]]
    assert rows["wheel"].dtype == np.float32


moments = st.integers(0, 50)
events_lists = st.lists(
    st.builds(event, moments, st.sampled_from(["W", "A", "1", "2", "X"]), st.sampled_from([0.0, 1.0])), max_size=30
)


@given(events_lists, st.lists(moments, max_size=20).map(sorted))
def test_row_by_row_is_the_same_as_all_at_once(events: list[Event], times: list[int]) -> None:
    rows = derive_labels(events, times, SCHEMA, CONTROLS)
    waiting = sorted(events, key=lambda event: event.time_ns)
    held = HeldLabels(SCHEMA, CONTROLS)
    for number, time_ns in enumerate(times):
        while waiting and waiting[0].time_ns <= time_ns:
            held.advance(waiting.pop(0))
        for name, row in held.rows().items():
            assert rows[name][number].tolist() == row.tolist()
