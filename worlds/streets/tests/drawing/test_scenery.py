"""What is drawn is where the simulation has it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from playhead_drawing.quads import Quads
from playhead_streets.generate import make_town
from playhead_streets.postcard import collage
from playhead_streets.scenery import FLAT_LAYERS, Layer, scenery
from playhead_streets.town import BUILDING, RASTER_M, Town


def rasterised(quads: Quads, town: Town) -> np.ndarray:
    """Fill the faces, seen from above, into a raster like those of the town."""
    filled_RC = np.zeros_like(town.surface_RC)
    for corners_42 in quads.corners_Q43[:, :, :2]:
        cells_42 = (corners_42 - town.origin_2) / RASTER_M - 0.5
        cv2.fillPoly(filled_RC, [np.round(cells_42 * 16).astype(np.int32)[:, None]], 1, cv2.LINE_8, 4)
    return filled_RC


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town(4)


def test_asphalt_lies_where_the_simulation_has_road(town: Town) -> None:
    differs_RC = (rasterised(scenery(town)[Layer.ROAD], town) != town.surface_RC).astype(np.uint8)
    # Edges of polygons fall into one cell or the next; nothing is wrong over three cells in a row.
    assert differs_RC.mean() < 0.006
    assert cv2.erode(differs_RC, np.ones((3, 3), np.uint8)).sum() == 0


def test_walls_stand_where_the_simulation_has_buildings(town: Town) -> None:
    layers = scenery(town)
    walls_Q43 = np.concatenate([layers[front].corners_Q43 for front in (Layer.BRICK, Layer.OFFICE, Layer.PLASTER)])
    assert len(walls_Q43) == 4 * len(town.buildings_B7)
    cells_Q42 = ((walls_Q43[..., :2] - town.origin_2) / RASTER_M).astype(int)
    rows, columns = cells_Q42[..., 1].clip(1), cells_Q42[..., 0].clip(1)
    around = np.zeros(rows.shape, bool)
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            around |= town.obstacles_RC[rows + row, columns + column] == BUILDING
    assert around.mean() > 0.99


def test_flat_layers_face_up_and_walls_face_out(town: Town) -> None:
    layers = scenery(town)
    for layer in FLAT_LAYERS:
        corners = layers[layer].corners_Q43
        upward_Q = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])[:, 2]
        assert (upward_Q > 0).all(), layer
    wall_Q43 = layers[Layer.BRICK].corners_Q43.reshape(-1, 4, 4, 3)
    middle_B3 = wall_Q43.mean(axis=(1, 2))
    outward_B43 = np.cross(wall_Q43[:, :, 2] - wall_Q43[:, :, 0], wall_Q43[:, :, 3] - wall_Q43[:, :, 1])
    from_middle_B43 = wall_Q43.mean(axis=2) - middle_B3[:, None]
    assert ((outward_B43 * from_middle_B43).sum(axis=2) > 0).all()


def test_the_postcard_shows_both_cameras(town: Town) -> None:
    picture_HWC = collage([(3, 1.0)], (120, 90))
    assert picture_HWC.shape == (90, 244, 3)
    hood_HWC, chase_HWC = picture_HWC[:, :120], picture_HWC[:, 124:]
    assert (hood_HWC != chase_HWC).any(axis=2).mean() > 0.3
    assert (picture_HWC[:, 120:124] == 255).all()
