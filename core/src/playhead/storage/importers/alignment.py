"""How much later a table of keys is than the video beside it: changes of keys go with changes of the picture.

Source:  Box and Jenkins, Time Series Analysis (1970), 11.2: what each of both series does not foretell itself
         (the residue of an autoregression) is compared at every lag. Motion is the least-squares shift of each of
         six parts of the picture (Lucas and Kanade 1981), and how much it changes at all.

Shape legend: T steps of time, F features of motion, K keys, L lags; H, W of small grey pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S

MEASURED_S = 300  # of a video that are looked at
MOST_LAG_S = 30.0
ANSWER_S = 0.1  # within which games show what was pressed: a lag of so much is no offset
FASTEST_HZ = 60.0
CERTAIN = 5.0  # times as high as the next best lag; keys against a film played backwards reach 4
NEAR_S = 0.15  # lags so near to the best are the same answer
LEAST_CHANGES = 8  # of keys
SIZE = (64, 48)  # of the pictures that are compared
_ORDER = 4  # steps by which the next is foretold
_NOISE = 4.0  # of grey values a pixel, which keeps even parts from moving

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Offset:
    """By how much the times of a table are to be moved, and how certain that is. Units: seconds."""

    seconds: float
    certainty: float = 0.0
    why: str = ""
    is_said: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether it is to be believed."""
        return not self.why

    def __str__(self) -> str:
        if self.why:
            return f"0 s: {self.why}. Say it with --offset"
        how = (
            "as was said" if self.is_said else f"as measured, certainty {self.certainty:.0f} ({CERTAIN:g} needed)"
        )
        return f"{self.seconds:+.3f} s, {how}"


class Motion:
    """How a film moves, picture by picture."""

    def __init__(self) -> None:
        self._before: FloatArray | None = None
        self._features: list[list[float]] = []
        self._times_ns: list[int] = []

    def add(self, time_ns: int, grey_HW: npt.NDArray[np.uint8]) -> None:
        """Take the next picture, of any size."""
        small_HW = cv2.resize(grey_HW, SIZE, interpolation=cv2.INTER_AREA).astype(np.float64)
        before_HW = small_HW if self._before is None else self._before
        self._features.append(_moved(before_HW, small_HW))
        self._times_ns.append(time_ns)
        self._before = small_HW

    def at(self, step_ns: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Return moments a step apart and what moved by then. Shapes: (T,), (T, F).

        They lie a quarter of a step behind the pictures: times are rounded, and so are those of what is compared.
        """
        times_ns = np.array(self._times_ns, np.int64)
        moments_T = np.arange(times_ns[0], times_ns[-1] + 1, step_ns) + step_ns // 4
        shown_T = np.searchsorted(times_ns, moments_T, side="right") - 1
        moved_TF = np.array(self._features)[shown_T]
        moved_TF[1:][np.diff(shown_T) == 0] = 0.0
        return moments_T, moved_TF

    @property
    def step_ns(self) -> int:
        """The time from one picture to the next, at least that of FASTEST_HZ."""
        steps = np.diff(self._times_ns)
        return max(int(np.median(steps)) if len(steps) else NS_PER_S, round(NS_PER_S / FASTEST_HZ))


def _moved(before_HW: FloatArray, now_HW: FloatArray) -> list[float]:
    """Return how much a picture changed, and by how much each of its parts moved down and right."""
    change_HW = now_HW - before_HW
    slopes: Any = np.gradient(before_HW)  # down, right
    found = [float(np.abs(change_HW).mean())]
    high, wide = change_HW.shape
    for row in np.array_split(np.arange(high), 2):
        for column in np.array_split(np.arange(wide), 3):
            part = np.ix_(row, column)
            for slope_HW in slopes:
                slope = slope_HW[part]
                found.append(-float((slope * change_HW[part]).sum() / ((slope**2).sum() + _NOISE * slope.size)))
    return found


def measure_offset(held_TK: FloatArray, moved_TF: FloatArray, step_ns: int) -> Offset:
    """Return by how much keys are to be moved so that the picture answers them at once.

    Shapes:  both at moments `step_ns` apart. Nothing is to be moved where it is not certain: the best lag must
             stand out from all others, and both halves may not contradict each other.
    """
    changes = int((np.diff(held_TK, axis=0) != 0).sum())
    if changes < LEAST_CHANGES:
        return Offset(seconds=0.0, certainty=0.0, why=f"keys change {changes} times in what was looked at")
    most = min(round(MOST_LAG_S * NS_PER_S / step_ns), len(held_TK) // 3)
    near = max(3, round(NEAR_S * NS_PER_S / step_ns))
    lag, certainty = _best_lag(held_TK, moved_TF, most, near)
    half = len(held_TK) // 2
    halves = [_best_lag(held_TK[part], moved_TF[part], min(most, half // 3), near)
              for part in (slice(half), slice(half, None))]  # fmt: skip
    apart = abs(halves[0][0] - halves[1][0])
    if apart > near and min(sure for _, sure in halves) >= CERTAIN:
        why = f"its halves differ by {apart * step_ns / NS_PER_S:.2f} s, as where two clocks run apart"
        return Offset(seconds=0.0, certainty=certainty, why=why)
    if certainty < CERTAIN:
        why = f"no lag stands out (certainty {certainty:.1f}, {CERTAIN:g} needed)"
        return Offset(seconds=0.0, certainty=certainty, why=why)
    lag_s = lag * step_ns / NS_PER_S
    is_answer = 0 <= lag_s <= max(ANSWER_S, step_ns / NS_PER_S)
    return Offset(seconds=0.0 if is_answer else lag_s - step_ns / NS_PER_S, certainty=certainty)


def _best_lag(held_TK: FloatArray, moved_TF: FloatArray, most: int, near: int) -> tuple[int, float]:
    """Return after how many steps the picture answers, and how many times as high that stands as the next best."""
    changing_TK = held_TK[:, np.abs(np.diff(held_TK, axis=0)).sum(0) >= 2]
    moving_TF = moved_TF[:, moved_TF.std(0) > 0]
    if not changing_TK.shape[1] or not moving_TF.shape[1] or most < _ORDER:
        return 0, 0.0
    surprise_TK = _residue(changing_TK)
    answer_TF = _bounded(_residue(_bounded(moving_TF, 6.0)), 4.0)
    answer_TF = (answer_TF - answer_TF.mean(0)) / (answer_TF.std(0) + 1e-9)
    length = 1 << (2 * len(held_TK)).bit_length()
    keys = np.fft.rfft(surprise_TK, length, axis=0)
    score_L = np.zeros(2 * most + 1)
    for feature_T in answer_TF.T:
        lags = np.fft.irfft(np.fft.rfft(feature_T, length)[:, None] * keys.conj(), length, axis=0)
        score_L += (np.concatenate([lags[-most:], lags[: most + 1]]) ** 4).sum(
            1
        )  # few features answer, but clearly
    best = int(np.argmax(score_L))
    others_L = np.delete(score_L, np.arange(max(0, best - near), min(len(score_L), best + near + 1)))
    middle = float(np.median(score_L))
    next_best = float(others_L.max()) if len(others_L) else middle
    return best - most, (float(score_L[best]) - middle) / (next_best - middle + 1e-9)


def _bounded(values_TF: FloatArray, most: float) -> FloatArray:
    """Return values in spreads about their middle, bounded: a cut of the film is no motion."""
    middle_F = np.median(values_TF, axis=0)
    spread_F = 1.4826 * np.median(np.abs(values_TF - middle_F), axis=0) + 1e-9
    return np.asarray(np.clip((values_TF - middle_F) / spread_F, -most, most))


def _residue(values_TF: FloatArray) -> FloatArray:
    """Return what an autoregression of each column does not foretell, scaled to 1."""
    values_TF = values_TF - values_TF.mean(0)
    found_TF = np.zeros_like(values_TF)
    count = len(values_TF)
    for column, values_T in enumerate(values_TF.T):
        past_TP: Any = np.stack([values_T[_ORDER - 1 - back : count - 1 - back] for back in range(_ORDER)], axis=1)
        squares_PP = past_TP.T @ past_TP
        squares_PP += (1e-3 * np.trace(squares_PP) / _ORDER + 1e-9) * np.eye(_ORDER)
        foretold_T = past_TP @ np.linalg.solve(squares_PP, past_TP.T @ values_T[_ORDER:])
        found_TF[_ORDER:, column] = values_T[_ORDER:] - foretold_T
    return np.asarray(found_TF / (found_TF.std(0) + 1e-9))
