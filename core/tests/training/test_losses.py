from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.training.losses import change_weights, head_loss, losses, nearest_delta
from playhead.training.recipe import Recipe


def test_keys_take_shares_as_targets() -> None:
    head = Keys("a", "b")
    logits, labels = torch.tensor([[0.0, 2.0]]), torch.tensor([[0.3, 1.0]])
    by_hand = -(0.3 * 0.5**0 * torch.log(torch.tensor(0.5)) + 0.7 * torch.log(torch.tensor(0.5)))
    by_hand = (by_hand - torch.log(torch.sigmoid(torch.tensor(2.0)))) / 2
    assert head_loss(head, logits, labels).item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_a_choice_is_a_cross_entropy_and_may_be_weighed() -> None:
    head = Choice("a", "b", "c")
    logits, labels = torch.randn(5, 3), torch.tensor([[0], [1], [2], [1], [0]])
    assert head_loss(head, logits, labels) == functional.cross_entropy(logits, labels[:, 0])
    only_a = head_loss(head, logits, labels, torch.tensor([1.0, 0.0, 0.0]))
    assert only_a.item() == pytest.approx(functional.cross_entropy(logits[[0, 4]], labels[[0, 4], 0]).item())


def test_axes_regress_and_deltas_choose() -> None:
    assert head_loss(Axes("x"), torch.tensor([[0.5]]), torch.tensor([[0.5]])) == 0
    head = Axes("x", "y", deltas=(-0.1, 0.0, 0.1))
    assert nearest_delta(head, torch.tensor([[-0.3, 0.04]])).tolist() == [[0, 1]]
    sure = torch.tensor([[9.0, 0, 0, 0, 9.0, 0]])
    assert head_loss(head, sure, torch.tensor([[-0.1, 0.0]])) < 0.01
    assert head_loss(head, sure, torch.tensor([[0.1, 0.0]])) > 4


def test_labels_near_a_change_count_for_more() -> None:
    schema = LabelSchema.of({"drive": Keys("a", "b"), "gear": Choice("x", "y")})
    held_BLA = torch.zeros(1, 9, 2)
    held_BLA[0, 5:, 1] = 1
    before_BLA = torch.cat([held_BLA[:, :1], held_BLA[:, :-1]], 1)
    gear_BLA = torch.zeros(1, 9, 1, dtype=torch.int64)
    labels, previous = {"drive": held_BLA, "gear": gear_BLA}, {"drive": before_BLA, "gear": gear_BLA}
    counts = change_weights(schema, labels, previous, 4.0)
    assert counts["drive"].tolist() == [[1, 1, 1, 4, 4, 4, 4, 4, 1]]
    assert (counts["gear"] == 1).all()
    logits = {"drive": torch.randn(1, 9, 2), "gear": torch.randn(1, 9, 2)}
    weighed = losses(schema, logits, labels, position_weights=counts)
    each_L = functional.binary_cross_entropy_with_logits(logits["drive"], held_BLA, reduction="none")[0].mean(1)
    assert weighed["drive"].item() == pytest.approx(((each_L * counts["drive"][0]).sum() / 24).item())
    assert weighed["gear"].item() == pytest.approx(losses(schema, logits, labels)["gear"].item())


@pytest.mark.parametrize("head", [Keys("a", "b"), Choice("a", "b"), Axes("x"), Axes("x", deltas=(-0.1, 0.1))])
def test_labels_that_count_alike_give_the_mean(head: Head) -> None:
    labels_BA = torch.tensor([[0.0], [1.0], [1.0]]).expand(3, head.columns).contiguous()
    logits_BO, weight_O = (
        torch.randn(3, head.outputs),
        None if isinstance(head, Axes) else torch.tensor([1.0, 3.0]),
    )
    plain, counted = (head_loss(head, logits_BO, labels_BA, weight_O, c) for c in (None, torch.ones(3)))
    assert counted.item() == pytest.approx(plain.item())


def test_the_learning_rate_rises_then_falls_along_a_cosine() -> None:
    from playhead.training.module import lr_factor

    recipe = Recipe(lr=1.0, final_lr=0.1, warmup_steps=10, steps=110)
    factors = [lr_factor(recipe, step) for step in range(111)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1
    assert factors[60] == pytest.approx(0.55)
    assert factors[110] == pytest.approx(0.1)
