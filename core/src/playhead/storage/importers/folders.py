"""Pictures in folders that say what they show: `train/<class>/<number>.jpg`.

Source:  mburakbozbey/pycrew2, d34b2be: folders w, a, s, d, wa, wd, sa, sd and nk below train, test and validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playhead.errors import Mismatch, NotFound
from playhead.game import Game
from playhead.names import visible
from playhead.progress import OnProgress
from playhead.storage.importers import places
from playhead.storage.importers.meanings import (
    Rows,
    check_all_said,
    classes_without,
    heads_of,
    impossible,
    meaning_of,
    named,
)
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importers.writing import Row, Source, write_rows
from playhead.storage.importing import Importable, LeftOut, Noted

TAKES = ("keys", "head", "rate", "order", "crop", "colours")


@dataclass(frozen=True)
class _Group:
    """The folders of classes that lie in one folder: (class, path) of each picture, sorted as people count."""

    name: str
    pictures: tuple[tuple[str, str], ...]
    left_out: tuple[LeftOut, ...]


def find_folders(game: Game, path: Path, options: Mapping[str, str]) -> Iterator[Importable]:
    """Yield a recording for every PART_ROWS pictures of each folder that holds folders of classes.

    `options`: see ImportSettings. Raises: NotFound without such folders, Mismatch where none is called as a class.
    """
    settings = ImportSettings.of(game, options, TAKES, order="none")
    if not path.is_dir():
        raise NotFound(f"{path} is no folder. Pass the one that holds a folder for each class.")
    found = places.pictures_below(path)
    if not found.pictures:
        raise NotFound(f"There is no picture in {path} and its folders: pictures lie in a folder for each class.")
    meanings = _meanings(game, path, found.pictures, settings)
    for group in _groups(game, path, found, meanings, settings):
        first = places.identity_of(path / file for _, file in group.pictures)
        for number, part in places.in_parts(group.pictures):
            told = [(name, file, places.size_of(path / file)) for name, file in part]
            left_out = group.left_out if number == 0 else ()
            yield Importable(
                name=f"{group.name}-{number + 1:03d}",
                source=path,
                fill=partial(
                    _import_part, game, path, _Group(group.name, tuple(part), left_out), meanings, settings
                ),
                identity=f"folders/{group.name}/{first}/{number}",
                state=places.digest_of([settings.said, *told, *left_out]),
            )


def _meanings(game: Game, path: Path, pictures: Sequence[str], settings: ImportSettings) -> dict[str, Rows]:
    """Return what each folder means that means something. Raises Mismatch where none does."""
    given = dict(settings.keys)
    if given:
        named(game, settings.keys, settings.head)  # which says what is wrong with one
    names = {step for picture in pictures for step in picture.split("/")[:-1]} | {places.called(path)}
    found = {name: meaning_of(game, given.get(name, name), settings.head) for name in names if name}
    known = {name: rows for name, rows in found.items() if rows}
    if not known:
        heads = ", ".join(
            f"{head}: {' '.join(one.names[:20])}" for head, one in heads_of(game, settings.head).items()
        )
        some = ", ".join(sorted(visible(name) for name in names)[:5])
        raise Mismatch(
            f"No folder in {path} is called as a key or class of {game.name} ({heads}); there are {some}. Say "
            "what they mean: --set keys=FOLDER:w+a,OTHER:none."
        )
    for name, rows in known.items():
        check_all_said(game, rows, f"The folder {visible(name)}")
        if wrong := impossible(game, rows):
            raise Mismatch(f"The folder {visible(name)} cannot be: {wrong[0]}.")
    return known


def _groups(
    game: Game, path: Path, found: places.Found, meanings: Mapping[str, Rows], settings: ImportSettings
) -> list[_Group]:
    """Sort pictures by the folder that their classes lie in; one called as no class is left out."""
    pictures: dict[str, list[tuple[str, str]]] = {}
    lost = [*found.left_out]
    for file in found.pictures:
        steps = [places.called(path), *file.split("/")[:-1]]
        depth = max((number for number, step in enumerate(steps) if step in meanings), default=-1)
        if depth < 0:
            lost.append(LeftOut(what=file, why=f"{visible(steps[-1])} is no key or class of {game.name}"))
        else:
            group = "-".join(steps[:depth]) or places.called(path)
            pictures.setdefault(group, []).append((steps[depth], file))
    groups = []
    for name, kept in pictures.items():
        kept.sort(key=lambda one: places.natural(Path(one[1]).stem))
        lacking = classes_without((one for one, _ in kept), game, settings.head)
        empty = [LeftOut(what=f"class {one}", why=f"there is no picture of it in {name}") for one in lacking]
        groups.append(_Group(name, tuple(kept), (*empty, *lost)))
        lost = []
    return groups


def _import_part(
    game: Game, path: Path, part: _Group, meanings: Mapping[str, Rows], settings: ImportSettings, folder: Path,
    progress: OnProgress,
) -> Sequence[Noted]:  # fmt: skip
    """Write one part as one recording and return what was left out or converted."""
    source = Source(path=path, rows=len(part.pictures), belongs=part.name, left_out=part.left_out)
    return write_rows(game, settings, source, _rows(path, part, meanings), folder, progress)


def _rows(path: Path, part: _Group, meanings: Mapping[str, Rows]) -> Iterator[Row]:
    for number, (name, file) in enumerate(part.pictures):
        try:
            yield Row(what=file, number=number, picture=places.read_picture(path / file), labels=meanings[name])
        except ValueError as error:
            yield Row(what=file, number=number, wrong=str(error))
