"""The one folder that holds recordings and runs, so that every command finds them by itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import platformdirs

from playhead.names import checked_name

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
        """The folder of a game's recordings. Raises BadValue for a name that would lead elsewhere."""
        return self.path / "recordings" / checked_name(game, "the game")

    def runs(self, game: str, recipe: str = "") -> Path:
        """The folder of a game's runs, or of those of one recipe. Raises as `recordings`."""
        folder = self.path / "runs" / checked_name(game, "the game")
        return folder / checked_name(recipe, "the recipe") if recipe else folder

    def evaluation(self, game: str, recipe: str, run: str) -> Path:
        """The folder of the page about a run that lies outside of this home. Raises as `recordings`."""
        then = "Name a folder for the page: --out FOLDER."
        named = (("the game of the run", game), ("the recipe of the run", recipe), ("the run's folder", run))
        return self.path.joinpath("evaluations", *(checked_name(name, what, then) for what, name in named))


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
