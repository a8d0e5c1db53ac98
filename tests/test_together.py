"""All packages of the repository installed at once: nothing is broken, nothing clashes, nobody is forgotten."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from playhead.plugins import Plugins

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(file.parent for file in ROOT.glob("*/*/pyproject.toml"))
PLUGINS = {
    name: package
    for package in PACKAGES
    for name in tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    .get("entry-points", {})
    .get("playhead", {})
}


def test_every_plugin_of_the_repository_loads_and_none_clashes() -> None:
    plugins = Plugins.installed(strict=True)
    assert set(PLUGINS) <= set(plugins.loaded())
    assert plugins.broken == []


def test_every_game_has_a_name_and_title_of_its_own() -> None:
    games = Plugins.installed(strict=True).games.values()
    assert len({game.title for game in games}) == len(games) >= 2


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_package_looks_like_the_others(package: Path) -> None:
    (source,) = (package / "src").iterdir()
    assert source.name == f"playhead_{package.name}"
    assert (source / "py.typed").is_file()
    assert (package / "README.md").read_text(encoding="utf-8").startswith(f"# playhead-{package.name}")
    assert list((package / "tests").glob("test_*.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_package_has_its_tox_environment(package: Path) -> None:
    text = (ROOT / "tox.ini").read_text(encoding="utf-8")
    environments = text[text.index("\nenv_list") + 1 :].splitlines()[0]
    assert f" {package.name}," in environments
    relative = package.relative_to(ROOT).as_posix()
    assert f"./{relative}[test]" in text
    assert f"pytest {{posargs}} {relative}/tests" in text


@pytest.mark.parametrize("package", sorted(PLUGINS.values()), ids=lambda package: package.name)
def test_every_game_keeps_the_contract(package: Path) -> None:
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (package / "tests").glob("test_*.py"))
    assert "(GameContract):" in tests


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_package_is_known_to_the_tools(package: Path) -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert f"{package.relative_to(ROOT).as_posix()}/src" in tools["ruff"]["src"]
