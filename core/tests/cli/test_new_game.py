"""A new game's package passes its contract at once, and bad names are refused in one sentence."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from playhead.cli import run
from playhead.cli.new_game import write_package
from playhead.errors import BadValue, NotFound, PlayheadError


def test_a_new_package_is_valid_short_and_finds_itself(tmp_path: Path) -> None:
    folder = write_package("pong", "Ping & Pong", tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["playhead"] == {"pong": "playhead_pong.game"}
    game = (folder / "src/playhead_pong/game.py").read_text(encoding="utf-8")
    test = (folder / "tests/test_pong.py").read_text(encoding="utf-8")
    ast.parse(game)
    ast.parse(test)
    assert len(game.splitlines()) <= 40
    assert len(test.splitlines()) < 12


def test_new_packages_pass_their_contract_at_once(tmp_path: Path) -> None:
    folders = [write_package("pong", "", tmp_path), write_package("pole", "", tmp_path, "CartPole-v1")]
    for folder in folders:
        install(folder, tmp_path / "installed")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        *(str(folder / "tests") for folder in folders),
    ]
    paths = [str(tmp_path / "installed"), *(str(folder / "src") for folder in folders), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PLAYHEAD_HOME": str(tmp_path / "home")}
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "passed" in finished.stdout


class Console(gymnasium.Env[Any, Any]):
    """Names its actions as an Atari does."""

    metadata = {"render_fps": 60, "render_modes": ["rgb_array"]}  # noqa: RUF012
    render_mode = "rgb_array"
    observation_space = gymnasium.spaces.Discrete(1)
    action_space: gymnasium.Space[Any] = gymnasium.spaces.Discrete(4)
    picture: Any = np.zeros((400, 700, 3), np.uint8)

    def __init__(self, render_mode: str = "rgb_array") -> None: ...

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        return 0, {}

    def render(self) -> Any:
        return self.picture

    def get_action_meanings(self) -> list[str]:
        return ["NOOP", "UP", "FIRE", "UPFIRE"]


def _raising(*anything: Any, **more: Any) -> Any:
    raise RuntimeError("no server")


def game_of(environment: type[gymnasium.Env[Any, Any]], folder: Path) -> dict[str, Any]:
    """Return what stands in the file of a game that is an environment."""
    gymnasium.register("Desk-v0", environment)
    try:
        written = write_package("desk", "", folder, "Desk-v0")
    finally:
        del gymnasium.registry["Desk-v0"]
    names: dict[str, Any] = {}
    exec((written / "src/playhead_desk/game.py").read_text(encoding="utf-8"), names)
    return names


def test_an_environment_says_its_picture_its_rate_and_what_its_actions_are(tmp_path: Path) -> None:
    game = game_of(Console, tmp_path)["DESK"]
    assert (game.frame.width, game.frame.height, game.frame.rate_hz) == (233, 133, 30)
    assert game.labels["drive"].names == ("up", "fire")
    options = game.devices["world"].options
    assert options["actions"] == {"": 0, "up": 1, "fire": 2, "up+fire": 3}
    assert options["step_hz"] == 60


@pytest.mark.parametrize(("told", "said"), [({"render_fps": 60}, "as it says itself"), ({}, "a guess")])
def test_whether_an_environment_says_its_steps_a_second_stands_beside_them(
    told: dict[str, Any], said: str, tmp_path: Path
) -> None:
    game_of(type("Other", (Console,), {"metadata": {"render_modes": ["rgb_array"], **told}}), tmp_path)
    text = (tmp_path / "desk/src/playhead_desk/game.py").read_text(encoding="utf-8")
    assert next(line for line in text.splitlines() if '"step_hz"' in line).count(said) == 1


@pytest.mark.parametrize(
    ("space", "kind", "count"),
    [
        (gymnasium.spaces.Box(-1, 1, (2,)), "axes", 2),
        (gymnasium.spaces.MultiBinary(3), "keys", 3),
        (gymnasium.spaces.MultiDiscrete([3, 2]), "keys", 3),
        (
            gymnasium.spaces.Dict({"turn": gymnasium.spaces.Box(-1, 1, (1,)), "go": gymnasium.spaces.Discrete(3)}),
            "keys",
            4,
        ),
    ],
)
def test_axes_and_buttons_become_labels(
    space: gymnasium.Space[Any], kind: str, count: int, tmp_path: Path
) -> None:
    head = game_of(type("Other", (Console,), {"action_space": space}), tmp_path)["DESK"].labels["drive"]
    assert (head.kind, len(head.names)) == (kind, count)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("picture", None, "shows no picture"),
        ("picture", np.zeros(4), "shows no picture"),
        ("picture", np.zeros((4, 4, 3)), r"float64 \(4, 4, 3\) .* convert it: uint8 from 0 to 255"),
        ("picture", np.zeros((4, 4, 3), np.int64), "convert it: uint8"),
        ("picture", np.zeros((3, 40, 60), np.uint8), "with the colours last"),
        ("action_space", gymnasium.spaces.Text(3), "takes actions of Text"),
        ("metadata", {**Console.metadata, "render_fps": "fast"}, "says render_fps='fast' in its metadata"),
        ("metadata", {**Console.metadata, "render_fps": -5}, "says render_fps=-5"),
        ("metadata", {**Console.metadata, "render_fps": 1e-9}, "says render_fps=1e-09"),
        ("reset", _raising, r"Desk-v0 failed in its reset with seed 0, RuntimeError: no server \(test_new_game"),
        ("render", _raising, r"Desk-v0 failed in render, RuntimeError: no server \(test_new_game"),
        ("__init__", _raising, r"Desk-v0 cannot be made: RuntimeError: no server \(test_new_game"),
    ],
)
def test_an_environment_that_cannot_be_a_game_is_refused_and_nothing_written(
    part: str, value: Any, said: str, tmp_path: Path
) -> None:
    with pytest.raises(PlayheadError, match=said):
        game_of(type("Other", (Console,), {part: value}), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((400, 700, 3), (133, 233, 3)),
        ((2, 700, 3), (1, 233, 3)),
        ((10, 5000, 3), (1, 312, 3)),
        ((40_000, 320, 3), (1250, 10, 3)),
        ((90, 120), (90, 120, 1)),
        ((90, 120, 1), (90, 120, 1)),
        ((90, 120, 4), (90, 120, 3)),
    ],
)
def test_any_picture_that_can_be_recorded_makes_a_frame(
    shape: tuple[int, ...], expected: tuple[int, ...], tmp_path: Path
) -> None:
    other = type("Other", (Console,), {"picture": np.zeros(shape, np.uint8)})
    assert game_of(other, tmp_path)["DESK"].frame.shape == expected


def test_an_environment_that_cannot_be_closed_is_a_game_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert game_of(type("Other", (Console,), {"close": _raising}), tmp_path)["DESK"]
    assert (
        "Warning: the environment Desk-v0 could not be closed, RuntimeError: no server" in capsys.readouterr().err
    )


def test_what_the_ends_of_axes_are_to_the_environment_is_said(tmp_path: Path) -> None:
    low, high = np.float32([-1, -2, -2, 0]), np.float32([1, 2, 2, 5])
    said: list[str] = []
    gymnasium.register("Desk-v0", type("Other", (Console,), {"action_space": gymnasium.spaces.Box(low, high)}))
    try:
        folder = write_package("desk", "", tmp_path, "Desk-v0", say=said.append)
    finally:
        del gymnasium.registry["Desk-v0"]
    meant = "To the environment -1, 0 and 1 are of axis_1, axis_2 -2, 0, 2; of axis_3 0, 0, 5."
    assert said == [meant]
    for file in ("README.md", "src/playhead_desk/game.py"):
        assert meant in (folder / file).read_text(encoding="utf-8")


def test_an_environment_that_can_do_one_thing_only_is_refused(tmp_path: Path) -> None:
    for names in (["NOOP"], []):
        told = {
            "action_space": gymnasium.spaces.Discrete(1),
            "get_action_meanings": lambda self, names=names: names,
        }
        with pytest.raises(BadValue, match="has one action only"):
            game_of(type("Other", (Console,), told), tmp_path)


def test_names_that_an_environment_cannot_tell_are_made_up(tmp_path: Path) -> None:
    game = game_of(type("Other", (Console,), {"get_action_meanings": _raising}), tmp_path)["DESK"]
    assert game.labels["drive"].names == ("action_1", "action_2", "action_3")


def test_a_module_that_is_not_installed_is_named_with_what_brings_it(tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match=r"no module no_such_game is installed\. .* pip install no-such-game$"):
        write_package("pong", "", tmp_path, "no_such_game:Pong-v0")


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be made"):
        write_package("desk", "", tmp_path, "NoSuch-v0")


def install(folder: Path, into: Path) -> None:
    """Do what `pip install -e` would: leave a dist-info with the package's entry points on the path."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = into / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    name, version = project["name"], project["version"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    entries = [f"{key} = {value}" for key, value in project["entry-points"]["playhead"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[playhead]", *entries, ""]), encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["Pong", "my game", "2048", "_pong", "jeu-d-échecs", "échecs", "", "class", "a.b", "../x", "x" * 250]
)
def test_a_bad_name_is_refused_and_nothing_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="cannot be the name of a game"):
        write_package(name, "", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_bad_title_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="quotation marks"):
        write_package("pong", 'The "Game"', tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_package("pong", "", tmp_path)
    with pytest.raises(BadValue, match="exists and is not empty"):
        write_package("pong", "", tmp_path)


def test_the_command_prints_where_it_wrote_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new-game", "pong", "--into", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "pong")
    assert "python -m pytest" in said.err


def test_the_command_says_what_is_wrong_with_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new-game", "Pong!"]) == 1
    assert capsys.readouterr().err.startswith('Error: "Pong!" cannot be the name of a game')
