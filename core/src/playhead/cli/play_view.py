"""What `playhead play` shows: a bar where a world does the waiting, else one screen; and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.control.authority import ControlAuthority
    from playhead.devices import OpenDevice
    from playhead.game import Game
    from playhead.playing.console import PlayerConsole
    from playhead.playing.policy import RunPolicy
    from playhead.playing.session import PlaySummary


@contextmanager
def console_of(
    device: OpenDevice, policy: RunPolicy, authority: ControlAuthority | None, title: str, *, is_shown: bool
) -> Iterator[PlayerConsole]:
    """Make the one screen of a play session and show it, unless a bar is shown instead."""
    from playhead.cli.progress import live_screen
    from playhead.playing.console import PlayerConsole

    session = device.session
    console = PlayerConsole(
        session.game, f"{session.game.title} · {title}", rate_hz=session.rate_hz,
        predictions=lambda: policy.predictions, authority=authority,
    )  # fmt: skip
    with live_screen(console.screen) if is_shown else nullcontext():
        yield console


def would_have(device: OpenDevice, summary: PlaySummary) -> str:
    """Say what a dry run would have pressed: how often, and for how much of the time."""
    from playhead.input.none import DryRun

    if not isinstance(device.input, DryRun) or not device.input.sent:
        return "Dry run: nothing would have been pressed."
    parts = []
    for code, (presses, held_s) in sorted(device.input.totals().items()):
        share = held_s / max(summary.report.elapsed_s, 1e-9)
        parts.append(f"{code} {presses} times, {100 * share:.0f} % of the time")
    return f"Dry run, would have pressed: {'; '.join(parts)}."


def measured(game: Game, measures: Mapping[str, float]) -> str:
    """Say what the world measured of a drive: what the game names, else all there is."""
    named = {measure.name: (measure.title, measure.unit) for measure in game.world.measures} if game.world else {}
    titles = named or {name: (name, "") for name in measures}
    return "  ".join(
        f"{title} {measures[name]:.3g} {unit}".rstrip()
        for name, (title, unit) in titles.items()
        if name in measures
    )


def lines(game: Game, summary: PlaySummary) -> list[str]:
    """Say how an episode went: what the world measured, how fast the loop ran, what took how long."""
    report, rates = summary.report, summary.report.rates_hz()
    seed = f"seed {summary.seed}  " if summary.seed is not None else ""
    pace = "  ".join(f"{name} {rate:.1f}/s" for name, rate in rates.items())
    slow = f"  late {report.late}, dropped {report.dropped}" if report.late else ""
    sections = report.sections
    times = "  ".join(
        f"{name} {sections[name]['p50_ms']:.1f} ms" for name in ("look", "decide", "act") if name in sections
    )
    first = f"{seed}{report.elapsed_s:.1f} s  {measured(game, summary.measures)}"
    return [first, f"  {pace}{slow}  (median {times})"]
