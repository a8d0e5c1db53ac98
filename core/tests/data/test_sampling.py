"""Which windows are drawn: the rows of numpy's own choice, without its price."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from playhead.data.sampling import draw_rows, rows_in_order


def test_even_weights_show_every_window_once_a_round() -> None:
    drawn = np.concatenate(list(draw_rows(np.full(10, 0.1), 4, 5, seed=0)))
    assert sorted(drawn[:10]) == list(range(10))
    assert sorted(drawn[10:]) == list(range(10))


def test_weights_are_followed() -> None:
    weight_N = np.array([0.7, 0.3, 0.0])
    drawn = np.concatenate(list(draw_rows(weight_N, 100, 20, seed=0)))
    assert np.bincount(drawn, minlength=3) / len(drawn) == pytest.approx(weight_N, abs=0.04)


def test_rows_in_order_can_be_thinned() -> None:
    assert [rows.tolist() for rows in rows_in_order(5, 2)] == [[0, 1], [2, 3], [4]]
    assert [rows.tolist() for rows in rows_in_order(101, 4, at_most=5)] == [[0, 25, 50, 75], [100]]
    assert rows_in_order(0, 4) == []


def test_weighted_rows_are_those_of_numpys_choice() -> None:
    for seed, count, batch_size in ((0, 5, 64), (3, 10_007, 16), (9, 200_000, 64)):
        weight_N = np.random.default_rng(seed).random(count) ** 4
        weight_N[: count // 3] = 0.0
        weight_N /= weight_N.sum()
        choosing = np.random.default_rng(seed)
        for drawn in draw_rows(weight_N, batch_size, 20, seed):
            assert drawn.dtype == np.int64
            np.testing.assert_array_equal(drawn, choosing.choice(count, batch_size, p=weight_N))


def test_a_million_weights_are_summed_once() -> None:
    weight_N = np.random.default_rng(0).random(1_000_000)
    sums = 0

    class Counting(np.ndarray):
        def cumsum(self, *args: object, **options: object) -> np.ndarray:  # type: ignore[type-arg, override]
            nonlocal sums
            sums += 1
            return np.asarray(self).cumsum()

    for drawn in islice(draw_rows((weight_N / weight_N.sum()).view(Counting), 64, 1000, 0), 50):
        assert len(drawn) == 64
    assert sums == 1
