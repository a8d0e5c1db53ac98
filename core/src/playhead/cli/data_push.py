"""`playhead data push`: recordings into a repository of a hub."""

from __future__ import annotations

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import json_option
from playhead.cli.several import Several
from playhead.cli.table import copied_words


@click.command("push")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True)
@click.argument("repository")
@click.option("--public", is_flag=True, help="Make a repository that is new public. Default: private.")
@json_option("JSON instead of text")
@pass_desk
def push(desk: Desk, recordings: tuple[str, ...], repository: str, public: bool, as_json: bool) -> None:
    """Add recordings, given by name, path or game, to REPOSITORY (user/name) of a hub, each in one commit.

    They lie there as GAME/NAME. What is there already is not sent again, so one that was interrupted goes on. The
    hub is Hugging Face's, or that of HF_ENDPOINT; the key is HF_TOKEN, or what `hf auth login` has stored.

    Example: playhead data push gta5/2026-11-21-1 me/drives
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.hub import Hub
    from playhead.storage.pushing import push_recording

    folders = desk.catalogue.find_folders(recordings, "pushed")
    hub = Hub(repository)
    hub.make(private=not public)
    several, done = Several(desk, folders), []
    with named_bars() as bar:
        for folder in folders:
            with several.one(folder):
                done.append(push_recording(folder, hub, bar(folder.name)))
                if not as_json:
                    desk.tell(f"{done[-1].name}: {copied_words(done[-1])}, at {done[-1].place}")
    if as_json:
        desk.tell_json([vars(one) for one in done])
    several.end("pushed")
