"""GTA V keeps playhead's contract, and says what systems.md says of the original."""

from __future__ import annotations

from playhead.testing import GameContract
from playhead_gta5.game import GTA5, shipped_runs
from playhead_streets.scenarios import SCENARIOS


class TestGta5(GameContract):
    game = GTA5


def test_the_frame_and_minimap_are_the_originals() -> None:
    assert (GTA5.frame.width, GTA5.frame.height, GTA5.rate_hz("screen")) == (240, 180, 80)
    minimap = GTA5.regions["minimap"]
    assert (minimap.x, minimap.x + minimap.width, minimap.y, minimap.y + minimap.height) == (3, 50, 144, 177)


def test_the_world_stands_in_with_the_same_picture_and_keys() -> None:
    assert GTA5.rate_hz("world") == 10
    assert set(GTA5.devices["world"].options["codes"]) == set(GTA5.controls.values())


def test_stuck_recordings_begin_with_padding() -> None:
    assert GTA5.world is not None
    padding = {name: scenario.padding_s for name, scenario in GTA5.world.scenarios.items()}
    assert padding == {"regular": 0, "turns": 0, "arrival": 0, "stuck": 1.5}


def test_the_padding_is_as_long_as_the_world_makes_it() -> None:
    assert GTA5.world is not None
    for name, scenario in GTA5.world.scenarios.items():
        assert scenario.padding_s == SCENARIOS[name].padding_s


def test_the_original_recipe_has_the_originals_numbers() -> None:
    recipe = GTA5.recipes["original"]
    assert (recipe.length, recipe.stride_s, recipe.latency_s) == (3, 0.25, 0.125)
    assert (recipe.lr, recipe.final_lr, recipe.weight_decay, recipe.betas) == (2e-4, 5e-6, 0.05, (0.9, 0.995))
    assert (recipe.batch_size, recipe.steps, recipe.warmup_steps, recipe.clip_norm) == (64, 25_000, 400, 0)
    assert list(recipe.augment.values()) == [0.2, 0.2, 0.5]


def test_shipped_runs_lie_in_the_package() -> None:
    assert shipped_runs().name == "runs"
    assert shipped_runs().parent.name == "playhead_gta5"


def test_a_person_is_told_of_window_camera_waypoint_and_minimap() -> None:
    for word in ("800x600", "hood", "waypoint", "minimap"):
        assert word in GTA5.settings
