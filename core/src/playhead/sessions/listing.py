"""What there is: the recordings and the runs of a game."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playhead.game import Game
from playhead.models.run import Run
from playhead.progress import Progress
from playhead.sessions.place import AnyHome, AnyPlugins, Place
from playhead.storage.catalogue import RecordingInfo


def recordings(
    game: str | Game, *, data: Sequence[str | Path] = (), home: AnyHome = None, plugins: AnyPlugins = None,
    progress: Progress | bool | None = None,
) -> list[RecordingInfo]:  # fmt: skip
    """List the recordings of a game, newest last, as `playhead data list` does; `data` are further folders."""
    place = Place.of(game, home, plugins, progress)
    return place.catalogue.recordings(place.game.name, data)


def runs(
    game: str | Game, *, home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None
) -> list[Run]:  # fmt: skip
    """Open the runs of a game, newest first, those that it ships last; what cannot be opened is said."""
    return Place.of(game, home, plugins, progress).runs.runs()
