"""Intervals and tests where windows come in groups that are right or wrong together.

Pictures of one thing, say, or moments of one recording; groups are known by number only.

Shape legend: N windows, G groups, E groups with a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playhead.data.groups import BY_FRAME, BY_RECORDING, numbered_groups
from playhead.data.windows import WindowIndex
from playhead.evaluation.classification.intervals import Share, log_choose, more_than_chance, wilson
from playhead.evaluation.estimates import Z_95, student_t_95
from playhead.evaluation.predictions import BoolArray, FloatArray, IntArray

# How much groups differ can hardly be seen from fewer: with so many, the intervals below are twice as wide as with
# independent windows, and hold.
FEWEST = 10
SMALLEST_P = 1e-12  # what lies below is rounding


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """What is counted as independent: the groups of a column, recordings, or each window by itself.

    `group_N` is None for windows; `too_few` then says of which groups there were not enough.
    Shapes:  group_N (N,) numbers of groups.
    """

    name: str = "window"
    group_N: IntArray | None = None
    too_few: str = ""

    @property
    def count(self) -> int | None:
        """How many groups there are; None for windows."""
        return None if self.group_N is None else len(np.unique(self.group_N))

    def take(self, rows: IntArray | BoolArray) -> IntArray | None:
        """Return the groups of these windows."""
        return None if self.group_N is None else self.group_N[rows]

    @property
    def sentence(self) -> str:
        """What a reader of an interval should know."""
        if self.group_N is not None:
            return (
                f"{self.count:,} groups of windows with the same {self.name} are counted as independent, not the "
                f"{len(self.group_N):,} windows: mistakes within a group tend to come together."
            )
        if self.too_few:
            return (
                f"Windows are counted as independent: with so few groups ({self.too_few}) it cannot be seen how "
                "much these differ, so intervals hold for more windows of the same groups, not for other groups."
            )
        return "Windows are counted as independent, as the run was split window by window."


def units_of(index: WindowIndex, by: str) -> Units:
    """Return what is independent in an index for a run that was split `by` this.

    A column that the recordings asked about do not have leaves the recordings.
    """
    if by == BY_FRAME or not len(index):
        return Units()
    used = [index.recordings[number] for number in np.unique(index.recording_N)]
    if not all(by in recording.columns or by in recording.telemetry for recording in used):
        by = BY_RECORDING
    names, group_N = numbered_groups(index, by)
    if len(names) < FEWEST:
        return Units(too_few=f"{len(names)} by {by}")
    return Units(name=by, group_N=group_N)


def grouped_share(is_part_N: BoolArray, group_N: IntArray | None) -> Share:
    """Return how many windows are part, with Wilson's interval for as many as are worth an independent one.

    That number is windows over the design effect: how many times larger the variance between groups makes that of
    the share. How well the effect is known follows from the groups in which the rarer outcome was met at all
    (Student's t, one degree less than these). It is at most the windows; and at least what is left if each group
    is all right or all wrong, which is also taken where at most one group was met: without a mistake nothing
    is known of how mistakes come together, so they might come by whole groups.

    Source:  design effect of a ratio: Rao and Scott 1992; as the size in Wilson's interval: Franco, Little, Louis
             and Slud 2019; degrees of freedom: Korn and Graubard 1998; groups of unequal size: Kish 1965.
    """
    part, whole = int(is_part_N.sum()), len(is_part_N)
    if group_N is None or whole == 0:
        return wilson(part, whole)
    _, place_N = np.unique(group_N, return_inverse=True)
    sizes_G, parts_G = np.bincount(place_N), np.bincount(place_N, weights=is_part_N)
    groups, by_groups = len(sizes_G), whole**2 / float((sizes_G**2).sum())
    met = int(min((parts_G > 0).sum(), (parts_G < sizes_G).sum()))
    if met < 2:
        return wilson(part, whole, by_groups)
    share, away_G = part / whole, parts_G - part / whole * sizes_G
    variance = groups / (groups - 1) * float((away_G**2).sum()) / whole**2
    effect = max(1.0, variance / (share * (1 - share) / whole))
    known = (Z_95 / student_t_95(met - 1)) ** 2
    return wilson(part, whole, max(by_groups, known * whole / effect))


def more_than_moved(is_wrong_N: BoolArray, is_it_N: BoolArray, group_N: IntArray | None) -> float:
    """Return how probable it is that so many mistakes fall on `is_it_N`, had they fallen blindly.

    Without groups that is Fisher's exact test. With groups all mistakes of one stay together: they fall on another
    group with enough windows, drawn blindly, and there on windows drawn blindly. So neither a value that whole
    groups have nor one that changes within them looks clear because of a single group. Exact but for drawing
    groups with replacement, which makes it a little larger.

    Source:  randomisation by whole groups: Gail, Mark, Carroll, Green and Pee 1996.
    """
    inside, wrong = int((is_wrong_N & is_it_N).sum()), int(is_wrong_N.sum())
    if group_N is None:
        return more_than_chance(inside, int(is_it_N.sum()), wrong, len(is_it_N))
    _, place_N = np.unique(group_N, return_inverse=True)
    sizes_G, with_it_G = np.bincount(place_N), np.bincount(place_N, weights=is_it_N).astype(np.int64)
    mistakes_E = np.bincount(place_N, weights=is_wrong_N).astype(np.int64)
    counts, groups = np.unique(mistakes_E[mistakes_E > 0], return_counts=True)
    # The sum of independent draws: a product of their transforms.
    transformed = np.ones((wrong + 1) // 2 + 1, dtype=np.complex128)
    for count, times in zip(counts.tolist(), groups.tolist(), strict=True):
        transformed *= np.fft.rfft(_share_of_draws(count, sizes_G, with_it_G), wrong + 1) ** times
    likely = np.fft.irfft(transformed, wrong + 1)
    return min(1.0, max(SMALLEST_P, float(likely[inside:].sum())))


def _share_of_draws(count: int, sizes_G: IntArray, with_it_G: IntArray) -> FloatArray:
    """Return how probable 0, 1, ... `count` hits are among `count` windows of one group, drawn blindly."""
    has_room_G = sizes_G >= count
    kinds, times = np.unique(np.stack([sizes_G, with_it_G])[:, has_room_G], axis=1, return_counts=True)
    likely = np.zeros(count + 1)
    for (size, with_it), weight in zip(kinds.T.tolist(), times.tolist(), strict=True):
        low, high = max(0, count - (size - with_it)), min(count, with_it)
        hits = range(low, high + 1)
        ways = [log_choose(with_it, hit) + log_choose(size - with_it, count - hit) for hit in hits]
        likely[low : high + 1] += weight * np.exp(np.array(ways) - log_choose(size, count))
    shares: FloatArray = likely / times.sum()
    return shares


def shares_of_classes(
    names: Sequence[str], class_N: IntArray, is_right_N: BoolArray, units: Units
) -> dict[str, Share]:
    """Return of the windows of each class how many are right."""
    places = {name: np.flatnonzero(class_N == number) for number, name in enumerate(names)}
    return {name: grouped_share(is_right_N[place], units.take(place)) for name, place in places.items()}
