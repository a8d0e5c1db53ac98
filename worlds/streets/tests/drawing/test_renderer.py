from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from math import pi
from pathlib import Path

import numpy as np
import pytest

from playhead_streets.renderer import Renderer
from playhead_streets.town import CarPose, Town, Weather
from playhead_streets.view import CameraName

EGO = CarPose(x=85, y=58.2, heading=0.0, speed_mps=8, colour=1, is_braking=False)
AHEAD = CarPose(x=95, y=58.2, heading=0.0, speed_mps=8, colour=0, is_braking=False)


@pytest.fixture(scope="module")
def renderer(small_town: Town) -> Iterator[Renderer]:
    with Renderer(small_town) as made:
        yield made


def changed_share(one_HWC: np.ndarray, other_HWC: np.ndarray) -> float:
    return float((one_HWC != other_HWC).any(axis=2).mean())


@pytest.mark.parametrize("size", [(240, 180), (160, 120), (120, 90), (800, 600)])
def test_a_picture_has_the_size_asked_for(small_town: Town, size: tuple[int, int]) -> None:
    with Renderer(small_town, *size) as renderer:
        frame_HWC = renderer.render("hood", EGO, [AHEAD])
    assert frame_HWC.shape == (size[1], size[0], 3)
    assert frame_HWC.dtype == np.uint8
    assert frame_HWC.flags.c_contiguous
    assert frame_HWC.std() > 20


def test_pictures_belong_to_the_caller(renderer: Renderer) -> None:
    first_HWC = renderer.render("hood", EGO, [])
    kept_HWC = first_HWC.copy()
    renderer.render("hood", CarPose(x=150, y=150, heading=2.0, speed_mps=0, colour=0, is_braking=False), [])
    assert first_HWC.flags.owndata
    assert (first_HWC == kept_HWC).all()


def test_sky_is_above_and_road_below(renderer: Renderer) -> None:
    frame_HWC = renderer.render("hood", EGO, []).astype(int)
    red, _, blue = frame_HWC[5, 100:140].mean(axis=0)
    assert blue > red + 30
    road = frame_HWC[130:150, 110:150].mean(axis=(0, 1))
    assert np.ptp(road) < 15
    assert 50 < road.mean() < 110


@pytest.mark.parametrize("camera", ["hood", "chase"])
def test_the_same_poses_give_the_same_pixels_in_another_process(small_town: Town, camera: CameraName) -> None:
    program = f"""
import hashlib, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import make_small_town, pose
from playhead_streets.renderer import Renderer
renderer = Renderer(make_small_town())
renderer.render("chase", pose(200, 150, 1.0), [])
frame_HWC = renderer.render({camera!r}, pose(85, 58.2, 0.0, 1), [pose(95, 58.2)])
print(hashlib.sha256(frame_HWC.tobytes()).hexdigest())
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    with Renderer(small_town) as renderer:
        ours = hashlib.sha256(renderer.render(camera, EGO, [AHEAD]).tobytes()).hexdigest()
    assert answer.stdout.split() == [ours]
    assert answer.stderr == ""


def test_chase_camera_shows_the_own_car_and_hood_camera_its_bonnet(renderer: Renderer) -> None:
    painted = CarPose(x=85, y=58.2, heading=0.0, speed_mps=8, colour=4, is_braking=False)
    assert changed_share(renderer.render("chase", EGO, []), renderer.render("chase", painted, [])) > 0.01
    bonnet_HW = (renderer.render("hood", EGO, []) != renderer.render("hood", painted, [])).any(axis=2)
    assert bonnet_HW[175, 60:180].all()
    assert not bonnet_HW[:150].any()


def test_brake_lamps_light_up(renderer: Renderer) -> None:
    braking = CarPose(x=95, y=58.2, heading=0.0, speed_mps=8, colour=1, is_braking=True)
    rolling = CarPose(x=95, y=58.2, heading=0.0, speed_mps=8, colour=1, is_braking=False)
    red = [
        int(((frame[..., 0] > 200) & (frame[..., 1] < 90)).sum())
        for frame in (renderer.render("hood", EGO, [car]).astype(int) for car in (braking, rolling))
    ]
    assert red[0] > red[1] + 20


def test_cars_that_are_gone_are_not_drawn(renderer: Renderer) -> None:
    empty_HWC = renderer.render("hood", EGO, [])
    full_HWC = renderer.render("hood", EGO, [AHEAD, AHEAD])
    assert changed_share(empty_HWC, full_HWC) > 0.01
    assert changed_share(empty_HWC, renderer.render("hood", EGO, [])) == 0


def test_turning_left_moves_the_picture_right(renderer: Renderer) -> None:
    def middle_of_car(heading: float) -> float:
        ego = CarPose(x=85, y=58.2, heading=heading, speed_mps=0, colour=1, is_braking=False)
        with_HWC, without_HWC = renderer.render("hood", ego, [AHEAD]), renderer.render("hood", ego, [])
        return float(np.nonzero((with_HWC != without_HWC).any(axis=2))[1].mean())

    assert middle_of_car(0.15) > middle_of_car(0.0) + 10
    assert middle_of_car(-0.15) < middle_of_car(0.0) - 10
    assert middle_of_car(0.0) == pytest.approx(119.5, abs=2)


def test_traffic_on_the_other_side_is_to_the_left(renderer: Renderer) -> None:
    oncoming = CarPose(x=97, y=61.8, heading=pi, speed_mps=0, colour=2, is_braking=False)
    changed = (renderer.render("hood", EGO, [oncoming]) != renderer.render("hood", EGO, [])).any(axis=2)
    assert np.nonzero(changed)[1].max() < 120


@pytest.mark.parametrize("weather", [Weather(brightness=0.5), Weather(rain=1.0), Weather(haze=0.8)])
def test_weather_changes_the_picture(small_town: Town, renderer: Renderer, weather: Weather) -> None:
    clear_HWC = renderer.render("hood", EGO, [])
    renderer.set_town(small_town, weather)
    other_HWC = renderer.render("hood", EGO, [])
    renderer.set_town(small_town)
    assert np.abs(other_HWC.astype(int) - clear_HWC).mean() > 8
    assert (renderer.render("hood", EGO, []) == clear_HWC).all()


def test_darkness_darkens_and_haze_takes_contrast(small_town: Town, renderer: Renderer) -> None:
    clear_HWC = renderer.render("hood", EGO, [])
    renderer.set_town(small_town, Weather(brightness=0.5))
    assert renderer.render("hood", EGO, []).mean() == pytest.approx(clear_HWC.mean() / 2, rel=0.02)
    renderer.set_town(small_town, Weather(haze=1.0))
    assert renderer.render("hood", EGO, [])[:120].std() < clear_HWC[:120].std() * 0.75
    renderer.set_town(small_town)


def test_two_renderers_do_not_disturb_each_other(small_town: Town, renderer: Renderer) -> None:
    alone_HWC = renderer.render("hood", EGO, [AHEAD])
    with Renderer(small_town, 160, 120, Weather(rain=1.0)) as other:
        other.render("chase", AHEAD, [EGO])
        assert (renderer.render("hood", EGO, [AHEAD]) == alone_HWC).all()
    assert (renderer.render("hood", EGO, [AHEAD]) == alone_HWC).all()


def test_a_wide_picture_shows_the_same_and_more_at_the_sides(small_town: Town) -> None:
    with Renderer(small_town, 240, 180) as normal, Renderer(small_town, 480, 180) as wide:
        middle_HWC = wide.render("hood", EGO, [AHEAD])[:, 120:360].astype(int)
        # The grain of the textures falls differently.
        assert np.abs(middle_HWC - normal.render("hood", EGO, [AHEAD])).mean() < 2


def test_bad_values_are_named(small_town: Town, renderer: Renderer) -> None:
    with pytest.raises(ValueError, match="0x180"):
        Renderer(small_town, 0, 180)
    with pytest.raises(ValueError, match=r"'roof'.*'hood', 'chase'"):
        renderer.render("roof", EGO, [])  # type: ignore[arg-type]


STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason="memory is read from Linux's /proc")
def test_changing_towns_does_not_pile_up_memory(small_town: Town) -> None:
    with Renderer(small_town, 120, 90) as renderer:
        sizes = []
        for _ in range(3):
            for _ in range(8):
                renderer.set_town(small_town)
                renderer.render("hood", EGO, [AHEAD])
            sizes.append(int(STATM.read_text().split()[1]) * 4096)
    assert sizes[2] - sizes[1] < 6e6
