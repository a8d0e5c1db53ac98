"""`playhead live GAME`: collectors, a trainer, a player and a page, all at once."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.names import command


@click.command(short_help="Collect, train, play and show it, all at once.")
@click.argument("game")
@options.text("--name", "NAME", "What the live run is called; one that exists goes on. Default: by the day.")
@options.text("--on", "DEVICE", "Device of collectors and player. Default: the game's world that waits.")
@options.count("--collectors", "How many experts drive at once.", 1)
@options.text("--size", "SIZE", "Width and height of pictures, as 480x270. Default: the game's for live runs.")
@options.rate("--rate", "Frames a second. Default: the game's for live runs.")
@options.text("--recipe", "RECIPE", "What is trained. Default: the game's for live runs.")
@click.option("--balance", metavar="NAME", default="v3", show_default=True,
              help="How sets are balanced: v1, v2, v3, v4 or none.")  # fmt: skip
@options.count("--buffer", "Samples in the buffer of each output; training begins when all are full.", 25_000)
@options.count("--depth", "Samples that a set has for each bin.", 1)
@options.count("--patience", "Samples after which a set is sent that is not full.", 600)
@options.swap_option("When the player takes newer weights.")
@click.option("--unstick", type=click.Choice(["path", "ends"]), default="path", show_default=True,
              help="What tells that it is stuck: the length of its path, or the way from end to end.")  # fmt: skip
@options.count("--port", "Port of the page, on this machine alone.", 8642)
@click.option("--no-player", "has_player", flag_value=False, default=True, help="Let nobody play.")
@options.number("--seconds", "How long to run, in seconds. Default: until Ctrl-C.", 0.0)
@options.text("--address", "ADDRESS", "Address of Ray on a cluster to run on. Default: a Ray of its own, here.")
@options.set_option("Setting of the recipe, as lr=1e-3, device.NAME=VALUE, or bins.OUTPUT=-1,0,0,1.", is_text=True)
@options.json_option("what it came to as JSON")
@pass_desk
def run(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Collect, train, play and show it, all at once, in GAME. Ctrl-C ends it in order, with everything kept.

    Example: playhead live gta5 --collectors 2 --buffer 2000
    """
    desk.say_home()
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.progress import Shown
    from playhead.live.asked import LiveOptions
    from playhead.live.session import live as run_live

    came_to = run_live(game, LiveOptions(**asked), home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(came_to)
    else:
        name, batch = came_to["name"], came_to.get("batch", 0)
        desk.tell(f"{name}: {batch:,} batches. Go on: {command('live', game, '--name', name)}")
