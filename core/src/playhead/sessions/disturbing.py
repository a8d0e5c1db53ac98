"""How long wrong keys may last in a game: so long that most drives go on after them.

Half a second of a wrong key is a detour for a car and the end of what balances. Where nearly all drives end by it,
recordings show how to fall.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

from playhead.recording.action_noise import ActionNoiseSettings
from playhead.recording.session import SegmentSummary
from playhead.sessions.episodes import EpisodeJob

TRIED = 3  # drives by which a length is judged
LASTING = 0.5  # share of how long drives last without

Record = Callable[[Sequence[EpisodeJob]], list[SegmentSummary]]


def record_disturbed(
    jobs: Sequence[EpisodeJob], record: Record, *, tick_s: float, say: Callable[[str], object]
) -> list[SegmentSummary]:
    """Record jobs of a world; return what there is. Of those with wrong keys a few come first.

    Where most of these came to the end of their episode, as many are recorded without wrong keys. As long as those
    with last less than half as long, the next have wrong keys for half of the time, down to one step.
    Units:  tick_s seconds of a step.
    """
    made: list[SegmentSummary] = []
    noise, undisturbed = ActionNoiseSettings(), 0.0

    def record_next(count: int, *, disturbed: bool = True) -> list[SegmentSummary]:
        nonlocal jobs
        some, jobs = jobs[:count], jobs[count:]
        new = record([replace(one, noise=noise, has_action_noise=disturbed) for one in some])
        made.extend(new)
        return new

    if not any(job.has_action_noise for job in jobs):
        return record(jobs)
    while noise.longest_s > tick_s and len(jobs) > TRIED:
        drives = record_next(TRIED)
        if sum(one.report.ending == "episode" for one in drives) * 2 <= TRIED:
            break
        undisturbed = undisturbed or _frames(record_next(TRIED, disturbed=False))
        share = _frames(drives) / undisturbed if undisturbed else 1.0
        if share >= LASTING:
            break
        noise = noise.shorter()
        say(
            f"With wrong keys drives last {share:.0%} of what they last without: from here on wrong keys are held "
            f"for {noise.shortest_s:.2g} to {noise.longest_s:.2g} s."
        )
    record_next(len(jobs))
    return made


def _frames(drives: Sequence[SegmentSummary]) -> float:
    return median([one.frames for one in drives] or [0])
