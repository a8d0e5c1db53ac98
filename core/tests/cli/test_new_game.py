"""A new game's package passes its contract at once, and bad names are refused in one sentence."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from playhead.cli import run
from playhead.cli.new_game import write_package
from playhead.errors import BadValue


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


def test_a_new_package_passes_its_contract_at_once(tmp_path: Path) -> None:
    folder = write_package("pong", "", tmp_path)
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
        str(folder / "tests"),
    ]
    paths = [str(tmp_path / "installed"), str(folder / "src"), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PLAYHEAD_HOME": str(tmp_path / "home")}
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "passed" in finished.stdout


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
