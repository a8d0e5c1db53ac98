"""An environment that nobody has written a game for is one by its id: its keys make its actions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest

from playhead.cli import run
from playhead.environment import action_translator
from playhead.environment.unwritten import BOTH_WAYS, game_of
from playhead.errors import BadValue, NotFound
from playhead.plugins import Plugins
from playhead.showing.session import keys_of


class Seen(gymnasium.Env[Any, Any]):
    """Shows its picture as a part of a Dict, too."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 20}
    action_space: gymnasium.Space[Any] = gymnasium.spaces.Discrete(3, start=5)
    observation_space = gymnasium.spaces.Dict({"view": gymnasium.spaces.Box(0, 255, (40, 60, 3), np.uint8)})

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return self._shown(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self._shown(), 1.0, False, False, {}

    def render(self) -> Any:
        return self._shown()["view"]

    def _shown(self) -> dict[str, Any]:
        return {"view": np.full((40, 60, 3), 77, np.uint8)}

    def get_action_meanings(self) -> list[str]:
        return ["NOOP", "LEFT", "FIRE"]


class Wide(Seen):
    action_space: gymnasium.Space[Any] = gymnasium.spaces.Box(-1, 1, (len(BOTH_WAYS) + 1,))


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    for name, kind in (("Own/Seen-v0", Seen), ("Wide-v0", Wide)):
        gymnasium.register(name, kind)
    yield
    for name in ("Own/Seen-v0", "Wide-v0"):
        del gymnasium.registry[name]
    game_of.cache_clear()


def acted(name: str, *held: str) -> Any:
    """Return what the environment is given while these keys are held."""
    options = Plugins.installed().game(name).devices["world"].options
    env = gymnasium.make(str(options["environment"]))
    action = action_translator(env.action_space, options)(dict.fromkeys(held, 1.0))
    assert env.action_space.contains(action)
    return action


@pytest.mark.parametrize(
    ("name", "held", "action"),
    [
        ("CartPole-v1", (), 0), ("CartPole-v1", ("1",), 1), ("MountainCar-v0", ("2",), 2),
        ("Pendulum-v1", ("left",), [-2.0]), ("Pendulum-v1", ("right",), [2.0]), ("Pendulum-v1", (), [0.0]),
        ("Pendulum-v1", ("left", "right"), [0.0]), ("Own/Seen-v0", ("left",), 6), ("Own/Seen-v0", ("space",), 7),
    ],
)  # fmt: skip
def test_its_keys_make_its_actions(name: str, held: tuple[str, ...], action: Any) -> None:
    assert np.array_equal(acted(name, *held), action)


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "MountainCar-v0", "Own/Seen-v0"])
def test_each_control_has_a_key_of_its_own(name: str) -> None:
    game = Plugins.installed().game(name)
    assert list(keys_of(game, {}).values()) == list(game.controls.values())


def test_it_is_called_by_its_id_and_by_its_name_in_folders() -> None:
    game = Plugins.installed().game("Own/Seen-v0")
    assert Plugins.installed().game("own_seen_v0") == game
    assert game.name == "own_seen_v0"
    assert (game.frame.width, game.frame.height, game.frame.rate_hz) == (60, 40, 20)


def test_what_cannot_be_a_game_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    with pytest.raises(NotFound, match=r'No environment is called "CartPole-v9".* Did you mean "CartPole-v1"'):
        Plugins.installed().game("CartPole-v9")
    with pytest.raises(NotFound, match=r"No environment is called .*new-game NAME --environment module:Name-v0"):
        Plugins.installed().game("Space/Nowhere-v0")
    with pytest.raises(NotFound, match='No game is called "nowhere"'):
        Plugins.installed().game("nowhere")
    with pytest.raises(BadValue, match="playhead new-game NAME --environment Wide-v0"):
        Plugins.installed().game("Wide-v0")
    assert run(["record", "Wide-v0"]) == 1
    assert "which keys are not by themselves" in capsys.readouterr().err
