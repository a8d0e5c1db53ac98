"""What every command starts from: the home folder, the plugins, and a way to say things on stderr."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from playhead.home import VARIABLE, Home

if TYPE_CHECKING:
    from playhead.game import Game
    from playhead.plugins import Plugins

F = TypeVar("F", bound=Callable[..., Any])


class Desk:
    """One user at one command: where their data lies and what is installed."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @functools.cached_property
    def plugins(self) -> Plugins:
        """The installed plugins; broken ones are named once, on stderr."""
        from playhead.plugins import Plugins

        plugins = Plugins.installed()
        for broken in plugins.broken:
            self.say(f"Warning: plugin {broken.name} is broken and left out: {broken.reason}")
        return plugins

    def game(self, name: str) -> Game:
        """Return the game called `name`. Raises NotFound with the nearest name."""
        return self.plugins.game(name)

    def say(self, text: str) -> None:
        """Print a note for the person, on stderr, so that stdout holds results only."""
        click.echo(text, err=True)

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
        return command(Desk(Home.find(home)), *args, **options)

    return with_desk  # type: ignore[return-value]
