"""How a recording's device is opened once more: as it was recorded, what is said now laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playhead.devices import merged
from playhead.errors import BadValue, Mismatch
from playhead.game import Frame, Game
from playhead.names import quoted
from playhead.storage.options import numbers_of, texts_of
from playhead.storage.schema import RecordingHeader

MOST_SAID = 5  # options, in one sentence


def as_recorded(
    game: Game, name: str, header: RecordingHeader, device: str, said: Mapping[str, Any]
) -> tuple[Game, dict[str, Any]]:
    """Return a game with pictures as large as those of a recording, and the options of a world's device for it.

    These are its scenario, seed and rate, on its own device what that was opened with, and `said` over all.
    Raises:  BadValue naming what the recording says in words and nobody says now: it could name code or a file.
             NotFound for a scenario that the game has no more, Mismatch where its regions do not fit that size.
    """
    given = header.options if device == header.device else {}
    texts = texts_of(given, said)
    if texts:
        again = " ".join(f"--set {quoted(f'{option}={value}')}" for option, value in [*texts.items()][:MOST_SAID])
        raise BadValue(
            f"Recording {name} was made with {', '.join([*texts][:MOST_SAID])}. A text could name code or a file, "
            f"so no recording chooses one. Say it again, or another: {again}"
        )
    reset = dict(game.scenario(header.scenario).options)
    began: dict[str, Any] = {"rate_hz": header.rate_hz, **({"reset": reset} if reset else {})}
    if header.seed is not None:
        began["seed"] = header.seed
    return _at_size_of(game, header.frame), merged(began, numbers_of(given), said)


def _at_size_of(game: Game, frame: Frame) -> Game:
    own = game.needed_frame
    if own.shape == frame.shape:
        return game
    try:
        return replace(game, frame=replace(own, width=frame.width, height=frame.height, colour=frame.colour))
    except BadValue as error:
        raise Mismatch(
            f"It was recorded at {frame.width}x{frame.height}, which {game.name} cannot be: {error}"
        ) from error
