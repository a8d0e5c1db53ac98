"""The garage: what is drawn, that it is the same everywhere, and that the car can always be told."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from playhead_drawing.engine import Canvas, node, solid_state
from playhead_drawing.quads import faces
from playhead_sideswipe.garage import foreground, scene
from playhead_sideswipe.garage.cars import body_named, dressed
from playhead_sideswipe.garage.paints import paints
from playhead_sideswipe.garage.shapes import FIXED, PRIMARY, Material, Part, box, join, lathe
from playhead_sideswipe.garage.surfaces import walls
from playhead_sideswipe.loadout import ROTATIONS, Loadout
from playhead_sideswipe.postcard import dressed_at_random, sheet
from playhead_sideswipe.world import BODIES, HATS, SIZE, STICKERS, UNSEEN_BODIES, WHEELS, Garage

BLUE = Loadout(body="octane", primary=0.5)


@pytest.fixture(scope="module")
def garage() -> Iterator[Garage]:
    with Garage() as made:
        yield made


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What foreground is told of each picture: 255 where no car is."""
    seen: list[np.ndarray] = []
    monkeypatch.setattr(foreground, "lay_over", lambda _picture, empty_HW, *_: seen.append(empty_HW))
    return seen


def digest(pictures: list[np.ndarray]) -> str:
    return hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()


def some_pictures() -> list[np.ndarray]:
    made, dice = [], Random(5)
    for split in ("train", "test"):
        with Garage(split=split) as garage:
            for seed in range(12):
                body = (BODIES + UNSEEN_BODIES)[seed % 9]
                made.append(garage.draw(dressed_at_random(body, dice), 10 * dice.random(), seed=seed))
    return made


def test_a_picture_is_what_recordings_keep(garage: Garage) -> None:
    picture_HWC = garage.draw(BLUE, 0, seed=0)
    assert picture_HWC.shape == (150, 400, 3)
    assert picture_HWC.dtype == np.uint8
    assert picture_HWC.flags.owndata or picture_HWC.base is None or picture_HWC.flags.writeable


def test_another_process_draws_the_same_pixels() -> None:
    code = "from test_world import digest, some_pictures; print(digest(some_pictures()))"
    here = str(Path(__file__).parent)
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here
    ).stdout
    assert told.strip() == digest(some_pictures())


def test_a_picture_does_not_depend_on_what_was_drawn_before(garage: Garage) -> None:
    first = garage.draw(BLUE, 3, seed=8)
    garage.draw(Loadout(body="breakout", hat=4, wheel=9), 7, seed=9)
    kept = first.copy()
    assert (garage.draw(BLUE, 3, seed=8) == kept).all()
    assert (first == kept).all(), "a picture belongs to the caller"


def test_a_seed_decides_the_room_and_a_plain_room_has_nothing_before_the_car(garage: Garage) -> None:
    pictures = [garage.draw(BLUE, 3, seed=seed) for seed in range(20)]
    assert len({picture.tobytes() for picture in pictures}) == 20
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 15


def test_no_test_room_is_a_training_room(garage: Garage) -> None:
    training, tested = walls("train"), walls("test")
    assert all((one != other).any() for one in training for other in tested)
    with Garage(split="test") as elsewhere:
        for seed in range(10):
            there, here = (one.draw(BLUE, 3, seed=seed).astype(int) for one in (elsewhere, garage))
            assert np.abs(there - here).mean() > 10


@pytest.mark.parametrize("body", BODIES + UNSEEN_BODIES)
def test_every_body_is_in_the_picture_in_every_rotation(garage: Garage, bare: list[np.ndarray], body: str) -> None:
    for seed in range(40):
        garage.draw(Loadout(body=body), seed % ROTATIONS + seed / 40, seed=seed)
    for empty_HW in bare:
        assert 5000 < (empty_HW < 128).sum() < 22000
        assert (empty_HW[:, :45] == 255).all()
        assert (empty_HW[:, -45:] == 255).all()
        assert (empty_HW[:2] == 255).all(), "a car without a hat reaches no ceiling"
    assert np.mean([(empty_HW[-1] == 255).all() for empty_HW in bare]) > 0.9, "a nose may be cut, now and then"


def test_bodies_differ_in_every_rotation_more_than_hats_change_them(garage: Garage) -> None:
    for rotation in range(ROTATIONS):
        plain = {
            body: garage.draw(Loadout(body=body, primary=0.5), rotation, seed=1, clutter=False)
            for body in STICKERS
        }
        hat = garage.draw(Loadout(body="octane", primary=0.5, hat=1), rotation, seed=1, clutter=False)
        by_hat = (plain["octane"] != hat).any(axis=2).sum()
        for body in STICKERS:
            for other in STICKERS:
                changed = (plain[body] != plain[other]).any(axis=2).sum()
                assert body == other or changed > max(2500, 2 * by_hat)


@pytest.mark.parametrize(("part", "count"), [("hat", HATS), ("wheel", WHEELS)])
def test_every_hat_and_wheel_looks_different(garage: Garage, part: str, count: int) -> None:
    for body in ("octane", "breakout"):
        drawn = {
            garage.draw(Loadout(body=body, **{part: number}), 1, seed=1, clutter=False).tobytes()
            for number in range(count)
        }
        assert len(drawn) == count


@pytest.mark.parametrize("body", BODIES + UNSEEN_BODIES)
def test_every_sticker_is_seen_from_both_sides(garage: Garage, body: str) -> None:
    assert [STICKERS[name] for name in BODIES] == [3, 3, 2, 4]
    for rotation in (0.3, 5.3):
        drawn = [
            garage.draw(Loadout(body=body, sticker=number), rotation, seed=1, clutter=False)
            for number in range(STICKERS[body])
        ]
        for number, picture_HWC in enumerate(drawn):
            assert all((picture_HWC != other).any(axis=2).sum() > 60 for other in drawn[:number])


def test_paints_tell_the_team_and_follow_the_sliders(garage: Garage) -> None:
    for place in np.linspace(0, 1, 9):
        (blue, _), (orange, _) = paints(0, place, 0), paints(1, place, 0)
        assert blue[2] > blue[0]
        assert orange[0] > orange[2]
    middle = paints(0, 0.375, 0.5)
    assert np.allclose(middle[0], np.mean([paints(0, 0.25, 0)[0], paints(0, 0.5, 0)[0]], axis=0))
    drawn = [garage.draw(Loadout(body="octane", secondary=place), 0, seed=1, clutter=False) for place in (0, 0.5)]
    assert 100 < (drawn[0] != drawn[1]).any(axis=2).sum() < 4000


def test_any_fraction_of_a_turn_can_be_shown_and_ten_tenths_are_a_turn(garage: Garage) -> None:
    straight, turned, whole = (garage.draw(BLUE, rotation, seed=1, clutter=False) for rotation in (0, 0.5, 10))
    assert (straight != turned).any(axis=2).sum() > 2000
    assert np.abs(straight.astype(int) - whole).mean() < 0.1


def test_pictures_of_another_size_are_scaled(garage: Garage) -> None:
    with Garage(width=200, height=75) as small:
        drawn = small.draw(BLUE, 1, seed=4)
    expected = cv2.resize(garage.draw(BLUE, 1, seed=4), (200, 75))
    assert (drawn == expected).all()


def test_so_much_of_the_car_stays_in_sight_that_anyone_could_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = []

    def watched(picture_HWC: np.ndarray, empty_HW: np.ndarray, dice: Random, split: str) -> None:
        before = picture_HWC.copy()
        foreground_lay_over(picture_HWC, empty_HW, dice, split)
        hidden.append((before != picture_HWC).any(axis=2)[empty_HW < 128].mean())

    foreground_lay_over = foreground.lay_over
    monkeypatch.setattr(foreground, "lay_over", watched)
    for split in ("train", "test"):
        with Garage(split=split) as garage:
            for seed in range(250):
                garage.draw(Loadout(body=BODIES[seed % 4]), seed % 10, seed=seed)
    # The limit counts pixels that are half car; confetti comes on top.
    assert max(hidden) < 0.38
    assert np.mean(np.array(hidden) > 0.05) > 0.05, "some cars are hidden in part"


def test_what_would_hide_too_much_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    empty_HW = np.full((150, 400), 255, np.uint8)
    empty_HW[50:100, 100:200] = 0

    def curtain(share: float, picture_HWC: np.ndarray, mask_HW: np.ndarray, _: Random) -> None:
        columns = slice(100, 100 + round(100 * share))
        picture_HWC[:, columns], mask_HW[:, columns] = 77, 255

    for share, is_hung in ((0.25, True), (0.35, False), (1.0, False)):
        monkeypatch.setattr(foreground, "THINGS", {"train": (partial(curtain, share),)})
        hung = []
        for seed in range(60):
            picture_HWC = np.zeros((150, 400, 3), np.uint8)
            foreground.lay_over(picture_HWC, empty_HW, Random(seed), "train")
            hung.append((picture_HWC[60:90, 101:120] == 77).mean() > 0.5)
        assert any(hung) == is_hung


def test_the_car_never_goes_dark_or_burns_out(garage: Garage) -> None:
    for seed in range(60):
        shown = garage.draw(Loadout(body=BODIES[seed % 4], primary=1.0), seed % 10, seed=seed)[20:140, 120:280]
        assert shown.std() > 10


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"body": "bus"}, "no body 'bus'"),
        ({"hat": HATS}, "no hat 23"),
        ({"wheel": -1}, "no wheel -1"),
        ({"sticker": 3}, "no sticker 3 for octane"),
        ({"primary": 1.2}, "off the slider"),
        ({"team": 2}, "team is 2"),
    ],
)
def test_what_no_menu_has_is_named(garage: Garage, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        garage.draw(Loadout(**{"body": "octane", **wrong}), 0, seed=0)


def test_sizes_and_rooms_that_cannot_be_are_named() -> None:
    with pytest.raises(ValueError, match="0x150"):
        Garage(width=0)
    with pytest.raises(ValueError, match="rooms 'evening'"):
        Garage(split="evening")  # type: ignore[arg-type]


def test_camera_and_canvas_agree_on_where_a_point_is() -> None:
    mark = Material(colour=(250, 250, 250))
    for seed in range(5):
        camera = scene.camera(Random(seed))
        point = np.array([[0.9, -0.4, 0.8]], np.float32)
        with Canvas(400, 150, (0, 0, 0)) as canvas:
            canvas.set_view(scene.VIEW_DEGREES, 0.5, 60)
            spot = box((0.87, 0.93), (-0.43, -0.37), (0.77, 0.83), mark)
            canvas.scene.attach_new_node(node("spot", [(solid_state(), faces(spot.corners_Q43, (250, 250, 250)))]))
            place = (camera.x, camera.y, camera.z, camera.heading, camera.pitch, camera.roll)
            canvas.camera.set_pos_hpr(*place)
            rows, columns = np.nonzero(canvas.draw()[:, :, 0])
        (expected,) = camera.pixels(point, SIZE)
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(tuple(expected), abs=1.0)


def normals_look_outwards(part: Part) -> bool:
    middle_3 = part.corners_Q43.reshape(-1, 3).mean(axis=0)
    outwards_Q = ((part.corners_Q43.mean(axis=1) - middle_3) * part.normals_Q43.mean(axis=1)).sum(axis=1)
    return bool((outwards_Q > -1e-6).all())


def test_solids_look_outwards_and_keep_it_when_mirrored() -> None:
    metal = Material(colour=(9, 9, 9), paint=PRIMARY)
    for solid in (
        box((0, 1), (2, 4), (0, 3), metal, taper=0.2),
        lathe([(0.0, 0.0), (1.0, 0.2), (0.8, 1.0), (0.0, 1.1)], 8, metal),
    ):
        assert normals_look_outwards(solid)
        assert normals_look_outwards(solid.mirrored())
        assert np.allclose(np.linalg.norm(solid.normals_Q43, axis=2), 1, atol=1e-5)
        assert (solid.paint_Q == PRIMARY).all()


def test_facing_leaves_out_what_cannot_be_seen() -> None:
    crate = box((-1, 1), (-1, 1), (-1, 1), Material(colour=(9, 9, 9)))
    assert len(crate.facing(np.array([5, 0, 0], np.float32))) == 1
    assert len(crate.facing(np.array([5, 5, 5], np.float32))) == 3
    whole = join(list(dressed(BLUE)))
    assert 0.3 < len(whole.facing(scene.PLAIN_CAMERA.place_3)) / len(whole) < 0.7
    assert (whole.paint_Q == FIXED).any()


@pytest.mark.parametrize("body", BODIES + UNSEEN_BODIES)
def test_a_body_is_the_same_on_both_sides_and_stands_above_the_ground(body: str) -> None:
    part = body_named(body).part
    assert part.corners_Q43[..., 1].max() == pytest.approx(-part.corners_Q43[..., 1].min())
    assert part.corners_Q43[..., 2].min() > 0.1
    assert 100 < len(part) < 400


def test_a_contact_sheet_has_a_row_for_each_body() -> None:
    picture_HWC = sheet()
    assert picture_HWC.shape == (6 * 112, 4 * 300, 3)
    assert picture_HWC.std() > 20
