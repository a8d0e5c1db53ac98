"""Encoders: pictures seen together are seen as one, and keypoints say where things are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from playhead.errors import BadValue
from playhead.models import Colours
from playhead.models.encoders import ConvEncoder, Encoder, Keypoints, PointEncoder, convolutions_of

SIZE = (24, 32)
OPTIONS: dict[str, Any] = {
    "fold": 1,
    "channels": [8, 8],
    "strides": [4],
    "features": 16,
    "keypoints": 4,
    "looks": 0,
    "changes": False,
}


def pictures(count: int, together: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, together, *SIZE, 3), dtype=torch.uint8, generator=generator)


def dots(places_NP2: Tensor) -> Tensor:
    """Black pictures (N, P, H, W, 3) with a white dot of 2 x 2 pixels at each (row, column)."""
    count, together = places_NP2.shape[:2]
    drawn = torch.zeros(count, together, *SIZE, 3, dtype=torch.uint8)
    for number in range(count):
        for which in range(together):
            row, column = places_NP2[number, which].tolist()
            drawn[number, which, row : row + 2, column : column + 2] = 255
    return drawn


@pytest.mark.parametrize("fold", [1, 2])
def test_pictures_are_convolved_as_if_they_were_one(fold: int) -> None:
    torch.manual_seed(0)
    encoder = ConvEncoder(SIZE, 3, 2, {**OPTIONS, "fold": fold})
    encoder.standardise(Colours((10.0, 100.0, 200.0), (20.0, 50.0, 30.0)))
    seen = pictures(3, 2)
    scaled = (seen.float() - torch.tensor([10.0, 100.0, 200.0])) / torch.tensor([20.0, 50.0, 30.0])
    beside = scaled.permute(0, 2, 3, 1, 4).flatten(3)  # (N, H, W, P x C)
    height, width = SIZE
    squares = beside.reshape(3, height // fold, fold, width // fold, fold, 6).permute(0, 1, 3, 2, 4, 5).flatten(3)
    maps = functional.conv2d(squares.permute(0, 3, 1, 2), *_of(encoder.convolutions[0]), stride=4, padding=3)
    features = functional.relu(encoder.features(encoder.convolutions[1:](maps).flatten(1)))
    torch.testing.assert_close(encoder(seen), features, atol=1e-4, rtol=1e-4)


def _of(layer: nn.Module) -> tuple[Tensor, Tensor | None]:
    assert isinstance(layer, nn.Conv2d)
    return layer.weight, layer.bias


def test_a_keypoint_is_where_its_pattern_is_to_a_part_of_a_cell() -> None:
    keypoints = Keypoints(1, 1, looks=1)
    with torch.no_grad():
        keypoints.looks.weight.zero_()[:, 0, 1, 1] = torch.tensor([20.0, 3.0])
        nn.init.zeros_(keypoints.looks.get_parameter("bias"))
    maps = torch.zeros(3, 1, 5, 9)
    maps[0, 0, 2, 4] = 1.0  # the middle
    maps[1, 0, 4, 8] = 1.0  # a corner
    maps[2, 0, 2, 4] = maps[2, 0, 2, 5] = 1.0  # halfway between two cells
    points_N3, there_N1 = keypoints(maps)
    x_N, y_N, clear_N = points_N3.T.detach()
    torch.testing.assert_close(there_N1.detach(), torch.full((3, 1), 3.0), atol=1e-3, rtol=0)
    torch.testing.assert_close(x_N, torch.tensor([0.0, 1.0, 0.125]), atol=1e-3, rtol=0)
    torch.testing.assert_close(y_N, torch.tensor([0.0, 1.0, 0.0]), atol=1e-3, rtol=0)
    assert (clear_N > 0.99).all()
    nowhere = keypoints(torch.zeros(1, 1, 5, 9))[0][0].tolist()
    assert nowhere == pytest.approx([0, 0, 0], abs=1e-6)


def learned(
    encoder: Encoder, places_NP2: Tensor, targets_NA: Tensor, steps: int = 150, *, wall: bool = False
) -> float:
    """Return the mean square error that is left of standardised targets after so many steps.

    With a wall of bright bricks above, as of many games.
    """
    answer = nn.Linear(encoder.outputs, targets_NA.shape[1])
    optimizer = torch.optim.Adam([*encoder.parameters(), *answer.parameters()], lr=3e-3)
    loss = torch.tensor(0.0)
    for step in range(steps):
        rows = torch.arange(step * 32, step * 32 + 32) % len(places_NP2)
        drawn = dots(places_NP2[rows])
        if wall:
            drawn[:, :, :6, ::2] = 255
        loss = functional.mse_loss(answer(encoder(drawn)), targets_NA[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss.detach())


def test_keypoints_learn_where_a_dot_is_and_how_it_moved_sooner_than_a_layer() -> None:
    torch.manual_seed(0)
    places_N12 = torch.stack([torch.randint(4, 18, (256, 1)), torch.randint(4, 26, (256, 1))], dim=2)
    places_NP2 = torch.cat([places_N12, places_N12 + torch.randint(-3, 4, (256, 1, 2))], dim=1)
    targets = torch.cat([places_NP2[:, 1], places_NP2[:, 1] - places_NP2[:, 0]], dim=1).float()
    targets = (targets - targets.mean(0)) / targets.std(0)
    left = learned(PointEncoder(SIZE, 3, 2, OPTIONS), places_NP2, targets)
    torch.manual_seed(0)
    without = learned(ConvEncoder(SIZE, 3, 2, OPTIONS), places_NP2, targets)
    assert left < 0.3, left
    assert left < 0.7 * without, (left, without)


def test_changes_are_convolved_as_changes() -> None:
    torch.manual_seed(0)
    encoder = PointEncoder(SIZE, 3, 3, {**OPTIONS, "changes": True})
    encoder.standardise(Colours((10.0, 100.0, 200.0), (20.0, 50.0, 30.0), (9.0, 12.0, 15.0)))
    assert encoder.changes is not None
    seen = pictures(2, 3).float()
    scaled = (seen - torch.tensor([10.0, 100.0, 200.0])) / torch.tensor([20.0, 50.0, 30.0])
    changed = torch.cat([torch.zeros(2, 1, *SIZE, 3), seen.diff(dim=1)], dim=1) / torch.tensor([9.0, 12.0, 15.0])
    both = torch.cat([scaled, changed], dim=4).flatten(0, 1).permute(0, 3, 1, 2)
    first = encoder.first[0]
    weight, bias = _of(first)
    wanted = functional.conv2d(both, torch.cat([weight, encoder.changes.weight], dim=1), bias, 4, 3)
    torch.testing.assert_close(encoder._seen(seen), wanted, atol=1e-4, rtol=1e-4)


def test_a_dot_before_a_bright_wall_is_found_by_how_it_changes() -> None:
    def left(*, changes: bool) -> float:
        torch.manual_seed(0)
        encoder = PointEncoder(SIZE, 3, 2, {**OPTIONS, "changes": changes})
        encoder.standardise(Colours((90.0,) * 3, (90.0,) * 3, (10.0,) * 3))
        return learned(encoder, places_NP2, targets, wall=True)

    torch.manual_seed(0)
    places_N12 = torch.stack([torch.randint(8, 18, (256, 1)), torch.randint(4, 26, (256, 1))], dim=2)
    places_NP2 = torch.cat([places_N12, places_N12 + torch.tensor([2, 2])], dim=1)
    targets = places_NP2[:, 1].float()
    targets = (targets - targets.mean(0)) / targets.std(0)
    by_changes, by_itself = left(changes=True), left(changes=False)
    assert by_changes < 0.5 * by_itself, (by_changes, by_itself)


def bars(places_NP2: Tensor, is_upright_N: Tensor) -> Tensor:
    """Black pictures with a white bar of 7 x 3 pixels, lying or upright, about each (row, column)."""
    rows, columns = torch.arange(SIZE[0])[:, None], torch.arange(SIZE[1])
    down_NPHW = (rows - places_NP2[..., :1, None]).abs().expand(-1, -1, *SIZE)
    across_NPHW = (columns - places_NP2[..., 1:, None]).abs().expand(-1, -1, *SIZE)
    reach_N = torch.where(is_upright_N, 3, 1)[:, None, None, None]
    drawn_NPHW = (down_NPHW <= reach_N) & (across_NPHW <= 4 - reach_N)
    return (drawn_NPHW * 255).to(torch.uint8)[..., None].expand(-1, -1, -1, -1, 3).contiguous()


def errors_elsewhere(encoder: Encoder, steps: int = 120, without: int = 0) -> float:
    """Return how often it is wrong which way a bar lies in the right half, learned from bars in the left one.

    It must also answer without so many of its first outputs.
    """
    answer = nn.Linear(encoder.outputs, 1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *answer.parameters()], lr=3e-3)
    is_wrong_N = torch.ones(1)
    for step in range(steps + 1):
        first = 4 if step < steps else 18
        places_N12 = torch.stack([torch.randint(4, 20, (64, 1)), torch.randint(first, first + 10, (64, 1))], dim=2)
        is_upright_N = torch.rand(64) < 0.5
        seen_NF = encoder(bars(places_N12, is_upright_N))
        answered_N = answer(seen_NF)[:, 0]
        is_wrong_N = ((answered_N > 0) != is_upright_N).float()
        loss = functional.binary_cross_entropy_with_logits(answered_N, is_upright_N.float())
        if without:
            alone_N = answer(seen_NF * (torch.arange(encoder.outputs) >= without))[:, 0]
            loss = loss + functional.binary_cross_entropy_with_logits(alone_N, is_upright_N.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(is_wrong_N.mean())


def test_what_is_at_a_keypoint_is_known_where_nothing_was_learned() -> None:
    torch.manual_seed(0)
    at_keypoints = errors_elsewhere(PointEncoder(SIZE, 3, 1, {**OPTIONS, "features": 2, "looks": 8}))
    torch.manual_seed(0)
    in_a_layer = errors_elsewhere(ConvEncoder(SIZE, 3, 1, OPTIONS))
    assert at_keypoints < 0.1 < in_a_layer, (at_keypoints, in_a_layer)


def test_many_features_keep_keypoints_from_learning_unless_they_answer_alone_too() -> None:
    def errors(without: int) -> float:
        made = []
        for seed in range(3):
            torch.manual_seed(seed)
            encoder = PointEncoder(SIZE, 3, 1, {**OPTIONS, "features": 128, "looks": 8})
            made.append(errors_elsewhere(encoder, without=without))
        return sum(made) / len(made)

    beside, alone_too = errors(0), errors(128)
    assert alone_too < 0.2 < beside, (alone_too, beside)


def test_a_stride_of_nothing_and_an_encoder_of_nothing_are_refused() -> None:
    assert convolutions_of([4, 8], [3]) == [(4, 3), (8, 2)]
    with pytest.raises(BadValue, match="strides"):
        convolutions_of([4], [0])
    with pytest.raises(BadValue, match="at least one"):
        convolutions_of([], None)


def test_changes_are_seen_by_their_own_scale() -> None:
    options = {"fold": 1, "channels": [4, 4], "strides": None, "features": 8}
    torch.manual_seed(1)
    changing = ConvEncoder((12, 16), 3, 2, {**options, "changes": True})
    plain = ConvEncoder((12, 16), 3, 2, {**options, "changes": False})
    colours = Colours(means=(90.0, 100.0, 110.0), scales=(40.0, 50.0, 60.0), changes=(8.0, 10.0, 12.0))
    changing.standardise(colours)
    plain.standardise(colours)
    plain.load_state_dict(changing.state_dict())
    kernel = plain.convolutions[0].weight  # of the older picture the first three channels, then the newer one's
    as_change = kernel.detach()[:, :3] * 5.0  # scales of pictures are five times those of changes
    with torch.no_grad():
        kernel[:, 3:] += as_change
        kernel[:, :3] = -as_change
    pictures = torch.randint(0, 256, (3, 2, 12, 16, 3), dtype=torch.uint8)
    torch.testing.assert_close(changing(pictures), plain(pictures), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fold", [1, 2])
@pytest.mark.parametrize("changes", [False, True])
def test_a_window_is_seen_as_its_pictures_laid_side_by_side_are(fold: int, changes: bool) -> None:
    options = {"fold": fold, "channels": [4, 4], "strides": None, "features": 8, "changes": changes}
    encoder = ConvEncoder((12, 16), 3, 3, options)
    encoder.standardise(Colours(means=(90.0, 100.0, 110.0), scales=(40.0, 50.0, 60.0), changes=(8.0, 10.0, 12.0)))
    pictures_BTHWC = torch.randint(0, 256, (2, 5, 12, 16, 3), dtype=torch.uint8)
    seen_PT = torch.tensor([[0, 0, 0, 1, 2], [0, 1, 2, 3, 4], [1, 2, 3, 4, 4]])
    laid_out = pictures_BTHWC[:, seen_PT.T].flatten(0, 1)
    torch.testing.assert_close(
        encoder.over(pictures_BTHWC, seen_PT).flatten(0, 1), encoder(laid_out), rtol=1e-3, atol=1e-3
    )
