"""What a game must be like, and that its data part survives JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from playhead.errors import BadValue, NotFound
from playhead.game import Device, Frame, Game, controllable, is_playable, opposite_keys
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.regions import Region

PONG = Game(
    name="pong",
    title="Pong",
    devices={
        "screen": Device(capture="screen", input="keyboard"),
        "fast": Device(capture="screen", input="keyboard", rate_hz=60),
    },
    frame=Frame(width=160, height=120, rate_hz=30),
    labels={"paddle": Keys("up", "down", opposites=(("up", "down"),)), "mood": Choice("calm", "wild")},
    regions={"score": Region(x=60, y=0, width=40, height=10)},
    controls={"up": "w", "down": "s"},
)


def test_the_data_part_of_a_game_survives_json() -> None:
    data = json.loads(json.dumps(PONG.to_json()))
    assert data == PONG.to_json()
    assert LabelSchema.from_json(data["labels"]) == PONG.schema
    assert Region.from_json(data["regions"]["score"]) == PONG.regions["score"]
    assert Frame(**data["frame"]) == PONG.frame
    assert "controller" not in data


def test_a_device_may_run_at_its_own_rate() -> None:
    assert (PONG.rate_hz("screen"), PONG.rate_hz("fast")) == (30, 60)


def test_unknown_devices_and_regions_name_the_nearest() -> None:
    with pytest.raises(NotFound, match=r'No device of pong is called "scren".*"screen"'):
        PONG.device("scren")
    with pytest.raises(NotFound, match=r'No region of pong is called "scor".*"score"'):
        PONG.region("scor")


def test_what_can_be_controlled_and_what_cancels_out() -> None:
    assert controllable(PONG) == ["up", "down", "calm", "wild"]
    assert opposite_keys(PONG) == [("up", "down")]
    assert is_playable(PONG)
    assert not is_playable(replace(PONG, controls={}))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "Pong"}, 'The game name "Pong" must be a lower-case word'),
        ({"name": "pong 2"}, "must be a lower-case word"),
        ({"regions": {"score": Region(x=150, y=0, width=40, height=10)}}, "Region score of pong lies outside"),
        ({"controls": {"up": "w", "down": "w"}}, "gives the control w to two labels"),
    ],
)
def test_a_game_that_cannot_work_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        replace(PONG, **wrong)


def test_what_a_game_lacks_is_missed_where_it_is_needed() -> None:
    bare = Game(name="battle", title="Battle")
    assert "frame" not in bare.to_json()
    assert bare.schema == LabelSchema(())
    with pytest.raises(
        NotFound, match=r"battle has no device, so nothing can be recorded or played\. Give its Game"
    ):
        bare.device("screen")
    with pytest.raises(NotFound, match=r"battle has no frame, so there are no pictures of it\. Give its Game one"):
        _ = bare.needed_frame
    with pytest.raises(NotFound, match=r"battle has no labels, so nothing can be recorded or learned"):
        _ = bare.needed_schema
    with pytest.raises(NotFound, match="has no frame"):
        replace(bare, regions={"score": Region(x=0, y=0, width=4, height=1)})


def test_a_control_of_an_unknown_label_names_the_nearest() -> None:
    with pytest.raises(NotFound, match=r'No label of pong is called "upp".*"up"'):
        replace(PONG, controls={"upp": "w"})
    replace(PONG, labels={"steer": Axes("x")}, controls={"x": "left_x"})  # an axis may have a control


@pytest.mark.parametrize("wrong", [{"width": 0}, {"height": -1}, {"rate_hz": 0}, {"quality": 0}, {"quality": 101}])
def test_a_frame_without_size_or_rate_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadValue, match="A frame needs"):
        replace(PONG.frame, **wrong)


def test_shape_and_channels_of_a_frame() -> None:
    assert PONG.frame.shape == (120, 160, 3)
    assert replace(PONG.frame, colour="grey").shape == (120, 160, 1)
