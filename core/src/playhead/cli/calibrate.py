"""`playhead calibrate`: the digits of a number on the screen are learned."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.names import command

FEW_WRONG = 0.002  # share of the numbers read: with more, a filter of jumps is not enough


@click.command(short_help="Learn the digits of a number that a game shows.")
@click.argument("game")
@options.text("--reading", "NAME", "Reading to learn. Default: the only one of the game.")
@options.text("--on", "DEVICE", "Device to look at. Default: the game's window, else its world.")
@options.text("--truth", "TELEMETRY", "What says which number is shown, in a world that tells it. "
              "Default: text recognition.")  # fmt: skip
@options.text("--out", "FILE", "File of digits. Default: GAME-READING.safetensors.")
@options.number("--seconds", "Length of an episode, in seconds.", 60.0)
@options.count("--episodes", "Episodes to look at.", 3)
@options.seed("Seed of the first; the next ones count on.", 1)
@options.device_set_option("Option of the device, as arguments.width=960.")
@options.json_option("what was learned as JSON")
@pass_desk
def calibrate(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Learn what the digits of a reading of GAME look like, from a drive that shows many numbers.

    A world is driven by its expert; in a game you drive, through all speeds. Text recognition needs: pip install
    'playhead[ocr]'.

    Example: playhead calibrate crew2 --on world --truth speed_mps
    """
    desk.say_home()
    desk.game(game)
    from playhead.cli.progress import Shown
    from playhead.sessions.calibrating import calibrate as calibrate_reading

    made = calibrate_reading(game, **asked, home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(made.to_json())
        return
    desk.tell(
        f"{made.file}: learned from {made.pictures:,} pictures of {made.numbers:,} numbers; of others read "
        f"{made.right:.1%} rightly, {made.wrong:.1%} wrongly, {1 - made.right - made.wrong:.1%} not at all."
    )
    if made.wrong > FEW_WRONG:
        desk.say("That is too often wrong. Look longer, while all digits are shown: --seconds, --episodes.")
    desk.say(f"Use it: {command('record', made.game, '--set', f'readings.{made.reading}.digits={made.file}')}")
