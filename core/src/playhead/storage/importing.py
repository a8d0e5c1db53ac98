"""Makes recordings from foreign files: one at a time, all or nothing, and never twice.

A game names its importers in `Game.importers`. Each is called with (game, path, options) and yields an
Importable for every recording to be; what follows (names, resuming, skipping, what was left out) is the same for
all of them. A large source is cut into several Importables, so that an interrupted import goes on within it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playhead.errors import Damaged, Mismatch, NotFound
from playhead.game import Game, only_or_named, resolve
from playhead.home import claim_folder
from playhead.storage.disk import saying_what_failed
from playhead.storage.marks import Mark, marks_in, measure
from playhead.storage.repair import BACKUPS

Progress = Callable[[int, int], object]  # called with (frames done, frames in all)

IMPORTING = ".importing-"  # folders that begin with this are no recordings yet
PROBE_BYTES = 2**20
GOES_ON = "What was imported before is whole. Free some space, and type the same command again: it goes on there."
NAMED = 3  # so many of the things that were left out are named; all stand in the list


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """One thing in a source that could not be taken over, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Importable:
    """One recording to be: where from, how it will be called, and what writes it into a folder.

    `fill(folder, progress)` returns what it had to leave out, and raises Damaged or Mismatch, naming the file,
    when nothing can be used.
    A part of a larger source says which by `identity`, the same for ever, and by `state`, another when the part
    has changed: then its recording is made anew. Without them a source is known by its name and its bytes.
    """

    name: str
    source: Path
    fill: Callable[[Path, Progress], Sequence[LeftOut] | None]
    identity: str = ""
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of one Importable. `left_out` counts, `examples` names the first, `listed_in` has all."""

    name: str
    source: Path
    outcome: Literal["imported", "imported anew", "already there", "skipped"]
    reason: str = ""
    left_out: int = 0
    examples: tuple[LeftOut, ...] = ()
    listed_in: Path | None = None


def find(game: Game, importer: str, paths: Iterable[Path], options: Mapping[str, str]) -> list[Importable]:
    """Return everything that the importer finds in these files and folders.

    Without a name the game's only importer is taken.
    Raises:  NotFound for an unknown importer or path, BadValue when a name is needed.
    """
    name = only_or_named(game, "importer", game.importers, importer, option="--format")
    found: list[Importable] = []
    for path in paths:
        if not path.exists():
            raise NotFound(f"{path} does not exist.")
        found.extend(resolve(game.importers[name])(game, path, options))
    return found


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "imported"


def import_all(
    found: Iterable[Importable],
    parent: Path,
    *,
    skip_damaged: bool = False,
    progress: Callable[[Importable], Progress] | None = None,
) -> Iterator[Imported]:
    """Write every Importable as a recording under `parent`, and say what became of each.

    A recording appears under its name only when it is whole, so an interrupted import goes on where it stopped.
    One whose source has changed is made anew, and the old folder kept under `.replaced`.
    Raises:  Damaged or Mismatch naming the file, unless `skip_damaged`.
    """
    known = marks_in(parent)
    for one in found:
        try:
            yield _import_one(one, parent, known, progress(one) if progress else lambda done, total: None)
        except (Damaged, Mismatch) as error:
            if not skip_damaged:
                raise
            yield Imported(name=_folder_name(one.name), source=one.source, outcome="skipped", reason=str(error))


def _import_one(one: Importable, parent: Path, known: Mapping[str, Path], progress: Progress) -> Imported:
    state = one.state or _fingerprint(one.source)
    folder, before = _place(parent, one, state, known)
    if before and before.state == state and before.is_whole(folder):
        listed = _list_file(folder) if before.left_out else None
        return Imported(name=folder.name, source=one.source, outcome="already there",
                        left_out=before.left_out, listed_in=listed)  # fmt: skip
    unfinished = folder.with_name(IMPORTING + folder.name)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with saying_what_failed(folder, GOES_ON):
            unfinished.mkdir(parents=True)
            left_out = one.fill(unfinished, progress) or ()
            files, size = measure(unfinished)
            _write_list(_list_file(folder), left_out)
            Mark(state=state, identity=one.identity, left_out=len(left_out), files=files, bytes=size).write(
                unfinished
            )
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    if before:
        folder.rename(claim_folder(parent / BACKUPS, folder.name) / "old")
    unfinished.rename(folder)
    return Imported(
        name=folder.name,
        source=one.source,
        outcome="imported anew" if before else "imported",
        left_out=len(left_out),
        examples=tuple(left_out[:NAMED]),
        listed_in=_list_file(folder) if left_out else None,
    )


def _place(parent: Path, one: Importable, state: str, known: Mapping[str, Path]) -> tuple[Path, Mark | None]:
    """Return the folder that holds this source already and its mark, or the first free one: name, name-2."""
    if one.identity in known:
        return known[one.identity], Mark.read(known[one.identity])
    name = _folder_name(one.name)
    folder, number = parent / name, 1
    while folder.exists():
        mark = Mark.read(folder)
        if mark and (mark.is_lost or (not one.identity and mark.state == state)):
            return folder, mark
        number += 1
        folder = parent / f"{name}-{number}"
    return folder, None


def _list_file(folder: Path) -> Path:
    """Return where what was left out of a recording is listed: beside it."""
    return folder.with_name(f"{folder.name}.left-out.txt")


def _write_list(file: Path, left_out: Sequence[LeftOut]) -> None:
    if left_out:
        file.write_text("".join(f"{one}\n" for one in left_out), encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def _fingerprint(source: Path) -> str:
    """Return what tells a source from others, wherever it is moved: its size, beginning and end."""
    if not source.is_file():
        return hashlib.sha256(str(source.resolve()).encode()).hexdigest()
    try:
        size = source.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with source.open("rb") as file:
            digest.update(file.read(PROBE_BYTES))
            file.seek(max(0, size - PROBE_BYTES))
            digest.update(file.read(PROBE_BYTES))
    except OSError as error:
        raise Damaged(f"{source} cannot be read: {error}.") from error
    return digest.hexdigest()
