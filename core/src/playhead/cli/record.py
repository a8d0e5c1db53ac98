"""`playhead record`: drives into recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import check_episodes
from playhead.names import command

if TYPE_CHECKING:
    from playhead.control.timing import LoopReport
    from playhead.recording.collecting import Collected
    from playhead.recording.session import SegmentSummary
    from playhead.sessions.recording import Recorded


@click.command(short_help="Record a game: what it shows and what is pressed.")
@click.argument("game")
@options.text("--on", "DEVICE", "Device to record. Default: the game's window, else its world.")
@options.text("--driver", "NAME", "human, expert, a policy of the world, random, idle, always_forward, run, or a "
              "collector of the game. Default: the collector of a game that is not played, expert on a world, "
              "else human.")  # fmt: skip
@options.text("--run", "RUN", "Which run drives. Default: the newest. Implies --driver run.")
@options.text("--teacher", "POLICY", "Label with what this policy would press, whoever drives.")
@click.option("--beta", "--teacher-share", type=options.Checked(options.share), default=0.3, show_default=True,
              help="Share of the seconds that the teacher drives itself, as in DAgger.")  # fmt: skip
@click.option("--action-noise", "--disturb", is_flag=True,
              help="Press wrong keys now and then, for no longer than most drives outlast; the true keys stay the "
              "labels. Beside a person: short ones, without labels, let go of when the person presses against "
              "them.")  # fmt: skip
@options.scenario_option
@options.count("--episodes", "Recordings to make.", 1)
@options.number("--seconds", "Length of each, in seconds. Default: until it ends.", 0.0)
@options.seed("Seed of the first episode; the next ones count on. Default: unused ones.")
@options.count("--workers", "Processes on a world. Default: one a core.")
@options.rate("--rate", "Frames a second. Default: the game's on that device.")
@options.number("--latency", "Seconds added between look and press. Default: what the run was trained for, in a "
                "world; else 0.")  # fmt: skip
@options.device_set_option(
    "Option of the device, as arguments.traffic=20, or of a collector. Of a run: controller.threshold=0.4; of any "
    "driver but a person: guard.kind=contact."
)
@options.tag_option
@click.option("--notes", default="", help="A remark that the recordings keep.")
@options.engine_option
@options.json_option("the summaries as JSON")
@pass_desk
def record(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Record drives of GAME. Ctrl-C ends a recording normally.

    Example: playhead record gta5 --episodes 4 --seconds 60 --action-noise
    """
    from playhead.cli.progress import Shown
    from playhead.sessions.recording import record as record_drives

    desk.say_home()
    made = record_drives(game, **asked, home=desk.home, plugins=desk.plugins, progress=Shown(desk))
    if as_json:
        desk.tell_json(made.to_json())
    else:
        desk.tell(*lines(made))
        if len(made.names) and made.segments and made.segments[0].seed is None:  # no world: something may be wrong
            desk.say(f"Look at it: {command('data', 'show', names=[f'{game}/{made.names[0]}'])}")
    check_episodes(made.segments, made.failed, "The others are kept.")


def lines(made: Recorded) -> list[str]:
    """Say what was recorded, a line each."""
    if made.collected is not None:
        return [_collected(made.collected)]
    return [*(_line(summary) for summary in made.segments), _total(made.segments, made.wall_s)]


def _line(summary: SegmentSummary) -> str:
    recording, report = summary.recording, summary.report
    if recording is None or recording.frames == 0:
        return "nothing recorded: stopped before the first frame"
    seed = f", seed {summary.seed}" if summary.seed is not None else ""
    dropped = f", {recording.dropped} dropped" if recording.dropped else ""
    return (
        f"{recording.path.name}: {recording.duration_s:.1f} s, {recording.frames:,} frames{dropped}, "
        f"{recording.bytes / 1e6:.1f} MB{seed}, ended {_ending(report)}"
    )


def _ending(report: LoopReport) -> str:
    return f"because {report.because}" if report.because else f"by {_ENDINGS[report.ending]}"


_ENDINGS = {"time": "the time", "episode": "the end of the episode", "stopped": "you"}


def _total(summaries: Sequence[SegmentSummary], wall_s: float) -> str:
    frames = sum(summary.frames for summary in summaries)
    game_s = sum(summary.report.elapsed_s for summary in summaries)
    late = sum(summary.report.late for summary in summaries)
    return (
        f"{len(summaries)} recordings, {frames:,} frames, {game_s:.1f} s of play in {wall_s:.1f} s "
        f"({game_s / max(wall_s, 1e-9):.1f} x real time), {late} ticks late"
    )


def _collected(collected: Collected) -> str:
    """Say in one line what was collected."""
    if not collected.todo:
        return "nothing left to collect: everything is recorded already"
    recording = collected.recording
    if recording is None:
        return "nothing recorded: stopped before the first picture"
    left = collected.todo - collected.items
    rest = f", {left:,} left: the same command goes on" if left else ""
    return (
        f"{recording.path.name}: {collected.items:,} of {collected.todo:,} collected in {recording.frames:,} "
        f"pictures, {recording.bytes / 1e6:.1f} MB{rest}"
    )
