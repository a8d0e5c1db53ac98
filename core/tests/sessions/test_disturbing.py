"""Wrong keys last so long that drives go on after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from playhead.control.timing import LoopReport
from playhead.home import Home
from playhead.recording.session import SegmentSummary
from playhead.sessions.disturbing import record_disturbed
from playhead.sessions.episodes import EpisodeJob

STEP_S, LIMIT = 0.02, 500


def lengths(
    tmp_path: Path, lasts: Callable[[float, int], int], *, drives: int = 30, noise: bool = True
) -> tuple[list[float], list[int | None], list[str]]:
    """Return how long wrong keys lasted at most in each drive, the drives' seeds, and what was said."""
    held: list[float] = []

    def record(jobs: Sequence[EpisodeJob]) -> list[SegmentSummary]:
        held.extend(job.noise.longest_s if job.has_action_noise else 0.0 for job in jobs)
        made = []
        for job in jobs:
            frames = lasts(job.noise.longest_s if job.has_action_noise else 0.0, job.seed or 0)
            report = LoopReport(ending="episode" if frames < LIMIT else "time")
            made.append(SegmentSummary(recording=None, report=report, seed=job.seed, frames=min(frames, LIMIT)))
        return made

    said: list[str] = []
    jobs = [
        EpisodeJob(game="g", device="d", home=Home(tmp_path, ""), driver="expert", seed=seed,
                   has_action_noise=noise)
        for seed in range(drives)
    ]  # fmt: skip
    made = record_disturbed(jobs, record, tick_s=STEP_S, say=said.append)
    return held, [one.seed for one in made], said


def test_what_ends_drives_is_made_shorter_until_most_outlast_it(tmp_path: Path) -> None:
    held, seeds, said = lengths(tmp_path, lambda longest_s, seed: 400 if longest_s <= 0.1 else 20 + seed)
    assert held == [0.5] * 3 + [0.0] * 3 + [0.25] * 3 + [0.125] * 3 + [0.0625] * 18
    assert seeds == list(range(30))
    assert len(said) == 3
    assert "held for 0.019 to 0.062 s" in said[-1]


def test_drives_that_end_as_soon_without_keep_their_noise(tmp_path: Path) -> None:
    held, _, said = lengths(tmp_path, lambda longest_s, seed: 100 + 10 * (seed % 3))
    assert held == [0.5] * 3 + [0.0] * 3 + [0.5] * 24
    assert not said


def test_drives_ended_by_the_time_keep_their_noise(tmp_path: Path) -> None:
    held, _, said = lengths(tmp_path, lambda longest_s, seed: LIMIT if seed % 3 else 10)
    assert held == [0.5] * 30
    assert not said


def test_an_undisturbed_drive_may_last_for_ever(tmp_path: Path) -> None:
    held, _, _ = lengths(tmp_path, lambda longest_s, seed: 10 if longest_s else 10 * LIMIT)
    assert held[-1] == pytest.approx(0.5 / 2**5)
    assert held[-1] < STEP_S <= 2 * held[-1]


@pytest.mark.parametrize("drives", [0, 1, 3])
def test_few_drives_are_as_asked_for(tmp_path: Path, drives: int) -> None:
    assert lengths(tmp_path, lambda longest_s, seed: 5, drives=drives)[0] == [0.5] * drives


def test_without_noise_all_are_recorded_at_once(tmp_path: Path) -> None:
    assert lengths(tmp_path, lambda longest_s, seed: 5, noise=False) == ([0.0] * 30, list(range(30)), [])
