"""An environment that nobody has written a game for is one by its id: its keys make its actions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest

from playhead.cli import run
from playhead.devices import open_device
from playhead.environment import action_translator
from playhead.environment.unwritten import BOTH_WAYS, game_of
from playhead.errors import BadValue, NotFound
from playhead.plugins import Plugins
from playhead.sessions.recording import record
from playhead.showing.session import keys_of
from playhead.storage.reader import open_recording


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


class Observing(Seen):
    """Draws nothing: its pictures are parts of what it observes, the larger one in a Dict of its own."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "render_fps": 20}

    def render(self) -> Any:
        return None

    def _shown(self) -> dict[str, Any]:
        rear, front = (np.full((high, 60, 3), high, np.uint8) for high in (20, 40))
        return {"speed": np.zeros(1), "rear": rear, "sensors": {"front": front, "far": np.zeros((90, 90))}}


def of_actions(space: gymnasium.Space[Any]) -> type[Seen]:
    """Return an environment that is acted on so, and refuses what is no action."""

    class Acting(Seen):
        action_space = space

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            assert self.action_space.contains(action)
            return super().step(action)

    return Acting


def observing(shown: Any) -> type[Seen]:
    """Return an environment that draws nothing, and observes this."""
    return type("Other", (Observing,), {"_shown": lambda self: shown})


S = gymnasium.spaces
ACTIONS = {
    "Wide": S.Box(-1, 1, (len(BOTH_WAYS) + 1,)),
    "Multi": S.MultiDiscrete([3, 2]),
    "Begins": S.MultiDiscrete([3, 2], start=[-1, 5]),
    "Fixed": S.Tuple((S.MultiDiscrete([1, 2]), S.Box(np.array([2, -1]), np.array([2, 1]), dtype=np.float64))),
    "Letters": S.Dict({"left": S.Discrete(2), "turn": S.Box(-1, 1, (1,))}),
    "Square": S.MultiDiscrete([[3, 2], [2, 2]]),
    "Buttons": S.MultiBinary((2, 2)),
    "Tuple": S.Tuple((S.Discrete(3, start=-1), S.Box(-1, 1, (2,), np.float32))),
    "Dict": S.Dict({"fire": S.MultiBinary(2), "Up!": S.Discrete(2), "turn": S.Box(-1, 1, (1,), np.float32)}),
    "Deep": S.Dict({"a": S.Tuple((S.Discrete(2), S.MultiDiscrete([2, 3])))}),
    "Endless": S.Box(-np.inf, np.inf, (2,), np.float32),
    "Largest": S.Box(-np.finfo(np.float32).max, np.finfo(np.float32).max, (1,), np.float32),
    "OneWay": S.Box(np.array([0, 10, -5]), np.array([np.inf, 20, -1]), dtype=np.float64),
    "Uneven": S.Box(np.array([-1, -np.inf]), np.array([5, 3]), dtype=np.float64),
    "Whole": S.Box(-7, 2, (1,), np.int8),
    "Alone": S.Box(-1, 1, (), np.float32),
    "Said": S.Dict({"move": S.Discrete(3), "say": S.Text(5)}),
    "Sequence": S.Sequence(S.Discrete(2)),
    "Nothing": S.Tuple(()),
    "Many": S.Discrete(200),
    "Single": S.Discrete(1),
}
KINDS: dict[str, type[Seen]] = {
    "Own/Seen-v0": Seen, "Own/Observing-v0": Observing,
    **{f"Own/{name}-v0": of_actions(space) for name, space in ACTIONS.items()},
    "Own/Numbers-v0": observing({"speed": np.zeros(1)}),
    "Own/First-v0": observing(np.zeros((3, 40, 60), np.uint8)),
    "Own/Pair-v0": observing((np.zeros(2), np.full((40, 60), 9, np.uint8))),
    "Own/Shares-v0": observing(np.zeros((40, 60, 3), np.float32)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    for name, kind in KINDS.items():
        gymnasium.register(name, kind)
    yield
    for name in KINDS:
        del gymnasium.registry[name]
    game_of.cache_clear()


def acted(name: str, *held: str) -> Any:
    """Return what the environment is given while these keys are held."""
    options = Plugins.installed().game(name).devices["world"].options
    env = gymnasium.make(str(options["environment"]))
    action = action_translator(env.action_space, options)(dict.fromkeys(held, 1.0))
    assert env.action_space.contains(action)
    return action


def plain(action: Any) -> Any:
    """Return an action as plain data."""
    if isinstance(action, dict):
        return {name: plain(part) for name, part in action.items()}
    if isinstance(action, tuple):
        return tuple(map(plain, action))
    return action.tolist() if isinstance(action, np.ndarray) else action


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


@pytest.mark.parametrize(
    ("name", "held", "action"),
    [
        ("Multi", (), [0, 0]), ("Multi", ("1",), [1, 0]), ("Multi", ("1", "2", "3"), [2, 1]),
        ("Multi", ("2", "1"), [1, 0]), ("Begins", (), [-1, 5]), ("Begins", ("2", "3"), [1, 6]),
        ("Fixed", ("1", "right"), ([0, 1], [2, 1])),
        ("Letters", ("1", "left"), {"left": 1, "turn": [-1]}),
        ("Square", ("2", "5"), [[2, 0], [0, 1]]), ("Buttons", ("3", "1"), [[1, 0], [1, 0]]),
        ("Tuple", (), (-1, [0, 0])), ("Tuple", ("2", "left", "up"), (1, [-1, 1])),
        ("Dict", (), {"fire": [0, 0], "Up!": 0, "turn": [0]}),
        ("Dict", ("1", "3", "right"), {"fire": [0, 1], "Up!": 1, "turn": [1]}),
        ("Deep", ("1", "4"), {"a": (1, [0, 2])}), ("Endless", ("left", "up"), [-1, 1]),
        ("Largest", ("left",), [-1]),
        ("OneWay", (), [0, 10, -1]), ("OneWay", ("right", "up", "a"), [1, 20, -5]),
        ("Uneven", ("left", "up"), [-1, 3]), ("Uneven", ("right", "down"), [5, -1]),
        ("Whole", ("left",), [-7]), ("Whole", ("right",), [2]), ("Alone", ("left",), -1),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*A Box action space maximum and minimum values are equal")
def test_keys_make_actions_of_any_space_of_numbers(name: str, held: tuple[str, ...], action: Any) -> None:
    assert plain(acted(f"Own/{name}-v0", *held)) == action


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Wide", r"Box with 7 values that go both ways, and there are keys for 6\. Write it a game"),
        ("Said", "takes actions of Dict, which keys are not by themselves"),
        ("Sequence", "takes actions of Sequence, which keys are not"), ("Nothing", "nothing to play"),
        ("Single", "one action only, to do nothing"),
        ("Many", "199 controls, and a keyboard has not as many keys"),
        ("Numbers", "shows no picture, neither drawn"),
        ("First", r"uint8 \(3, 40, 60\) where .*with the colours last"),
        ("Shares", r"float32 \(40, 60, 3\) where a picture is wanted"),
    ],
)  # fmt: skip
def test_what_no_keys_make_or_no_picture_shows_is_said(name: str, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        game_of(f"Own/{name}-v0")


@pytest.mark.parametrize(
    ("name", "frames", "value"),
    [("Observing", "observation/sensors/front", 40), ("Pair", "observation/1", 9), ("Seen", "render", 77)],
)
def test_a_picture_is_found_where_it_is_observed(name: str, frames: str, value: int) -> None:
    game = Plugins.installed().game(f"Own/{name}-v0")
    assert game.devices["world"].options["frames"] == frames
    with open_device(Plugins.installed(), game, "world", options={"seed": 1}) as device:
        shown = device.capture.look()
        assert shown is not None
        assert (shown.frame_HWC.shape[:2], int(shown.frame_HWC.max())) == ((40, 60), value)


@pytest.mark.parametrize("name", ["Own/Dict-v0", "Own/Multi-v0", "Own/Observing-v0"])
@pytest.mark.parametrize("driver", ["random", "always_forward", "idle"])
def test_who_needs_no_eyes_is_recorded_in_what_nobody_wrote(name: str, driver: str, tmp_path: Path) -> None:
    made = record(name, on="world", driver=driver, seconds=1, home=tmp_path)
    recording = open_recording(made.segments[0].recording.path)
    assert (recording.length, recording.header.driver) == (20, driver)
    held = recording.labels["drive"][:].any()
    recording.close()
    assert held == (driver != "idle")


def test_nobody_who_plays_it_is_said_with_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"playhead world own_seen_v0, .* --driver random, .*new-game NAME") as said:
        record("Own/Seen-v0", on="world", home=tmp_path)
    assert "--environment Own/Seen-v0" in str(said.value)


def test_a_code_that_chooses_among_more_numbers_than_there_are_is_refused() -> None:
    for codes, why in ((("a|b|c", "d"), "one of 3 numbers"), (("a", "b|c"), "one of 2 numbers")):
        with pytest.raises(BadValue, match=why):
            action_translator(ACTIONS["Multi"], {"codes": codes})
    with pytest.raises(BadValue, match="no choice"):
        action_translator(ACTIONS["Alone"], {"codes": ("a|b",)})
    with pytest.raises(BadValue, match="each once"):
        action_translator(ACTIONS["Multi"], {"codes": ("a|b", "a")})


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "MountainCar-v0", "Own/Seen-v0", "Own/Dict-v0"])
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
    with pytest.raises(BadValue, match="playhead new-game NAME --environment Own/Said-v0"):
        Plugins.installed().game("Own/Said-v0")
    assert run(["record", "Own/Said-v0"]) == 1
    assert "which keys are not by themselves" in capsys.readouterr().err
