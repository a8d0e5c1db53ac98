"""The players reach their goals, in ways of their own, and press as people do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playhead.devices import OpenDevice
from playhead_pokemon import held_out
from playhead_pokemon.game import POKEMON
from playhead_pokemon.labels import KEYBOARD
from playhead_pokemon.memory import Goal, Mode
from playhead_pokemon.players import Careful, Curious, Hasty, Player

Opened = Callable[..., OpenDevice]
MOST_FRAMES = 60 * 120


def drive(device: OpenDevice, player: Player) -> tuple[list[frozenset[str]], set[Mode], dict[str, float]]:
    """Let a player play to the goal; return what was held, which modes there were, and the measures."""
    console: Any = device.episodes
    pressed: list[frozenset[str]] = []
    modes = set()
    while not console.is_over and len(pressed) < MOST_FRAMES:
        wanted = frozenset(player.decide())
        for code in (pressed[-1] if pressed else frozenset()) - wanted:
            device.input.send(code, 0.0)
        for code in wanted:
            device.input.send(code, 1.0)
        pressed.append(wanted)
        console.sleep_until(round((console.steps + 1) * 1e9 / console.step_hz))
        modes.add(Mode(int(console.memory.value("mode"))))
    return pressed, modes, device.measures()


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("kind", [Player, Hasty, Careful, Curious])
def test_everybody_finds_the_shop(opened: Opened, kind: type[Player], split: int) -> None:
    with opened(seed=7, split=split, goal=int(Goal.REACH_SHOP)) as device:
        pressed, _, measures = drive(device, kind(device.episodes))
    assert measures["done"] == 1
    assert 10 < measures["steps"] < 200
    assert frozenset() in pressed


def test_battles_are_won(opened: Opened) -> None:
    with opened(seed=2, goal=int(Goal.WIN_THREE)) as device:
        pressed, modes, measures = drive(device, Hasty(device.episodes))
    assert (measures["done"], measures["wins"]) == (1, 3)
    assert {Mode.WALK, Mode.BATTLE_TEXT, Mode.BATTLE_MENU} <= modes
    assert {code for held in pressed for code in held} <= set(KEYBOARD.values())


def test_a_drive_can_be_made_again(opened: Opened) -> None:
    drives = []
    for _ in range(2):
        with opened(seed=5) as device:
            drives.append(drive(device, Curious(device.episodes))[0])
    assert drives[0] == drives[1]


def test_the_held_out_set_names_what_there_is() -> None:
    world = POKEMON.world
    assert world is not None
    assert set(held_out.PLAYERS) < set(world.policies)
    assert world.test_options == held_out.MAPS
    assert len(set(held_out.SEEDS)) == 16
