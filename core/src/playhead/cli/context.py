"""What every command starts from: the home folder, the plugins, and a way to say things on stderr."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from playhead.cli import terminal
from playhead.cli.net import Call, unexpected
from playhead.home import VARIABLE, Home

if TYPE_CHECKING:
    from playhead.game import Game
    from playhead.plugins import BrokenPlugin, Plugins
    from playhead.sessions.place import Place
    from playhead.storage.catalogue import Catalogue

F = TypeVar("F", bound=Callable[..., Any])


def loaded_plugins(call: Call) -> Plugins:
    """Return the installed plugins, loaded once a call; broken ones are named on stderr then."""
    from playhead.plugins import Plugins

    if call.plugins is None:
        call.plugins = Plugins.installed()
        warn_of(call.plugins.broken)
    return call.plugins


def warn_of(broken: Sequence[BrokenPlugin]) -> None:
    """Name plugins that are left out."""
    for one in broken:
        terminal.say(f"Warning: plugin {one.name} is broken and left out: {one.reason}")


class Desk:
    """One user at one command: where their data lies and what is installed."""

    def __init__(self, home: Home, call: Call | None = None) -> None:
        self.home = home
        self._call = call or Call()
        self._call.home = home.path

    @property
    def plugins(self) -> Plugins:
        """The installed plugins; broken ones are named once, on stderr."""
        return loaded_plugins(self._call)

    @property
    def catalogue(self) -> Catalogue:
        """The recordings of the home, and of places that are named."""
        from playhead.storage.catalogue import Catalogue

        return Catalogue(self.home, lambda: self.plugins)

    def game(self, name: str) -> Game:
        """Return the game called `name`. Raises NotFound with the nearest name."""
        return self.plugins.game(name)

    def place(self, game: str | Game) -> Place:
        """Return a game with all that a session of it starts from, its sentences going to this user."""
        from playhead.cli.progress import Shown
        from playhead.sessions.place import Place

        return Place.of(game, self.home, self.plugins, Shown(self))

    say = staticmethod(terminal.say)
    tell = staticmethod(terminal.tell)
    tell_json = staticmethod(terminal.tell_json)

    def unexpected(self, error: Exception) -> str:
        """Return the sentence about an error that nobody expected; its traceback is written into a file."""
        return unexpected(error, self._call)

    def say_home(self) -> None:
        """Say which home folder is used and why."""
        self.say(f"Home {self.home.path} ({self.home.why}).")


def pass_desk(command: F) -> F:
    """Give a command its desk as first argument, and the option --home."""

    @click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"Folder of recordings and runs. Default: {VARIABLE}, else this user's data folder.",
    )
    @functools.wraps(command)
    def with_desk(*args: Any, home: Path | None, **options: Any) -> Any:
        call = click.get_current_context().find_object(Call)
        return command(Desk(Home.find(home), call), *args, **options)

    return with_desk  # type: ignore[return-value]
