"""`playhead bench`: which engine asks a run's network soonest on this machine."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.cli.table import lines_of
from playhead.names import command


@click.command(short_help="Find the engine that asks a run's network soonest here.")
@click.argument("game")
@options.text("--run", "RUN", "Run to ask. Default: the newest that plays.")
@options.count("--decisions", "Windows that each engine is asked about.", 200)
@click.option("--episodes", type=click.IntRange(min=0), default=0, show_default=True,
              help="Seeds of the world that each engine drives, too.")  # fmt: skip
@options.number("--seconds", "Length of each rollout, in seconds. Default: until it ends.", 0.0)
@options.first_seed_option
@options.texts("--recordings", "NAME", "Recordings to take windows of. Default: what it was not trained on.")
@options.data_option
@options.count("--workers", "Processes that drive. Default: one a core.")
@options.json_option("the table as JSON")
@pass_desk
def bench(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Ask the network of a run of GAME with every engine there is, and say which to take on this machine.

    Engines take turns at the same windows, one window and one thread at a time. What exporting wrote (`playhead
    export`) is compared with PyTorch once more; with --episodes each also drives the game's world.

    Example: playhead bench gta5
    """
    desk.say_home()
    desk.game(game)
    from playhead.cli.progress import shown_parts
    from playhead.evaluation.estimates import shown
    from playhead.sessions.benchmarking import bench as bench_run

    with shown_parts(desk) as view:
        found = bench_run(game, **asked, home=desk.home, plugins=desk.plugins, progress=view)
    if as_json:
        desk.tell_json(found.to_json())
        return
    fit = [row for row in found.rows if row.found is not None]
    headings = ["engine", "p50 ms", "p99 ms", "times torch", "same answers", "largest difference"]
    rows = [
        [
            row.engine, f"{row.p50_ms:.2f}", f"{row.p99_ms:.2f}", f"{fit[0].p50_ms / row.p50_ms:.1f}",
            f"{row.found.same:.1%}", f"{row.found.largest:.1e}",
            *([shown(row.score)] if row.score is not None else []),
        ]
        for row in fit
        if row.found is not None
    ]  # fmt: skip
    desk.tell(*lines_of([*headings, *([found.measure] if found.measure else [])], rows))
    for row in found.rows:
        if row.because:
            desk.say(f"{row.engine}: {row.because}")
    desk.tell(f"Of each, {found.prepare_ms:.2f} ms prepare a window. Take {found.recommended} here:")
    desk.tell(f"  {command('play', game, '--run', found.run, '--engine', found.recommended)}")
