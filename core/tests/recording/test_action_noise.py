"""Wrong keys come as often and as long as asked, and only those of one group are replaced."""

from __future__ import annotations

import pytest

from playhead.game import Device, Frame, Game
from playhead.labels import Axes
from playhead.recording.action_noise import ActionNoise, ActionNoiseSettings

MS = 1_000_000
TRUE = {"key w": 1.0, "key a": 0.0, "key s": 0.0, "key d": 0.0}
HELD = {"key w": 1.0}


def drive(game: Game, minutes: float, seed: int = 1) -> list[dict[str, float]]:
    noise = ActionNoise(game, seed=seed)
    actions = (noise.apply(TRUE, number * 25 * MS) for number in range(round(minutes * 60 * 40)))
    return [{code: value for code, value in action.items() if value} for action in actions]


def events(actions: list[dict[str, float]]) -> list[list[dict[str, float]]]:
    found: list[list[dict[str, float]]] = []
    before: dict[str, float] = HELD
    for action in actions:
        if action != HELD:
            if action != before:
                found.append([])
            found[-1].append(action)
        before = action
    return found


def test_events_come_as_often_and_as_long_as_asked(game: Game) -> None:
    found = events(drive(game, minutes=60))
    # Every 1.5 s on average plus the length; a third of them press, or let go of, what is held or not anyway.
    assert 1100 < len(found) < 1500
    lengths_s = [len(event) / 40 for event in found]
    assert 0.29 < sum(lengths_s) / len(lengths_s) < 0.36
    assert sorted(lengths_s)[int(0.98 * len(lengths_s))] <= 0.5, "but for two events in a row on the same key"


def test_three_quarters_of_the_events_are_on_the_steering(game: Game) -> None:
    found = events(drive(game, minutes=60))
    steered = [event for event in found if event[0].get("key a") or event[0].get("key d")]
    assert 0.6 < len(steered) / len(found) < 0.85


def test_a_steering_event_leaves_the_throttle_alone(game: Game) -> None:
    for event in events(drive(game, minutes=5)):
        action = event[0]
        if action.get("key a") or action.get("key d"):
            assert action["key w"] == 1.0
            assert not (action.get("key a") and action.get("key d"))


def test_keys_are_left_out_as_well(game: Game) -> None:
    without = [event for event in events(drive(game, minutes=10)) if not any(event[0].values())]
    assert len(without) > 5, "the throttle let go"


def test_the_same_seed_gives_the_same_noise(game: Game) -> None:
    assert drive(game, minutes=1, seed=3) == drive(game, minutes=1, seed=3)
    assert drive(game, minutes=1, seed=3) != drive(game, minutes=1, seed=4)


def test_axes_are_pushed_to_an_end_or_let_go() -> None:
    game = Game(
        name="axes",
        title="Axes",
        devices={"fake": Device(capture="fake", input="fake")},
        frame=Frame(width=8, height=6, rate_hz=10),
        labels={"wheel": Axes("steer", mirror=("steer",))},
        controls={"steer": "x"},
    )
    noise = ActionNoise(game, seed=1, settings=ActionNoiseSettings(every_s=0.2))
    values = {dict(noise.apply({"x": 0.3}, number * 25 * MS))["x"] for number in range(400)}
    assert values == {-1.0, 0.0, 0.3, 1.0}


@pytest.mark.parametrize("time_ms", [0, 10_000])
def test_nothing_is_pressed_wrongly_at_the_very_start(game: Game, time_ms: int) -> None:
    assert ActionNoise(game, seed=1).apply(TRUE, time_ms * MS) == TRUE
