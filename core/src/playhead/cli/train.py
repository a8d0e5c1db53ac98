"""`playhead train`: recordings to a run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.game import is_playable
from playhead.names import command as typed
from playhead.quantities import number

if TYPE_CHECKING:
    from playhead.models.run import Run

AUTO = "auto"
LAST = "\0last"  # of --resume without a name: no run is called so


def seconds_or_auto(ctx: click.Context, param: click.Parameter, value: str | None) -> float | str | None:
    """Return what --latency was given: nothing, "auto", or a number of seconds that is not negative."""
    if value is None or value == AUTO:
        return value
    return number(options.read_number(value), "--latency")


@click.command(short_help="Train a network on the recordings of a game.")
@click.argument("game")
@click.option("--recipe", metavar="NAME", default="default", show_default=True,
              help="Training settings, by the name the game gives them; auto: chosen by its picture, labels and "
              "recordings, as for a game that gives none.")  # fmt: skip
@options.set_option(
    "Change a setting of the recipe, as lr=1e-3 or augment.flip=0.2. All: playhead plugins --settings.",
    example="lr=1e-3",
    is_text=True,
)
@options.texts("--recordings", "NAME", "Recordings to use. Default: all of the game.")
@options.data_option
@click.option("--layer", metavar="NAME", help="Label layer whose heads are learned instead of those recorded; "
              "recorded: none. Default: the recipe's.")  # fmt: skip
@options.rate("--rate", "Frames a second the recordings must have. Default: any; all are learned from by time.")
@click.option("--latency", metavar="SECONDS|auto", callback=seconds_or_auto,
              help="Label shift, the seconds between a frame and its label; auto: what doctor or play measured "
              "on this machine. Default: the recipe's.")  # fmt: skip
@options.count("--steps", "Optimiser steps. Default: the recipe's.")
@options.text("--from", "RUN", "Run to go on from, as after a teacher round.", "start_from")
@click.option("--name", default="", help="Name of the run. Default: today's date and a number.")
@options.skip_bad_option
@click.option("--resume", metavar="[RUN]", is_flag=False, flag_value=LAST, default="",
              help="Go on with an interrupted training, by its name, or the last one: on a CPU to the bit as if "
              "it had not been interrupted.")  # fmt: skip
@click.option("--checkpoint", type=click.FloatRange(min=0), metavar="SECONDS", default=60.0,
              show_default=True, help="Time between two checkpoints; --resume takes the newest.")  # fmt: skip
@options.device_option("Where to compute; auto takes CUDA where there is any, gpu is cuda.", "gpu")
@options.json_option("the run as JSON")
@pass_desk
def train(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Train a network on the recordings of GAME. Ctrl-C keeps what was learned so far as a run.

    The usual method is behaviour cloning: what was held is the label. Any other end, a crash too, leaves a
    checkpoint to go on from: playhead train GAME --resume.

    Example: playhead train gta5 --steps 2000 --set augment.flip=0.2
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded (playhead/threads.py)
    desk.say_home()
    is_acting = is_playable(desk.game(game))
    from playhead.cli.train_view import TrainView
    from playhead.sessions.training import train as train_run

    asked["resume"] = asked["resume"] == LAST or asked["resume"]
    with TrainView(desk, is_acting=is_acting) as view:
        run = train_run(
            game, **asked, home=desk.home, plugins=desk.plugins, progress=view, command=typed(*sys.argv[1:])
        )
    if as_json:
        desk.tell_json({"name": run.name, "path": str(run.path), **run.to_json()})
    else:
        desk.tell(*summary(run, is_acting=is_acting))


def summary(run: Run, *, is_acting: bool = True) -> list[str]:
    """Say in a few lines how good a run is and what it is called."""
    from playhead.cli.train_view import share, told

    metrics = run.metrics
    if not run.answers:
        return [": ".join(filter(None, [run.name, ", ".join(told(metrics))]))]
    lines = []
    for name, head in metrics.get("heads", {}).items():
        shares = "  ".join(f"{key} {share(value)}" for key, value in head["f1"].items())
        lines.append(f"{name}: F1 {shares}")
        repeat, majority = head["repeat_last"], head["majority"]
        if is_acting:
            lines.append(
                f"  all right {share(head['accuracy'])} (repeat-last {repeat['accuracy']:.2f}, "
                f"majority {majority['accuracy']:.2f}); where the action changes F1 {head['change_f1']:.2f} "
                f"(repeat-last {repeat['change_f1']:.2f})"
            )
        else:
            lines.append(f"  all right {share(head['accuracy'])} (majority {majority['accuracy']:.2f})")
    loss = f", validation loss {metrics['loss']:.3f}" if "loss" in metrics else ""
    early = ", stopped early" if metrics.get("stopped_early") else ""
    steps = f"{metrics['steps']:,} steps in {metrics['seconds']:.0f} s{early}, " if "steps" in metrics else ""
    lines.append(f"{run.name}: {steps}{run.parameters:,} parameters{loss}")
    return lines
