"""Makes recordings from foreign files: one at a time, all or nothing, and never twice.

A game names its importers in `Game.importers`. Each is called with (game, path, options) and yields an
Importable for every recording to be; what follows (names, resuming, skipping, what was left out) is the same for
all of them. A large source is cut into several Importables, so that an interrupted import goes on within it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

import google_crc32c

from playhead.containers.files import open_plain, reason, shown
from playhead.decoding import digest
from playhead.errors import Damaged, DeviceFailed, Mismatch, NotFound, PlayheadError, StorageFull
from playhead.game import Game, only_or_named
from playhead.home import FULL
from playhead.locks import alone_in, is_taken, waited_for
from playhead.names import as_name, visible
from playhead.progress import OnProgress
from playhead.references import Reference, resolve
from playhead.storage.changing import changing
from playhead.storage.disk import disk_failed
from playhead.storage.known import Known, content_in
from playhead.storage.marks import Mark, measure
from playhead.storage.pacing import say_on_stderr

IMPORTING = ".importing-"  # folders that begin with this are no recordings yet
MOST_SOURCE = 4000  # letters of its path, which a mark keeps
_READ_BYTES = 2**20
_ZEROS = bytes(_READ_BYTES)
LEFT_OUT, CONVERTED = ".left-out.txt", ".converted.txt"  # behind a recording's name: lists beside it
NAMED = 3  # so many of the things that were left out are named; all stand in the list


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """One thing in a source that could not be taken over, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Converted:
    """One thing in a source that was taken over in another form, and how."""

    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"


Noted = LeftOut | Converted


class NothingLeft(Damaged):
    """Nothing of a part of a source can be used, as behind the end of its table: said, and the rest goes on."""


@dataclass(frozen=True, kw_only=True)
class Importable:
    """One recording to be: where from, how it will be called, and what writes it into a folder.

    `fill(folder, progress)` returns what it had to leave out or to convert, and raises Damaged or Mismatch, naming
    the file, when nothing can be used. It writes through RecordingWriter alone, so that what a disk refuses is
    never taken for a fault of the source. A part of a larger source says which by `identity`, the same for ever,
    and by `state`, another when the part has changed: then its recording is made anew. Without them a source is
    known by its name and its bytes, or, where its recording `depends_on` more than those, by its bytes alone: then
    it is made anew when that is another. `says` is what a person should look at, once for all parts of a source.
    """

    name: str
    source: Path
    fill: Callable[[Path, OnProgress], Sequence[Noted] | None]
    identity: str = ""
    state: str = ""
    depends_on: str = ""
    says: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of one Importable. Counts, with the first few as `examples`; the files named have all.

    `kept_in` is where the recording lies now that was made of it before, with all that was said beside it.
    """

    name: str
    source: Path
    outcome: Literal["imported", "imported anew", "already there", "left out", "skipped"]
    reason: str = ""
    left_out: int = 0
    converted: int = 0
    examples: tuple[Noted, ...] = ()
    listed_in: Path | None = None
    converted_in: Path | None = None
    kept_in: Path | None = None


def importers_of(game: Game) -> dict[str, Reference]:
    """Return the game's own importers by name, then those for any game that have another name."""
    from playhead.storage.importers import BUILT_IN

    return {**game.importers, **{name: one for name, one in BUILT_IN.items() if name not in game.importers}}


def find(game: Game, importer: str, paths: Iterable[Path], options: Mapping[str, str]) -> list[Importable]:
    """Return everything that the importer finds in these files and folders.

    Without a name the game's only importer is taken. Those for any game stand behind the game's own.
    Raises:  NotFound for an unknown importer or path, BadValue when a name is needed.
    """
    known = importers_of(game)
    meant = game.importers if game.importers and not importer else known
    name = only_or_named(game, "importer", meant, importer, option="--from")
    found: list[Importable] = []
    for path in paths:
        try:
            path.stat()
        except FileNotFoundError as error:
            raise NotFound(f"{path} does not exist.") from error
        except (OSError, ValueError) as error:
            raise NotFound(f"{str(path)[:MOST_SOURCE]} cannot be read: {reason(error)}.") from error
        found.extend(resolve(known[name])(game, path, options))
    return found


def import_all(
    found: Iterable[Importable],
    parent: Path,
    *,
    skip_damaged: bool = False,
    progress: Callable[[Importable], OnProgress] | None = None,
) -> Iterator[Imported]:
    """Write every Importable as a recording under `parent`, and say what became of each.

    A recording appears under its name only when it is whole, so an interrupted import goes on where it stopped.
    One whose source has changed is made anew, and the old folder kept under `.replaced`.
    Raises:  Damaged or Mismatch naming the file, unless `skip_damaged`.
    """
    known = Known(parent)
    for one in found:
        try:
            yield _import_one(one, parent, known, progress(one) if progress else lambda done, total: None)
        except NothingLeft as error:
            yield Imported(
                name=as_name(one.name, "imported"), source=one.source, outcome="left out", reason=str(error)
            )
        except (Damaged, Mismatch) as error:
            if refused := _refused_by_disk(error):
                raise refused from error
            if not skip_damaged:
                raise
            yield Imported(
                name=as_name(one.name, "imported"), source=one.source, outcome="skipped", reason=str(error)
            )


def _refused_by_disk(error: BaseException) -> DeviceFailed | None:
    """Return the error of a disk that could not be written, where an importer took it for one of its source."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DeviceFailed):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _import_one(one: Importable, parent: Path, known: Known, progress: OnProgress) -> Imported:
    state = one.state or digest_of_file(one.source)
    if one.depends_on:
        one, state = replace(one, identity=state), hashlib.sha256(f"{state}/{one.depends_on}".encode()).hexdigest()
    if there := _already(one, parent, state, known):
        return there
    with _saying_who_failed(one.source, parent, parent), _alone_with(parent, one, state) as unfinished:
        known.look_again()
        return _already(one, parent, state, known) or _import_alone(one, state, unfinished, known, progress)


def _already(one: Importable, parent: Path, state: str, known: Known) -> Imported | None:
    """Say that a source is imported, where that is known before it is read."""
    folder, before = _place(parent, one, state, known.by_identity)
    if before and before.state == state and before.is_whole(folder):
        return _told(one, folder, "already there", before)
    twin = known.of_state(state) if not one.state else None
    return _once_more(one, twin) if twin else None


@contextmanager
def _alone_with(parent: Path, one: Importable, state: str) -> Iterator[Path]:
    """Hold a source against other commands that import it, for as long as that takes; what they leave is deleted.

    Yields the folder in which its recording is to be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    unfinished = parent / (IMPORTING + digest(one.identity or state))
    lock = unfinished.with_name(f"{unfinished.name}.lock")
    if is_taken(lock):
        say_on_stderr(f"Another playhead command is importing {one.name}. This one waits for it.")
    with waited_for(lock):
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _import_alone(one: Importable, state: str, unfinished: Path, known: Known, progress: OnProgress) -> Imported:
    parent = unfinished.parent
    folder, before = _place(parent, one, state, known.by_identity)
    kept_in = None
    with _saying_who_failed(one.source, folder, unfinished):
        unfinished.mkdir()
        noted = one.fill(unfinished, progress) or ()
        mark = _mark(one, state, unfinished, noted)
        if mark.content and (twin := known.of_content(unfinished, mark.content, but=folder)):
            return _once_more(one, twin)
        mark.write(unfinished)
        if before:
            _write_lists(folder, noted)
            with changing(folder) as change:
                unfinished.rename(change.copy(1))
                kept_in = change.replace()
        else:
            with alone_in(parent):  # another source may have taken the name, or shown the same, in the meantime
                known.look_again()
                if twin := known.marked_with(mark.content):
                    return _once_more(one, twin)
                folder, _ = _place(parent, one, state, known.by_identity)
                _write_lists(folder, noted)
                unfinished.rename(folder)
    known.add(folder, mark)
    told = _told(one, folder, "imported anew" if before else "imported", mark, noted)
    return replace(told, kept_in=kept_in)


def _mark(one: Importable, state: str, unfinished: Path, noted: Sequence[Noted]) -> Mark:
    """Return the mark of a recording that is whole now."""
    files, size = measure(unfinished)
    left_out = sum(isinstance(one, LeftOut) for one in noted)
    return Mark(
        state=state,
        identity=one.identity,
        source=shown(one.source)[:MOST_SOURCE],
        left_out=left_out,
        converted=len(noted) - left_out,
        content=content_in(unfinished),
        files=files,
        bytes=size,
    )


def _once_more(one: Importable, twin: Path) -> Imported:
    mark = Mark.read(twin)
    first = mark.source if mark and mark.source else f"the recording {twin.name}"
    why = f"{one.source} is {first} once more: the same pictures and labels, which {twin.name} holds"
    return Imported(name=as_name(one.name, "imported"), source=one.source, outcome="left out", reason=why)


def _told(
    one: Importable,
    folder: Path,
    outcome: Literal["imported", "imported anew", "already there"],
    mark: Mark,
    noted: Sequence[Noted] = (),
) -> Imported:
    left_out = [row for row in noted if isinstance(row, LeftOut)]
    converted = [row for row in noted if isinstance(row, Converted)]
    return Imported(
        name=folder.name,
        source=one.source,
        outcome=outcome,
        left_out=mark.left_out,
        converted=mark.converted,
        examples=(*left_out[:NAMED], *converted[:NAMED]),
        listed_in=_list_file(folder) if mark.left_out else None,
        converted_in=_list_file(folder, CONVERTED) if mark.converted else None,
    )


@contextmanager
def _saying_who_failed(source: Path, folder: Path, unfinished: Path) -> Iterator[None]:
    """Part the faults of the source from those of the disk that is written to, by who raised them.

    What a writer raises is of the disk, what a container raises of the source. An OSError of the system itself
    belongs to what it names: the new recording, or else the source.
    """
    try:
        yield
    except StorageFull as error:
        raise disk_failed(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), _goes_on(source)) from error
    except PlayheadError:
        raise
    except OSError as error:
        named = str(error.filename or "")
        if error.errno in FULL or not named or named.startswith((str(unfinished), str(folder))):
            raise disk_failed(folder, error, _goes_on(source, is_full=error.errno in FULL)) from error
        raise Damaged(f"{source} cannot be read: {reason(error)}.") from error


def _goes_on(source: Path, *, is_full: bool = True) -> str:
    then = "Free some space, and" if is_full else "Choose another place with --home, or"
    return (
        f"What was imported before is whole, and nothing is wrong with {source}. {then} type the same command "
        "again: it goes on there."
    )


def _place(parent: Path, one: Importable, state: str, known: Mapping[str, Path]) -> tuple[Path, Mark | None]:
    """Return the folder that holds this source already and its mark, or the first free one: name, name-2."""
    if one.identity in known:
        return known[one.identity], Mark.read(known[one.identity])
    name = as_name(one.name, "imported")
    folder, number = parent / name, 1
    while folder.exists():
        mark = Mark.read(folder)
        if mark and (mark.is_lost or (not one.identity and mark.state == state)):
            return folder, mark
        number += 1
        folder = parent / f"{name}-{number}"
    return folder, None


def _list_file(folder: Path, ending: str = LEFT_OUT) -> Path:
    """Return where what was left out of a recording, or converted for it, is listed: beside it."""
    return folder.with_name(f"{folder.name}{ending}")


def _write_lists(folder: Path, noted: Sequence[Noted]) -> None:
    for kind, ending in ((LeftOut, LEFT_OUT), (Converted, CONVERTED)):
        file, rows = _list_file(folder, ending), [one for one in noted if isinstance(one, kind)]
        if rows:
            file.write_text("".join(f"{visible(str(one))}\n" for one in rows), encoding="utf-8")
        else:
            file.unlink(missing_ok=True)


def digest_of_file(source: Path) -> str:
    """Return what tells a source from others, wherever it lies and whatever it is called: all of its bytes.

    Sessions of one length often begin and end alike. Reading costs a gigabyte 0.3 s from memory, a hundredth of
    what encoding its pictures does, and the disk is read once: the import finds the file in memory then.
    """
    if not source.is_file():
        return hashlib.sha256(os.fsencode(source.absolute())).hexdigest()
    digest, end, checksum, last = hashlib.sha256(), 0, 0, b""
    with open_plain(source) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            for start, data in _blocks(file):
                if not start:
                    digest.update(data)
                place = start.to_bytes(8, "little") if start > end else b""  # where something follows on nothing
                end, checksum, last = start + len(data), google_crc32c.extend(checksum, place + data), data
        except OSError as error:
            raise Damaged(f"{source} cannot be read: {reason(error)}.") from error
    digest.update(f"{size}/{checksum}/".encode() + last)
    return digest.hexdigest()


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (place, bytes) of a file block by block, but for blocks of zeros.

    Holes are not read where the system can tell them: a file of a few bytes may claim to have a terabyte.
    """
    start = 0
    while True:
        if hasattr(os, "SEEK_DATA"):
            try:
                start = file.seek(start, os.SEEK_DATA) // _READ_BYTES * _READ_BYTES
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return  # nothing but a hole is left
                raise
            file.seek(start)
        data = file.read(_READ_BYTES)
        if not data:
            return
        if data != _ZEROS[: len(data)]:
            yield start, data
        start += _READ_BYTES
