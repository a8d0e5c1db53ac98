"""Learns what the digits of a region look like from pictures whose numbers are known. In closed form, seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from playhead.capture import FrameArray
from playhead.errors import BadValue
from playhead.reading.digits import MOST_PLACES, SIGNS, DigitReader, Digits, signs_of, small_grey

HEIGHT = 16  # pixels of a small picture; the width follows the region's shape
WAYS = 12  # in which all pictures vary
STIFFNESS = 1.0  # of the regression, in pictures: signs seen in few are not made up of their noise
ALLOWED = 2.0  # how much farther than nearly all pictures learned from one may be and still be read
FEWEST = 50


def learn_digits(pictures: Sequence[FrameArray], numbers: Sequence[int]) -> Digits:
    """Return the digits of some pictures, each with the number that it shows.

    Shapes:  pictures of (h, w, 1 or 3) uint8, of any size.
    Raises:  BadValue for too few pictures, or numbers of more than four digits or below 0.
    """
    known_N = np.asarray(numbers, dtype=np.int64)
    if len(known_N) < FEWEST or len(pictures) != len(known_N):
        raise BadValue(
            f"There are {len(known_N)} pictures with numbers, at least {FEWEST} are needed. Look longer."
        )
    if known_N.min() < 0 or known_N.max() >= 10**MOST_PLACES:
        raise BadValue(f"The numbers go from {known_N.min()} to {known_N.max()}, 0 to 9,999 can be read.")
    places = len(str(known_N.max()))
    height, width = HEIGHT, _width_of(pictures[0])
    x_NP = np.stack([small_grey(picture, height, width) for picture in pictures])
    design_NS = _design(known_N, places)
    signs_SP = _regressed(design_NS, x_NP)
    ways_KP, gains_K, noise = _varying(x_NP - design_NS @ signs_SP)
    plain = Digits(
        height=height, width=width, shown_height=pictures[0].shape[0], places=places, limit=1.0, signs_SP=signs_SP,
        seen_S=(design_NS.sum(0) > 0).astype(np.uint8), ways_KP=ways_KP, gains_K=gains_K,
        noise_1=np.array([noise], np.float32),
    )  # fmt: skip
    return _limited(plain, x_NP, design_NS)


def _width_of(picture_HWC: FrameArray) -> int:
    high, wide = picture_HWC.shape[:2]
    return int(min(128, max(8, round(HEIGHT * wide / high))))


def _design(numbers_N: npt.NDArray[np.int64], places: int) -> npt.NDArray[np.float32]:
    """Return 1 for every sign that a number has. Shapes: (N, S)."""
    design_NS = np.zeros((len(numbers_N), places * SIGNS), dtype=np.float32)
    np.put_along_axis(design_NS, signs_of(numbers_N, places), 1.0, axis=1)
    return design_NS


def _regressed(design_NS: npt.NDArray[np.float32], x_NP: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    gram_SS = design_NS.T @ design_NS + STIFFNESS * np.eye(design_NS.shape[1], dtype=np.float32)
    return np.linalg.solve(gram_SS, design_NS.T @ x_NP).astype(np.float32)


def _varying(rest_NP: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], float]:
    """Return the ways in which pictures vary beside their digits, what takes them out, and the noise left."""
    variance_PP = rest_NP.T @ rest_NP / len(rest_NP)
    values_P, ways_PP = np.linalg.eigh(variance_PP.astype(np.float64))
    noise_variance = max(float(values_P[:-WAYS].mean()), 1e-4)
    kept_K = np.maximum(values_P[-WAYS:], noise_variance)
    gains_K = 1 - np.sqrt(noise_variance / kept_K)
    return ways_PP[:, -WAYS:].T.astype(np.float32), gains_K.astype(np.float32), float(np.sqrt(noise_variance))


def _limited(plain: Digits, x_NP: npt.NDArray[np.float32], design_NS: npt.NDArray[np.float32]) -> Digits:
    """Whiten the signs, and set the limit by how far the pictures learned from are from their own numbers."""
    white_SP = plain.whitened(plain.signs_SP)
    rest_NP = plain.whitened(x_NP) - design_NS @ white_SP
    limit = float(np.quantile((rest_NP**2).mean(1), 0.995)) * ALLOWED
    facts = {**vars(plain), "signs_SP": white_SP.astype(np.float32), "limit": max(limit, 1e-6)}
    return Digits(**facts)


def share_read(digits: Digits, pictures: Sequence[FrameArray], numbers: Sequence[int]) -> tuple[float, float]:
    """Return which share of pictures is read rightly and which wrongly; the rest is not read."""
    reader = DigitReader(digits)
    read = [reader.read(picture) for picture in pictures]
    is_sure = np.array([confidence >= 0.5 for _, confidence in read])
    is_right = np.array([number == known for (number, _), known in zip(read, numbers, strict=True)])
    return float((is_sure & is_right).mean()), float((is_sure & ~is_right).mean())
