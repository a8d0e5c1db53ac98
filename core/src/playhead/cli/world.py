"""`playhead world`: a game's stand-in world in a real window, to be driven, recorded and played like the game."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import Checked, count, device_set_option, json_option, number, text, texts
from playhead.cli.options import seed as seed_option
from playhead.cli.play_view import measured
from playhead.devices import merged
from playhead.errors import BadValue
from playhead.names import command
from playhead.quantities import number as number_of

if TYPE_CHECKING:
    from playhead.game import Game
    from playhead.showing.drive import ShownDrive

ENDINGS = {"over": "the drive is over", "time": "the time is up", "closed": "closed by you"}


def _pair(
    separator: str, *, least: int
) -> Callable[[click.Context, click.Parameter, str], tuple[int, int] | None]:
    """Return a reader of two numbers that are no less than `least`, as in 800x600 or 0,0."""

    def read(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[int, int] | None:
        if not text:
            return None
        try:
            first, second = (int(number) for number in text.split(separator))
        except ValueError as error:
            raise click.BadParameter(f'"{text}" is not of the form 800{separator}600.') from error
        if min(first, second) < least:
            raise click.BadParameter(f"{text} is too small; both numbers must be at least {least}.")
        return first, second

    return read


@click.command(short_help="Open a game's stand-in world in a real window, to drive it yourself.")
@click.argument("game")
@text("--scenario", "NAME", "Kind of drive, as the world names them.")
@seed_option("Seed of the first drive; the next count on.", 1)
@count("--drives", "Drives, one after another in the same window.", 1)
@number("--seconds", "Length of a drive. Default: to its end.", 0.0)
@click.option("--wait", "waits", is_flag=True, help="Stand still until a key is pressed.")
@click.option("--unseen", is_flag=True, help="Drive where networks are measured, and not where they train.")
@click.option(
    "--title", default="", help="Title of the window. Default: that by which the game's window is found."
)
@click.option("--size", metavar="WxH", default="", callback=_pair("x", least=16),
              help="Size of the window inside. Default: that of the world's pictures.")  # fmt: skip
@click.option("--at", "corner", metavar="X,Y", default="", callback=_pair(",", least=-32768),
              help="Where the window opens. Default: where the desktop puts it.")  # fmt: skip
@click.option("--rate", "rate_hz", type=Checked(partial(number_of, least=1)), default=60.0, show_default=True,
              help="Pictures a second, at most.")  # fmt: skip
@texts("--key", "CONTROL=KEY", "Press KEY for a control of the game, as gas=up.", "keys")
@device_set_option("Option of the world, as arguments.traffic=0.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path),
              help="Write what was shown and pressed as JSON lines.")  # fmt: skip
@click.option(
    "--stamp", "is_stamped", is_flag=True, help="Draw each picture's number into it, to tell pictures apart."
)
@text("--hint", "POLICY", "Log what this policy of the world would press.")
@json_option("the measures as JSON")
@pass_desk
def world(
    desk: Desk, game: str, as_json: bool, scenario: str, unseen: bool, seconds: float, keys: tuple[str, ...],
    settings: dict[str, Any], **asked: Any,
) -> None:  # fmt: skip
    """Open the stand-in world of GAME in a window. Its keys drive; Escape, Ctrl-C or closing the window ends it.

    Example: playhead world gta5 --drives 3
    """
    from playhead.showing.session import Show, show
    from playhead.stopping import stopped_by_interrupt

    found = desk.game(game)
    reset = dict(found.scenario(scenario).options)
    if unseen and found.world:
        reset |= found.world.test_options
    options = merged({"reset": reset} if reset else {}, settings)
    wanted = Show(seconds=seconds or float("inf"), options=options, keys=_keys(keys), **asked)
    with stopped_by_interrupt() as stop:
        drives = show(found, wanted, plugins=desk.plugins, on_open=partial(_say, desk, found), stop=stop.is_set)
    if as_json:
        desk.tell_json([drive.to_json() for drive in drives])
        return
    for place, drive in enumerate(drives):
        desk.tell(*_lines(found, asked["seed"] + place, drive))


def _keys(texts: Sequence[str]) -> dict[str, str]:
    """Read CONTROL=KEY texts."""
    pairs = [text.partition("=") for text in texts]
    for control, equals, key in pairs:
        if not (control and equals and key):
            raise BadValue(f"--key {control}{equals}{key} is not of the form CONTROL=KEY, as in --key gas=up.")
    return {control: key for control, _, key in pairs}


def _say(desk: Desk, game: Game, title: str, keys: Mapping[str, str]) -> None:
    """Say what the window is called, which keys drive, and how to record and play in it."""
    from playhead.capabilities import capabilities_of

    names = {code: label for label, code in game.controls.items()}
    pressed = ", ".join(
        key.upper() if names[code] == key else f"{key.upper()} ({names[code]})" for key, code in keys.items()
    )
    desk.say(f'The window "{title}" is open. Keys: {pressed}. Escape or Ctrl-C ends it.')
    screens = [name for name in game.devices if capabilities_of(desk.plugins, game, name).has_window]
    if screens:
        desk.say(
            "In another terminal, to record what you see and press, or to let a run drive:",
            f"  {command('record', game.name, '--on', screens[0])}",
            f"  {command('play', game.name, '--on', screens[0])}",
        )


def _lines(game: Game, seed: int, drive: ShownDrive) -> list[str]:
    hung = f", hung for {drive.lost_s:.1f} s" if drive.lost_s >= 0.1 else ""
    return [
        f"seed {seed}  {drive.seconds:.1f} s  {measured(game, drive.measures)}",
        f"  {drive.pictures:,} pictures, {drive.rate_hz:.0f} a second{hung}; {ENDINGS[drive.ending]}",
    ]
