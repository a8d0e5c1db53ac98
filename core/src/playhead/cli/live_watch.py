"""`playhead live watch GAME`: let the network of a live run that runs elsewhere drive here."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk


@click.command(short_help="Let the network of a live run that runs elsewhere drive here.")
@click.argument("game")
@options.address_option()
@options.text("--on", "DEVICE", "Device to drive on. Default: that of the live run.")
@options.swap_option("When newer weights are taken.")
@options.number("--seconds", "How long to drive, in seconds. Default: until Ctrl-C.", 0.0)
@options.set_option("Setting of the device.")
@options.json_option("the drives as JSON")
@pass_desk
def watch(desk: Desk, game: str, as_json: bool, settings: dict[str, Any], **asked: Any) -> None:
    """Let the network that a live run elsewhere trains drive GAME here, with its newest weights.

    Example: playhead live watch gta5 --address 127.0.0.1:6379
    """
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.progress import Shown
    from playhead.live.joining import JoinOptions
    from playhead.live.joining import watch as run_watch

    joining = JoinOptions(options=settings, **asked)
    came_to = run_watch(game, joining, home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(came_to)
    else:
        desk.tell(*(", ".join(f"{name} {value:g}" for name, value in one.items()) for one in came_to["drives"]))
