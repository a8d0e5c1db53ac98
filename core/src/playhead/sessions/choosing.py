"""Which recordings a session uses: by name, by path, or as objects that are there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.errors import Damaged, NothingToTrain, PlayheadError
from playhead.sessions.place import Place

if TYPE_CHECKING:
    from playhead.data.source import Source
    from playhead.storage.catalogue import RecordingInfo
    from playhead.storage.reader import Recording

AnyFolders = Sequence[str | Path]  # folders, or addresses of a registered scheme
AnyRecordings = Sequence["str | Path | RecordingInfo | Source"]


def _named(recordings: AnyRecordings) -> tuple[list[str], list[Any]]:
    """Return what is named, by name, path or line of a list, and the recordings that are given."""
    from playhead.storage.catalogue import RecordingInfo

    names: list[str] = []
    given: list[Any] = []
    for one in recordings:
        if isinstance(one, RecordingInfo):
            names.append(one.place)
        elif isinstance(one, (str, Path)):
            names.append(str(one))
        else:
            given.append(one)
    return names, given


def find_named(place: Place, recordings: AnyRecordings, folders: AnyFolders) -> list[Any]:
    """Return the lines of the recordings named, and those that are given. Raises NotFound for an unknown name."""
    names, given = _named(recordings)
    infos = place.catalogue.find(place.game.name, names, folders) if names else []
    return [*infos, *given]


def open_found(place: Place, found: Any) -> Any:
    """Open one that `find_named` returned. Raises Damaged."""
    from playhead.storage.catalogue import RecordingInfo

    return place.catalogue.open(found) if isinstance(found, RecordingInfo) else found


def open_named(place: Place, recordings: AnyRecordings, folders: AnyFolders) -> list[Any]:
    """Open the recordings named, and take those that are given. Raises NotFound for an unknown name, Damaged."""
    return [open_found(place, one) for one in find_named(place, recordings, folders)]


def open_all(
    place: Place,
    recordings: AnyRecordings = (),
    data: AnyFolders = (),
    *,
    skip_bad: bool = False,
    may_be_none: bool = False,
) -> list[Any]:
    """Open the recordings of a game, those named or all; `skip_bad` leaves out those that cannot be read.

    Raises:  NothingToTrain when there are none, NotFound for an unknown name, Damaged.
    """
    names, given = _named(recordings)
    if given and not names:
        return given
    infos = place.catalogue.find(place.game.name, names, data)
    if not infos and not may_be_none:
        raise NothingToTrain(
            f"{place.game.name} has no recordings in {place.home.recordings(place.game.name)}. "
            f"Make some: playhead record {place.game.name}."
        )
    opened = open_readable(place, infos, "Left out " if skip_bad else "")
    bad = len(infos) - len(opened)
    if bad and not skip_bad:
        raise Damaged(
            f"{bad} of {len(infos)} recordings cannot be read. Repair them, or leave them out: --skip-bad."
        )
    return [*opened, *given]


def open_readable(
    place: Place,
    infos: Sequence[RecordingInfo],
    why: str,
    is_wanted: Callable[[Recording], bool] = lambda recording: True,
) -> list[Recording]:
    """Open the wanted recordings that can be read, and name those that cannot: `why` begins the sentence."""
    opened: list[Recording] = []
    for info in infos:
        try:
            recording = place.catalogue.open(info)
            if is_wanted(recording):
                recording.check_rows()
                opened.append(recording)
        except Exception as problem:  # of one recording: all others are looked at, too
            known = isinstance(problem, PlayheadError)
            place.say(f"{why}{info.name}: {problem if known else place.progress.unexpected(problem)}")
    return opened
