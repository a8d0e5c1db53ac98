"""Keys go through a guard: it brakes before what would be met, leaves alone what would not, and is counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from doubles import small_game

from playhead.adapters import complete
from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Driver
from playhead.control.loop import Loop, Pace
from playhead.errors import BadValue, NotFound, PluginError
from playhead.home import Home
from playhead.hookspecs import hookimpl
from playhead.models.boxes import FIELDS, boxes_of, column_of
from playhead.playing.guards import ActionGuard, Guarded, GuardSpec, merged_guard, open_guard
from playhead.playing.stuck import StuckSettings, Unsticking
from playhead.playing.tracking import Reach, Tracker, View, time_to_contact
from playhead.plugins import Plugins

GAME = small_game()
HOME = Home(path=None, why="a test")  # type: ignore[arg-type]
HORIZON, PATH, DEPTH, LENGTH = 0.4, 0.4, 1.16, 4.8  # of the guard's own defaults
GO: Action = {"w": 1.0}


class Holding(Driver):
    """Holds the same keys, and remembers what was pressed in their place."""

    def __init__(self, action: Action | None) -> None:
        self.action, self.heard = action, list[Action]()

    def decide(self, captured: CapturedFrame) -> Action | None:
        return self.action

    def overruled(self, action: Action) -> None:
        self.heard.append(action)


def seen(right: float, ahead: float) -> tuple[float, ...]:
    """Return the box of a car at a place, in halves of our width, as a camera shows it; none that is not seen."""
    corners = [
        (0.5 + (right + side) * PATH * DEPTH / far, HORIZON + DEPTH / far * share)
        for side in (-1, 1) for far in (max(ahead, 0.3), ahead + LENGTH) for share in (0.0, 1.0)
        if ahead + LENGTH > 0.3
    ]  # fmt: skip
    if not corners:
        return (math.nan,) * 5
    (left, top), (right_side, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
    clipped = np.clip([left, top, right_side, bottom], 0, 1).tolist()
    return (0, *clipped) if clipped[2] > clipped[0] else (math.nan,) * 5


def frame(number: int, boxes: list[tuple[float, ...]], **more: float) -> CapturedFrame:
    told = {column_of(n, f): v for n, box in enumerate(boxes) for f, v in zip(FIELDS, box, strict=True)}
    picture = np.zeros(GAME.needed_frame.shape, np.uint8)
    return CapturedFrame(
        frame_HWC=picture, time_ns=number * 100_000_000, number=number, telemetry={**told, **more}
    )


def guarded(driver: Driver, **settings: Any) -> Guarded:
    spec = GuardSpec(settings={"kind": "contact", "told": True, **settings}, home=HOME)
    return Guarded(driver, open_guard(spec, GAME, Plugins(), rate_hz=10), kind=spec.kind, rate_hz=10)


def drives(
    begin: tuple[float, float], moves: tuple[float, float], *, action: Action = GO, frames: int = 40,
    telemetry: Mapping[str, float] | None = None, **settings: Any,
) -> list[Action | None]:  # fmt: skip
    """Return what is pressed while a car moves past, by places and speeds in halves of our width."""
    made = guarded(Holding(action), **settings)
    places = [(begin[0] + moves[0] * n / 10, begin[1] + moves[1] * n / 10) for n in range(frames)]
    return [made.decide(frame(n, [seen(*place)], **(telemetry or {}))) for n, place in enumerate(places)]


def braked(pressed: list[Action | None]) -> list[int]:
    return [number for number, action in enumerate(pressed) if action is not None and action.get("s")]


def test_it_brakes_before_a_car_that_comes_nearer_and_not_long_before() -> None:
    pressed = drives((0.0, 20.0), (0.0, -8.0), frames=24)
    assert pressed[0] == GO
    first = braked(pressed)[0]
    meets = (20.0 - 0.76) / 0.8  # frames until our nose is there
    assert meets - 10 <= first < meets - 4
    assert pressed[first] == {"w": 0.0, "s": 1.0}


@pytest.mark.parametrize("right", [-4.0, 4.0])
def test_a_car_that_is_passed_at_a_distance_changes_nothing(right: float) -> None:
    assert all(action == GO for action in drives((right, 20.0), (0.0, -8.0)))


def test_nothing_is_done_about_a_car_that_drives_away_or_keeps_its_distance() -> None:
    assert all(action == GO for action in drives((0.0, 6.0), (0.0, 2.0)))
    assert all(action == GO for action in drives((0.0, 8.0), (0.0, 0.0)))


@pytest.mark.parametrize(("right", "towards", "away"), [(4.0, "d", "a"), (-4.0, "a", "d")])
def test_what_comes_to_the_side_is_not_steered_into(right: float, towards: str, away: str) -> None:
    inwards = -1.5 if right > 0 else 1.5
    pressed = drives((right, 8.0), (inwards, -3.0), action={"w": 1.0, towards: 0.7}, frames=30, away=0.4)
    changed = [action for action in pressed if action is not None and action.get(away)]
    assert changed
    assert all(action[towards] == 0 and action[away] == 0.4 for action in changed)


def test_it_brakes_for_what_asks_for_it_and_only_as_hard_as_that() -> None:
    hard, soft = (drives((0.0, 20.0), (0.0, -8.0), frames=24, **more) for more in ({}, {"hardest": 20.0}))
    shares = [action["s"] for action in soft if action is not None and action.get("s")]
    assert braked(hard) == braked(soft)
    assert shares[0] == pytest.approx(8.0 / (2 * 0.68) / 20, rel=0.15)  # half the closing speed over the time left
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    late = drives((0.0, 20.0), (0.0, -8.0), frames=24, brake_from=12.0)
    assert braked(late)[0] > braked(hard)[0]
    assert not braked(drives((0.0, 6.0), (0.0, -0.5), brake_from=4.0, frames=60)), "it comes too slowly"


def test_what_is_near_and_pulls_away_is_left_alone() -> None:
    assert all(action == GO for action in drives((0.0, 1.4), (0.0, 1.5)))


def test_beside_it_lets_go_of_the_throttle_instead_of_braking() -> None:
    beside: dict[str, Any] = {"action": {"w": 1.0, "d": 0.7}, "frames": 30, "brakes_beside": False}
    pressed = drives((4.0, 8.0), (-1.5, -3.0), lifts_beside=True, **beside)
    steered = [action for action in pressed if action is not None and action.get("a")]
    assert any(action["w"] == 0 and not action.get("s") for action in steered)
    kept = drives((4.0, 8.0), (-1.5, -3.0), lifts_beside=False, **beside)
    assert [action and action["w"] for action in kept] >= [action and action["w"] for action in pressed]


def test_slower_than_it_should_it_lets_go_but_never_brakes() -> None:
    slow = drives((0.0, 12.0), (0.0, -4.0), telemetry={"v": 2.0}, speed="v", slow_mps=3.0)
    assert not braked(slow)
    assert any(action is not None and action["w"] == 0 for action in slow)
    assert braked(drives((0.0, 12.0), (0.0, -4.0), telemetry={"v": 9.0}, speed="v", slow_mps=3.0))


def test_what_it_changes_is_counted_and_the_driver_hears_of_it() -> None:
    driver = Holding(GO)
    made = guarded(driver)
    for number in range(24):
        made.decide(frame(number, [seen(0.0, 20.0 - 0.8 * number)]))
    assert made.decided == 24
    assert made.stepped_in == len(driver.heard) > 0
    assert made.stepped_in_share == pytest.approx(made.stepped_in / 24)
    assert guarded(Holding(None)).decide(frame(0, [seen(0.0, 2.0)])) is None


def test_begun_anew_it_knows_nothing_of_what_it_saw() -> None:
    made = guarded(Holding(GO))
    for number in range(20):
        made.decide(frame(number, [seen(0.0, 20.0 - 0.8 * number)]))
    made.reset({})
    assert made.decide(frame(20, [seen(0.0, 4.0)])) == GO


def test_time_to_contact_is_when_both_ways_overlap() -> None:
    reach = Reach(beside=2.0, along=5.0, middle=-4.0)
    assert time_to_contact((0.0, 9.0, 0.0, -4.0), reach) == (2.0, False)
    assert time_to_contact((6.0, -4.0, -2.0, 0.0), reach) == (2.0, True)
    assert time_to_contact((6.0, 9.0, 0.0, -4.0), reach)[0] == math.inf
    assert time_to_contact((0.0, 9.0, 0.0, 4.0), reach)[0] == math.inf


def test_settings_are_laid_over_one_another_and_another_kind_begins_anew() -> None:
    game = {"kind": "contact", "brake_s": 0.5}
    assert merged_guard(game, {}, {"margin": 0.2}) == {**game, "margin": 0.2}
    assert merged_guard(game, {}, {"kind": "none"}) == {}
    assert merged_guard({}, {}, {}) == {}
    assert merged_guard(game, {"kind": "other"}, {"far": 3}) == {"kind": "other", "far": 3}
    with pytest.raises(BadValue, match=r"guard\.kind=contact"):
        merged_guard({}, {}, {"brake_s": 1.0})


def test_what_cannot_be_is_a_sentence() -> None:
    with pytest.raises(NotFound, match="contact"):
        guarded(Holding(GO), kind="contct")
    with pytest.raises(NotFound, match="brake_s"):
        guarded(Holding(GO), brakes_s=1.0)
    for wrong in ({"path": 0.0}, {"away": 50.0}, {"horizon": 2.0}, {"over_s": math.nan}, {"over_s": 0.1}):
        with pytest.raises(BadValue, match=rf"guard\.{next(iter(wrong))}="):
            guarded(Holding(GO), **wrong)
    for classes in ([], [-1]):
        with pytest.raises(BadValue, match=r"guard\.classes="):
            guarded(Holding(GO), classes=classes)
    with pytest.raises(NotFound, match=r"guard\.speed=NAME"):
        guarded(Holding(GO), speed="sped").decide(frame(0, [seen(0.0, 20.0)], speed=3.0))
    with pytest.raises(BadValue, match=r"arguments\.boxes=16"):
        guarded(Holding(GO)).decide(frame(0, []))


def test_a_plugin_brings_a_guard_of_its_own() -> None:
    class Never:
        def __init__(self, job: Any) -> None:
            assert job.settings == {"far": 3}

        def act(self, captured: CapturedFrame, action: Action, interval_s: float) -> Action:
            return {}

    hooks = SimpleNamespace(playhead_guards=hookimpl(lambda: {"never": Never}))
    plugins = Plugins([("own", hooks)], strict=True)
    spec = GuardSpec(settings={"kind": "never", "far": 3}, home=HOME)
    made = Guarded(Holding(GO), open_guard(spec, GAME, plugins, rate_hz=10), kind="never", rate_hz=10)
    made.reset({})
    assert made.decide(frame(0, [])) == {}
    assert made.stepped_in_share == 1.0


class Answers:
    """A guard that answers the same whatever it is asked; an error is raised."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def act(self, captured: CapturedFrame, action: dict[str, float], interval_s: float) -> Any:
        action["w"] = 0.0  # whoever changes what it was given changes nothing
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def guarded_by(driver: Driver, answer: Any) -> Guarded:
    return Guarded(driver, complete(ActionGuard, Answers(answer)), kind="own", rate_hz=10)


@pytest.mark.parametrize("answer", [None, {"w": math.nan}, {"w": "1"}, {1: 1.0}, [1.0], ValueError("broken")])
def test_what_a_guard_says_wrongly_is_a_sentence(answer: Any) -> None:
    with pytest.raises(PluginError, match="The guard own could not act"):
        guarded_by(Holding(GO), answer).decide(frame(0, []))


def test_a_guard_that_fails_leaves_no_key_pressed(fake_device: Callable[..., Any]) -> None:
    fake = fake_device()
    guard = Answers({"key w": 1.0})
    made = Guarded(Holding(GO), complete(ActionGuard, guard), kind="own", rate_hz=10)

    def fail_late(number: int) -> None:
        if number == 3:
            guard.answer = ValueError("broken")

    fake.capture.before_look = fail_late
    with pytest.raises(PluginError, match="broken"):
        Loop(device=fake.device, driver=made, pace=Pace(rate_hz=10, duration_s=1)).run()
    assert [(code, value) for _, code, value in fake.input.sent] == [("key w", 1.0)]
    assert [set(held) for _, held in fake.input.releases] == [{"key w"}]


def test_what_is_pressed_alike_is_not_counted_as_changed() -> None:
    driver = Holding(GO)
    made = guarded_by(driver, {"w": 1.0, "s": 0.0})
    made.decide(frame(0, []))
    assert (made.stepped_in_share, driver.heard) == (0.0, [])


def test_a_way_out_goes_before_the_guard_and_the_driver_hears_what_is_pressed() -> None:
    driver = Holding(GO)
    made = guarded_by(driver, {"s": 1.0})
    out = Unsticking(made, GAME, settings=StuckSettings(over_s=1.0))
    pressed = [out.decide(frame(number, [])) for number in range(14)]
    assert out.recoveries == 1
    assert driver.heard[-1] == pressed[-1] != {"s": 1.0}
    ways_out = sum(action != {"s": 1.0} for action in pressed)
    assert (made.decided, made.stepped_in_share) == (14 - ways_out, 1.0)


def test_boxes_as_thin_as_can_be_at_any_edge_are_followed() -> None:
    tracker = Tracker(View(horizon=HORIZON, path=PATH, depth=DEPTH), 0.5)
    for number in range(6):
        rows = [(0, left, 0.5, left + thin, 1.0) for left in (0.0, 0.2, 0.5, 0.99) for thin in (1e-3, 1e-7, 1e-12)]
        tracker.saw(boxes_of(np.array(rows)), number * 100_000_000)
        assert all(
            motion is None or np.isfinite(motion).all() for one in tracker.tracks if (motion := one.motion(0.5),)
        )


def test_a_game_whose_keys_cannot_be_pressed_has_no_such_guard() -> None:
    game = replace(GAME, controls={name: code for name, code in GAME.controls.items() if name != "s"})
    with pytest.raises(BadValue, match="not known how toy is driven"):
        open_guard(GuardSpec(settings={"kind": "contact", "told": True}, home=HOME), game, Plugins(), rate_hz=10)
