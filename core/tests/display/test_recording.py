"""A person drives a world in a window with real keys; what `playhead record` made of it is held against the truth.

The window is moved and resized meanwhile. The truth is what went out at the keyboard, and what the world logged.
"""

from __future__ import annotations

import numpy as np
from recorded import Truth
from signals import GAME

from playhead.clock import NS_PER_S
from playhead.events import Event, Origin
from playhead.showing.log import grid_of
from playhead.showing.stamp import read_stamp
from playhead.testing.shown import f1

FRAME_NS = round(NS_PER_S / GAME.frame.rate_hz)
LATE_NS = NS_PER_S  # what a busy machine may add to anything


def heard(truth: Truth) -> list[Event]:
    rows = truth.recording.events
    return [
        Event(time_ns=int(row["time_ns"]), code=str(row["code"]), value=float(row["value"]), origin=Origin.HUMAN)
        for row in rows
    ]


def test_it_holds_the_true_keys_at_their_times(truth: Truth) -> None:
    events = heard(truth)
    assert len(truth.strokes) >= 20
    assert f1(truth.strokes, events, FRAME_NS) >= 0.99
    assert {int(row["origin"]) for row in truth.recording.events} == {int(Origin.HUMAN)}


def test_it_holds_the_pictures_that_were_on_the_screen(truth: Truth) -> None:
    recording, pictures = truth.recording, truth.pictures
    frame_HWC = np.empty(recording.header.frame.shape, np.uint8)
    times_ns = [*recording.frame_time_ns.tolist(), pictures[-1]["time_ns"]]
    unread, unlike = [], []
    for index in range(recording.length):
        recording.read_frame_into(index, frame_HWC)
        number = read_stamp(frame_HWC)
        if number is None or number + 1 >= len(pictures):
            unread.append(times_ns[index])
            continue
        # When the next picture was on the screen for certain, this one could not be seen any more.
        assert times_ns[index] <= pictures[number + 1]["time_ns"], f"frame {index} is older than it says"
        # It was seen before the next frame was, so it was on its way to the screen by then.
        assert pictures[number]["began_ns"] <= times_ns[index + 1], f"frame {index} is younger than it says"
        if unlikeness(truth, frame_HWC, number) > 12:
            unlike.append((index, unlikeness(truth, frame_HWC, number)))
    assert all(min(abs(time_ns - at) for at in truth.disturbed_ns) < LATE_NS for time_ns in unread), unread
    assert len(unread) <= 0.05 * recording.length, unread
    assert len(unlike) <= 0.02 * recording.length, unlike


def unlikeness(truth: Truth, frame_HWC: np.ndarray, number: int) -> float:
    """Return how far a frame is from a picture, or from a neighbour: the screen may be read while it changes."""
    near = truth.pictures[max(0, number - 1) : number + 2]
    seen_RC3 = np.array(grid_of(frame_HWC), float)
    return min(float(np.abs(seen_RC3 - np.array(picture["grid"], float)).mean()) for picture in near)


def test_its_labels_are_what_the_world_held(truth: Truth) -> None:
    recording = truth.recording
    names = list(recording.header.schema["drive"].names)
    labels_TA = recording.labels["drive"]
    alike = []
    for index, time_ns in enumerate(recording.frame_time_ns.tolist()):
        held: set[str] = set()
        for event in truth.keys:
            if event.time_ns <= time_ns:
                (held.add if event.value else held.discard)(event.code)
        alike.append({name for name, is_held in zip(names, labels_TA[index], strict=True) if is_held} == held)
    assert np.mean(alike) >= 0.9


def test_few_frames_are_missing(truth: Truth) -> None:
    times_ns = truth.recording.frame_time_ns
    assert (np.diff(times_ns) > 0).all()
    span = (times_ns[-1] - times_ns[0]) / FRAME_NS + 1
    assert truth.recording.length >= 0.5 * span  # a busy machine may drop some, and counts them
