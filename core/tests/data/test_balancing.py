"""Each way to balance draws what it promises, of keys, classes and axes; a game's own is one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from doubles import recording, small_game

from playhead.data.assembly import Assembly
from playhead.data.balance import combinations
from playhead.data.balancing import (
    CHANGE_WEIGHT,
    Drawing,
    drawing,
    histogram,
    lines_of_histogram,
    prefer,
)
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, NotFound, PlayheadError
from playhead.events import Origin
from playhead.inputs import Input
from playhead.labels import Axes, Choice

GAME = small_game()
DRIVE = small_game({"steer": Axes("steer"), "gear": Choice("low", "high")})
W, WA, NONE = [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]


def index_of(rows: list[list[int]]) -> WindowIndex:
    return WindowIndex.of([recording(GAME, {"drive": np.array(rows, np.uint8)})], GAME.schema, WindowSpec())


@pytest.fixture
def drives() -> WindowIndex:
    """Mostly straight in high gear; low gear mostly in bends."""
    rng = np.random.default_rng(0)
    steer = np.where(rng.random(4000) < 0.8, 0.0, rng.uniform(-0.9, 0.9, 4000)).astype(np.float32)
    low = rng.random(4000) < np.where(np.abs(steer) > 0.1, 0.4, 0.02)
    labels = {"steer": steer[:, None], "gear": (~low).astype(np.uint16)[:, None]}
    return WindowIndex.of([recording(DRIVE, labels)], DRIVE.schema, WindowSpec())


def test_windows_of_presses_are_drawn_as_often_of_each_key_wherever_in_them_it_is_pressed() -> None:
    rows = np.zeros((400, 4), np.uint8)
    rows[50:60, 0] = rows[200:203, 1] = rows[300:310, 1] = 1  # w once, a twice
    spec = WindowSpec(positions_s=(-0.2, -0.1, 0.0), inputs={"frames": Input("frames", (-0.2, -0.1, 0.0))})
    index = WindowIndex.of([recording(GAME, {"drive": rows})], GAME.schema, spec)
    drawn_N = weights(index, "presses", share=0.8)
    share = {int(frame): float(drawn_N[index.frame_N == frame].sum()) for frame in index.frame_N}
    for events in ((50, 60), (200, 203, 300, 310)):
        near = {frame + late for frame in events for late in range(3)}
        assert sum(share[one] for one in near) == pytest.approx(0.4, abs=0.02)
    assert share[20] == share[150] > 0
    with pytest.raises(BadValue, match="lies between 0 and 1"):
        weights(index, "presses", share=1.0)


def weights(index: WindowIndex, how: str, **options: Any) -> npt.NDArray[np.float64]:
    return drawing(index, how, options).weight_M


def spread(table: dict[str, Any], output: str) -> float:
    """How far apart the shares drawn of the bins that occur are: 1 when all are drawn alike."""
    drawn = [mass for _, share, mass in table[output] if share]
    return max(drawn) / min(drawn)


@pytest.mark.parametrize("how", ["none", "changes", "labels", "heads", "alone", "together", "rare", "presses"])
def test_time_counts_and_not_frames(how: str) -> None:
    rows = np.array([W] * 30 + [NONE] * 20 + [WA] * 10, np.uint8).repeat(3, 0)
    slow = recording(GAME, {"drive": rows}, name="slow")
    fast = recording(GAME, {"drive": rows.repeat(8, 0)}, name="fast", rate_hz=80)
    index = WindowIndex.of([slow, fast], GAME.schema, WindowSpec())
    weight_N, said = weights(index, how), combinations(index)
    assert weight_N[index.recording_N == 0].sum() == pytest.approx(0.5, abs=0.01)
    if how in ("labels", "heads", "alone", "together"):
        assert [weight_N[said == word].sum() for word in ("w", "none", "w+a")] == pytest.approx([1 / 3] * 3)
    assert histogram(index, drawing(index, how, {}))["drive"][1][1] == pytest.approx(1 / 2)  # w alone


def test_combinations_are_drawn_alike() -> None:
    index = index_of([W] * 80 + [NONE] * 15 + [WA] * 5)
    weight_N, said = weights(index, "labels"), combinations(index)
    assert [weight_N[said == word].sum() for word in ("w", "none", "w+a")] == pytest.approx([1 / 3] * 3)


def test_a_very_rare_combination_does_not_fill_the_batches() -> None:
    index = index_of([W] * 999 + [WA])
    assert weights(index, "labels")[-1] == pytest.approx(1 / (10 + 1) / 1, rel=0.2)
    assert weights(index, "labels", rarest=1e-4)[-1] == pytest.approx(0.5)


def test_rare_keys_and_classes_are_drawn_up_to_a_share_and_all_else_as_it_comes() -> None:
    index = index_of([[1, 0, 0, 1]] * 20 + [W] * 470 + [NONE] * 509 + [WA])
    held_NA, weight_N = index.labels["drive"], weights(index, "rare")
    w, a, s, d = weight_N @ held_NA
    assert (w / weight_N[held_NA.sum(1) == 0].sum()) == pytest.approx(491 / 509, rel=0.1)
    assert d == pytest.approx(0.05, rel=0.1)
    assert (a, s) == (pytest.approx(20 / 1000, rel=0.1), 0), "of one window no more than 20 times as often"
    assert weights(index, "rare", least=0.001) == pytest.approx(weights(index, "none"))
    gears = np.array([[0]] * 980 + [[1]] * 20, np.uint16)
    labels = {"steer": np.zeros((1000, 1), np.float32), "gear": gears}
    geared = WindowIndex.of([recording(DRIVE, labels)], DRIVE.schema, WindowSpec())
    assert weights(geared, "rare")[980:].sum() == pytest.approx(0.05, rel=0.05)


def test_changes_are_drawn_more_often() -> None:
    for weight_N, often in (
        (weights(index_of([W, W, WA, WA]), "changes"), CHANGE_WEIGHT),
        (weights(index_of([W, W, WA, WA]), "changes", weight=2.5), 2.5),
    ):
        assert weight_N.sum() == pytest.approx(1)
        assert weight_N[2] / weight_N[0] == pytest.approx(often)


def test_axes_are_balanced_by_bins(drives: WindowIndex) -> None:
    before = histogram(drives, drawing(drives, "none", {}))
    assert [name for name, _, _ in before["steer"]][4] == "-0.05 to 0.05"
    assert spread(before, "steer") > 10
    assert all(share == pytest.approx(mass) for rows in before.values() for _, share, mass in rows)
    own = {"edges": {"steer": [-0.5, 0.5]}, "rarest": 0.001}
    table = histogram(drives, drawing(drives, "heads", own), own["edges"])
    assert [name for name, _, _ in table["steer"]] == ["below -0.5", "-0.5 to 0.5", "from 0.5"]
    assert "steer: below -0.5 " in lines_of_histogram(table)[0]


def test_outputs_alone_and_together(drives: WindowIndex) -> None:
    """Every window answers all heads, so that balancing one shifts another, unless all are weighed at once."""
    few = {"rarest": 0.002}
    apart = histogram(drives, drawing(drives, "heads", few))
    alone = histogram(drives, drawing(drives, "alone", few))
    joint = histogram(drives, drawing(drives, "together", few))
    for output in ("steer", "gear"):
        assert spread(alone, output) == pytest.approx(1, abs=1e-6)
        assert spread(apart, output) > 1.3
        assert spread(joint, output) == pytest.approx(1, abs=0.02)


def test_what_is_drawn_for_a_head_answers_it_alone(drives: WindowIndex) -> None:
    drawn = drawing(drives, "alone", {})
    assert drawn.alone == ("steer", "gear")
    assert drawn.weight_M.shape == (2 * len(drives),)
    rows = np.array([5, len(drives) + 5, 7])
    batch = Assembly(index=drives, alone=drawn.alone)(0, rows)
    assert batch["rows"].tolist() == [5, 5, 7]
    assert batch["mask"]["steer"].squeeze(1).tolist() == [True, False, True]
    assert batch["mask"]["gear"].squeeze(1).tolist() == [False, True, False]
    preferred = prefer(drawn, np.arange(len(drives)) < 10, 0.5)
    assert preferred.weight_M.reshape(2, -1)[:, :10].sum() == pytest.approx(0.5)
    assert preferred.alone == drawn.alone


def test_windows_of_unknown_labels_are_not_drawn_for_them() -> None:
    labels = {"drive": np.array([W, WA, W, NONE], np.uint8)}
    origin = np.array([Origin.SCRIPT, Origin.NONE, Origin.SCRIPT, Origin.SCRIPT], np.uint8)
    index = WindowIndex.of([recording(GAME, labels, origin=origin)], GAME.schema, WindowSpec())
    for how in ("labels", "heads", "alone", "together"):
        table = histogram(index, drawing(index, how, {}))
        assert {name: share for name, share, _ in table["drive"]} == pytest.approx({"w": 2 / 3, "none": 1 / 3})


def test_a_games_own_balance(drives: WindowIndex) -> None:
    def bends(index: WindowIndex, share: float = 0.5) -> npt.NDArray[np.float64]:
        return np.where(np.abs(index.labels["steer"][:, 0]) > 0.1, share, 1 - share)

    game = replace(
        DRIVE, balances={"bends": bends, "torn": lambda index: np.ones(3), "lost": lambda index: -1 * bends(index)}
    )
    assert drawing(drives, "bends", {"share": 1.0}, game).weight_M.max() == pytest.approx(
        1 / (np.abs(drives.labels["steer"][:, 0]) > 0.1).sum()
    )
    for how, options, sentence in (
        ("bend", {}, 'Did you mean "bends"'),
        ("bends", {"shares": 1}, 'No option of the balance bends is called "shares".*Did you mean "share"'),
        ("torn", {}, r"weights of shape \(3,\)"),
        ("lost", {}, "no shares"),
        ("labels", {"rarest": 0}, "rarest=0 of the balance labels"),
        ("labels", {"edges": [0.5, 0.1]}, "do not rise"),
        ("labels", {"edges": "a"}, "no list of numbers"),
    ):
        with pytest.raises(PlayheadError, match=sentence):
            drawing(drives, how, options, game)
    with pytest.raises(NotFound, match='Did you mean "changes"'):
        drawing(drives, "change", {})
    with pytest.raises(BadValue, match="weights for steer; it must for every head that is learned: steer, gear"):
        drawing(drives, "one", {}, replace(DRIVE, balances={"one": lambda index: {"steer": np.ones(len(index))}}))


def test_new_windows_are_preferred_to_a_share() -> None:
    drawn = prefer(Drawing(weight_M=np.full(10, 0.1)), np.arange(10) < 2, 0.5)
    assert drawn.weight_M[:2].sum() == pytest.approx(0.5)
    assert drawn.weight_M.sum() == pytest.approx(1)
    even = Drawing(weight_M=np.full(4, 0.25))
    for chosen, share in ((np.ones(4, bool), 0.5), (np.zeros(4, bool), 0.5), (np.arange(4) < 2, 0.0)):
        assert prefer(even, chosen, share) is even


def test_nothing_to_draw() -> None:
    index = WindowIndex.of([], DRIVE.schema, WindowSpec())
    for how in ("none", "changes", "labels", "heads", "alone", "together"):
        assert len(drawing(index, how, {}).weight_M) == 0
