"""A mouse's motions: events say how far, labels how fast; in a recorder, a whole recording, sent and classed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from doubles import EVENTS, recording, small_game
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.control.drivers import Change, Timed
from playhead.control.executor import ActionExecutor
from playhead.control.loop import axis_codes, motion_codes
from playhead.conversions import UNEVEN, axis_choice_conversions, classes_of
from playhead.environment.actions import action_translator
from playhead.errors import BadValue, Damaged
from playhead.events import HOTKEY, PLAYED, TEACHER, Event, Origin
from playhead.game import Game
from playhead.input.hotkeys import Hotkeys
from playhead.input.mouse import MouseOptions
from playhead.labelling import HeldLabels, head_labels, held_labels
from playhead.labels import Axes, Keys, LabelSchema
from playhead.playing.takeover import TakeoverAuthority
from playhead.stepping import Stepped

MS = 1_000_000
HEADS = {"look": Axes("x", "y", full_per_s=100), "drive": Keys("w")}
CONTROLS = {"x": "mouse_x", "y": "mouse_y", "w": "w"}
SMALL = small_game({"drive": HEADS["drive"]})
KEPT = ("name", "title", "devices", "frame", "regions")
GAME = Game(**{name: getattr(SMALL, name) for name in KEPT}, labels=HEADS, controls=CONTROLS)


def event(time_ns: int, code: str, value: float, origin: Origin = Origin.HUMAN, device: str = PLAYED) -> Event:
    return Event(time_ns=time_ns, code=code, value=value, origin=origin, device=device)


def table(events: list[Event]) -> Any:
    return np.array([(e.time_ns, e.device, e.code, e.value, int(e.origin)) for e in events], EVENTS)


def test_a_label_is_the_way_from_a_frame_to_the_next_over_the_time_between() -> None:
    times_ns = np.array([0, 100, 300, 400]) * MS
    events = [
        event(-1 * MS, "mouse_x", 50.0),  # before anything was seen
        event(0, "mouse_x", 3.0),  # at the very frame: the answer to it
        event(60 * MS, "mouse_x", 2.0),
        event(100 * MS, "mouse_x", -6.0, Origin.MODEL),  # whosever hand
        event(299 * MS, "mouse_y", 500.0),  # faster than full
        event(450 * MS, "mouse_x", 1.0),
        event(200 * MS, "mouse_x", 9.0, device=TEACHER),
    ]
    rows = {name: np.zeros((4, head.columns), head.dtype) for name, head in HEADS.items()}
    told = recording(GAME, rows, times_ns=times_ns, events=table(events))
    labels = head_labels(told, "look", HEADS["look"])
    expected = [[0.5, 0.0], [-0.3, 1.0], [0.0, 0.0], [0.1, 0.0]]
    assert labels.at(times_ns) == pytest.approx(np.array(expected))
    assert labels.mean(times_ns[:1], times_ns[2:3])[0, 0] == pytest.approx((0.5 * 100 - 0.3 * 200) / 300)
    assert held_labels(told, "look", HEADS["look"]).at(times_ns - 1)[1, 0] == pytest.approx(0.5)


moments = st.integers(0, 20 * 4).map(lambda quarter: quarter * 25 * MS)
moves = st.tuples(moments, st.sampled_from(["mouse_x", "mouse_y"]), st.integers(-30, 30))


@given(st.lists(moves, max_size=60))
@settings(deadline=None)
def test_a_recorder_labels_as_a_whole_recording_is_read(rows: list[tuple[int, str, int]]) -> None:
    times_ns = np.arange(20) * 100 * MS
    events = sorted((event(*row) for row in rows), key=lambda one: one.time_ns)
    held = HeldLabels(GAME.schema, CONTROLS)
    labels = {name: np.zeros((20, head.columns), head.dtype) for name, head in HEADS.items()}
    for frame, time_ns in enumerate(times_ns.tolist()):
        labels["look"][frame] = held.moving(events, time_ns, time_ns + 100 * MS)["look"]
    told = head_labels(recording(GAME, labels, times_ns=times_ns, events=table(events)), "look", HEADS["look"])
    assert np.array_equal(told.at(times_ns), labels["look"])


def test_a_speed_is_sent_in_pieces_that_add_up(fake_device: Any) -> None:
    fake = fake_device()
    executor = ActionExecutor(fake.input, fake.clock, axes=axis_codes(GAME), motions=motion_codes(GAME))
    executor.apply({"mouse_x": 0.37, "w": 0.5}, interval_s=0.05, origin=Origin.MODEL)
    executor.wait_until(50 * MS)
    sent = [(ns, value) for ns, code, value in fake.input.sent if code == "mouse_x"]
    assert sum(value for _, value in sent) == pytest.approx(0.37 * 100 * 0.05, abs=1 / 512)
    assert len(sent) == 6
    assert sent[0][0] == 0
    assert sent[-1][0] < 50 * MS
    assert all(float(np.float32(value)) == value for _, value in sent)  # as a recording keeps it
    assert executor.held == {}
    assert fake.input.sent[-1] != 0
    executor.apply({"mouse_x": 5.0}, interval_s=0.05, origin=Origin.MODEL)
    executor.release_all()
    before = len(fake.input.sent)
    executor.wait_until(100 * MS)
    assert len(fake.input.sent) == before  # what was to come is forgotten


def test_timed_changes_go_out_at_their_times_and_leave_the_rest(fake_device: Any) -> None:
    fake = fake_device()
    executor = ActionExecutor(fake.input, fake.clock, motions={"mouse_x": 100.0})
    changes = [(20, "w", 1.0), (20, "w", 0.0), (30, "mouse_x", 4.0), (70, "w", 1.0)]
    timed = Timed(Change(time_ns=ms * MS, code=code, value=value) for ms, code, value in changes)
    executor.apply(timed, interval_s=0.05, origin=Origin.SCRIPT)
    executor.wait_until(50 * MS)
    executor.apply(Timed(), interval_s=0.05, origin=Origin.SCRIPT)
    executor.wait_until(100 * MS)
    assert fake.input.sent == [(ms * MS, code, value) for ms, code, value in changes]


class Steps(Stepped):
    def __init__(self) -> None:
        super().__init__(step_hz=10)
        self.made: list[dict[str, float]] = []
        self._next: dict[str, float] = {}

    def _decide(self) -> None:
        self._next = self.wanted

    def _step(self) -> None:
        self.made.append(self._next)
        self.steps += 1


def test_a_motion_goes_into_one_step_of_a_world() -> None:
    world = Steps()
    world.hold("w", 1.0)
    world.hold("mouse_x", 2.0)
    world.hold("mouse_x", 3.0)
    world.sleep_until(200 * MS)
    world.hold("mouse_x", 1.0)
    world.hold_nothing()
    world.sleep_until(300 * MS)
    assert world.made == [{"w": 1.0, "mouse_x": 5.0}, {"w": 1.0}, {}]


def test_a_motion_goes_into_an_action_as_it_is() -> None:
    import gymnasium

    space = gymnasium.spaces.Box(np.array([-90.0, -2.0]), np.array([90.0, 2.0]), dtype=np.float64)
    to_action = action_translator(space, {"codes": ["mouse_x", "steer"]})
    assert to_action({"mouse_x": 12.0, "steer": 0.5}).tolist() == [12.0, 1.0]
    assert to_action({"mouse_x": 120.0}).tolist() == [90.0, 0.0]


def test_classes_are_the_nearest_and_become_what_they_are() -> None:
    axes = Axes("turn", full_per_s=100, mirror=("turn",))
    to_classes, to_axis = axis_choice_conversions("turn", axes, ("turn", "turn_classes"))
    values = np.array([[0.0], [-1.0], [0.0031], [0.049], [0.9]], np.float32)
    classes = to_classes(values)
    assert to_axis(classes)[:, 0] == pytest.approx([0.0, -1.0, 0.004, 0.06, 1.0])
    choice = classes_of("turn")
    assert len(choice.names) == 2 * len(UNEVEN) - 1
    assert choice == to_classes.target
    partner = {a: b for pair in choice.mirror for a, b in (pair, pair[::-1])}
    mirrored = [
        choice.names.index(partner.get(choice.names[place], choice.names[place])) for place in classes[:, 0]
    ]
    assert to_axis(np.array(mirrored)[:, None])[:, 0] == pytest.approx(-to_axis(classes)[:, 0])
    for wrong in ((), (0.1, 0.2), (0, 0.5, 0.2), (0, 2)):
        with pytest.raises(BadValue, match="sizes"):
            classes_of("turn", wrong)
    with pytest.raises(BadValue, match="one axis"):
        axis_choice_conversions("look", HEADS["look"], ("look", "classes"))


def test_a_schema_keeps_the_full_speed_and_says_nothing_of_it_for_positions() -> None:
    schema = LabelSchema.of({"look": HEADS["look"], "wheel": Axes("steer")})
    data = schema.to_json()
    assert LabelSchema.from_json(data) == schema
    assert data[0]["full_per_s"] == 100
    assert "full_per_s" not in data[1]
    with pytest.raises(Damaged):
        LabelSchema.from_json([{**data[0], "full_per_s": -1}])
    for wrong in ({"full_per_s": -1.0}, {"full_per_s": float("nan")}, {"full_per_s": 5.0, "deltas": (0.1,)}):
        with pytest.raises(BadValue):
            Axes("x", **wrong)


@pytest.mark.parametrize(
    "controls", [{"x": "steer", "y": "mouse_y", "w": "w"}, {"x": "mouse_x", "y": "mouse_y", "w": "mouse_wheel"}]
)
def test_only_motions_are_moved_by_a_mouse(controls: dict[str, str]) -> None:
    with pytest.raises(BadValue, match="full_per_s"):
        Game(**{name: getattr(SMALL, name) for name in KEPT}, labels=HEADS, controls=controls)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (3, "no mapping"), ({"speed": 1}, "sensitivity"), ({"sensitivity": 0}, "mouse.sensitivity"),
        ({"sensitivity": "high"}, "no number"), ({"accelerated": 1}, "neither true nor false"),
    ],
)  # fmt: skip
def test_what_a_device_says_of_its_mouse_is_checked(option: Any, said: str) -> None:
    with pytest.raises((BadValue, LookupError), match=said):
        MouseOptions.of({"mouse": option})


def test_a_shake_of_the_desk_takes_nothing_over() -> None:
    def takes_over(*moved: Event) -> bool:
        authority = TakeoverAuthority(GAME, Hotkeys().codes)
        return not authority.may_send(0, moved)

    assert not takes_over(*(event(one * MS, "mouse_x", (-1) ** one) for one in range(9)))
    assert not takes_over(*(event(one * 300 * MS, "mouse_y", 5.0) for one in range(9)))
    assert takes_over(event(0, "mouse_x", 4.0), event(20 * MS, "mouse_y", -6.0))
    assert not takes_over(event(0, "mouse_x", 40.0, Origin.MODEL))
    assert not takes_over(event(0, "mouse_x", 40.0, device=HOTKEY))
