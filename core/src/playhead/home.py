"""The one folder that holds recordings and runs, so that every command finds them by itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import platformdirs

VARIABLE = "PLAYHEAD_HOME"


@dataclass(frozen=True)
class Home:
    """Where recordings and runs live, and why there."""

    path: Path
    why: str

    @classmethod
    def find(cls, option: Path | None = None) -> Home:
        """Take --home, else the environment variable PLAYHEAD_HOME, else this user's data folder."""
        if option is not None:
            return cls(option.expanduser().resolve(), "--home")
        if os.environ.get(VARIABLE):
            return cls(Path(os.environ[VARIABLE]).expanduser().resolve(), VARIABLE)
        return cls(Path(platformdirs.user_data_dir("playhead", appauthor=False)), "default")

    def recordings(self, game: str) -> Path:
        """The folder of a game's recordings."""
        return self.path / "recordings" / game

    def runs(self, game: str, recipe: str = "") -> Path:
        """The folder of a game's runs, or of those of one recipe."""
        return self.path / "runs" / game / recipe


def claim_folder(parent: Path, prefix: str = "") -> Path:
    """Make and return a new folder `2026-11-21-1`, `-2`, ... that nobody else has, even in another process."""
    parent.mkdir(parents=True, exist_ok=True)
    stem = prefix or date.today().isoformat()
    number = 1
    while True:
        folder = parent / f"{stem}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder
