"""Makes recordings from foreign files: one at a time, all or nothing, and never twice.

A game names its importers in `Game.importers`. Each is called with (game, path, options) and yields an
Importable for every recording to be; what follows (names, resuming, skipping) is the same for all of them.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playhead.errors import BadValue, Damaged, Mismatch, NotFound, not_found
from playhead.game import Game, resolve

Progress = Callable[[int, int], object]  # called with (frames done, frames in all)

IMPORTING = ".importing-"  # folders that begin with this are no recordings yet
FINGERPRINT = ".imported-from"  # file in an imported recording that says what it was made from
PROBE_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Importable:
    """One recording to be: where from, how it will be called, and what writes it into a folder.

    `fill(folder, progress)` raises Damaged or Mismatch, naming the file, when it cannot be used.
    """

    name: str
    source: Path
    fill: Callable[[Path, Progress], object]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of one Importable."""

    name: str
    source: Path
    outcome: Literal["imported", "already there", "skipped"]
    reason: str = ""


def find(game: Game, importer: str, paths: Iterable[Path], options: Mapping[str, str]) -> list[Importable]:
    """Return everything that the importer finds in these files and folders.

    Without a name the game's only importer is taken.
    Raises:  NotFound for an unknown importer or path, BadValue when a name is needed.
    """
    if not game.importers:
        raise NotFound(f"{game.name} has no importer, so nothing can be imported for it.")
    if not importer and len(game.importers) > 1:
        raise BadValue(f"{game.name} has several importers. Pass --format {' or '.join(sorted(game.importers))}.")
    name = importer or next(iter(game.importers))
    if name not in game.importers:
        raise not_found(f"importer of {game.name}", name, game.importers)
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
    Raises:  Damaged or Mismatch naming the file, unless `skip_damaged`.
    """
    for one in found:
        try:
            yield _import_one(one, parent, progress(one) if progress else lambda done, total: None)
        except (Damaged, Mismatch) as error:
            if not skip_damaged:
                raise
            yield Imported(name=_folder_name(one.name), source=one.source, outcome="skipped", reason=str(error))


def _import_one(one: Importable, parent: Path, progress: Progress) -> Imported:
    fingerprint = _fingerprint(one.source)
    folder = _place(parent, _folder_name(one.name), fingerprint)
    if folder.exists():
        return Imported(name=folder.name, source=one.source, outcome="already there")
    unfinished = folder.with_name(IMPORTING + folder.name)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        one.fill(unfinished, progress)
        (unfinished / FINGERPRINT).write_text(fingerprint, encoding="ascii")
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(folder)
    return Imported(name=folder.name, source=one.source, outcome="imported")


def _place(parent: Path, name: str, fingerprint: str) -> Path:
    """Return the folder that holds this source already, or else the first free one: name, name-2, ..."""
    folder, number = parent / name, 1
    while folder.exists():
        mark = folder / FINGERPRINT
        if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
            return folder
        number += 1
        folder = parent / f"{name}-{number}"
    return folder


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
