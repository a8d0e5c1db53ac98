"""`playhead import GAME PATH...`: recordings made by another tool become recordings here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from playhead.storage.importing import Importable, Progress


@click.command("import")
@click.argument("game")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "importer", default="", help="Which importer of the game. Default: its only one.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Something the importer wants to know."
)
@click.option("--skip-damaged", is_flag=True, help="Leave files out that cannot be used, instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def import_(
    desk: Desk, game: str, paths: tuple[Path, ...], importer: str, settings: tuple[str, ...], skip_damaged: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Import recordings made by another tool; what is there already is left alone.

    Example: playhead import gta5 D:/recordings/stuck
    """
    from playhead.storage.importing import find, import_all

    known = desk.game(game)
    found = find(known, importer, paths, _settings(settings))
    desk.say_home()
    rows = []
    with _bar() as progress:
        parent = desk.home.recordings(game)
        for row in import_all(found, parent, skip_damaged=skip_damaged, progress=progress):
            rows.append({**asdict(row), "source": str(row.source)})
            if not as_json:
                click.echo(f"{row.outcome:<13} {row.name}" + (f": {row.reason}" if row.reason else ""))
    if as_json:
        click.echo(json.dumps(rows, indent=2))


def _settings(texts: tuple[str, ...]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise BadValue(f'--set {text} should read NAME=VALUE, as in "--set scenario=stuck".')
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


@contextmanager
def _bar() -> Iterator[Callable[[Importable], Progress]]:
    """Show on stderr how far each file is."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:

        def follow(one: Importable) -> Progress:
            task = bar.add_task(one.name, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield follow
