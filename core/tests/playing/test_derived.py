"""Several heads that each say a part of the keys are played together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import DRIVE
from live.lessons import GAME, SCHEMA

from playhead.conversions import axis_conversions
from playhead.dead_zones import DeadZone
from playhead.playing.controllers import open_controller
from playhead.playing.derived import PlayedHeads

CHANGES = (-0.5, 0.0, 0.5)
MADE = axis_conversions("toy", DRIVE, "turn", "steer", more="d", less="a", of="drive", deltas=CHANGES)
CHANGING = replace(GAME, conversions=MADE)


def test_changes_that_were_learned_move_what_is_held_within_its_range() -> None:
    schema = CHANGING.learnable.only(("turn",))
    played = PlayedHeads(schema, CHANGING)
    more, same = np.array([0.1, 0.2, 0.7], np.float32), np.array([0.1, 0.8, 0.1], np.float32)
    shares = [played({"turn": said})["drive"].tolist() for said in (more, same, more, more)]
    assert [one[3] for one in shares] == [0.5, 0.5, 1.0, 1.0]
    played.reset({CHANGING.controls["a"]: 1.0})
    assert played({"turn": same})["drive"].tolist() == [0.0, 1.0, 0.0, 0.0], "a person held it to the left"
    played.reset({})
    assert played({"turn": same})["drive"].tolist() == [0.0] * 4


def test_derived_axes_go_through_their_dead_zones_before_they_are_keys() -> None:
    zones = {"pedals": DeadZone(size=0.25), "steer": DeadZone(size=0.25, gain=0.8)}
    played = PlayedHeads(SCHEMA, GAME, zones)
    for steer, pedals, keys in ((-1.0, 0.625, [0.5, 0.8, 0.0, 0.0]), (0.2, -0.25, [0.0, 0.0, 0.0, 0.0])):
        told = played({"steer": np.array([steer], np.float32), "pedals": np.array([pedals], np.float32)})
        assert told["drive"].tolist() == pytest.approx(keys)
    changed = PlayedHeads(CHANGING.learnable.only(("turn",)), CHANGING, zones)
    more = np.array([0.1, 0.2, 0.7], np.float32)
    shares = [changed({"turn": more})["drive"][3] for _ in range(2)]
    assert shares == pytest.approx([0.8 / 3, 0.8]), "what moves is the axis, and not what comes of it"


def test_steering_and_pedals_are_pressed_together_in_proportion() -> None:
    answers = {"steer": np.array([-0.25], np.float32), "pedals": np.array([0.75], np.float32)}
    told = PlayedHeads(SCHEMA, GAME)(answers)
    assert told["drive"].tolist() == [0.75, 0.25, 0.0, 0.0]
    controller = open_controller(GAME, {"proportional": ["w", "a", "s", "d"]})
    assert controller.act(told, 0.1) == pytest.approx({"w": 0.75, "a": 0.25, "s": 0.0, "d": 0.0}, abs=1e-6)
