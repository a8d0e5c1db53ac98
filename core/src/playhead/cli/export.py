"""`playhead export`: a run's network in ONNX, for faster engines."""

from __future__ import annotations

from typing import Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.names import command


@click.command(short_help="Write a run's network in ONNX, for faster engines.")
@click.argument("game")
@options.text("--run", "RUN", "Run to export. Default: the newest that plays.")
@options.texts(
    "--recordings", "NAME", "Recordings to compare with PyTorch on. Default: what it was not trained on."
)
@options.data_option
@options.count("--windows", "Windows compared at most.", 256)
@click.option(
    "--int8", is_flag=True, help="Also in whole numbers of 8 bits, calibrated on every other of these windows."
)
@options.json_option("what was found as JSON")
@pass_desk
def export(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Write the network of a run of GAME as a graph in ONNX into the run's folder, compared with PyTorch first.

    Then `play`, `evaluate`, `record --driver run` and `doctor` take --engine onnx or openvino, which answer in a
    fraction of the time; with --int8 also onnx-int8 and openvino-int8. Needs: pip install 'playhead[onnx]', and
    for OpenVINO 'playhead[openvino]'. (Recordings are written for other tools by `playhead data export`.)

    Example: playhead export gta5
    """
    desk.say_home()
    desk.game(game)
    from playhead.cli.progress import shown_parts
    from playhead.models.exported import FOLDER
    from playhead.sessions.exporting import export as export_run

    with shown_parts(desk) as view:
        exported = export_run(game, **asked, home=desk.home, plugins=desk.plugins, progress=view)
    told = exported.told
    if as_json:
        desk.tell_json(exported.to_json())
        return
    for graph in told.graphs.values():
        desk.tell(f"{exported.run.path / FOLDER / graph.file}: {graph.seal.size / 1e6:.1f} MB")
    desk.tell(
        f"The same answer in {told.same_answers:.1%} of {told.windows:,} windows, logits differ by at most "
        f"{told.largest_difference:.1e}."
    )
    if told.int8 is not None:
        kept = f" with {len(told.int8.in_32_bits)} layers in 32 bits" if told.int8.in_32_bits else ""
        desk.tell(
            f"In 8 bits{kept}: the same answer in {told.int8.same_answers:.1%} of {told.int8.windows:,} others, "
            f"logits differ by at most {told.int8.largest_difference:.1e}."
        )
    name = exported.run.name
    if exported.run.detects:
        guarded = ("--set", f"guard.run={name}", "--set", "guard.engine=onnx")
        desk.say(f"Have a guard look with it: {command('play', game, *guarded)}")
    else:
        desk.say(f"Play it: {command('play', game, '--run', name, '--engine', 'onnx')}")
