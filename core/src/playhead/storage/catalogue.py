"""Finds the recordings of a game, in the home folder and in further folders, and says what each holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from playhead.errors import BadValue, Damaged, PlayheadError, not_found
from playhead.home import Home
from playhead.locks import alone_in
from playhead.names import command, is_name
from playhead.storage.beginnings import is_beginning, is_being_recorded
from playhead.storage.changing import claim_recording, settle
from playhead.storage.disk import bytes_on_disk
from playhead.storage.reader import Recording, open_recording

MOST_FOLDERS = 100_000  # are listed of one folder
MOST_FILES = 20_000  # are counted of what is no recording: it may be a link to a whole disk


@dataclass(frozen=True, kw_only=True)
class RecordingInfo:
    """One line of a list of recordings.

    Units:  bytes as taken up on disk; duration_s from the first frame to the last.
    `problems` are sentences; a recording that cannot be opened has one, and no frames. One that `holds_nothing`
    is only begun: being recorded, or killed before its first frame counted.
    """

    name: str
    path: Path
    game: str = ""
    frames: int = 0
    dropped: int = 0
    duration_s: float = 0.0
    bytes: int = 0
    driver: str = ""
    device: str = ""
    scenario: str = ""
    created_utc: str = ""
    problems: tuple[str, ...] = ()
    holds_nothing: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the line as plain data."""
        return {**vars(self), "path": str(self.path), "problems": list(self.problems)}


class Catalogue:
    """The recordings of one home folder."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def recordings(self, game: str, extra_dirs: Iterable[Path] = ()) -> list[RecordingInfo]:
        """List the recordings of a game, newest last. A folder given in `extra_dirs` may be one itself."""
        found: dict[Path, RecordingInfo] = {}
        for parent in (self.home.recordings(game), *extra_dirs):
            if parent in extra_dirs and os.path.lexists(parent / "zarr.json"):
                found[parent.resolve()] = describe_recording(parent)
                continue
            found |= {place: _stuck(place, why) for place, why in settle(parent).items()}
            found |= {folder.resolve(): describe_recording(folder) for folder in _folders_in(parent)}
        mine = [info for info in found.values() if info.game in (game, "")]
        return sorted(mine, key=lambda info: (info.created_utc, _natural(info.name)))

    def find(self, game: str, names: Sequence[str] = (), extra_dirs: Iterable[Path] = ()) -> list[RecordingInfo]:
        """Return the recordings called `names` (a name or a path each), or without names all that hold something.

        Raises:  NotFound with the nearest name.
        """
        known = self.recordings(game, extra_dirs)
        if not names:
            return [info for info in known if not info.holds_nothing]
        by_name = {info.name: info for info in known}
        return [self._one(game, name, by_name) for name in names]

    def _one(self, game: str, name: str, by_name: dict[str, RecordingInfo]) -> RecordingInfo:
        if name in by_name:
            return by_name[name]
        if _is_path_of_folder(name):
            return describe_recording(Path(name))
        raise not_found(
            f"recording of {game}", name, by_name, then=f"See: {command('data', 'list', names=[game])}."
        )

    def games(self) -> list[str]:
        """Return the games that have a folder of recordings, sorted."""
        return [folder.name for folder in _folders_in(self.home.path / "recordings") if is_name(folder.name)]

    def find_anywhere(self, name: str) -> Path:
        """Return the folder of a recording by path, by `game/name`, or by a name that only one game has."""
        if _is_path_of_folder(name):
            return Path(name)
        known = self._folders()
        fitting = {key: folder for key, folder in known.items() if name in (key, folder.name)}
        if len(fitting) > 1:
            raise BadValue(f"Several games have a recording {name}. Say which: {', '.join(fitting)}.")
        if not fitting:
            raise not_found("recording", name, known, then="See: playhead data list.")
        return next(iter(fitting.values()))

    def find_folders(self, names: Sequence[str] = ()) -> list[Path]:
        """Return the folders of recordings by what `find_anywhere` takes, or by game; without names, of all."""
        found: list[Path] = []
        for name in names or self.games():
            found += (
                _folders_in(self.home.recordings(name)) if name in self.games() else [self.find_anywhere(name)]
            )
        return found

    def _folders(self) -> dict[str, Path]:
        return {
            f"{game}/{folder.name}": folder
            for game in self.games()
            for folder in _folders_in(self.home.recordings(game))
        }

    def folders(self, game: str) -> list[Path]:
        """Return the folders of a game's recordings, without opening any."""
        return _folders_in(self.home.recordings(game))

    def new_folder(self, game: str) -> Path:
        """Claim the folder of a new recording: `2026-11-21-1`, then `-2`."""
        return claim_recording(self.home.recordings(game))


def describe_recording(folder: Path) -> RecordingInfo:
    """Say what the recording in a folder holds; what is wrong with it goes into `problems`."""
    if is_beginning(folder):
        return _begun(RecordingInfo(name=folder.name, path=folder, bytes=bytes_on_disk(folder)))
    try:
        recording = open_recording(folder)
        return _describe(folder, recording)
    except PlayheadError as error:
        what = str(error)
    except Exception as error:  # whatever one folder holds, the others are listed
        what = f"cannot be read, {type(error).__name__}: {error}"
    size = bytes_on_disk(folder, most=MOST_FILES)
    return RecordingInfo(name=folder.name, path=folder, bytes=size, problems=(what,))


def _stuck(work: Path, why: str) -> RecordingInfo:
    """Return the line of a change that was interrupted and cannot be finished."""
    return RecordingInfo(name=work.name, path=work, problems=(why,))


def _begun(info: RecordingInfo) -> RecordingInfo:
    why = "holds nothing yet: being recorded"
    if not is_being_recorded(info.path):
        why = "holds nothing, it is not a recording: it was killed at its beginning"
    return replace(info, holds_nothing=True, problems=(why,))


def _describe(folder: Path, recording: Recording) -> RecordingInfo:
    header = recording.header
    problems = []
    if not recording.is_complete:
        problems.append("being recorded" if is_being_recorded(folder) else "was not ended properly: killed")
    if not recording.length:
        problems.append("is empty")
    info = RecordingInfo(
        name=recording.name,
        path=folder,
        game=str(header.game.get("name", "")),
        frames=recording.length,
        dropped=recording.dropped,
        duration_s=recording.duration_s,
        bytes=bytes_on_disk(folder),
        driver=header.driver,
        device=header.device,
        scenario=header.scenario,
        created_utc=header.created_utc,
        problems=tuple(problems),
    )
    return info if recording.length or recording.is_complete else _begun(info)


def _folders_in(parent: Path) -> list[Path]:
    """Return the folders in a folder, and links to folders, none of them half replaced.

    Raises:  Damaged for one that cannot be listed.
    """
    settle(parent)
    try:
        with alone_in(parent, looking=True), os.scandir(parent) as entries:
            names = [entry.name for entry in islice(entries, MOST_FOLDERS)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Damaged(f"{parent} cannot be listed: {error.strerror}.") from error
    return sorted(parent / name for name in names if not name.startswith(".") and is_folder(parent / name))


def is_folder(path: Path) -> bool:
    """Whether a path is a folder or a link to one; no, where the system refuses to look."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_path_of_folder(name: str) -> bool:
    """Whether a name is the path of a folder: if need be, once a change that was killed is finished."""
    if not _is_path(name):
        return False
    settle(Path(name).parent)
    return is_folder(Path(name))


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or os.path.lexists(Path(name) / "zarr.json")


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key in which 2026-11-21-10 comes after 2026-11-21-9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
