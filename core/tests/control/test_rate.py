"""A rate follows the last second and forgets what was before."""

from __future__ import annotations

import pytest

from playhead.control.rate import Rate

S = 1_000_000_000


def test_a_rate_is_that_of_the_last_second() -> None:
    rate = Rate()
    assert rate.per_s == 0
    for tick in range(100):
        rate.add(tick * S // 10, tick if tick < 50 else 50 + (tick - 50) * 3)
    assert rate.per_s == pytest.approx(30)


def test_moments_far_apart_still_give_a_rate() -> None:
    rate = Rate()
    rate.add(0, 0)
    rate.add(5 * S, 10)
    assert rate.per_s == 2
    rate.add(5 * S, 12)
    rate.add(10 * S, 12)
    assert rate.per_s == 0
