"""`playhead data list`: what has been recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import DataFolder
from playhead.cli.table import duration, lines_of, size
from playhead.names import command

if TYPE_CHECKING:
    from playhead.storage.catalogue import RecordingInfo

HEADINGS = ("name", "frames", "duration", "size", "driver", "device", "scenario", "scored", "usable", "remarks")


@click.command("list")
@click.argument("game", required=False)
@click.option("--data", "--dir", "folders", multiple=True, type=DataFolder(), metavar="FOLDER",
              help="Look into this folder or address too. May be given several times.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@pass_desk
def list_(desk: Desk, game: str | None, folders: tuple[Path | str, ...], as_json: bool) -> None:
    """List the recordings of a game, or of all games, newest last, and what can be learned from each.

    Example: playhead data list gta5
    """
    from playhead.sessions.listing import looked_at

    catalogue = desk.catalogue
    desk.say_home()
    games = [game] if game else catalogue.games()
    found = {name: catalogue.recordings(name, folders) for name in games}
    for name in found.keys() & desk.plugins.games.keys():
        found[name] = looked_at(desk.game(name), catalogue, found[name])
    if as_json:
        desk.tell_json([info.to_json() for infos in found.values() for info in infos])
        return
    for name, infos in found.items():
        if not game:
            desk.tell(f"{name}:")
        for line in lines_of(HEADINGS, [_row(info) for info in infos]):
            desk.tell(line)
    if not any(found.values()):
        desk.say(f"Nothing has been recorded yet. Record with: {command('record', names=[game or 'GAME'])}")


def _row(info: RecordingInfo) -> tuple[object, ...]:
    return (
        info.name, info.frames, duration(info.duration_s), size(info.bytes), info.driver, info.device,
        info.scenario, _score(info), "" if info.usable is None else f"{100 * info.usable:.0f} %",
        "; ".join([*info.problems, *info.remarks]),
    )  # fmt: skip


def _score(info: RecordingInfo) -> str:
    """Return the measure that a game names first: of all others `data info` knows."""
    return next((f"{name.replace('_', ' ')} {value:.4g}" for name, value in info.measures.items()), "")
