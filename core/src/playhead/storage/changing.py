"""Puts recordings in the place of another so that a crash leaves it done or not begun, never in between.

.replaced/.changing-NAME/            what is being made, while somebody holds `lock` in it
    new-1, new-2 ...                 copies
    intention.json                   written when all copies are whole, before the first rename
.replaced/NAME-1/old                 the old recording, at the end; of a copy put into it there is none, nor of one
                                     that is superseded: it comes to `was` beside the copies, and is deleted

Whoever looks at the recordings of a folder first settles what a killed process left: with an intention the renames
are done that are missing, without one the copies are deleted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import FileIO
from itertools import count, islice
from pathlib import Path

from playhead.decoding import digest, encode_json, read_json
from playhead.errors import BadValue, Damaged
from playhead.home import claim_folder, make_folder
from playhead.locks import Lock, alone_in, take
from playhead.storage.disk import write_at

BACKUPS = ".replaced"  # beside the recordings of a game; folders with a leading dot are not listed
_WORK = ".changing-"
_INTENTION = "intention.json"
_LOCK = "lock"
_LONG = 200  # bytes of a name, of the 255 that file systems take
_NEWER = ("inside", "is_deleted")  # what an intention of an earlier version does not say
_LOOK_S = 1.0  # a look holds what is being made for a moment, to see whether somebody lives who does


@dataclass(frozen=True, kw_only=True)
class _Intention:
    """What is to become of a recording: the folder that keeps it, and the names of the copies in its place.

    With `inside` the recording stays, and copy 1 comes to that place in it, instead of what lies there. With
    `is_deleted` the recording has no backup: it is deleted when the copies are in their places.
    """

    old: str
    backup: str = ""
    names: list[str] = field(default_factory=list)
    inside: str = ""
    is_deleted: bool = False

    @property
    def seal(self) -> str:
        return digest({name: value for name, value in asdict(self).items() if value or name not in _NEWER})


@dataclass(frozen=True, kw_only=True)
class _Sealed:
    intention: _Intention
    seal: str


class Change:
    """The change of one recording, held by one process. Made by `changing`."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._folder = folder
        self._work = work

    def copy(self, number: int) -> Path:
        """Return where the copy that will be the `number`th of those in its place is to be made, from 1 on."""
        return self._work / f"new-{number}"

    def replace(self) -> Path:
        """Put the old recording aside and copy 1 in its place. Returns the old folder."""
        return self._carry_out(lambda: [self._folder.name])[0]

    def supersede(self) -> None:
        """Put copy 1 in the place of the old recording, and delete that."""
        self._carry_out(lambda: [self._folder.name], is_kept=False)

    def delete(self) -> None:
        """Delete the recording."""
        self._carry_out(list, is_kept=False)

    def divide(self, pieces: int) -> tuple[Path, list[Path]]:
        """Put the old recording aside and so many copies beside its place: NAME-1, NAME-2. None: only aside.

        Returns the old folder and those of the copies.
        """
        return self._carry_out(lambda: list(islice(_free_names(self._folder), pieces)))

    def put_inside(self, place: str) -> None:
        """Put copy 1 into the recording, at a path of two names in it, in the place of what lies there."""
        with alone_in(self._folder.parent):
            intention = _Intention(old=self._folder.name, inside=place)
            _write(self._work, intention)
            _put_inside(self._folder.parent, self._work, intention)

    def _carry_out(self, names: Callable[[], list[str]], *, is_kept: bool = True) -> tuple[Path, list[Path]]:
        parent, name = self._folder.parent, self._folder.name
        with alone_in(parent):
            backup = next(_free_names(parent / BACKUPS / name)) if is_kept else ""
            intention = _Intention(old=name, backup=backup, names=names(), is_deleted=not is_kept)
            _write(self._work, intention)
            return _carry_out(parent, self._work, intention)


@contextmanager
def changing(folder: Path, known_as: os.stat_result | None = None) -> Iterator[Change]:
    """Hold a recording while copies are made that will replace it.

    `known_as` is what `folder.stat()` said when it was read: it must still be that recording.
    Raises:  BadValue when another process holds it, or has changed it since then.
    """
    backups = folder.parent / BACKUPS
    is_new = not backups.exists()
    work = _work_of(folder)
    lock = _hold(work, folder)
    try:
        _settle(folder.parent, work)
        if known_as is not None and not (folder.exists() and os.path.samestat(known_as, folder.stat())):
            raise BadValue(f"{folder.name} was changed by another command just now. Type this again.")
        yield Change(folder, work)
    except BaseException:  # a full disk, Ctrl-C: leave no half copy, or finish what has begun
        _settle_and_remove(folder.parent, work, lock)
        raise
    _settle_and_remove(folder.parent, work, lock)
    if is_new:
        with suppress(OSError):  # nothing was put aside
            backups.rmdir()


def _work_of(folder: Path) -> Path:
    is_short = len(os.fsencode(folder.name)) < _LONG
    return folder.parent / BACKUPS / (_WORK + (folder.name if is_short else digest(folder.name)))


def _hold(work: Path, folder: Path) -> Lock:
    while True:
        try:
            work.mkdir(parents=True, exist_ok=True)
            lock = take(work / _LOCK, _LOOK_S)
        except FileNotFoundError:  # somebody has settled it between two lines
            continue
        if lock is None:
            raise BadValue(
                f"{folder.name} is being changed by another command right now. Wait until it has ended."
            )
        return lock


def settle(parent: Path) -> dict[Path, str]:
    """Finish what killed processes left of changes to recordings in `parent`.

    Returns what could not be finished, and why; changes that living processes are at are left to them.
    """
    stuck = {}
    for work in _works(parent):
        try:
            lock = take(work / _LOCK)
            if lock is not None:
                _settle_and_remove(parent, work, lock)
        except FileNotFoundError:
            continue  # somebody else has settled it
        except OSError as error:
            stuck[work] = f"A change of it was interrupted and cannot be finished: {error}"
    return stuck


def _works(parent: Path) -> list[Path]:
    backups = parent / BACKUPS
    try:
        if backups.is_symlink():
            return []
        with os.scandir(backups) as entries:
            found = [e.name for e in entries if e.name.startswith(_WORK) and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [backups / name for name in sorted(found)]


def _settle_and_remove(parent: Path, work: Path, lock: Lock) -> None:
    try:
        _settle(parent, work)
    except BaseException:
        lock.release(keep=True)  # the next look tries again
        raise
    lock.release()
    with suppress(OSError):  # somebody holds it already for another change
        work.rmdir()


def _settle(parent: Path, work: Path) -> None:
    """Do the renames that are missing, and delete what is left. The caller holds `work`.

    Raises:  Damaged for an intention that cannot be read: then nothing is touched.
    """
    with alone_in(parent):
        intention = _read(work)
        if intention is not None:
            (_put_inside if intention.inside else _carry_out)(parent, work, intention)
            (work / _INTENTION).unlink()
    for left in list(work.iterdir()):
        if left.name != _LOCK:
            _delete(left)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _write(work: Path, intention: _Intention) -> None:
    """Write an intention so that it is there whole, or not at all, also after a power failure."""
    part = work / f"{_INTENTION}.part"
    with FileIO(part, "w") as file:
        write_at(file, 0, encode_json({"intention": asdict(intention), "seal": intention.seal}))
        os.fsync(file.fileno())
    part.rename(work / _INTENTION)
    if os.name != "nt":  # where a folder cannot be opened
        descriptor = os.open(work, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(work: Path) -> _Intention | None:
    file = work / _INTENTION
    try:
        sealed = read_json(file, _Sealed)
    except FileNotFoundError:
        return None
    intention = sealed.intention
    places = intention.inside.split("/") if intention.inside else [intention.backup, *intention.names]
    places = [place for place in places if place or not intention.is_deleted]
    names = [intention.old, *places]
    if (
        sealed.seal != intention.seal
        or not all(map(_is_component, names))
        or work != _work_of(work.parent.parent / intention.old)
    ):
        raise Damaged(f"{file} was changed. Move what lies beside it where you want it, and delete {work}.")
    return intention


def _is_component(name: str) -> bool:
    """Whether a name leads to no other folder, on this system."""
    return name not in ("", ".", "..") and Path(name).name == name and "\0" not in name


def _carry_out(parent: Path, work: Path, intention: _Intention) -> tuple[Path, list[Path]]:
    """Do what is not done yet. The caller holds `work` and is alone in `parent`."""
    old = parent / intention.old
    kept = work / "was" if intention.is_deleted else parent / BACKUPS / intention.backup / "old"
    if not kept.exists() and old.exists():
        kept.parent.mkdir(exist_ok=True)
        old.rename(kept)
    made = []
    for number, name in enumerate(intention.names, 1):
        copy = work / f"new-{number}"
        if copy.is_dir() and not copy.is_symlink():
            place = parent / name
            if os.path.lexists(place):  # somebody has taken it since the crash
                place = parent / next(_free_names(place))
            made.append(copy.rename(place))
    return kept, made


def _put_inside(parent: Path, work: Path, intention: _Intention) -> None:
    """Do what is not done yet, as `_carry_out`. What lay there is deleted with what is left."""
    copy, place = work / "new-1", parent / intention.old / intention.inside
    if place.parent.is_symlink() or not copy.is_dir() or copy.is_symlink():
        return
    if os.path.lexists(place):
        place.rename(work / "was")
    copy.rename(place)


def _free_names(folder: Path) -> Iterator[str]:
    """Yield the names NAME-1, NAME-2 ... that nobody has beside a folder.

    Asked for and not tried: an empty folder that somebody has claimed would be replaced silently.
    """
    names = (f"{folder.name}-{number}" for number in count(1))
    return (name for name in names if not os.path.lexists(folder.with_name(name)))


def claim_recording(parent: Path, prefix: str = "") -> Path:
    """Make and return the folder of a new recording, as `claim_folder`; not one that is being replaced."""
    make_folder(parent)
    settle(parent)
    with alone_in(parent):
        return claim_folder(parent, prefix)
