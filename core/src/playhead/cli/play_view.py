"""What `playhead play` says in the end: how an episode went, or what was seen in a game that is only watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.game import Game
    from playhead.playing.observing import ObservationSummary
    from playhead.playing.session import PlaySummary
    from playhead.sessions.playing import Played


def lines(game: Game, played: Played) -> list[str]:
    """Say what came of playing."""
    if played.observed is not None:
        return _observed(played.observed)
    return [line for summary in played.episodes for line in _episode(game, summary)]


def measured(game: Game, measures: Mapping[str, float]) -> str:
    """Say what the world measured of a drive: what the game names, else all there is."""
    named = {measure.name: (measure.title, measure.unit) for measure in game.world.measures} if game.world else {}
    titles = named or {name: (name, "") for name in measures}
    return "  ".join(
        f"{title} {measures[name]:.3g} {unit}".rstrip()
        for name, (title, unit) in titles.items()
        if name in measures
    )


def _episode(game: Game, summary: PlaySummary) -> list[str]:
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
    if summary.guarded is not None:
        first += f"  guarded {100 * summary.guarded:.1f} %"
    return [first, f"  {pace}{slow}  (median {times})"]


def _observed(summary: ObservationSummary) -> list[str]:
    """Say how watching went: what was seen how often, how fast, and what drawing took."""
    report, rates = summary.report, summary.report.rates_hz()
    told = [
        f"{head}: " + "  ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
        for head, shares in summary.share.items()
    ]
    slow = f"  late {report.late}, dropped {report.dropped}" if report.late else ""
    decide = report.sections.get("decide", {})
    times = f"  (median decide {decide['p50_ms']:.1f} ms" if decide else "  ("
    if summary.overhead:
        times += f", drawn and shown {summary.overhead['p50_ms']:.1f} ms, p99 {summary.overhead['p99_ms']:.1f} ms"
    felt = f"  Grad-CAM of {summary.heats:,} of {report.captured:,} frames" if summary.heats else ""
    pace = f"captured {rates['captured']:.1f}/s  predicted {rates['decided']:.1f}/s{slow}{times}){felt}"
    why = [f"ended because {report.because}"] if report.because else []
    first = f"{report.elapsed_s:.1f} s  {report.captured:,} frames"
    return [first, *(f"  {line}" for line in (*told, pace, *why))]
