"""The canvas: what is in the scene is in the picture, and the same scene is the same picture in any process."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from panda3d.core import LMatrix4f, TransformState

from playhead_drawing.engine import Canvas, flat_state, node, shown_within, solid_state, texture
from playhead_drawing.noise import SIZE_PX, noise, tinted
from playhead_drawing.quads import Quads, faces, frusta, outlines

SKY = (104, 160, 222)


def plate(y: float, colour: tuple[int, int, int], half_m: float = 1.0) -> Quads:
    return faces([(-half_m, y, -half_m), (half_m, y, -half_m), (half_m, y, half_m), (-half_m, y, half_m)], colour)


def crate() -> Quads:
    base = outlines(np.array([[0, 8, 0.5, 3, 2]], np.float32))
    return frusta(base, base, np.zeros(1, np.float32), np.ones(1, np.float32), (206, 44, 40)).shaded()


@pytest.fixture
def canvas() -> Canvas:
    with Canvas(64, 48, SKY) as made:
        made.set_view(60, near_m=0.1, far_m=50)
        yield made


def test_an_empty_scene_is_its_clear_colour(canvas: Canvas) -> None:
    picture_HWC = canvas.draw()
    assert picture_HWC.shape == (48, 64, 3)
    assert picture_HWC.dtype == np.uint8
    assert (np.abs(picture_HWC.astype(int) - SKY) <= 1).all()


def test_what_is_nearer_hides_what_is_behind(canvas: Canvas) -> None:
    for y, colour in ((4, (250, 0, 0)), (6, (0, 250, 0))):
        canvas.scene.attach_new_node(node("plate", [(solid_state(), plate(y, colour))]))
    assert canvas.draw()[24, 32].tolist() == pytest.approx((250, 0, 0), abs=1)


def test_layers_without_depth_are_drawn_in_their_order(canvas: Canvas) -> None:
    for order, y, colour in ((1, 4, (250, 0, 0)), (2, 6, (0, 250, 0))):
        canvas.scene.attach_new_node(node("layer", [(flat_state(order), plate(y, colour))]))
    assert canvas.draw()[24, 32].tolist() == pytest.approx((0, 250, 0), abs=1)


def test_a_face_is_seen_from_one_side(canvas: Canvas) -> None:
    front = plate(4, (250, 0, 0))
    behind = faces(front.corners_Q43[:, ::-1], (250, 0, 0))
    canvas.scene.attach_new_node(node("plate", [(solid_state(), behind)]))
    assert canvas.draw()[24, 32].tolist() == pytest.approx(SKY, abs=1)


def test_a_texture_is_multiplied_by_the_colour_of_a_solid_face(canvas: Canvas) -> None:
    grey = texture("grey", np.full((8, 8, 3), 128, np.uint8))
    canvas.scene.attach_new_node(node("plate", [(solid_state(grey), plate(4, (200, 100, 0)))]))
    assert canvas.draw()[24, 32].tolist() == pytest.approx((100, 50, 0), abs=3)


def test_what_is_far_can_be_left_out(canvas: Canvas) -> None:
    faces_of = node("plate", [(solid_state(), plate(4, (250, 0, 0)))])
    canvas.scene.attach_new_node(shown_within(5.0, (0.0, 4.0), faces_of))
    assert canvas.draw()[24, 32, 0] == pytest.approx(250, abs=1)
    canvas.camera.set_pos(0, -3, 0)
    assert canvas.draw()[24, 32].tolist() == pytest.approx(SKY, abs=1)


def test_pictures_belong_to_the_caller(canvas: Canvas) -> None:
    first = canvas.draw()
    kept = first.copy()
    canvas.scene.attach_new_node(node("crate", [(solid_state(), crate())]))
    assert (canvas.draw() != kept).any()
    assert (first == kept).all()


def test_another_process_draws_the_same_pixels() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    code += "import hashlib; print(picture.shape, hashlib.sha256(picture.tobytes()).hexdigest())"
    told = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in "ab"
    ]
    with Canvas(240, 180, SKY) as made:
        made.set_view(60, near_m=0.1, far_m=50)
        made.scene.attach_new_node(node("crate", [(solid_state(), crate())]))
        made.camera.set_pos_hpr(0, 0, 1.5, 0, -5, 0)
        picture_HWC = made.draw()
    digest = hashlib.sha256(picture_HWC.tobytes()).hexdigest()
    assert told == [f"(180, 240, 3) {digest}\n"] * 2
    assert 0.05 < (picture_HWC != picture_HWC[0, 0]).any(axis=2).mean() < 0.5


def test_noise_repeats_without_a_seam() -> None:
    picture_HWC = noise(seed=3, level=200, spread=0.0, coarse_px=8)
    assert (picture_HWC == 200).all()
    blotchy_HW = noise(seed=3, level=128, spread=6, coarse_px=16)[:, :, 0].astype(int)
    assert blotchy_HW.shape == (SIZE_PX, SIZE_PX)
    inside, seam = np.abs(np.diff(blotchy_HW, axis=1)).mean(), np.abs(blotchy_HW[:, 0] - blotchy_HW[:, -1]).mean()
    assert seam < 2 * inside


def test_a_tint_multiplies() -> None:
    white_HWC = np.full((2, 2, 3), 255, np.uint8)
    assert tinted(white_HWC, (10, 20, 30)).tolist() == np.full((2, 2, 3), (10, 20, 30)).tolist()


def test_a_cut_out_before_a_picture_is_the_scene_before_it() -> None:
    with Canvas(64, 48, (0, 0, 0)) as canvas:
        canvas.set_view(60, near_m=0.1, far_m=50)
        canvas.scene.attach_new_node(node("plate", [(solid_state(), plate(4, (200, 100, 40)))]))
        cut_out_HWC, bare_HW = canvas.draw_cut_out(2)
        whole_HWC = canvas.draw()
    assert cut_out_HWC.shape == (24, 32, 3)
    assert bare_HW[12, 16] == 0
    assert bare_HW[0, 0] == 255
    assert cut_out_HWC[12, 16].tolist() == pytest.approx((200, 100, 40), abs=1)
    covered_HW = (whole_HWC > 0).any(axis=2).reshape(24, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(covered_HW - (1 - bare_HW / 255)).max() < 0.01, "what is bare is the share of finer pixels"
    assert np.abs(cut_out_HWC[..., 0] - 200 * covered_HW).max() < 2


def test_a_cut_out_stands_upright() -> None:
    with Canvas(64, 48, (0, 0, 0)) as canvas:
        canvas.set_view(60, near_m=0.1, far_m=50)
        upper = faces([(-1, 4, 0.2), (1, 4, 0.2), (1, 4, 1), (-1, 4, 1)], (250, 20, 20))
        canvas.scene.attach_new_node(node("plate", [(solid_state(), upper)]))
        cut_out_HWC, bare_HW = canvas.draw_cut_out(2)
    assert (bare_HW[:12] == 0).any()
    assert (bare_HW[12:] == 255).all()
    assert cut_out_HWC[:12, :, 0].max() > 240
    assert cut_out_HWC[:12, :, 2].max() < 30


def test_what_was_drawn_before_is_not_put_in_the_place_of_what_is_nearly_the_same() -> None:
    """Else the pictures of a drive would depend on the drives that its process drew earlier."""
    nearly_one = float(np.nextafter(np.float32(1), np.float32(2)))
    placed = [TransformState.make_mat(LMatrix4f.translate_mat(x, 0, 0)) for x in (1.0, nearly_one)]
    assert [transform.get_mat()[3][0] for transform in placed] == [1.0, nearly_one]
