"""What was recorded is sent again: in a world that waits every frame is the same, and what is not is found."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pointing
import pytest
from doubles import EVENTS
from pointing import GAME

import playhead
from playhead import cli
from playhead.cli.context import Desk
from playhead.errors import BadValue, Mismatch, PlayheadError
from playhead.events import PLAYED, TEACHER, Origin
from playhead.hookspecs import hookimpl
from playhead.input import Input
from playhead.plugins import Plugins
from playhead.replaying.played import MOST_A_SECOND, Played
from playhead.storage.reader import open_recording

PLUGINS = Plugins([("pointing", pointing)], strict=True)
MS = 1_000_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Desk, "plugins", PLUGINS)
    return tmp_path


Records = Callable[..., str]


@pytest.fixture
def records(home: Path) -> Records:
    def record(**asked: Any) -> str:
        made = playhead.record(GAME, on="world", seconds=2, home=home, plugins=PLUGINS, workers=1, **asked)
        return f"pointing/{made.names[0]}"

    return record


def replayed(home: Path, name: str, **asked: Any) -> Any:
    return playhead.replay(name, home=home, plugins=PLUGINS, **asked)


@pytest.mark.parametrize("noise", [False, True])
def test_a_world_that_waits_shows_the_same_again(home: Path, records: Records, noise: bool) -> None:
    made = replayed(home, records(seed=5, action_noise=noise))
    assert made.sent == made.due > 3
    assert made.delay_ms == {"p50": 0, "p90": 0, "p99": 0, "max": 0}
    assert (made.compared.frames, made.compared.equal, made.compared.first_different) == (40, 40, None)
    assert made.compared.share == 1


def test_the_first_frame_that_differs_is_found(home: Path, records: Records) -> None:
    name = records(seed=5)
    other = replayed(home, name, settings={"seed": 6})  # the cross is elsewhere from the beginning
    assert other.compared.first_different == 0
    assert other.compared.equal == 0
    recording = open_recording(home / "recordings" / name)
    clicks = recording.events[recording.events["code"] == "mouse_left"]
    late = replayed(home, name, settings={"codes": ["mouse_x", "mouse_y", "mouse_left", "mouse_wheel"]})
    clicked_ns = int(clicks["time_ns"][0])  # there the wheel is turned in place of a click: the dot stays yellow
    first = late.compared.first_different
    assert recording.frame_time_ns[first - 1] <= clicked_ns <= recording.frame_time_ns[first]
    assert 0 < late.compared.share < 1


def test_a_world_is_opened_as_it_was_recorded(home: Path, records: Records) -> None:
    name = records(seed=5, settings={"arguments.bright": 90, "arguments.dots": [1, 2]})
    options = open_recording(home / "recordings" / name).header.options
    assert options == {"arguments": {"bright": 90, "dots": [1, 2]}}
    assert replayed(home, name).compared.share == 1
    other = replayed(home, name, settings={"arguments.bright": 80})
    assert other.compared.first_different == 0, "what is said now goes first"


def test_no_text_of_a_recording_is_obeyed(home: Path, records: Records) -> None:
    name = records(seed=5, settings={"arguments.called": "one", "arguments.bright": 90})
    with pytest.raises(BadValue, match=r"made with arguments\.called\. A text could name code .*=one"):
        replayed(home, name)
    assert replayed(home, name, settings={"arguments.called": "two"}).compared.share == 1


def test_pictures_are_compared_at_the_size_that_was_recorded(home: Path, records: Records) -> None:
    name = records(seed=5)
    small = replace(GAME, frame=replace(GAME.needed_frame, width=80, height=60))
    plugins = Plugins([("pointing", SimpleNamespace(playhead_games=hookimpl(lambda: [small])))], strict=True)
    assert playhead.replay(name, home=home, plugins=plugins).compared.share == 1


def test_the_command_says_what_came_of_it(
    home: Path, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = records(seed=5), records(seed=6)
    assert cli.run(["replay", first, second, "--home", str(home)]) == 0
    out = capsys.readouterr().out
    assert out.count("40 of 40 frames equal (100.0%)") == 2
    assert out.count("delay in ms") == 2
    assert cli.run(["replay", first, "--json", "--set", "seed=7", "--home", str(home)]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["compared"]["first_different"] == 0
    assert told["compared"]["share"] == 0
    assert told["report"]["captured"] == 40
    assert cli.run(["replay", first, "pointing/none", "--home", str(home)]) == 1


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda recording: recording.events[:0], "holds no event that reached the game"),
        (lambda recording: _renamed(recording.events, "jump"), "was played with jump"),
        (lambda recording: recording.events[:1].repeat(MOST_A_SECOND + 1), "more than 50,000 events within a"),
    ],
)
def test_what_cannot_be_sent_is_said(
    home: Path, records: Records, break_it: Callable[[Any], Any], said: str
) -> None:
    recording = open_recording(home / "recordings" / records(seed=5))
    recording._events = break_it(recording)
    with pytest.raises((BadValue, Mismatch), match=said):
        playhead.replay(recording, home=home, plugins=PLUGINS)


def test_a_device_that_the_game_has_not_is_said(home: Path, records: Records) -> None:
    with pytest.raises(PlayheadError, match='called "wrld"'):
        replayed(home, records(seed=5), on="wrld")


def _renamed(events: Any, code: str) -> Any:
    events = events.copy()
    events["code"] = code
    return events


def test_two_hands_on_one_key_are_one_press() -> None:
    human, model = int(Origin.HUMAN), int(Origin.MODEL)
    rows = [
        (-50 * MS, PLAYED, "w", 1.0, model), (-40 * MS, PLAYED, "mouse_x", 9.0, human),
        (10 * MS, PLAYED, "w", 1.0, human), (20 * MS, PLAYED, "w", 0.0, model),
        (15 * MS, TEACHER, "a", 1.0, model),
        (25 * MS, PLAYED, "mouse_x", 2.0, human), (30 * MS, PLAYED, "w", 0.0, human),
        (40 * MS, PLAYED, "steer", 0.5, model), (50 * MS, PLAYED, "steer", -0.5, human),
        (60 * MS, PLAYED, "steer", 0.0, human),
    ]  # fmt: skip
    changes = [(one.time_ns // MS, one.code, one.value) for one in Played(np.array(rows, EVENTS), 0).changes()]
    assert changes == [
        (0, "w", 1.0), (25, "mouse_x", 2.0), (30, "w", 0.0), (40, "steer", 0.5), (50, "steer", -0.5),
        (60, "steer", 0.5),
    ]  # fmt: skip


def test_what_was_done_before_the_first_frame_is_held_or_past() -> None:
    human = int(Origin.HUMAN)
    rows = [(number * MS - 9000 * MS, PLAYED, "w", float(number % 2), human) for number in range(4001)]
    rows += [(-5 * MS, PLAYED, "a", 1.0, human), (10 * MS, PLAYED, "a", 0.0, human)]
    played = Played(np.array(rows, EVENTS), 0)
    assert [(one.time_ns // MS, one.code, one.value) for one in played.changes()] == [
        (0, "a", 1.0),
        (10, "a", 0.0),
    ]
    assert not played.is_crowded


@pytest.mark.parametrize(
    "at", [[], [5], [True, 3], ["1", "2"], [-1, 5], [40_000, 5], 7, {"x": 1}, [1.5, 2], [1, 2, 3]]
)
def test_a_place_that_no_pointer_can_have_is_passed_over(home: Path, records: Records, at: Any) -> None:
    recording = open_recording(home / "recordings" / records(seed=5))
    recording.header = replace(recording.header, input={"began_at": at})
    with mock.patch.object(Input, "begin_at") as put:
        assert playhead.replay(recording, home=home, plugins=PLUGINS).compared.share == 1
    put.assert_not_called()


def test_millions_of_events_take_little_memory_and_time() -> None:
    count = 2_000_000
    events = np.zeros(count, EVENTS)
    events["time_ns"], events["device"], events["code"] = np.arange(count) * MS, PLAYED, "mouse_x"
    events["value"] = 1
    tracemalloc.start()
    played = Played(events, 0)
    assert (played.codes, played.is_crowded) == ({"mouse_x"}, False)
    assert sum(1 for _ in played.changes()) == count
    assert tracemalloc.get_traced_memory()[1] < 40 * count
    tracemalloc.stop()
