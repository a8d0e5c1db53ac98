"""The fake window changes, ends, and shows what is held; the fake person presses every control."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from playhead.clock import NS_PER_S
from playhead.devices import open_device
from playhead.errors import NotFound
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.testing.fakes import FAKES, FakeGame, on_fakes

GAME = on_fakes(
    Game(
        name="pong",
        title="Pong",
        devices={"screen": Device(capture="screen", input="keyboard")},
        frame=Frame(width=40, height=30, rate_hz=30, colour="grey"),
        labels={"paddle": Keys("up", "down")},
        controls={"up": "w", "down": "s"},
    ),
    seconds=2,
)
PLUGINS = Plugins([("fakes", FAKES)], strict=True)


def test_every_picture_differs_and_the_game_ends() -> None:
    with open_device(PLUGINS, GAME, "fake") as device:
        pictures = []
        while (captured := device.capture.look()) is not None:
            assert captured.frame_HWC.shape == (30, 40, 1)
            assert captured.number == len(pictures)
            pictures.append(captured.frame_HWC)
            device.clock.sleep_until(device.clock.now_ns() + NS_PER_S // 10)
    assert len(pictures) == 20
    assert all((a != b).any() for a, b in pairwise(pictures))


def test_the_person_presses_and_releases_every_control_once_heard() -> None:
    with open_device(PLUGINS, GAME, "fake") as device:
        heard = []
        for _ in range(20):
            heard += device.input.listen()
            device.clock.sleep_until(device.clock.now_ns() + NS_PER_S // 10)
    assert {event.code for event in heard} == {"w", "s"}
    assert {event.origin for event in heard} == {Origin.HUMAN}
    times = [event.time_ns for event in heard]
    assert times == sorted(set(times)), "nothing is heard twice"
    for code in "ws":
        values = [event.value for event in heard if event.code == code]
        assert values[:2] == [1, 0]


def test_what_is_sent_is_seen_noted_and_released() -> None:
    with open_device(PLUGINS, GAME, "fake") as device:
        before = device.capture.look()
        device.input.send("w", 1)
        after = device.capture.look()
        assert before is not None
        assert after is not None
        assert np.any(before.frame_HWC != after.frame_HWC)
        game = FakeGame.of(device.session)
    assert game.sent == [("w", 1), ("w", 0)]
    assert not game.held


def test_an_unknown_key_is_refused() -> None:
    with open_device(PLUGINS, GAME, "fake") as device, pytest.raises(NotFound, match="control"):
        device.input.send("space", 1)
