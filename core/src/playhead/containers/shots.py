"""What of a film is skipped: cuts, and what is dark, stands still or is unlike what is looked for.

film -> a few small pictures a second -> PySceneDetect: shots -> stretches that are skipped, each with its reason

Shape legend: S pictures that are looked at, H height, W width, C = 3, RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.film import Film
from playhead.containers.video import FrameArray
from playhead.errors import BadValue, PluginError, not_found

BoolArray = npt.NDArray[np.bool_]
IsUnlike = Callable[[FrameArray], bool]  # of one small picture: whether nothing known looks like it

CUTS, DARK, STILL, UNLIKE = "cuts", "dark", "still", "unlike"
REASONS = {
    CUTS: "a cut",
    DARK: "it is dark",
    STILL: "nothing moves",
    UNLIKE: "it looks unlike what the run was trained on",
}
LOOKED_HZ = 12.0  # pictures a second that are looked at: each costs about as much as decoding four
WIDE = 96  # pixels across of what is looked at
APART_S = 0.5  # the least between two cuts: the flashes of a battle are one
PIECE_S = 4.0  # of a shot, which is like or unlike as a whole
LEAST_S = {DARK: 1.0, STILL: 10.0}  # of a stretch: doors fade, and a player thinks
BLACK = 24  # brightness up to which a pixel is black, as codecs leave it
BRIGHT = 0.01  # share of other pixels in a dark picture
SHORT_NS = 1_000_000  # between a picture and what lies behind it, more than times are rounded by
NOISE = 6  # of 255, by which a picture that stands still changes, as codecs leave it


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A stretch that is skipped. Units:  nanoseconds since the first picture; what is at the end is not in it."""

    first_ns: int
    end_ns: int
    why: str


def reasons_of(text: str) -> tuple[str, ...]:
    """Return what is skipped by a text as "cuts,dark", nothing for "none". Raises NotFound, BadValue."""
    names = [one.strip() for one in text.split(",") if one.strip()]
    if names == ["none"]:
        return ()
    for name in names:
        if name not in REASONS:
            raise not_found("reason to skip a part of a video", name[:50], [*REASONS, "none"])
    if not names:
        raise BadValue(f"--skip is empty. Take some of {', '.join(REASONS)}, or none.")
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, kw_only=True)
class Skipping:
    """What is skipped, and for how long at a cut, so that it counts as a pause. Units:  pause_ns nanoseconds.

    `is_unlike` is asked where UNLIKE is among the reasons; None: nothing is known to compare with.
    """

    reasons: tuple[str, ...]
    pause_ns: int
    is_unlike: IsUnlike | None = None

    def of(self, film: Film) -> list[Skipped]:
        """Look through a film and return what of it is skipped, by reason and time. Raises as `Film.pictures`.

        Raises:  PluginError where cuts are to be found and PySceneDetect is not installed.
        """
        if not self.reasons:
            return []
        looked = _Looked(self)
        for time_ns, picture_HWC in _some(film):
            looked.add(time_ns, picture_HWC)
        return [one for one in looked.skipped() if one.why in self.reasons]


def _some(film: Film) -> Iterator[tuple[int, FrameArray]]:
    """Yield the time of a few pictures a second, and each made small."""
    due_ns = 0.0
    for time_ns, frame in film.pictures():
        if time_ns < due_ns:
            continue
        due_ns = max(due_ns + NS_PER_S / LOOKED_HZ, time_ns + 0.5 * NS_PER_S / LOOKED_HZ)
        picture_HWC = film.cut(frame)
        high = max(1, round(WIDE * picture_HWC.shape[0] / picture_HWC.shape[1]))
        small_HWC = cv2.resize(picture_HWC, (WIDE, min(high, 4 * WIDE)), interpolation=cv2.INTER_AREA)
        yield time_ns, np.asarray(small_HWC, np.uint8)


class _Looked:
    """What is known of the pictures looked at so far: a time and a few yes or no of each."""

    def __init__(self, skipping: Skipping) -> None:
        self._skipping = skipping
        self._cuts = _Cuts() if CUTS in skipping.reasons else None
        self._times: list[int] = []
        self._is: dict[str, list[bool]] = {DARK: [], STILL: [], UNLIKE: []}
        self._before_HWC: FrameArray | None = None

    def add(self, time_ns: int, picture_HWC: FrameArray) -> None:
        """Look at the next picture."""
        if self._cuts is not None:
            self._cuts.add(picture_HWC)
        before_HWC, self._before_HWC = self._before_HWC, picture_HWC
        is_same = before_HWC is not None and int(cv2.absdiff(picture_HWC, before_HWC).max()) <= NOISE
        is_unlike = self._skipping.is_unlike
        self._times.append(time_ns)
        self._is[DARK].append(float((picture_HWC > BLACK).any(2).mean()) < BRIGHT)
        self._is[STILL].append(is_same)
        self._is[UNLIKE].append(
            UNLIKE in self._skipping.reasons and is_unlike is not None and is_unlike(picture_HWC)
        )

    def skipped(self) -> Iterator[Skipped]:
        """Yield what is skipped of all; of what is skipped for two reasons the first one comes first."""
        times_S = np.array([*self._times, self._times[-1] + SHORT_NS if self._times else 0], np.int64)
        cuts = sorted(self._cuts.found) if self._cuts is not None else []
        for cut in cuts:
            first_ns = int(times_S[cut - 1]) + SHORT_NS
            yield Skipped(
                first_ns=first_ns, end_ns=max(int(times_S[cut]), first_ns + self._skipping.pause_ns), why=CUTS
            )
        edges = {0, len(times_S) - 1, *cuts}
        for why, least_s in LEAST_S.items():
            for first, end in _runs(np.array(self._is[why], bool)):
                if times_S[end] - times_S[first] >= least_s * NS_PER_S:
                    edges |= {first, end}
                    yield Skipped(first_ns=int(times_S[first]), end_ns=int(times_S[end]), why=why)
        is_unlike_S = np.array(self._is[UNLIKE], bool)
        for first, end in _pieces(times_S, sorted(edges)):
            if is_unlike_S[first:end].mean() > 0.5:
                yield Skipped(first_ns=int(times_S[first]), end_ns=int(times_S[end]), why=UNLIKE)


def _runs(is_S: BoolArray) -> list[tuple[int, int]]:
    """Return the first and behind the last place of each stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_S, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _pieces(times_S: npt.NDArray[np.int64], edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the places of pieces of what lies between two edges, of PIECE_S at most."""
    for first, end in pairwise(edges):
        while first < end:
            following = int(np.searchsorted(times_S[:end], times_S[first] + PIECE_S * NS_PER_S))
            yield first, min(max(following, first + 1), end)
            first = max(following, first + 1)


class _Cuts:
    """PySceneDetect, handed one small picture after another; `found` are the numbers of those behind a cut."""

    def __init__(self) -> None:
        self._timecode, self._detector = _detector()
        self._count = 0
        self.found: set[int] = set()

    def add(self, picture_HWC: FrameArray) -> None:
        """Look at the next picture."""
        timecode = self._timecode(self._count, LOOKED_HZ)
        found = self._detector.process_frame(timecode, np.ascontiguousarray(picture_HWC[:, :, ::-1]))
        self.found |= {int(one.frame_num) for one in found} - {0}
        self._count += 1


def _detector() -> tuple[Any, Any]:
    """Return what makes a time of PySceneDetect, and a detector with its own threshold."""
    try:
        from scenedetect import ContentDetector, FrameTimecode
    except ImportError as error:
        raise PluginError(
            "Cuts are found by the package scenedetect, which is not installed. Type: pip install "
            '"playhead[label]", or label without: --skip dark,still,unlike'
        ) from error
    return FrameTimecode, ContentDetector(min_scene_len=max(1, round(APART_S * LOOKED_HZ)))
