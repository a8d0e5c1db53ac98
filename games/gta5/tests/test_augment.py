"""The diagonal warp leans pictures the right way, changes the right labels and leaves the minimap alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playhead.data.augment import Augmenter
from playhead.plugins import Plugins
from playhead_gta5.augment import DiagonalWarp, lean
from playhead_gta5.game import GTA5

MINIMAP = GTA5.regions["minimap"]
WARP = "diagonal_warp"


def warp() -> DiagonalWarp:
    return DiagonalWarp(GTA5.schema, GTA5.frame)


def keys(*rows: str) -> np.ndarray:
    return np.array([[float(name in row) for name in "wasd"] for row in rows], dtype=np.float32)


def augmenter(**probabilities: float) -> Augmenter:
    wanted = {WARP if name == "warp" else name: p for name, p in probabilities.items()}
    made = Augmenter.of(wanted, GTA5.schema, GTA5.frame, GTA5.regions, Plugins.installed(strict=True))
    assert made is not None
    return made


def windows(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (count, 3, 18, 24, 3), dtype=np.uint8)
    return small.repeat(10, axis=2).repeat(10, axis=3)


def test_only_w_or_nothing_is_accepted() -> None:
    labels = {"drive": torch.from_numpy(keys("w", "", "a", "wd", "s", "ws", "wa"))}
    assert warp().accepts(labels).tolist() == [True, True] + [False] * 5


def test_a_held_share_of_w_is_w_and_a_share_of_a_is_not() -> None:
    labels = {"drive": torch.tensor([[0.4, 0, 0, 0], [1, 0.1, 0, 0]])}
    assert warp().accepts(labels).tolist() == [True, False]


@pytest.mark.parametrize("shift", [50.0, -50.0, 100.0, -100.0])
def test_rows_move_in_proportion_and_the_enlarged_picture_shows_none_that_wrapped(shift: float) -> None:
    matrix = lean(torch.tensor([shift]), 180, 240)[0].numpy()
    zoom = 1 + abs(shift) / 240
    top, bottom = matrix @ [119.5, 0, 1], matrix @ [119.5, 179, 1]
    assert top[0] - 119.5 == pytest.approx(-shift / 2 * zoom, abs=1e-3)
    assert bottom[0] - 119.5 == pytest.approx(shift / 2 * zoom, abs=1e-3)
    assert matrix @ [119.5, 89.5, 1] == pytest.approx([119.5, 89.5], abs=1e-3)
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    corners = back @ np.array([[0, 239, 0, 239], [0, 0, 179, 179], [1, 1, 1, 1]])
    assert corners[0].min() > -0.5
    assert corners[0].max() < 239.5


def test_leaning_left_moves_the_road_ahead_left_and_asks_for_a() -> None:
    frames = torch.zeros(64, 3, 3, 180, 240)
    frames[:, :, :, 40:60, 118:122] = 1  # something straight ahead
    labels = {"drive": torch.from_numpy(keys(*["w"] * 64))}
    changed, new = warp()(frames, labels, torch.Generator().manual_seed(0))
    column = (changed[:, 0, 0].sum(1) * torch.arange(240.0)).sum(1) / changed[:, 0, 0].sum((1, 2))
    is_left = new["drive"][:, 1] == 1
    assert 16 < int(is_left.sum()) < 48
    assert (column[is_left] < 112).all()
    assert (column[~is_left] > 127).all()
    assert (new["drive"][~is_left, 3] == 1).all()
    assert (new["drive"][:, 0] == 1).all()
    assert (new["drive"][:, 2] == 0).all()
    assert (new["drive"].sum(1) == 2).all()


def test_all_frames_of_a_window_lean_alike() -> None:
    frames = windows(8)
    frames[:, 1:] = frames[:, :1]
    changed, _ = augmenter(warp=1)(frames, {"drive": keys(*["w"] * 8)}, np.random.default_rng(0))
    assert (changed[:, 0] == changed[:, 1]).all()
    assert (changed[:, 0] == changed[:, 2]).all()


@pytest.mark.parametrize("name", ["warp", "flip", "zoom", "colour"])
def test_the_minimap_is_kept_and_the_rest_is_changed(name: str) -> None:
    before = windows(4)
    changed, labels = augmenter(**{name: 1})(
        before.copy(), {"drive": keys("w", "w", "", "")}, np.random.default_rng(0)
    )
    old, new = (frames[:, :, MINIMAP.rows, MINIMAP.columns] for frames in (before, changed))
    assert (new == (old[:, :, :, ::-1] if name == "flip" else old)).all()
    assert (changed[:, :, :140] != before[:, :, :140]).mean() > 0.5
    assert (labels["drive"].sum(1) > 0).all() == (name == "warp")


def test_the_hidden_minimap_leaves_no_trace_where_the_picture_moved() -> None:
    """Were it not painted over first, a leaning picture would show a second, warped minimap."""
    frames = np.full((4, 1, 180, 240, 3), 90, dtype=np.uint8)
    frames[:, :, MINIMAP.rows, MINIMAP.columns] = 255
    changed, _ = augmenter(warp=1)(frames, {"drive": keys(*["w"] * 4)}, np.random.default_rng(0))
    changed[:, :, MINIMAP.rows, MINIMAP.columns] = 90
    assert np.abs(changed.astype(int) - 90).max() <= 1


def test_a_flip_swaps_a_and_d() -> None:
    _, labels = augmenter(flip=1)(windows(3), {"drive": keys("wa", "d", "s")}, np.random.default_rng(0))
    assert labels["drive"].tolist() == keys("wd", "a", "s").tolist()


def test_windows_that_steer_are_left_as_they_are() -> None:
    before = windows(2)
    changed, labels = augmenter(warp=1)(before.copy(), {"drive": keys("wa", "s")}, np.random.default_rng(0))
    assert (changed == before).all()
    assert labels["drive"].tolist() == keys("wa", "s").tolist()
