"""Who decides what to press: a person, a script, a network. All look the same to the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame
from playhead.events import Origin

Action = Mapping[str, float]  # code -> share of the coming frame interval a key is held (0..1), or an axis value


class Driver(Protocol):
    """Decides on each frame. A driver that wants to decide more often has `decide_hz` (see `decide_hz_of`).

    One that draws conclusions from what its keys did has `reset` (see there): it may not have been driving.
    """

    @property
    def origin(self) -> Origin:
        """Who this is; read after each decision, for drivers that hand control over."""
        ...

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Return what to press from now on; codes left out are released. None: leave everything as it is."""
        ...


class Policy(Protocol):
    """A scripted driver as worlds bring it: it looks at the environment it was made with."""

    def decide(self) -> Mapping[str, float]:
        """Return code -> value wanted now."""
        ...


class ScriptedDriver:
    """Drives by a world's policy, which decides at every step of the environment unless it says `decide_hz`."""

    origin = Origin.SCRIPT

    def __init__(self, policy: Policy, *, step_hz: float) -> None:
        self._policy = policy
        self.decide_hz = float(getattr(policy, "decide_hz", step_hz))

    def decide(self, captured: CapturedFrame) -> Action:
        """Ask the policy; the frame is not needed."""
        return {code: float(value) for code, value in self._policy.decide().items()}


class HumanDriver:
    """A person presses in the game itself and is only listened to, so nothing is sent."""

    origin = Origin.HUMAN

    def decide(self, captured: CapturedFrame) -> None:
        """Leave everything to the person."""


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What a driver says of a frame instead of pressing: label rows by head, and values of further columns."""

    labels: Mapping[str, npt.NDArray[np.generic]]
    columns: Mapping[str, float | int | str]


class Annotator(Protocol):
    """A driver whose labels are what it says, not what it presses: it labels what it sees."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Further columns that it fills: name -> dtype, as in a recording."""
        ...

    def annotation(self) -> Annotation:
        """Return what it says of the frame it was asked about last."""
        ...


def annotator(driver: object) -> Annotator | None:
    """Return a driver as one that labels what it sees; None for one whose keys are the labels."""
    return cast("Annotator", driver) if hasattr(driver, "annotation") else None


def decide_hz_of(driver: object) -> float:
    """Return how often a driver wants to decide; 0 for once a frame."""
    return float(getattr(driver, "decide_hz", 0.0))


def reset(driver: object) -> None:
    """Tell a driver that wants to know that what it decided does not go out: a pause, a person, the very start."""
    told = getattr(driver, "reset", None)
    if told is not None:
        told()
