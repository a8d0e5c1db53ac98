"""Sets by each strategy: who gets in, when a set is closed, what is wished for, what comes in and goes out."""

from __future__ import annotations

import random

import pytest

from playhead.errors import NotFound
from playhead.labels import Axes, LabelSchema
from playhead.live.balancing import ALL, UNKNOWN, Balancer, Closed, strategy_of
from playhead.live.bins import outputs_of

QUARTERS = (-1.0, -0.5, 0.0, 0.5, 1.0)
OUTPUTS = outputs_of(LabelSchema.of({"steer": Axes("steer"), "pedals": Axes("pedals")}), {}, QUARTERS)


def balancer(name: str, **more: int) -> Balancer[int]:
    return Balancer(outputs=OUTPUTS, strategy=strategy_of(name), **more)


def fed(one: Balancer[int], samples: list[tuple[int, int]]) -> list[Closed[int]]:
    closed = [one.offer(bins, lambda number=number: number) for number, bins in enumerate(samples)]
    return [found for found in closed if found is not None]


def mostly_straight(count: int, seed: int = 1) -> list[tuple[int, int]]:
    """Samples as drives give them: nearly always straight, and with the throttle where it is straight."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        steer = draw.choices(range(4), [2, 48, 48, 2])[0]
        found.append((steer, 3 if steer in (1, 2) and draw.random() < 0.9 else draw.randrange(4)))
    return found


def test_v3_takes_one_sample_for_each_bin_of_each_output_and_never_one_twice() -> None:
    (closed, *_) = fed(balancer("v3"), mostly_straight(2000))
    assert {one.place for one in closed.samples} == {(n, (b,)) for n in ("steer", "pedals") for b in range(4)}
    assert len({one.sample for one in closed.samples}) == 8
    assert not closed.wished


def test_v1_takes_one_sample_for_each_combination() -> None:
    (closed, *_) = fed(balancer("v1", patience=2000), mostly_straight(2000))
    assert len(closed.samples) == len({one.bins for one in closed.samples}) == 16
    assert {one.place[0] for one in closed.samples} == {ALL}


def test_a_set_is_closed_after_some_time_and_says_what_it_lacks() -> None:
    one = balancer("v3", patience=10)
    (closed,) = fed(one, [(1, 3)] * 10)
    assert [taken.place for taken in closed.samples] == [("steer", (1,)), ("pedals", (3,))]
    assert ("steer", (0,)) in closed.wished
    assert one.said(("steer", (0,))) == "steer -1 to -0.5"


def test_v2_is_learned_alone() -> None:
    assert strategy_of("v2").alone
    assert not strategy_of("v3").alone


def evenness(closed: list[Closed[int]], output: int) -> float:
    """The share of the rarest bin among four of one output, of all samples that were sent: .25 is even."""
    bins = [one.bins[output] for found in closed for one in found.samples]
    return min(bins.count(place) for place in range(4)) / len(bins)


def test_v4_balances_the_other_outputs_better_than_v3() -> None:
    samples = mostly_straight(6000)
    third, fourth = (fed(balancer(name, patience=600), samples) for name in ("v3", "v4"))
    as_they_come = min(sum(bins[1] == place for bins in samples) for place in range(4)) / len(samples)
    assert as_they_come < 0.1 < evenness(third, 1) < evenness(fourth, 1)


def test_what_comes_in_and_goes_out_is_counted() -> None:
    one = balancer("v3", patience=5)
    fed(one, [(1, 3)] * 4 + [(0, UNKNOWN)])
    assert one.seen["steer"] == {1: 4, 0: 1}
    assert one.seen["pedals"] == {3: 4, UNKNOWN: 0}
    assert one.sent["steer"] == {1: 2, 0: 1}


def test_an_unknown_strategy_is_said() -> None:
    with pytest.raises(NotFound, match='"v9"'):
        strategy_of("v9")
