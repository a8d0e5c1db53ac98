"""What somebody who joins a live run is told: what it learns, and a number; another game or version is refused."""

from __future__ import annotations

from dataclasses import dataclass

from playhead import __version__
from playhead.errors import Mismatch
from playhead.live.settings import LiveSettings
from playhead.names import command, visible

FIRST_JOINED = 100  # numbers below are those of the live run's own collectors


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What a live run is, and the number by which a newcomer's drives differ from those of all others."""

    settings: LiveSettings
    number: int


def check_newcomer(settings: LiveSettings, game: str, version: str) -> None:
    """Raise Mismatch for somebody of another game or version than a live run's."""
    if game != settings.game:
        raise Mismatch(
            f"The live run {settings.name} is one of {settings.game}, not of {visible(game)[:80]}. Name its game: "
            f"{command('live', 'collect', settings.game)}."
        )
    if version != __version__:
        raise Mismatch(
            f"The live run {settings.name} runs playhead {__version__}, and here is {visible(version)[:80]}. "
            f"Install the same: pip install playhead=={__version__}."
        )
