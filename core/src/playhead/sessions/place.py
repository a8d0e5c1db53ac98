"""Where a session takes place: a game, a home folder, what is installed, and who hears of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from playhead.errors import BadValue
from playhead.game import Game
from playhead.home import Home
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.sessions.progress import progress_of
from playhead.version import utc_now

if TYPE_CHECKING:
    from playhead.models.catalogue import RunCatalogue
    from playhead.models.run import Run
    from playhead.storage.catalogue import Catalogue

AnyHome = Home | Path | str | None
NONE: Mapping[str, Any] = {}  # no settings
AnyRun: TypeAlias = "str | Path | Run"
AnyPlugins = Plugins | Callable[[], Plugins] | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every session starts from. `load_plugins` makes `plugins` in another process; None: nothing can."""

    game: Game
    home: Home
    plugins: Plugins
    load_plugins: Callable[[], Plugins] | None
    progress: Progress

    @classmethod
    def of(cls, game: str | Game, home: AnyHome, plugins: AnyPlugins, progress: Progress | bool | None) -> Place:
        """Find the game, the home and what is installed. Raises NotFound with the nearest name, BadValue."""
        heard = progress_of(progress)
        known = plugins if isinstance(plugins, Plugins) else (plugins or Plugins.installed)()
        load = known.load_again if plugins is None or isinstance(plugins, Plugins) else plugins
        if plugins is None:
            for broken in known.broken:
                heard.note(f"Warning: plugin {broken.name} is broken and left out: {broken.reason}")
        if isinstance(game, Game) and known.games.get(game.name) != game:
            known, load = known.with_game(game), None
        name = game.name if isinstance(game, Game) else game
        return cls(game=known.game(name), home=home_of(home), plugins=known, load_plugins=load, progress=heard)

    def say(self, sentence: str) -> None:
        """Tell whoever hears of the session a sentence."""
        self.progress.note(sentence)

    def run(self, named: AnyRun) -> Run:
        """Return a run as it is, by its name, or the newest. Raises NotFound with the nearest name."""
        if isinstance(named, (str, Path)):
            return self.runs.find(str(named)) if named else self.runs.latest()
        return named

    def player(self, named: AnyRun) -> Run:
        """Return a run that plays, likewise. Raises Mismatch for one that has no network for that."""
        from playhead.models.catalogue import check_plays

        run = self.runs.player(str(named)) if isinstance(named, (str, Path)) else named
        check_plays(run)
        return run

    def new_recording(self) -> Path:
        """Claim the folder of a new recording of the game."""
        from playhead.storage.changing import claim_recording

        return claim_recording(self.home.recordings(self.game.name))

    @property
    def catalogue(self) -> Catalogue:
        """The recordings of the home, and of places that are named."""
        from playhead.storage.catalogue import Catalogue

        return Catalogue(self.home, lambda: self.plugins)

    @property
    def runs(self) -> RunCatalogue:
        """The runs of the game."""
        from playhead.models.catalogue import RunCatalogue

        return RunCatalogue(home=self.home, game=self.game, say=self.say)

    def workers(self, asked: int | None, *, why_here: str = "") -> int:
        """Return how many processes may share the work: one a core, or one where others cannot do it.

        Raises:  BadValue when several are asked for then.
        """
        if self.load_plugins is None:
            why_here = f"{self.game.name} is not installed; give plugins as a function of a module that makes them"
        if not why_here:
            return asked or os.cpu_count() or 1
        if asked is not None and asked > 1:
            raise BadValue(f"{asked} workers cannot share this. {why_here}. Leave workers out.")
        return 1


def home_of(home: AnyHome) -> Home:
    """Return a home folder, found as the commands find theirs."""
    return home if isinstance(home, Home) else Home.find(Path(home) if home is not None else None)


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which a dotted name reaches into a mapping: `arguments.traffic` into `arguments`.

    Raises:  BadValue where a name was given a value of its own before.
    """
    whole: dict[str, Any] = {}
    for name, value in settings.items():
        *outer, last = name.split(".")
        inside = whole
        for step in outer:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                raise BadValue(f"--set {name}={value}: {step} was given a value of its own before.")
        inside[last] = dict(value) if isinstance(value, Mapping) else value
    return whole


def tags_of_now(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of recordings that are made now; without a session of its own they get one by the time."""
    return {"session": utc_now(), **tags}
