"""What there is: the recordings and the runs of a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.data.quality import qualities
from playhead.errors import PlayheadError
from playhead.game import Game
from playhead.progress import Progress
from playhead.sessions.place import AnyHome, AnyPlugins, Place
from playhead.storage.catalogue import Catalogue, RecordingInfo
from playhead.storage.local import is_remote
from playhead.training.auto import default_of

if TYPE_CHECKING:
    from playhead.models.run import Run


def recordings(
    game: str | Game, *, data: Sequence[str | Path] = (), home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None,
) -> list[RecordingInfo]:  # fmt: skip
    """List the recordings of a game, newest last, as `playhead data list` does; `data` are further folders."""
    place = Place.of(game, home, plugins, progress)
    return looked_at(place.game, place.catalogue, place.catalogue.recordings(place.game.name, data))


def looked_at(game: Game, catalogue: Catalogue, infos: Sequence[RecordingInfo]) -> list[RecordingInfo]:
    """Return lines of a list with what a training could use of each recording of this machine, and what is odd."""
    opened = {}
    for info in infos:
        if info.frames and not is_remote(info.place):
            try:
                opened[info.place] = catalogue.open(info)
            except PlayheadError:  # changed since it was listed
                continue
    found = dict(zip(opened, qualities(game, default_of(game), list(opened.values())), strict=True))
    for recording in opened.values():
        recording.close()
    return [
        replace(info, usable=found[info.place].usable, remarks=found[info.place].remarks)
        if info.place in found
        else info
        for info in infos
    ]


def runs(
    game: str | Game, *, home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None
) -> list[Run]:  # fmt: skip
    """Open the runs of a game, newest first, those that it ships last; what cannot be opened is said."""
    return Place.of(game, home, plugins, progress).runs.runs()
