"""`playhead play`: a run plays, or watches a game without controls."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import check_episodes


@click.command(short_help="Let a run play the game.")
@click.argument("game")
@options.text("--on", "DEVICE", "Device to play on. Default: the game's window, else its world.")
@options.text("--run", "RUN", "Which run. Default: the newest of this home, else the one that the game ships.")
@options.number("--seconds", "Length of an episode, in seconds. Default: until it ends.", 0.0)
@options.count("--episodes", "Episodes to play.", 1)
@options.seed("Seed of the first; the next ones count on.", 1)
@options.scenario_option
@click.option("--real-time", is_flag=True, help="Let a world run on and not wait for the network.")
@options.number("--latency", "Seconds added between look and press. Default: what the run was trained for, in a "
                "world that waits; else 0.")  # fmt: skip
@options.rate("--rate", "Frames a second. Default: the run's in a window, the world's in a world.")
@click.option("--dry-run", is_flag=True, help="Press nothing; say what would have been pressed.")
@click.option("--unstick", is_flag=True, help="When nothing moves, reverse and go round.")
@click.option("--record", is_flag=True, help="Record the session, with the network as origin. "
              "In a world it then plays training episodes.")  # fmt: skip
@options.tag_option
@options.device_set_option(
    "controller.threshold=0.4, guard.kind=none (all: playhead plugins --settings), or an option of the device."
)
@click.option("--video", type=click.Path(dir_okay=False), metavar="FILE", default="",
              help="Write what is seen and pressed as FILE.mp4; as FILE.webp the first 20 seconds.")  # fmt: skip
@click.option(
    "--terminal", is_flag=True, help="Show a game that is only watched in the terminal, and open no window."
)
@options.engine_option
@options.json_option("the summaries as JSON")
@pass_desk
def play(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Let a run play GAME, or watch a game without controls. Ctrl-C ends it normally, with every key released.

    Example: playhead play gta5 --episodes 3 --seconds 60
    """
    desk.say_home()
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.play_view import lines
    from playhead.cli.progress import Shown
    from playhead.sessions.playing import play as play_episodes

    played = play_episodes(game, **asked, home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(played.to_json())
    else:
        desk.tell(*lines(desk.game(game), played))
    check_episodes(played.episodes, played.failed)
