"""`playhead live set GAME NAME`: change what a live run learns, while it runs."""

from __future__ import annotations

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk


@click.command("set", short_help="Change what a live run learns, while it runs.")
@click.argument("game")
@click.argument("name")
@options.text("--balance", "NAME", "How sets are balanced from now on: v1, v2, v3, v4 or none.")
@options.set_option("Setting of the recipe, as heads=brake,steer, or bins.OUTPUT=-1,0,0,1.", is_text=True)
@pass_desk
def set_(desk: Desk, game: str, name: str, balance: str, settings: dict[str, str]) -> None:
    """Change what the live run NAME of GAME learns; losses, bins and buffers follow, and it goes on at once.

    Example: playhead live set gta5 monday --set heads=steer
    """
    from playhead.live.asked import change, what_is_learned

    now = change(desk.place(game), name, balance, settings)
    desk.tell(f"{name}, version {now.version}: {what_is_learned(now)}.")
