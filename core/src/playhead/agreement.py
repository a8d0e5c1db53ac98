"""What counts as the same action, as a change of it, and F1: one definition for training, balance and evaluation.

Shape legend: N windows, A label columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.game import Game
from playhead.labels import Axes, Head, Keys

HELD = 0.5  # a key counts as held from this share or probability on
PRESSED, RELEASED = 0.85, 0.15  # answers frame by frame press a key from the one on, and let go below the other
AXIS_MOVE = 0.1  # an axis moves all the time; from this much of its range of 2 on it is a change worth learning

BoolArray = npt.NDArray[np.bool_]


def states(head: Head, labels_NA: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels as states that can be compared: shares of a key become held or not."""
    return labels_NA >= HELD if isinstance(head, Keys) else labels_NA


def held_over_time(said_NK: npt.NDArray[Any], segment_N: npt.NDArray[np.integer]) -> BoolArray:
    """Return which keys are held, by answers in order of time: from PRESSED on until below RELEASED.

    Where a press may have been at any of some frames, an answer wavers about a half, which is no row of presses.
    (Games of a console, presses that can be seen: F1 .90, and .81 by a half alone.) Each unbroken stretch of
    `segment_N` begins by a half.
    """
    row_N = np.arange(len(said_NK))
    begins_N = np.diff(segment_N, prepend=-1) != 0
    says_NK = (said_NK >= PRESSED) | (said_NK < RELEASED) | begins_N[:, None]
    told_NK = np.maximum.accumulate(np.where(says_NK, row_N[:, None], 0), axis=0)
    return np.asarray(np.take_along_axis(said_NK >= HELD, told_NK, axis=0))


def changed(head: Head, labels_NA: npt.NDArray[Any], previous_NA: npt.NDArray[Any]) -> BoolArray:
    """Say where a label differs from the state before; the label of an axis with deltas is the change itself."""
    if not isinstance(head, Axes):
        return np.asarray(states(head, labels_NA) != states(head, previous_NA))
    moved_NA = labels_NA if head.deltas else labels_NA - previous_NA
    return np.asarray(np.abs(moved_NA) >= AXIS_MOVE)


def f1(both: float, said: float, true: float) -> float:
    """Return the harmonic mean of precision and recall from counts; NaN where there is neither."""
    return 2 * both / (said + true) if said + true else float("nan")


COMMON = 0.05  # from this share of the time on a key is common
SELDOM = 0.2  # below this share of that it is almost never answered
TAPPED = 0.4  # below this share it is one that is tapped: at hardly any moment is it likelier down than up


@dataclass(frozen=True, kw_only=True)
class Seldom:
    """A common key that reaches its threshold less often than it is held. Units: shares of the time."""

    key: str
    held: float
    answered: float
    threshold: float
    even: float  # the threshold from which on it is answered as often as held

    def __str__(self) -> str:
        return (
            f"{self.key} is held {self.held:.0%} of the time, but its answer reaches the threshold "
            f"{self.threshold:g} in {self.answered:.1%}"
        )

    @property
    def advice(self) -> str:
        """What to set, in a sentence."""
        return (
            f"{self}: playing, it is almost never pressed. Take --set controller.proportional={self.key}, "
            f"or --set controller.thresholds.{self.key}={self.even:.2g}, from which on it is answered as often "
            "as held."
        )


def has_usual_controller(game: Game) -> bool:
    """Whether a game is played by the controller of every game that brings none of its own."""
    return getattr(game.controller, "text", "") == Game.controller


END = 0.95  # from this size on an axis is at an end
LITTLE = 0.1  # share of a key's or axis' variance: answers that explain less hardly follow it
SURE = 0.5  # share of an axis' variance: from there on answers are as exact as they can be


def explained(label_N: npt.NDArray[Any], said_N: npt.NDArray[Any]) -> float:
    """Return the share of the variance of labels that answers explain; below 0 where their mean is better."""
    return 1 - float(np.square(said_N - label_N).mean()) / max(float(label_N.var()), 1e-9)


@dataclass(frozen=True, kw_only=True)
class SeldomAtEnds:
    """An axis that is answered in between where it was at an end. Units: shares of the time."""

    axis: str
    held: float
    answered: float

    def __str__(self) -> str:
        return f"{self.axis} is at an end {self.held:.0%} of the time, but its answer in {self.answered:.1%}"


def seldom_at_ends(
    game: Game, head: Head, labels_NA: npt.NDArray[Any], said_NA: npt.NDArray[Any], below: float = TAPPED
) -> list[SeldomAtEnds]:
    """Return each axis often at an end that an unsure network answers there in less than `below` of that time.

    A network that is not sure answers in between, and what an axis does need not begin there: LunarLander's side
    engines begin at half of theirs. (Score .70 at its ends, .31 in between; of one that hardly knew, .01 and .17.)
    What a controller of the game's own makes of an answer nobody knows here.
    """
    if not isinstance(head, Axes) or not len(labels_NA) or not has_usual_controller(game):
        return []
    found = []
    for column, axis in enumerate(head.names):
        label_N, said_N = labels_NA[:, column], said_NA[:, column]
        held, answered = (float((np.abs(values_N) >= END).mean()) for values_N in (label_N, said_N))
        if held >= COMMON and answered < below * held and LITTLE <= explained(label_N, said_N) < SURE:
            found.append(SeldomAtEnds(axis=axis, held=held, answered=answered))
    return found


def seldom_answered(
    game: Game, head: Head, labels_NA: npt.NDArray[Any], said_NA: npt.NDArray[Any], controller: Mapping[str, Any],
    below: float = SELDOM,
) -> list[Seldom]:  # fmt: skip
    """Return each common key that a network answers from its threshold on in less than `below` of the time held.

    `controller` are the settings it plays with. Keys pressed in proportion have no threshold, and what the
    controller of a game's own makes of an answer nobody knows here.
    Shapes:  labels_NA shares of time held, said_NA probabilities.
    """
    if not isinstance(head, Keys) or not len(labels_NA) or not has_usual_controller(game):
        return []
    named = controller.get("proportional", ())
    proportional = {*(named.split(",") if isinstance(named, str) else named)}
    proportional |= {other for a, b in head.opposites for one, other in ((a, b), (b, a)) if one in proportional}
    found = []
    for column, key in enumerate(head.names):
        threshold = controller.get("thresholds", {}).get(key, controller.get("threshold", HELD))
        held, answered = float(labels_NA[:, column].mean()), float((said_NA[:, column] >= threshold).mean())
        if key not in proportional and held >= COMMON and answered < below * held:
            even = float(np.quantile(said_NA[:, column], 1 - held))
            found.append(Seldom(key=key, held=held, answered=answered, threshold=threshold, even=even))
    return found
