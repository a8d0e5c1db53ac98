"""A person drives a world in a window with real keys; what `playhead record` made of it is held against the truth.

The window is moved and resized meanwhile. The truth is what went out at the keyboard, and what the world logged.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from playhead.clock import NS_PER_S
from playhead.events import Event, Origin
from playhead.showing.log import grid_of
from playhead.showing.stamp import read_stamp
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.person import WAIT_S, Stroke
from playhead.testing.shown import Chauffeur, ShownWorld, f1

RATE_HZ = 25
FRAME_NS = NS_PER_S // RATE_HZ
SECONDS = 8.0
LATE_NS = NS_PER_S  # what a busy machine may add to anything


@dataclass(kw_only=True)
class Truth:
    """What really happened while a recording was made, and the recording."""

    recording: Recording
    strokes: list[Stroke]
    pictures: list[dict[str, Any]]
    keys: list[Event]
    disturbed_ns: list[int]


@pytest.fixture(scope="session")
def truth(x_server: VirtualDisplay, signals: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Drive for some seconds on a display, recording; move and resize the window on the way."""
    folder = tmp_path_factory.mktemp("truth")
    home = folder / "home"
    options = ("--at", "60,50", "--hint", "expert", "--stamp", "--set", "arguments.side_s=0.4")
    with (
        XPerson(x_server.name) as person,
        ShownWorld.start(x_server, "signals", folder / "log", *options, environment=signals) as shown,
    ):
        window = shown.window(person)
        window.focus()
        command = [sys.executable, "-m", "playhead", "record", "signals", "--on", "screen", "--home", str(home)]
        recording = run_on(x_server, command, **signals)
        try:
            eventually("it records", lambda: list(home.glob("recordings/signals/*/frames/c")))
            chauffeur = Chauffeur(x_server, shown)
            chauffeur.start()
            began = shown.pictures
            disturbed_ns = []
            for share, disturb in ((0.35, lambda: window.move(400, 300)), (0.65, lambda: window.resize(480, 360))):
                wait_for(shown, began, SECONDS * share)
                disturbed_ns.append(shown.lines("picture")[-1]["time_ns"])
                disturb()
            wait_for(shown, began, SECONDS)
            chauffeur.stop()
            wait_for(shown, began, SECONDS + 0.3)
        finally:
            recording.send_signal(signal.SIGINT)
            said = recording.communicate(timeout=WAIT_S)[1]
        assert recording.returncode == 0, said
        (place,) = home.glob("recordings/signals/*")
        return Truth(
            recording=open_recording(place), strokes=chauffeur.strokes, pictures=shown.lines("picture"),
            keys=shown.events(), disturbed_ns=disturbed_ns,
        )  # fmt: skip


def wait_for(shown: ShownWorld, began: int, seconds: float) -> None:
    """Wait until so much time of the world has passed since a picture."""
    first = shown.lines("picture")[began - 1]["step"]
    eventually(
        "the world goes on", lambda: shown.lines("picture")[-1]["step"] >= first + 50 * seconds, timeout_s=60
    )


def heard(truth: Truth) -> list[Event]:
    rows = truth.recording.events
    return [
        Event(time_ns=int(row["time_ns"]), code=str(row["code"]), value=float(row["value"]), origin=Origin.HUMAN)
        for row in rows
    ]


def test_it_holds_the_true_keys_at_their_times(truth: Truth) -> None:
    events = heard(truth)
    assert len(truth.strokes) >= 30
    assert f1(truth.strokes, events, FRAME_NS) >= 0.99
    assert {int(row["origin"]) for row in truth.recording.events} == {int(Origin.HUMAN)}


def test_it_holds_the_pictures_that_were_on_the_screen(truth: Truth) -> None:
    recording = truth.recording
    frame_HWC = np.empty(recording.header.frame.shape, np.uint8)
    unread, early, unlike = [], [], []
    for index in range(recording.length):
        recording.read_frame_into(index, frame_HWC)
        time_ns = int(recording.frame_time_ns[index])
        number = read_stamp(frame_HWC)
        if number is None or number >= len(truth.pictures):
            unread.append(time_ns)
            continue
        # When the next picture was on the screen for certain, this one could not be seen any more.
        if number + 1 < len(truth.pictures):
            assert time_ns <= truth.pictures[number + 1]["time_ns"], f"frame {index} is older than it says"
        assert truth.pictures[number]["began_ns"] <= time_ns + LATE_NS
        if truth.pictures[number]["began_ns"] > time_ns + FRAME_NS:
            early.append(index)
        if unlikeness(truth, frame_HWC, number) > 12:
            unlike.append((index, unlikeness(truth, frame_HWC, number)))
    assert all(min(abs(time_ns - at) for at in truth.disturbed_ns) < LATE_NS for time_ns in unread), unread
    assert len(unread) <= 0.05 * recording.length
    assert len(early) <= 0.05 * recording.length, early
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
