"""`playhead replay`: what was recorded is sent again, as timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playhead.cli import options
from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several

if TYPE_CHECKING:
    from playhead.sessions.replaying import Replayed


@click.command(short_help="Send again what was recorded, and measure how faithfully.")
@click.argument("recordings", nargs=-1, required=True)
@options.text("--on", "DEVICE", "Device to send to. Default: that of the recording.")
@options.device_set_option("Option of the device, as when it was recorded.")
@options.json_option("what came of it as JSON")
@pass_desk
def replay(desk: Desk, recordings: tuple[str, ...], on: str, settings: dict[str, Any], as_json: bool) -> None:
    """Send what reached the game in RECORDINGS again, each key and move at its own time, and say how faithfully.

    In a world that waits, frames are compared with those recorded. Ctrl-C or any touch ends it.

    Example: playhead replay gta5/2026-11-21-1 --on world
    """
    from playhead.cli.progress import Shown
    from playhead.sessions.replaying import replay as replay_recording

    catalogue = desk.catalogue
    found = catalogue.find_places(recordings)
    several = Several(desk, found)
    made: list[Replayed] = []
    for place in found:
        with several.one(place):
            recording = catalogue.places.open(place)
            one = replay_recording(
                recording, on=on, settings=settings, home=desk.home, plugins=desk.plugins, progress=Shown(desk)
            )
            made.append(one)
            recording.close()
            if not as_json:
                desk.tell(*lines(one))
    if as_json:
        desk.tell_json([one.to_json() for one in made])
    several.end("replayed")


def lines(made: Replayed) -> list[str]:
    """Say what came of a replay."""
    held_back = f", {made.held_back:,} held back" if made.held_back else ""
    ended = f", ended early: {made.report.because or 'stopped'}" if made.report.ending == "stopped" else ""
    delays = "  ".join(f"{name} {value:.2f}" for name, value in made.delay_ms.items())
    said = [f"{made.recording} on {made.device}: {made.sent:,} of {made.due:,} changes sent{held_back}{ended}"]
    said += [f"  delay in ms  {delays}"] if delays else []
    compared = made.compared
    if compared is None:
        return [*said, "  frames not compared: the game runs in its own time"]
    first = compared.first_different
    differs = (
        "" if first is None else f"; frame {first} is the first that differs, the worst by {compared.worst:.2f}"
    )
    return [*said, f"  {compared.equal:,} of {compared.frames:,} frames equal ({compared.share:.1%}){differs}"]
