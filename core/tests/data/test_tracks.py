"""What training takes from events is what recording wrote: also when a person and a player hold one key."""

from __future__ import annotations

import numpy as np
from doubles import EVENTS, recording, small_game
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playhead.data.tracks import head_tracks
from playhead.events import PLAYED, Event, Origin
from playhead.held import derive_labels
from playhead.labels import Axes, Keys

GAME = small_game({"drive": Keys("w", "a"), "wheel": Axes("steer")})
STEP_NS = 100_000_000
TIMES_NS = np.arange(20) * STEP_NS

moments = st.integers(-5 * STEP_NS, 20 * STEP_NS)
hands = st.sampled_from([Origin.HUMAN, Origin.MODEL])
keys = st.tuples(moments, st.sampled_from(["w", "a"]), st.sampled_from([0.0, 1.0]), hands)
axes = st.tuples(moments, st.just("steer"), st.sampled_from([0.0, 0.5, -1.0]), hands)


@given(st.lists(st.one_of(keys, axes), max_size=30))
@settings(deadline=None)
@example([(0, "w", 1.0, Origin.MODEL), (1, "w", 0.0, Origin.HUMAN)])
@example([(-2, "w", 1.0, Origin.MODEL), (-1, "w", 1.0, Origin.HUMAN), (9, "w", 0.0, Origin.HUMAN)])
def test_tracks_are_the_labels_at_every_frame(rows: list[tuple[int, str, float, Origin]]) -> None:
    events = sorted(
        (Event(time_ns=ns, code=code, value=value, origin=origin) for ns, code, value, origin in rows),
        key=lambda event: event.time_ns,
    )
    labels = derive_labels(events, TIMES_NS, GAME.schema, GAME.controls)
    table = np.array([(e.time_ns, e.device, e.code, e.value, int(e.origin)) for e in events], EVENTS)
    made = recording(GAME, labels, times_ns=TIMES_NS, events=table)
    for name, head in GAME.schema.items():
        tracks = head_tracks(made, name, head)
        held_TA = np.stack([track.at(TIMES_NS) for track in tracks], 1)
        assert np.array_equal(held_TA, labels[name]), name


def test_a_player_that_lets_go_does_not_let_go_for_the_person() -> None:
    rows = [(0, PLAYED, "w", 1.0, 2), (150, PLAYED, "w", 1.0, 1), (160, PLAYED, "w", 0.0, 2)]
    table = np.array([(ms * 1_000_000, *rest) for ms, *rest in rows], EVENTS)
    labels = {"drive": np.array([[1, 0]] * 20), "wheel": np.zeros((20, 1))}
    made = recording(GAME, labels, times_ns=TIMES_NS, events=table)
    w, a = head_tracks(made, "drive", GAME.schema["drive"])
    assert w.at(TIMES_NS).tolist() == [1.0] * 20
    assert a.at(TIMES_NS).tolist() == [0.0] * 20
