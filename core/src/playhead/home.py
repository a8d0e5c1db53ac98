"""The one folder that holds recordings and runs, so that every command finds them by itself."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import platformdirs

from playhead.errors import BadValue, DeviceFailed
from playhead.names import checked_name

VARIABLE = "PLAYHEAD_HOME"
ANOTHER = "Choose another home: --home FOLDER."
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True)
class Home:
    """Where recordings and runs live, and why there."""

    path: Path
    why: str

    @classmethod
    def find(cls, option: Path | None = None) -> Home:
        """Take --home, else the environment variable PLAYHEAD_HOME, else this user's data folder.

        Raises:  BadValue for what is no folder and cannot become one. Nothing is made or written.
        """
        if option is not None:
            return cls(_folder(option, "--home"), "--home")
        if os.environ.get(VARIABLE):
            return cls(_folder(Path(os.environ[VARIABLE]), VARIABLE), VARIABLE)
        default = Path(platformdirs.user_data_dir("playhead", appauthor=False))
        return cls(_folder(default, "default"), "default")

    @property
    def cache(self) -> Path:
        """The folder of what was read from afar."""
        return self.path / "cache"

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


def _folder(path: Path, why: str) -> Path:
    """Return a home's path made absolute, once it is found to be a folder or nothing yet."""
    if path.parts and path.parts[0].endswith(":") and len(path.parts[0]) > 2 and not path.exists():
        raise BadValue(
            f"The home {path} ({why}) is an address. Recordings are made in a folder of this machine; copy them "
            "when they have ended: playhead data copy NAME ADDRESS."
        )
    try:
        found = path.expanduser().resolve()
        mode = found.stat().st_mode
    except FileNotFoundError:
        return found
    except (OSError, RuntimeError, ValueError) as error:  # a link in a circle, a person who is unknown
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise BadValue(f"The home {path} ({why}) cannot be used: {reason}. {ANOTHER}") from error
    if not stat.S_ISDIR(mode):
        raise BadValue(f"The home {path} ({why}) cannot be used: it is no folder. {ANOTHER}")
    return found


def make_folder(folder: Path, *, exist_ok: bool = True) -> Path:
    """Make a folder and those above it, and return it.

    Raises:  DeviceFailed saying why it cannot be made and what to do; FileExistsError unless `exist_ok`;
             OSError from a full disk, which those who write there say in their own words.
    """
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        if error.errno in FULL or (isinstance(error, FileExistsError) and not exist_ok):
            raise
        raise DeviceFailed(f"{folder} cannot be made: {error.strerror}. {ANOTHER}") from error
    return folder


def claim_folder(parent: Path, prefix: str = "") -> Path:
    """Make and return a new folder `2026-11-21-1`, `-2`, ... that nobody else has, even in another process."""
    make_folder(parent)
    stem = prefix or date.today().isoformat()
    number = 1
    while True:
        folder = parent / f"{stem}-{number}"
        try:
            make_folder(folder, exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return folder
