"""Pictures that a table names, with a column for each key: `train.csv` with filename, w, s, a, d.

Source:  mburakbozbey/pycrew2, d34b2be. Its table made "no key" a brake, so that a 1 below s may be either there;
         pictures in folders still say which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playhead.containers.text_table import open_table
from playhead.errors import BadValue, Damaged, NotFound
from playhead.game import Game
from playhead.names import visible
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.columns import Columns, columns_of
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, LeftOut, Noted

TAKES = ("keys", "head", "rate", "order", "crop", "colours", "pictures", "column")


@dataclass(frozen=True)
class _Line:
    """One row of a table: where it stands, the picture it names, and what it says of that."""

    number: int
    picture: str
    cells: tuple[str, ...]

    def __str__(self) -> str:
        return f"line {self.number}, {visible(self.picture[:200])}"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """Some rows of a table, and the folders that their pictures may lie in."""

    file: Path
    columns: Columns
    roots: tuple[Path, ...]
    lines: tuple[_Line, ...]
    left_out: tuple[LeftOut, ...]


def find_tables(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every PART_ROWS rows of each table, a file or those of a folder.

    `options`: see ImportSettings. Raises: NotFound without a table, Damaged or Mismatch when it cannot be used.
    """
    settings = ImportSettings.of(game, options, TAKES, order="none")
    files = [path] if path.is_file() else sorted(path.glob("*.[cC][sS][vV]"))
    if not files:
        raise NotFound(f"{path} is no table and no folder that holds a file ending in .csv.")
    for file in files:
        yield from _of_table(game, file, settings)


def _of_table(game: Game, file: Path, settings: ImportSettings) -> Iterator[Importable]:
    columns, lines, left_out = _read(game, file, settings)
    roots = _roots(file, settings)
    name = f"{places.called(file.absolute().parent)}-{file.stem}"
    identity = places.identity_of(_place(roots, line.picture)[0] for line in lines)
    for number, part in places.in_parts(lines):
        lost = tuple(left_out) if number == 0 else ()
        told = [(line, places.size_of(_place(roots, line.picture)[0])) for line in part]
        of_part = _Part(file=file, columns=columns, roots=roots, lines=tuple(part), left_out=lost)
        yield Importable(
            name=f"{name}-{number + 1:03d}",
            source=file,
            fill=partial(_import_part, game, of_part, settings),
            identity=f"csv/{name}/{identity}/{number}",
            state=places.digest_of([settings.said, columns.head, *told, *lost]),
        )


def _read(game: Game, file: Path, settings: ImportSettings) -> tuple[Columns, list[_Line], list[LeftOut]]:
    """Return what the columns mean, the rows that name a picture, each once, and what was left out."""
    kept: dict[str, _Line] = {}
    with open_table(file) as table:
        top, first = next(table, (1, []))
        columns = columns_of(game, str(file), first, settings)
        left_out = [LeftOut(what=f"column {visible(name[:200])}", why=f"{game.name} has no label of this name")
                    for name in columns.meaningless]  # fmt: skip
        if columns.is_nameless:
            kept[first[columns.picture]] = _Line(top, first[columns.picture], tuple(first))
        for number, cells in table:
            if len(cells) != len(first):
                why = f"it has {len(cells)} columns, not {len(first)}"
                left_out.append(LeftOut(what=f"line {number}", why=why))
                continue
            line = _Line(number, cells[columns.picture], tuple(cells))
            before = kept.setdefault(line.picture, line)
            if before is not line:
                says = "the same" if before.cells == line.cells else "something else"
                why = f"line {before.number} names it already, and says {says}"
                left_out.append(LeftOut(what=str(line), why=why))
    if not kept:
        raise Damaged(f"{file} names no picture: it has no row below its head.")
    return columns, list(kept.values()), left_out


def _roots(file: Path, settings: ImportSettings) -> tuple[Path, ...]:
    """Return the folders that pictures may lie in: as said, else beside the table or in a folder of its name."""
    if settings.pictures:
        folder = Path(settings.pictures)
        if not folder.is_dir():
            raise BadValue(f"pictures={folder} is no folder. Name the one with the pictures.")
        return (folder,)
    beside = file.absolute().parent
    return tuple(folder for folder in (beside, beside / file.stem, beside / "images") if folder.is_dir())


def _place(roots: Sequence[Path], name: str) -> tuple[Path, str]:
    """Return where a picture lies, and why it is not read, "" where it is."""
    path = name.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/") or "\0" in path:
        return Path(), "its name leads out of the folder of pictures"
    found = [(root / path, places.outside(root, root / path)) for root in roots]
    inside = next(((place, why) for place, why in found if not why), None)
    wrong = next((why for _, why in found if why != places.NO_FILE), places.NO_FILE)
    return inside or (Path(), wrong)


def _import_part(
    game: Game, part: _Part, settings: ImportSettings, folder: Path, progress: OnProgress
) -> Sequence[Noted]:
    """Write one part as one recording and return what was left out or converted."""
    belongs = places.called(part.file.absolute().parent)
    source = Source(path=part.file, rows=len(part.lines), belongs=belongs, left_out=part.left_out)
    return write_rows(game, settings, source, (_row(part, line) for line in part.lines), folder, progress)


def _row(part: _Part, line: _Line) -> Row:
    place, wrong = _place(part.roots, line.picture)
    if wrong:
        return Row(what=str(line), number=line.number, wrong=wrong)
    try:
        labels = part.columns.labels(line.cells)
        return Row(what=str(line), number=line.number, picture=places.read_picture(place), labels=labels)
    except ValueError as error:
        return Row(what=str(line), number=line.number, wrong=str(error))
