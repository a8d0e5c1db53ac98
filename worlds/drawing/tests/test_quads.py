"""Faces in numpy: where their corners lie, which way they look, how they are lit."""

from __future__ import annotations

import numpy as np
import pytest

from playhead_drawing.quads import disc, faces, frusta, join, normals_of, outlines, ribbon, rings, walls


def normals(corners_Q43: np.ndarray) -> np.ndarray:
    return np.cross(corners_Q43[:, 2] - corners_Q43[:, 0], corners_Q43[:, 3] - corners_Q43[:, 1])


def test_one_colour_reaches_every_corner_of_every_face() -> None:
    made = faces(np.zeros((3, 4, 3)), (10, 20, 30))
    assert len(made) == 3
    assert (made.colours_Q43 == (10, 20, 30)).all()


def test_joined_lots_keep_their_order() -> None:
    lots = [faces(np.full((count, 4, 3), count), (count, 0, 0)) for count in (1, 2)]
    joined = join(lots)
    assert joined.colours_Q43[:, 0, 0].tolist() == [1, 2, 2]
    assert len(join([])) == 0
    assert len(joined.take(np.array([0, 2]))) == 2


def test_outlines_turn_with_their_heading() -> None:
    (outline_42,) = outlines(np.array([[5, 7, np.pi / 2, 4, 2]], np.float32))
    assert outline_42[:, 0].min() == pytest.approx(4)
    assert outline_42[:, 1].max() == pytest.approx(9)


def test_sides_of_a_frustum_look_outwards() -> None:
    base = outlines(np.array([[0, 0, 0.3, 4, 2]], np.float32))
    sides = frusta(base, base * 0.5, np.zeros(1, np.float32), np.ones(1, np.float32), (9, 9, 9))
    middles_Q3 = sides.corners_Q43.mean(axis=1)
    outwards_Q = (normals(sides.corners_Q43)[:, :2] * middles_Q3[:, :2]).sum(axis=1)
    assert len(sides) == 4
    assert (outwards_Q > 0).all()


def test_what_lies_flat_looks_up() -> None:
    line_N2 = np.array([[0, 0], [5, 0], [9, 3]], np.float32)
    for flat in (ribbon(line_N2, normals_of(line_N2), (-2, 1), (1, 1, 1)), disc(1, 2, 3, (1, 1, 1))):
        assert (normals(flat.corners_Q43)[:, 2] > 0).all()
        assert (flat.corners_Q43[..., 2] == 0).all()


def test_rings_keep_their_distance() -> None:
    (ring_K2,) = rings(np.array([[2, 3]], np.float32), np.array([4], np.float32), sides=6)
    assert np.hypot(*(ring_K2 - (2, 3)).T) == pytest.approx(np.full(6, 4.0), rel=1e-5)


def test_walls_repeat_their_texture() -> None:
    base = outlines(np.array([[0, 0, 0, 4, 2]], np.float32))
    repeats = np.array([[3, 2]], np.float32), np.array([5], np.float32)
    upright = walls(base, np.array([6], np.float32), np.array([[1, 2, 3]], np.float32), repeats)
    assert upright.texture_Q42.max(axis=1).tolist() == [[3, 5], [2, 5], [3, 5], [2, 5]]


def test_a_face_turned_from_the_sun_is_darker() -> None:
    square_43 = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    up, down = faces(square_43, (200, 200, 200)).shaded(), faces(square_43[::-1], (200, 200, 200)).shaded()
    assert down.colours_Q43.max() < up.colours_Q43.min() <= 200
