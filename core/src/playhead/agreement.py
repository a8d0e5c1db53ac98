"""What counts as the same action, as a change of it, and F1: one definition for training, balance and evaluation.

Shape legend: N windows, A label columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.labels import Axes, Head, Keys

HELD = 0.5  # a key counts as held from this share or probability on
AXIS_MOVE = 0.1  # an axis moves all the time; from this much of its range of 2 on it is a change worth learning

BoolArray = npt.NDArray[np.bool_]


def states(head: Head, labels_NA: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels as states that can be compared: shares of a key become held or not."""
    return labels_NA >= HELD if isinstance(head, Keys) else labels_NA


def changed(head: Head, labels_NA: npt.NDArray[Any], previous_NA: npt.NDArray[Any]) -> BoolArray:
    """Say where a label differs from the state before; the label of an axis with deltas is the change itself."""
    if not isinstance(head, Axes):
        return np.asarray(states(head, labels_NA) != states(head, previous_NA))
    moved_NA = labels_NA if head.deltas else labels_NA - previous_NA
    return np.asarray(np.abs(moved_NA) >= AXIS_MOVE)


def f1(both: float, said: float, true: float) -> float:
    """Return the harmonic mean of precision and recall from counts; NaN where there is neither."""
    return 2 * both / (said + true) if said + true else float("nan")
