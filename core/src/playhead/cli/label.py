"""`playhead label`: videos and recordings to labels of a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.errors import Damaged

if TYPE_CHECKING:
    from playhead.sessions.labeller import LabelledRecording


@click.command(short_help="Have a run say what was pressed in videos.")
@click.argument("game")
@click.argument("videos", nargs=-1, type=click.Path(path_type=Path))
@options.text("--run", "RUN", "Run that labels. Default: the newest that sees what comes.")
@options.texts("--recordings", "NAME", "Recordings to label, beside the videos.")
@options.text("--layer", "NAME", "What the labels are called beside each recording. Default: the run's recipe.")
@options.number("--confidence", "Frames of which the run is less sure than this stay without a label.", 0.0)
@click.option(
    "--crop",
    metavar="L,T,W,H",
    default="",
    help="What to cut out of the videos, in their own pixels; auto: black borders.",
)
@options.text(
    "--skip",
    "WHAT,...",
    "What of the videos is left out, of cuts, dark, still and unlike, or none. Default: all four.",
)
@options.count("--workers", "Processes that label a video or a recording each. Default: one a core.")
@click.option("--video", type=click.Path(dir_okay=False, path_type=Path),
              help="Film the first recording with what was said of each frame, as labelled.mp4.")  # fmt: skip
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a page about the first recording, as labelled.html.")  # fmt: skip
@options.engine_option
@options.json_option("what became of each as JSON")
@pass_desk
def label(desk: Desk, game: str, videos: tuple[Path, ...], as_json: bool, **asked: Any) -> None:
    """Have a run of GAME say of every frame of VIDEOS what was pressed, for others to learn from.

    Videos become recordings without labels; beside each the run's answers are kept as a layer, with all
    probabilities. Type the same again to go on where it stopped.

    Example: playhead label pokemon play.mp4 --run idm
    """
    desk.say_home()
    desk.game(game)
    from playhead.cli.progress import shown_parts
    from playhead.sessions.labelling import label as label_all

    if not asked["skip"]:
        del asked["skip"]
    with shown_parts(desk) as view:
        done = label_all(game, videos, **asked, home=desk.home, plugins=desk.plugins, progress=view)
    if as_json:
        desk.tell_json([one.to_json() for one in done])
    else:
        desk.tell(*(_line(one) for one in done))
    failed = [one for one in done if one.why]
    if failed:
        raise Damaged(f"{len(failed)} of {len(done)} could not be labelled; it is said above why.")


def _line(one: LabelledRecording) -> str:
    if one.why:
        return f"not labelled  {one.name}: {one.why}"
    if one.was_there:
        return f"already there {one.name}"
    agreement = "".join(
        f"; {head} as recorded: "
        + ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
        for head, scores in one.agreement.items()
    )
    kept = f", {one.sure:,} surely enough" if one.sure < one.labelled else ""
    skipped = "".join(f", {count:,} skipped ({why})" for why, count in one.skipped.items())
    return f"labelled      {one.name}: {one.labelled:,} of {one.frames:,} frames{kept}{skipped}{agreement}"
