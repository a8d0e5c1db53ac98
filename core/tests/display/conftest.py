"""Every test in this folder needs a display, and gets one of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from recorded import Truth, record_a_drive

from playhead.testing.display import VirtualDisplay, person, x_server, xvfb

__all__ = ["person", "x_server", "xvfb"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.display)


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what programs that tests start need in their environment to know the game of signals.py."""
    return _plugin("signals", tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def pointing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the same for the game of pointing.py."""
    return _plugin("pointing", tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def shapes_plugin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the same for the game of shapes.py."""
    return _plugin("shapes", tmp_path_factory.mktemp("site"))


def _plugin(module: str, site: Path) -> dict[str, str]:
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[playhead]\n{module} = {module}\n")
    paths = [str(site), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture(scope="session")
def truth(x_server: VirtualDisplay, signals: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Return a drive that was recorded from the screen and the keyboard."""
    return record_a_drive(x_server, signals, tmp_path_factory.mktemp("truth"))
