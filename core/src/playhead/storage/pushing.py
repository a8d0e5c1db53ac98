"""Adds a finished recording to a repository of a hub: all of it in one commit, then compared by its digests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playhead.errors import BadValue, Damaged
from playhead.names import checked_name, visible
from playhead.storage.beginnings import check_ended
from playhead.storage.check import check_recording
from playhead.storage.copying import Copied, files_of, pieces_of
from playhead.storage.declarations import read_header
from playhead.storage.hub import Hub
from playhead.storage.hub_source import HubSource
from playhead.storage.sources import FolderSource


def push_recording(
    folder: Path, hub: Hub, progress: Callable[[int, int], object] = lambda done, total: None
) -> Copied:
    """Add a recording to a repository as GAME/NAME. What is there already is not sent again.

    `progress` is called with the bytes that are there and those of all files.
    Raises:  BadValue for one that has not ended, and where the repository has another file of a name; Damaged for
             one that does not pass its check, and where the repository holds something else afterwards.
    """
    source, name = FolderSource(folder), _checked(folder)
    there = hub.recordings().get(name)
    sizes = files_of(source)
    lacking = {key: size for key, size in sizes.items() if there is None or there.size(key) is None}
    if there and (other := _others(source, there, set(sizes) - set(lacking), sizes)):
        raise BadValue(
            f"{there.place} is another recording: its {visible(other)} differs. Rename the folder here, or push "
            "to another repository."
        )
    if not lacking and there:
        return Copied(name=name, place=there.place, was_there=True)
    hub.add(name, [(key, folder / key, size) for key, size in lacking.items()], progress)
    now = hub.recordings().get(name)
    if now is None or _others(source, now, set(sizes), sizes):
        raise Damaged(f"{hub.place} does not hold what was sent of {name}. Type the same command again.")
    return Copied(
        name=name, place=now.place, files=len(lacking), bytes=sum(lacking.values()), was_there=bool(there)
    )


def _checked(folder: Path) -> str:
    """Return what a recording is called in a repository. Raises as `push_recording`."""
    check_ended(folder, "Push it when that has ended.")
    header, is_complete = read_header(FolderSource(folder), str(folder))
    if not is_complete:
        raise BadValue(f"{folder} was not ended properly. Repair it first: playhead data repair.")
    if problems := [one for one in check_recording(folder) if not one.is_note]:
        raise Damaged(f"{folder.name} is damaged: {problems[0]}. Repair it first: playhead data repair.")
    game = checked_name(str(header.game.get("name")), f"the game of {folder}")
    return f"{game}/{checked_name(folder.resolve().name, 'a recording')}"


def _others(source: FolderSource, there: HubSource, keys: set[str], sizes: dict[str, int]) -> str:
    """Return the first file that the hub has not, or has in another form, "" where there is none."""
    for key in sorted(keys):
        digest = there.digest(key)
        if digest is None or not digest.fits(pieces_of(source, key, sizes[key]), sizes[key]):
            return key
    return ""
