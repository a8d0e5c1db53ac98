from __future__ import annotations

import types
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from doubles import mixed_heads, small_game
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from playhead.data.augment import Augmentation, Augmenter, Labels, warp
from playhead.data.augment.colour import GREY, turned_hue
from playhead.data.augment.filling import Filling
from playhead.data.augment.geometry import mirrored, stretch
from playhead.errors import BadValue, NotFound
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.plugins import Plugins

GAME = small_game()
MAP = GAME.regions["map"]
FRAMES = np.random.default_rng(0).integers(0, 256, (6, 3, *GAME.frame.shape), dtype=np.uint8)
LABELS = {"drive": np.array([[1, 1, 0, 0]] * 6, np.float32)}


def augment(seed: int = 0, game: Any = GAME, **wanted: float) -> tuple[Any, Any]:
    augmenter = Augmenter.of(wanted, game.schema, game.frame, game.regions)
    assert augmenter is not None
    return apply(augmenter, FRAMES, LABELS, seed)


def apply(augmenter: Augmenter, frames: Any, labels: Any, seed: int = 0) -> tuple[Any, Any]:
    return augmenter(frames.copy(), labels, np.random.default_rng(seed))


def test_a_flip_mirrors_picture_labels_and_the_map_in_its_place() -> None:
    frames, labels = augment(flip=1)
    outside = np.ones(GAME.frame.shape[:2], bool)
    outside[MAP.rows, MAP.columns] = False
    hole = outside[:, ::-1]  # where the filled-in map went
    both = outside & hole
    np.testing.assert_array_equal(frames[:, :, both], FRAMES[:, :, :, ::-1][:, :, both])
    expected = FRAMES[:, :, MAP.rows, MAP.columns][:, :, :, ::-1]
    np.testing.assert_array_equal(frames[:, :, MAP.rows, MAP.columns], expected)
    assert labels["drive"].tolist() == [[1, 0, 0, 1]] * 6


def test_the_map_is_gone_from_where_a_flip_took_it() -> None:
    frames = np.full_like(FRAMES, 50)
    frames[:, :, MAP.rows, MAP.columns] = 250
    augmenter = Augmenter.of({"flip": 1.0}, GAME.schema, GAME.frame, GAME.regions)
    assert augmenter is not None
    flipped, _ = apply(augmenter, frames, LABELS)
    assert (flipped == 250).sum() == 6 * 3 * MAP.width * MAP.height * 3
    assert set(np.unique(flipped)) == {50, 250}


@pytest.mark.parametrize("name", ["colour", "zoom", "cutout"])
def test_the_others_leave_map_and_labels_alone_and_change_the_rest(name: str) -> None:
    frames, labels = augment(**{name: 1.0})
    np.testing.assert_array_equal(frames[:, :, MAP.rows, MAP.columns], FRAMES[:, :, MAP.rows, MAP.columns])
    assert (frames != FRAMES).reshape(6, -1).mean(1).min() > 0.02
    np.testing.assert_array_equal(labels["drive"], LABELS["drive"])


@pytest.mark.parametrize("name", ["flip", "colour", "zoom", "cutout"])
def test_all_frames_of_a_window_change_alike(name: str) -> None:
    still = FRAMES[:, :1].repeat(3, axis=1)
    augmenter = Augmenter.of({name: 1.0}, GAME.schema, GAME.frame, {})
    assert augmenter is not None
    frames, _ = apply(augmenter, still, LABELS, 1)
    np.testing.assert_array_equal(frames[:, 0], frames[:, 1])
    np.testing.assert_array_equal(frames[:, 0], frames[:, 2])
    assert not np.array_equal(frames, still)


def test_the_seed_decides() -> None:
    wanted = {"flip": 0.5, "colour": 0.5, "cutout": 0.5}
    assert np.array_equal(augment(1, **wanted)[0], augment(1, **wanted)[0])
    assert not np.array_equal(augment(1, **wanted)[0], augment(2, **wanted)[0])


def test_windows_that_were_not_drawn_stay_as_they_are() -> None:
    frames, labels = augment(3, flip=0.5)
    changed = (frames != FRAMES).reshape(6, -1).any(1)
    assert 0 < changed.sum() < 6
    assert (labels["drive"][:, 3] == changed).all()


def test_nothing_is_made_for_probability_zero() -> None:
    assert Augmenter.of({"flip": 0, "zoom": 0.0}, GAME.schema, GAME.frame, GAME.regions) is None


def test_a_grey_frame_can_be_changed_too() -> None:
    frames = FRAMES[..., :1]
    augmenter = Augmenter.of(dict.fromkeys(["flip", "colour", "zoom", "cutout"], 1.0), GAME.schema, GAME.frame,
                             GAME.regions)  # fmt: skip
    assert augmenter is not None
    assert apply(augmenter, frames, LABELS)[0].shape == frames.shape


@given(st.integers(0, 2**31))
def test_mirroring_labels_twice_changes_nothing(seed: int) -> None:
    heads = {
        "drive": Keys("w", "a", "s", "d", mirror=(("a", "d"),)),
        "turn": Choice("left", "straight", "right", mirror=(("left", "right"),)),
        "wheel": Axes("steer", "pedal", mirror=("steer",)),
    }
    generator = torch.Generator().manual_seed(seed)
    labels = {
        "drive": torch.rand(5, 4, generator=generator),
        "turn": torch.randint(0, 3, (5, 1), generator=generator),
        "wheel": torch.rand(5, 2, generator=generator) * 2 - 1,
    }
    schema = LabelSchema.of(heads)
    once = mirrored(schema, labels)
    assert torch.equal(once["drive"], labels["drive"][:, [0, 3, 2, 1]])
    assert torch.equal(once["turn"], 2 - labels["turn"])
    assert torch.equal(once["wheel"], labels["wheel"] * torch.tensor([-1.0, 1.0]))
    assert all(torch.equal(mirrored(schema, once)[name], labels[name]) for name in heads)


def test_flipping_twice_is_the_identity() -> None:
    schema = LabelSchema.of(mixed_heads())
    assert len(schema) == 4
    augmenter = Augmenter.of({"flip": 1.0}, GAME.schema, GAME.frame, {})
    assert augmenter is not None
    frames, labels = apply(augmenter, *apply(augmenter, FRAMES, LABELS))
    np.testing.assert_array_equal(frames, FRAMES)
    np.testing.assert_array_equal(labels["drive"], LABELS["drive"])


class OnlyWithoutSteering(Augmentation):
    """A game's own: refuses windows in which a or d is held."""

    def accepts(self, labels: Labels) -> Tensor:
        held_BA = labels["drive"][:, [1, 3]]
        return (held_BA == 0).all(1)

    def __call__(self, frames_BTCHW: Tensor, labels: Labels, generator: torch.Generator) -> tuple[Tensor, Labels]:
        labels["drive"][:, 1] = 1
        return torch.zeros_like(frames_BTCHW), labels


def test_a_game_may_add_its_own_and_refuse_windows() -> None:
    plugins = with_augmentations(unsteered=OnlyWithoutSteering)
    augmenter = Augmenter.of({"unsteered": 1.0}, GAME.schema, GAME.frame, GAME.regions, plugins)
    assert augmenter is not None
    labels = {"drive": np.array([[1, 1, 0, 0], [1, 0, 0, 0]] * 3, np.float32)}
    frames, changed = apply(augmenter, FRAMES, labels)
    assert changed["drive"][:, 1].tolist() == [1] * 6
    np.testing.assert_array_equal(frames[0], FRAMES[0])
    assert frames[1, :, 0].max() == 0
    np.testing.assert_array_equal(frames[1][:, MAP.rows, MAP.columns], FRAMES[1][:, MAP.rows, MAP.columns])


def with_augmentations(**named: Any) -> Plugins:
    """Plugins, one of which registers these augmentations."""
    module = types.ModuleType("plugin")
    module.playhead_augmentations = hookimpl(lambda: named)  # type: ignore[attr-defined]
    module.playhead_augmentations.__name__ = "playhead_augmentations"
    return Plugins([("mine", module)], strict=True)


def plain(**wanted: Any) -> Augmenter:
    """An augmenter that protects nothing: what small pictures are changed with."""
    augmenter = Augmenter.of(wanted, GAME.schema, GAME.frame, {})
    assert augmenter is not None
    return augmenter


def test_holes_are_black_squares_as_many_and_as_large_as_asked() -> None:
    white = np.full((40, 1, 24, 32, 3), 255, np.uint8)
    frames, _ = apply(
        plain(holes={"share": 1.0, "count": [2, 3], "side": 0.25}), white, {"drive": np.ones((40, 4))}
    )
    black_B = (frames[:, 0, :, :, 0] == 0).sum((1, 2))
    assert set(np.unique(frames)) == {0, 255}
    assert black_B.max() <= 3 * 36
    assert black_B.min() >= 36
    assert (black_B == 2 * 36).any()
    assert (black_B == 3 * 36).any()


def test_a_turned_hue_keeps_brightness_and_grey() -> None:
    red = np.zeros((20, 1, 24, 32, 3), np.uint8)
    red[..., 0] = 120
    red[:, :, :12] = 90
    only_hue = {"share": 1.0, "brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.5}
    frames, _ = apply(plain(colour=only_hue), red, {"drive": np.ones((20, 4))})
    np.testing.assert_array_equal(frames[:, :, :12], red[:, :, :12])
    assert len(np.unique(frames[:, 0, 20, 0], axis=0)) > 10
    third = turned_hue(torch.tensor([1 / 3]))[0]
    assert torch.allclose(third @ third @ third, torch.eye(3), atol=1e-5)
    assert torch.allclose(torch.tensor(GREY) @ third, torch.tensor(GREY), atol=1e-3)


def test_a_move_goes_no_further_than_asked_and_keeps_the_middle_when_it_only_turns() -> None:
    dot = np.zeros((30, 1, 25, 33, 3), np.uint8)
    dot[:, :, 11:14, 15:18] = 255
    still = {"share": 1.0, "shift": 0.0, "zoom": 0.0, "turn": 20.0}
    turned, _ = apply(plain(move=still), dot, {"drive": np.ones((30, 4))})
    assert turned[:, 0, 12, 16].min() > 250
    shifted, _ = apply(plain(move={**still, "shift": 0.1, "turn": 0.0}), dot, {"drive": np.ones((30, 4))})
    places = np.array([np.argwhere(picture[0, :, :, 0] > 100).mean(0) for picture in shifted])
    away = places - [12, 16]
    assert np.abs(away).max(0) == pytest.approx([2.5, 3.3], abs=0.8)


def test_several_windows_at_once_change_only_where_drawn() -> None:
    frames, labels = apply(plain(flip=0.5, holes=0.3, move=0.3), FRAMES, LABELS, 3)
    alone = np.array([np.array_equal(a, b) for a, b in zip(frames, FRAMES, strict=True)])
    assert alone.any()
    assert not alone.all()
    assert (labels["drive"][alone] == LABELS["drive"][alone]).all()


def test_options_are_checked() -> None:
    with pytest.raises(NotFound, match='Did you mean "saturation"'):
        plain(colour={"share": 0.5, "saturatoin": 0.1})
    with pytest.raises(BadValue, match="not a probability"):
        plain(colour={"share": 2})
    with pytest.raises(BadValue, match="not a probability"):
        plain(colour="often")


def test_wrong_names_and_probabilities_are_refused() -> None:
    with pytest.raises(NotFound, match='Did you mean "colour"'):
        augment(color=0.5)
    with pytest.raises(BadValue, match="not a probability"):
        augment(flip=1.5)
    with pytest.raises(NotFound, match='No augmentation is called "operator:is_"'):
        augment(**{"operator:is_": 0.5})
    plugins = with_augmentations(wrong="operator:is_")
    with pytest.raises(BadValue, match="not an Augmentation"):
        Augmenter.of({"wrong": 0.5}, GAME.schema, GAME.frame, {}, plugins)


def test_what_is_registered_is_found_by_its_reference_too_as_older_runs_name_it() -> None:
    old = {"playhead.data.augment.geometry:Flip": 1.0}
    found = Augmenter.of(old, GAME.schema, GAME.frame, {})
    assert found is not None
    assert type(found.augmentations[0][0]).__name__ == "Flip"


@pytest.mark.parametrize(("right", "below"), [(3, 2), (-4, 0), (0, -3), (0, 0), (200, -200)])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_only_moved_is_moved_by_whole_pixels(right: int, below: int, channels: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 11, 15, channels), dtype=np.uint8)
    rows, columns = np.clip(np.arange(11) - below, 0, 10), np.clip(np.arange(15) - right, 0, 14)
    expected = frames[:, rows][:, :, columns]
    stretch(frames, -right, -below, 15, 11)
    np.testing.assert_array_equal(frames, expected)


@pytest.mark.parametrize("rectangle", [(3, 2, 20, 15), (-4, -3, 40, 30), (10, -6, 25, 28), (0, 0, 1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_rectangle_is_stretched_as_in_floats(rectangle: tuple[int, int, int, int], channels: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 24, 32, channels), dtype=np.uint8)
    left, top, width, height = rectangle
    rows, columns = np.clip(np.arange(top, top + height), 0, 23), np.clip(np.arange(left, left + width), 0, 31)
    part = frames[:, rows][:, :, columns].astype(float)
    to_whole = np.array([[32 / width, 0, (32 / width - 1) / 2], [0, 24 / height, (24 / height - 1) / 2]])
    expected = moved(part, to_whole, shape=(24, 32))
    stretch(frames, *rectangle)
    assert np.abs(frames - expected).max() < 1.01


@pytest.mark.parametrize("name", ["zoom", "move"])
def test_what_is_enlarged_is_so_about_the_middle_to_half_a_pixel(name: str) -> None:
    ramp = np.broadcast_to(np.arange(0, 192, 6, dtype=np.uint8)[:, None], (40, 1, 24, 32, 1))
    options = {"share": 1.0, "shift": 0.0, "zoom": 0.2} if name == "move" else 1.0
    changed, _ = apply(plain(**{name: options}), np.repeat(ramp, 3, -1), {"drive": np.ones((40, 4))})
    across_BW = changed[:, 0, 12, :, 0].astype(float) / 6
    slopes = (across_BW[:, 24] - across_BW[:, 8]) / 16
    assert ((slopes > 0.79) & (slopes < (1.27 if name == "move" else 0.98))).all()
    assert np.ptp(slopes) > 0.1
    assert np.abs((across_BW[:, 15] + across_BW[:, 16]) / 2 - 15.5).max() <= 0.6


def moved(frames: Any, matrix_23: Any, shape: tuple[int, int] | None = None) -> Any:
    """Frames (T, H, W, C) moved by an affine map from old places to new, in floats; edges are repeated."""
    height, width = frames.shape[1:3]
    to_old = np.linalg.inv(np.vstack([matrix_23, [0, 0, 1]]))[:2]
    new = shape or (height, width)
    across, down = np.tensordot(to_old, [*np.mgrid[: new[0], : new[1]][::-1], np.ones(new)], 1)
    left, top = np.floor(across).astype(int), np.floor(down).astype(int)

    def mixed(row: Any) -> Any:
        one, other = (frames[:, row.clip(0, height - 1), (left + add).clip(0, width - 1)] for add in (0, 1))
        return one + (other - one) * (across - left)[..., None]

    return mixed(top) + (mixed(top + 1) - mixed(top)) * (down - top)[..., None]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_moved_as_in_floats(channels: int) -> None:
    turn = np.array([[1.07, -0.2, 3.3], [0.2, 1.07, -4.6]])
    far = [[0.8, 0, 5.2], [0, 0.8, 500]]  # so that hardly more than its edges is seen
    maps = np.stack([turn, [[1.15, 0, -2.4], [0, 1.15, -1.8]], [[0.9, 0.1, 0], [0, 0.9, 1]], far])
    frames = FRAMES[:4, ..., :channels].copy()
    expected = [moved(window.astype(float), matrix) for window, matrix in zip(frames, maps, strict=True)]
    warp(frames, torch.from_numpy(maps))
    assert np.abs(frames - np.array(expected)).max() < 1.01
    twice = [moved(window, matrix) for window, matrix in zip(expected, maps[::-1], strict=True)]
    warp(frames, torch.from_numpy(maps[::-1].copy()))
    assert np.abs(frames - np.array(twice)).max() < 2.01  # what was rounded before is moved, too


@pytest.mark.parametrize("reach", [0.0, 0.3])
def test_colours_are_changed_as_in_floats(reach: float) -> None:
    options = {"share": 1.0, "brightness": 0.0, "contrast": reach, "saturation": reach}
    frames, _ = apply(plain(colour=options), FRAMES[:1], {"drive": np.ones((1, 4))})
    drawn = torch.Generator().manual_seed(int(drawn_seed()))
    _, contrast, saturation = (1 - r + 2 * r * float(torch.rand(1, generator=drawn)) for r in (0, reach, reach))
    pixels = FRAMES[:1].astype(float)
    grey = (pixels @ GREY)[..., None]
    expected = contrast * (grey + saturation * (pixels - grey)) + (1 - contrast) * pixels[:, :, ::4, ::4].mean()
    assert np.abs(frames - expected.clip(0, 255)).max() < 1.01


def drawn_seed() -> int:
    """What `apply` seeds the changes of its one window with, after it drew whether to make the one there is."""
    rng = np.random.default_rng(0)
    rng.random(1)
    return int(rng.integers(2**62))


def test_a_region_is_filled_in_alike_once_its_frame_is_known_and_for_what_surrounds_it_alone() -> None:
    fill = Filling([MAP])
    once, again, others = FRAMES[0].copy(), FRAMES[0].copy(), FRAMES[1].copy()
    again[:, MAP.rows, MAP.columns] = 7
    fill(once)
    fill(again)
    fill(others)
    np.testing.assert_array_equal(once, again)
    mask = np.zeros(GAME.frame.shape[:2], np.uint8)
    mask[MAP.rows, MAP.columns] = 1
    for filled, frames in ((once, FRAMES[0]), (others, FRAMES[1])):
        expected = [cv2.inpaint(frame, mask, 3, cv2.INPAINT_NS) for frame in frames]
        np.testing.assert_array_equal(filled, expected)


def test_what_changes_bytes_changes_floats_too() -> None:
    flip = plain(flip=1.0).augmentations[0][0]
    floats = torch.from_numpy(FRAMES).permute(0, 1, 4, 2, 3) / 255
    labels = {"drive": torch.from_numpy(LABELS["drive"])}
    frames, changed = flip(floats, labels, torch.Generator())
    assert torch.allclose(frames, floats.flip(-1))
    assert changed["drive"].tolist() == [[1, 0, 0, 1]] * 6
