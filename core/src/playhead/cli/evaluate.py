"""`playhead evaluate`: a run to numbers and a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.places import DATA_FOLDER
from playhead.cli.settings import engine_option, parse_settings
from playhead.names import command as typed

# Far from the seeds that recordings count up from, for environments that keep no towns apart for tests.
FIRST_SEED = 10_000
NOWHERE = "none"


@click.command(short_help="Measure a run against baselines and the expert.")
@click.argument("game")
@click.option("--run", metavar="RUN", default="", help="Run to measure. Default: the newest.")
@click.option("--on", metavar="DEVICE", default="", help=f"World to drive in; {NOWHERE}: compare labels only. "
              "Default: the game's world, if it has one.")  # fmt: skip
@click.option("--episodes", type=click.IntRange(min=1), default=10, show_default=True,
              help="Seeds that every driver drives.")  # fmt: skip
@click.option(
    "--seconds", type=float, default=0.0, help="Length of each rollout, in seconds. Default: until it ends."
)
@click.option(
    "--seed", type=int, default=FIRST_SEED, show_default=True, help="First seed; the next ones count on."
)
@click.option("--drivers", multiple=True, metavar="NAME",
              help="Who drives: network, expert, always_forward, random, idle, a policy of the world. "
              "Default: the first four.")  # fmt: skip
@click.option("--scenario", metavar="NAME", default="", help="Kind of episode, as the world names them.")
@click.option(
    "--latency", type=float, help="Seconds between look and press. Default: what the run was trained for."
)
@click.option("--recordings", multiple=True, metavar="NAME",
              help="Recordings to compare labels on. Default: what the run kept from its training.")  # fmt: skip
@click.option("--data", multiple=True, type=DATA_FOLDER, metavar="FOLDER",
              help="Further folder of recordings, or its address.")  # fmt: skip
@click.option("--layer", metavar="NAME", help="Label layer whose heads are the truth instead of those recorded; "
              "recorded: none. Default: what the run learned.")  # fmt: skip
@click.option("--windows", type=click.IntRange(min=1), default=20_000, show_default=True,
              help="Windows compared at most.")  # fmt: skip
@click.option("--tolerance", type=float, default=0.1, show_default=True,
              help="Seconds a press or release may be early or late.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes that drive. Default: one a core.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for index.html and scores.json. Default: evaluation, in the run's folder.")  # fmt: skip
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Option of the world, as arguments.width=800, or of a method that judges by itself.",
)
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
@pass_desk
def evaluate(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Measure a run of GAME against labels, baselines and the expert of its world, and write a page.

    Windows it was not trained on are compared offline; rollouts on unseen seeds measure it in closed loop; a
    classifier is also asked about pictures that are out of distribution.

    Example: playhead evaluate gta5 --episodes 10
    """
    desk.say_home()
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.evaluate_view import EvaluateView
    from playhead.sessions.evaluating import evaluate as evaluate_run

    asked["settings"] = parse_settings(asked["settings"])
    with EvaluateView(desk) as view:
        evaluation = evaluate_run(
            game, **asked, home=desk.home, plugins=desk.plugins, progress=view, command=typed(*sys.argv[1:])
        )
    if as_json:
        desk.tell_json(evaluation.to_json())
    else:
        desk.tell(*evaluation.to_text().split("\n"))
    desk.say(f"Page {evaluation.page}")
