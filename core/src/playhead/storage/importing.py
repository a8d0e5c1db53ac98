"""Makes recordings from foreign files: one at a time, all or nothing, and never twice.

A game names its importers in `Game.importers`. Each is called with (game, path, options) and yields an
Importable for every recording to be; what follows (names, resuming, skipping) is the same for all of them.
"""

from __future__ import annotations

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
    _check_names(found)
    return found


def _check_names(found: Iterable[Importable]) -> None:
    sources: dict[str, Path] = {}
    for one in found:
        other = sources.setdefault(_folder_name(one.name), one.source)
        if other != one.source:
            raise BadValue(f"{other} and {one.source} would both be called {one.name}. Import them one by one.")


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
        folder = parent / _folder_name(one.name)
        if folder.exists():
            yield Imported(name=folder.name, source=one.source, outcome="already there")
            continue
        try:
            _import_one(one, folder, progress(one) if progress else lambda done, total: None)
        except (Damaged, Mismatch) as error:
            if not skip_damaged:
                raise
            yield Imported(name=folder.name, source=one.source, outcome="skipped", reason=str(error))
        else:
            yield Imported(name=folder.name, source=one.source, outcome="imported")


def _import_one(one: Importable, folder: Path, progress: Progress) -> None:
    unfinished = folder.with_name(IMPORTING + folder.name)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        one.fill(unfinished, progress)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(folder)
