"""`playhead live collect GAME`: collect for a live run that runs elsewhere."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk


@click.command(short_help="Collect for a live run that runs elsewhere.")
@click.argument("game")
@options.address_option()
@options.text("--on", "DEVICE", "Device to collect on. Default: that of the live run.")
@options.text("--driver", "DRIVER", "Who drives. Default: the world's expert; on other devices a person.")
@options.number("--seconds", "How long to collect, in seconds. Default: until Ctrl-C.", 0.0)
@options.set_option("Setting of the device.")
@options.json_option("what was sent as JSON")
@pass_desk
def collect(desk: Desk, game: str, as_json: bool, settings: dict[str, Any], **asked: Any) -> None:
    """Drive GAME here and send balanced samples to a live run elsewhere, until Ctrl-C or until it ends.

    Example: playhead live collect gta5 --address 127.0.0.1:6379
    """
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.progress import Shown
    from playhead.live.joining import JoinOptions
    from playhead.live.joining import collect as run_collect

    joining = JoinOptions(options=settings, **asked)
    came_to = run_collect(game, joining, home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(came_to)
    else:
        desk.tell(f"{came_to['drives']:,} drives, {came_to['samples']:,} samples in {came_to['sets']:,} sets.")
