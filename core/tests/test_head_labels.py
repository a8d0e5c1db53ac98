"""What training takes from events is what recording wrote, at every frame, also where two hands hold one key."""

from __future__ import annotations

import numpy as np
from derived import derive_labels
from doubles import EVENTS, MemoryRecording, recording, small_game
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playhead.events import PLAYED, TEACHER, Event, Origin
from playhead.game import Game
from playhead.labelling import HeldLabels, head_labels
from playhead.labels import Axes, Choice, Keys

HEADS = {
    "drive": Keys("w", "a"),
    "wheel": Axes("steer"),
    "gear": Choice("low", "high", "none"),
    "side": Choice("left", "right", "middle"),  # every class has a control: the class chosen last stays
}
CODES = ["w", "a", "steer", "low", "high", "left", "right", "middle"]
GAME = small_game(HEADS)
GAME = Game(**{**{name: getattr(GAME, name) for name in ("name", "title", "devices", "frame", "regions")},
               "labels": HEADS, "controls": {code: code for code in CODES}})  # fmt: skip
STEP_NS = 100_000_000
TIMES_NS = np.arange(20) * STEP_NS

moments = st.integers(-5, 40).map(lambda half: half * STEP_NS // 2)
hands = st.sampled_from([Origin.HUMAN, Origin.MODEL])
values = st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.25, -2.0])
presses = st.tuples(moments, st.sampled_from(CODES), values, hands, st.sampled_from([PLAYED, PLAYED, TEACHER]))
Press = tuple[int, str, float, Origin, str]


def events_of(rows: list[Press]) -> list[Event]:
    made = [Event(time_ns=ns, code=code, value=v, origin=o, device=device) for ns, code, v, o, device in rows]
    return sorted(made, key=lambda event: event.time_ns)


def recorded(rows: list[Press], listened_from_ns: int = -(10**12)) -> MemoryRecording:
    """Label every frame as a recorder does; keep the events from a moment on."""
    waiting, held = events_of(rows), HeldLabels(GAME.schema, GAME.controls)
    kept = [event for event in waiting if event.time_ns >= listened_from_ns]
    labels = {name: np.zeros((len(TIMES_NS), head.columns), head.dtype) for name, head in HEADS.items()}
    for frame, time_ns in enumerate(TIMES_NS):
        while waiting and waiting[0].time_ns <= time_ns:
            held.advance(waiting.pop(0))
        for name, row in held.rows().items():
            labels[name][frame] = row
    table = np.array([(e.time_ns, e.device, e.code, e.value, int(e.origin)) for e in kept], EVENTS)
    return recording(GAME, labels, times_ns=TIMES_NS, events=table)


@given(st.lists(presses, max_size=40))
@settings(deadline=None)
@example([(0, "w", 1.0, Origin.MODEL, PLAYED), (1, "w", 0.0, Origin.HUMAN, PLAYED)])
@example(
    [
        (-2, "w", 1.0, Origin.MODEL, PLAYED),
        (-1, "w", 1.0, Origin.HUMAN, PLAYED),
        (9, "w", 0.0, Origin.HUMAN, PLAYED),
    ]
)
@example([(1, "right", 1.0, Origin.HUMAN, PLAYED), (2, "right", 0.0, Origin.HUMAN, PLAYED)])
def test_labels_from_events_are_those_that_were_recorded(rows: list[Press]) -> None:
    made = recorded(rows)
    for name, head in HEADS.items():
        told = head_labels(made, name, head).at(TIMES_NS)
        assert np.array_equal(told, made.labels[name]), name
    derived = derive_labels(events_of(rows), TIMES_NS, GAME.schema, GAME.controls)
    assert all(np.array_equal(derived[name], made.labels[name]) for name in HEADS)


@given(st.sampled_from(CODES[:7]), st.integers(1, 38))
@settings(deadline=None)
def test_what_was_pressed_before_anybody_listened_is_held_until_it_is_let_go(code: str, half: int) -> None:
    until_ns = half * STEP_NS // 2
    rows = [(-STEP_NS, code, 1.0, Origin.MODEL, PLAYED), (until_ns, code, 0.0, Origin.MODEL, PLAYED)]
    made = recorded([*rows, (10**12, code, 1.0, Origin.HUMAN, PLAYED)], listened_from_ns=0)
    for name, head in HEADS.items():
        assert np.array_equal(head_labels(made, name, head).at(TIMES_NS), made.labels[name]), name


def test_a_class_is_known_between_frames() -> None:
    made = recorded(
        [(STEP_NS + 10, "high", 1.0, Origin.HUMAN, PLAYED), (STEP_NS + 30, "high", 0.0, Origin.HUMAN, PLAYED)]
    )
    gear = head_labels(made, "gear", HEADS["gear"])
    assert gear.at(STEP_NS + np.array([0, 10, 29, 30])).ravel().tolist() == [2, 1, 1, 2]


def test_the_mean_of_a_key_is_the_share_of_the_time_it_was_down_not_how_far() -> None:
    made = recorded([(0, "w", 0.75, Origin.HUMAN, PLAYED), (STEP_NS // 4, "w", 0.0, Origin.HUMAN, PLAYED)])
    mean = head_labels(made, "drive", HEADS["drive"]).mean(np.array([0]), np.array([STEP_NS]))
    assert mean.tolist() == [[0.25, 0.0]]


def test_a_player_that_lets_go_does_not_let_go_for_the_person() -> None:
    rows = [(0, PLAYED, "w", 1.0, 2), (150, PLAYED, "w", 1.0, 1), (160, PLAYED, "w", 0.0, 2)]
    table = np.array([(ms * 1_000_000, *rest) for ms, *rest in rows], EVENTS)
    made = recorded([])
    labels = {**made.labels, "drive": np.array([[1, 0]] * 20)}
    made = recording(GAME, labels, times_ns=TIMES_NS, events=table)
    assert head_labels(made, "drive", HEADS["drive"]).at(TIMES_NS).tolist() == [[1, 0]] * 20


def test_of_a_stretch_of_time_the_class_is_told_that_was_chosen_longest() -> None:
    rows = [(STEP_NS + 10, "high", 1.0, Origin.HUMAN, PLAYED), (STEP_NS + 30, "high", 0.0, Origin.HUMAN, PLAYED)]
    gear = head_labels(recorded(rows), "gear", HEADS["gear"])
    starts = STEP_NS + np.array([0, 0, 5, 20, 20])
    ends = STEP_NS + np.array([25, 15, 30, 40, 45])
    assert gear.mean(starts, ends).ravel().tolist() == [1, 2, 1, 1, 2], "of two as long the first"
    assert gear.mean(starts, starts).ravel().tolist() == gear.at(starts).ravel().tolist()
    assert gear.mean(starts[:0], ends[:0]).shape == (0, 1)


@given(st.lists(presses, max_size=40), st.integers(1, 8))
@settings(deadline=None, max_examples=50)
def test_the_class_chosen_longest_is_the_one_met_most_often_at_many_moments(rows: list[Press], half: int) -> None:
    made, ends_ns = recorded(rows), TIMES_NS + half * STEP_NS // 2
    for name in ("gear", "side"):
        labels = head_labels(made, name, HEADS[name])
        said = labels.mean(TIMES_NS, ends_ns).ravel()
        for start_ns, end_ns, one in zip(TIMES_NS, ends_ns, said, strict=True):
            moments_ns = np.arange(start_ns + STEP_NS // 20, end_ns, STEP_NS // 10)  # events are at half steps
            met = np.bincount(labels.at(moments_ns).ravel(), minlength=3)
            assert met[one] == met.max()
