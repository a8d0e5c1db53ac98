"""Finds the recordings of a game, in the home folder, further folders and at addresses; says what each holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.errors import BadValue, Damaged, NotFound, PlayheadError, not_found
from playhead.home import Home
from playhead.locks import alone_in
from playhead.names import command, is_name
from playhead.storage.beginnings import is_beginning, is_being_recorded
from playhead.storage.blocks import kept_blocks
from playhead.storage.changing import claim_recording, settle
from playhead.storage.disk import bytes_on_disk
from playhead.storage.local import is_remote, scheme_of
from playhead.storage.places import Place, Places, name_of, only_local
from playhead.storage.reader import Recording, open_recording
from playhead.storage.remote import StoreSource

if TYPE_CHECKING:
    from playhead.plugins import Plugins

MOST_FOLDERS = 100_000  # are listed of one folder
MOST_FILES = 20_000  # are counted of what is no recording: it may be a link to a whole disk
_AT_ONCE = 8  # recordings far away are opened, each with some fifty questions


@dataclass(frozen=True, kw_only=True)
class RecordingInfo:
    """One line of a list of recordings.

    Units:  bytes as taken up on disk; duration_s from the first frame to the last.
    `problems` are sentences; a recording that cannot be opened has one, and no frames. One that `holds_nothing`
    is only begun: being recorded, or killed before its first frame counted. `measures` score its drive. `usable`
    is the share of its frames that can be learned from, and `remarks` what is odd about it, where somebody looked
    (data/quality.py).
    """

    name: str
    place: str  # a folder of this machine, or an address
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
    measures: Mapping[str, float] = field(default_factory=dict)
    usable: float | None = None
    remarks: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The folder of a local recording. Raises BadValue for one that lies elsewhere."""
        return only_local(self.place, "used so")

    def to_json(self) -> dict[str, Any]:
        """Return the line as plain data."""
        told = {("path" if name == "place" else name): value for name, value in vars(self).items()}
        return told | {"problems": list(self.problems), "remarks": list(self.remarks)}


class Catalogue:
    """The recordings of one home folder, and of whatever other places are named.

    Without `plugins` those that are installed are asked who opens an address.
    """

    def __init__(self, home: Home, plugins: Callable[[], Plugins] | None = None) -> None:
        self.home = home
        self.places = Places(plugins or _installed_plugins, cache(lambda: kept_blocks(home.cache)))

    def recordings(self, game: str, extra_dirs: Iterable[Place] = ()) -> list[RecordingInfo]:
        """List the recordings of a game, newest last. A place given in `extra_dirs` may be one itself.

        Raises:  NotFound for such a place that is not there.
        """
        found = self._of_folder(self.home.recordings(game))
        for place in extra_dirs:
            where = self.places.located(place)
            if isinstance(where, StoreSource):
                found |= {info.place: info for info in self._of_address(where.place)}
            elif os.path.lexists(_needed(where) / "zarr.json"):
                found[str(where.resolve())] = describe_recording(where)
            else:
                found |= self._of_folder(where)
        mine = [info for info in found.values() if info.game in (game, "")]
        return sorted(mine, key=lambda info: (info.created_utc, _natural(info.name)))

    def _of_folder(self, parent: Path) -> dict[str, RecordingInfo]:
        stuck = {str(place): _stuck(place, why) for place, why in settle(parent).items()}
        return stuck | {str(folder.resolve()): describe_recording(folder) for folder in _folders_in(parent)}

    def _of_address(self, url: str) -> list[RecordingInfo]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._describe_far, map(str, self._places_at(url))))

    def _places_at(self, url: str) -> list[Place]:
        """Return where a recording lies by its address, or where all lie that are in a folder of recordings."""
        where = self.places.located(url)
        if isinstance(where, Path):
            return [where] if os.path.lexists(_needed(where) / "zarr.json") else [*_folders_in(where)]
        if where.size("zarr.json") is not None:
            return [where.place]
        names = sorted(where.names(""), key=_natural)[:MOST_FOLDERS]
        if not names:
            raise NotFound(f"There is nothing at {where.place}.")
        return [f"{where.place}/{name}" for name in names]

    def _describe_far(self, url: str) -> RecordingInfo:
        """Say what the recording at an address holds."""
        try:
            return _describe(self.places.open(url))
        except NotFound as error:  # a file beside the recordings, or a copy that was interrupted
            return RecordingInfo(name=name_of(url), place=url, problems=(str(error),), holds_nothing=True)
        except PlayheadError as error:
            return RecordingInfo(name=name_of(url), place=url, problems=(str(error),))

    def open(self, info: RecordingInfo) -> Recording:
        """Open a recording of the list."""
        return self.places.open(info.place)

    def find(self, game: str, names: Sequence[str] = (), extra_dirs: Iterable[Place] = ()) -> list[RecordingInfo]:
        """Return the recordings called `names` (a name, a path or an address each), or without names all that hold
        something.

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
        if scheme_of(name):
            where = self.places.located(name)
            return describe_recording(where) if isinstance(where, Path) else self._describe_far(where.place)
        if _is_path_of_folder(name):
            return describe_recording(Path(name))
        raise not_found(
            f"recording of {game}", name, by_name, then=f"See: {command('data', 'list', names=[game])}."
        )

    def games(self) -> list[str]:
        """Return the games that have a folder of recordings, sorted."""
        return [folder.name for folder in _folders_in(self.home.path / "recordings") if is_name(folder.name)]

    def find_anywhere(self, name: str) -> Place:
        """Return where a recording lies, by path, address, `game/name`, or by a name that only one game has."""
        if scheme_of(name):
            where = self.places.located(name)
            return where if isinstance(where, Path) else where.place
        if _is_path_of_folder(name):
            return Path(name)
        known = self._folders()
        fitting = {key: folder for key, folder in known.items() if name in (key, folder.name)}
        if len(fitting) > 1:
            raise BadValue(f"Several games have a recording {name}. Say which: {', '.join(fitting)}.")
        if not fitting:
            raise not_found("recording", name, known, then="See: playhead data list.")
        return next(iter(fitting.values()))

    def find_places(self, names: Sequence[str] = ()) -> list[Place]:
        """Return where recordings lie, by what `find_anywhere` takes, game, or address of many; else all."""
        found: list[Place] = []
        for name in names or self.games():
            if name in self.games():
                found += _folders_in(self.home.recordings(name))
            elif scheme_of(name):
                found += self._places_at(name)
            else:
                found.append(self.find_anywhere(name))
        return found

    def find_folders(self, names: Sequence[str], what: str) -> list[Path]:
        """Return the folders of recordings. Raises BadValue saying `what` cannot be done at an address."""
        return [only_local(place, what) for place in self.find_places(names)]

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


def _installed_plugins() -> Plugins:
    from playhead.plugins import Plugins

    return Plugins.installed()


def describe_recording(folder: Path) -> RecordingInfo:
    """Say what the recording in a folder holds; what is wrong with it goes into `problems`."""
    if is_beginning(folder):
        return _begun(RecordingInfo(name=folder.name, place=str(folder), bytes=bytes_on_disk(folder)))
    try:
        return _describe(open_recording(folder))
    except PlayheadError as error:
        what = str(error)
    except Exception as error:  # whatever one folder holds, the others are listed
        what = f"cannot be read, {type(error).__name__}: {error}"
    size = bytes_on_disk(folder, most=MOST_FILES)
    return RecordingInfo(name=folder.name, place=str(folder), bytes=size, problems=(what,))


def _stuck(work: Path, why: str) -> RecordingInfo:
    """Return the line of a change that was interrupted and cannot be finished."""
    return RecordingInfo(name=work.name, place=str(work), problems=(why,))


def _begun(info: RecordingInfo) -> RecordingInfo:
    why = "holds nothing yet: being recorded"
    if not is_being_recorded(info.path):
        why = "holds nothing, it is not a recording: it was killed at its beginning"
    return replace(info, holds_nothing=True, problems=(why,))


def _describe(recording: Recording) -> RecordingInfo:
    header = recording.header
    problems = []
    if not recording.is_complete:
        is_going = not is_remote(recording.place) and is_being_recorded(recording.path)
        problems.append("being recorded" if is_going else "was not ended properly: killed")
    if not recording.length:
        problems.append("is empty")
    info = RecordingInfo(
        name=recording.name,
        place=recording.place,
        game=str(header.game.get("name", "")),
        frames=recording.length,
        dropped=recording.dropped,
        duration_s=recording.duration_s,
        bytes=recording.bytes_taken(),
        driver=header.driver,
        device=header.device,
        scenario=header.scenario,
        created_utc=header.created_utc,
        measures=dict(header.measures),
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


def _needed(folder: Path) -> Path:
    """Return a folder that was named. Raises NotFound where there is none: it may be mistyped."""
    settle(folder.parent)  # a change that was killed
    if not is_folder(folder):
        raise NotFound(f"There is no folder {folder}. See what there is with: playhead data list.")
    return folder


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
