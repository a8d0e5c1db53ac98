"""A package of a test's own, installed where this process and its workers find it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return a function that installs a plugin of a name with a source; it returns the home folder."""

    def install(name: str, source: str) -> Path:
        site = tmp_path / "site"
        info = site / f"{name}_game-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}_game.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-game\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[playhead]\n{name} = {name}_game\n")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
        monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
        return tmp_path / "home"

    return install
