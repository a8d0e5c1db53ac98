"""`playhead data pull`: recordings out of a repository of a hub."""

from __future__ import annotations

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option
from playhead.cli.several import Several
from playhead.cli.table import copied_words


@click.command("pull")
@click.argument("repository")
@click.argument("recordings", nargs=-1)
@json_option("JSON instead of text")
@pass_desk
def pull(desk: Desk, repository: str, recordings: tuple[str, ...], as_json: bool) -> None:
    """Fetch recordings (GAME/NAME, or GAME for all of it; without any: all) of REPOSITORY into the home.

    Each is compared with the digests of the hub and checked before it appears. One that is here already is left,
    and one that was interrupted goes on.

    Example: playhead data pull me/drives gta5
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.copying import copy_recording
    from playhead.storage.hub import Hub

    found = Hub(repository).find(recordings)
    several, done = Several(desk, list(found)), []
    with named_bars() as bar:
        for name, source in found.items():
            with several.one(name):
                game = name.partition("/")[0]
                done.append(copy_recording(source, desk.home.recordings(game), bar(name), game=game))
                if not as_json:
                    desk.tell(f"{name}: {copied_words(done[-1])}, at {done[-1].place}")
    if as_json:
        desk.tell_json([vars(one) for one in done])
    several.end("pulled")
