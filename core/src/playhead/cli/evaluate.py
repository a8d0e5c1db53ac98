"""`playhead evaluate`: a run to numbers and a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.errors import DeviceFailed
from playhead.names import command as typed


@click.command(short_help="Measure a run against baselines and the expert.")
@click.argument("game")
@options.text("--run", "RUN", "Run to measure. Default: the newest.")
@options.text(
    "--on", "DEVICE", "World to drive in; none: compare labels only. Default: the game's world, if it has one."
)
@options.count("--episodes", "Seeds that every driver drives.", 10)
@options.number("--seconds", "Length of each rollout, in seconds. Default: until it ends.", 0.0)
@options.first_seed_option
@options.texts("--drivers", "NAME", "Who drives: network, expert, always_forward (holds what is held most often), "
               "random, idle (holds nothing), a policy of the world; with +guard behind it any of them. "
               "Default: the first four, and network+guard where the run plays with a guard.")  # fmt: skip
@options.scenario_option
@click.option("--unstick", is_flag=True, help="When nothing moves, the network reverses and goes round.")
@options.number("--latency", "Seconds between look and press. Default: what the run was trained for.")
@options.numbers("--delays", "Seconds added between look and press, as 0,.05,.1: what the run scores at each, "
                 "kept with it for play to judge by.")  # fmt: skip
@options.numbers("--drops", "Shares of the decisions left out, as 0,.1,.2, likewise.")
@options.texts(
    "--recordings", "NAME", "Recordings to compare labels on. Default: what the run kept from its training."
)
@options.data_option
@click.option("--layer", metavar="NAME", help="Label layer whose heads are the truth instead of those recorded; "
              "recorded: none. Default: what the run learned.")  # fmt: skip
@click.option("--replays", is_flag=True, help="Replay what was pressed left out and late, on a device with save "
              "states: which presses can be seen at all, and how those are answered.")  # fmt: skip
@options.count("--windows", "Windows compared at most.", 20_000)
@options.number("--tolerance", "Seconds a press or release may be early or late.", 0.1)
@options.count("--workers", "Processes that drive. Default: one a core.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for index.html and scores.json. Default: evaluation, in the run's folder.")  # fmt: skip
@options.device_set_option(
    "Option of the world, as arguments.width=800, of the controller, as controller.cap=0.6, of the "
    "guard, as guard.kind=none, of stuck, or of a method that judges by itself."
)
@options.engine_option
@options.json_option("the scores as JSON")
@pass_desk
def evaluate(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Measure a run of GAME against labels, baselines and the expert of its world, and write a page.

    Windows it was not trained on are compared offline; rollouts on unseen seeds measure it in closed loop; a
    classifier is also asked about pictures that are out of distribution.

    Example: playhead evaluate gta5 --episodes 10
    """
    desk.say_home()
    desk.game(game)  # a mistyped one is told before torch is loaded
    from playhead.cli.progress import shown_parts
    from playhead.sessions.evaluating import evaluate as evaluate_run

    with shown_parts(desk) as view:
        evaluation = evaluate_run(
            game, **asked, home=desk.home, plugins=desk.plugins, progress=view, command=typed(*sys.argv[1:])
        )
    if as_json:
        desk.tell_json(evaluation.to_json())
    else:
        desk.tell(*evaluation.to_text().split("\n"))
    desk.say(f"Page {evaluation.page}")
    if evaluation.failed:
        raise DeviceFailed(f"{len(evaluation.failed)} of the drives failed and are left out; the notes say why.")
