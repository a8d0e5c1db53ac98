from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from playhead.game import Device, Frame, Game
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.playing.controllers import default_controller
from playhead.training.losses import losses
from playhead.training.scores import Scores
from playhead.training.supervised import _played_with


def scored(head: Head, logits: list[Any], labels: list[Any], previous: list[Any]) -> dict[str, Any]:
    metrics = scores_of(head, logits, labels, previous).metrics()
    result: dict[str, Any] = metrics["heads"]["h"]
    return result


def scores_of(head: Head, logits: list[Any], labels: list[Any], previous: list[Any]) -> Scores:
    schema = LabelSchema.of({"h": head})
    scores = Scores(schema)
    said = {"h": torch.tensor(logits)}
    batch: Any = {
        "labels": {"h": torch.tensor(labels)}, "previous": {"h": torch.tensor(previous)},
        "rows": torch.arange(len(labels)),
    }  # fmt: skip
    scores.add(said, batch, losses(schema, said, batch["labels"]))
    return scores


def test_keys_are_scored_by_name_and_where_they_change() -> None:
    told = scored(
        Keys("w", "a"),
        [[9.0, -9.0], [9.0, 9.0], [-9.0, -9.0], [9.0, 9.0]],
        [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]],
        [[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]],
    )
    assert told["f1"] == pytest.approx({"w": 6 / 7, "a": 2 / 3})
    assert told["accuracy"] == 0.5
    assert told["change_share"] == 0.5
    assert told["change_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert told["repeat_last"]["accuracy"] == 0.5
    assert told["majority"]["accuracy"] == 0.75
    assert told["majority"]["change_f1"] == pytest.approx(0.5)


def test_repeating_the_last_action_is_never_right_where_a_choice_changes() -> None:
    told = scored(Choice("a", "b"), [[1.0, 0.0], [0.0, 1.0]], [[0], [1]], [[0], [0]])
    assert told["accuracy"] == 1
    assert told["repeat_last"] == {"accuracy": 0.5, "change_f1": 0.0}
    assert told["change_f1"] == 1


def test_axes_are_scored_by_side_and_by_error() -> None:
    told = scored(Axes("steer"), [[0.5], [-2.0]], [[0.4], [-0.8]], [[0.4], [0.0]])
    assert told["accuracy"] == 1
    assert told["mean_error"]["steer"] == pytest.approx(0.15)


def test_no_change_is_what_repeating_means_for_deltas() -> None:
    head = Axes("x", deltas=(-0.1, 0.0, 0.1))
    told = scored(head, [[0.0, 0.0, 9.0], [0.0, 9.0, 0.0]], [[0.1], [0.0]], [[0.5], [0.5]])
    assert told["accuracy"] == 1
    assert told["repeat_last"]["accuracy"] == 0.5


def test_nothing_counted_is_no_metrics() -> None:
    assert Scores(LabelSchema.of({"h": Keys("w")})).metrics() == {}


def test_what_is_hardly_learned_beside_others_of_its_head_is_named() -> None:
    head, labels = (
        Axes("main", "side", "still"),
        [[-1.0, -0.8, 0.0], [1.0, 0.8, 0.0], [-1.0, 0.8, 0.0], [1.0, -0.8, 0.0]],
    )
    said = [[-0.9, 0.01, 0.3], [0.9, 0.0, 0.3], [-0.9, 0.0, 0.3], [0.9, 0.01, 0.3]]
    assert scores_of(head, said, labels, labels).hardly_learned() == {"side": 0.0}
    assert scores_of(head, labels, labels, labels).hardly_learned() == {}
    nothing = [[0.0, 0.0, 0.0]] * 4  # of which the loss tells
    assert scores_of(head, nothing, labels, labels).hardly_learned() == {}


def test_a_key_that_is_answered_alike_whatever_is_seen_is_hardly_learned() -> None:
    labels = [[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]] * 5
    said = [[3.0, 0.0], [-3.0, 0.0], [3.0, 0.0], [-3.0, 0.0]] * 5
    assert scores_of(Keys("w", "a"), said, labels, labels).hardly_learned() == {"a": 0.0}


@pytest.mark.parametrize(("held", "is_said"), [(5, True), (4, False)])
def test_so_is_one_that_is_hardly_ever_held_where_it_was_seen_often_enough(held: int, is_said: bool) -> None:
    labels = [[float(row % 2), float(row < held)] for row in range(1000)]
    said = [[3.0 if row % 2 else -3.0, -6.0] for row in range(1000)]
    found = scores_of(Keys("right", "fire"), said, labels, labels).hardly_learned()
    assert found == ({"fire": 0.0} if is_said else {})


def test_an_axis_that_was_at_its_ends_is_played_there_in_proportion() -> None:
    head = Axes("main", "side")
    labels = [[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, 0.0]]
    said = [[-1.0, -0.25], [1.0, 0.25], [-1.0, 0.25], [1.0, 0.0]]
    game = Game(
        name="lander", title="Lander", devices={"fake": Device(capture="fake", input="fake")},
        frame=Frame(width=8, height=6, rate_hz=10), labels={"h": head}, controls={"main": "m", "side": "s"},
    )  # fmt: skip
    notes: list[str] = []
    module: Any = SimpleNamespace(scores=scores_of(head, said, labels, labels))

    def played_with(controller: dict[str, Any]) -> Any:
        progress = SimpleNamespace(note=notes.append)
        recipe = SimpleNamespace(controller=controller)
        job: Any = SimpleNamespace(game=game, schema=game.labels, recipe=recipe, progress=progress)
        return _played_with(job, module)

    assert played_with({"cap": 0.9}) == {"cap": 0.9, "proportional": ["side"]}
    assert "side is at an end 75% of the time" in notes[0]
    assert "controller.proportional=side" in notes[0]
    assert played_with({"proportional": []}) == {"proportional": []}
    default_controller(game, played_with({}))
