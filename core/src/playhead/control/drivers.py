"""Who decides what to press: a person, a script, a network. All look the same to the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from playhead.adapters import complete, passes_on
from playhead.capture import CapturedFrame
from playhead.errors import PluginError
from playhead.events import Origin

Action = Mapping[str, float]  # code -> share of the coming frame interval a key is held (0..1), or an axis value
Held = Mapping[str, float]  # code -> value of what is held now, by whomever; what is not there is not held


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What a driver says of a frame instead of pressing: label rows by head, and values of further columns."""

    labels: Mapping[str, npt.NDArray[np.generic]]
    columns: Mapping[str, float | int | str]


class Annotator(Protocol):
    """Says what is seen: its labels are what it says, not what is pressed."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Further columns that it fills: name -> dtype, as in a recording."""
        ...

    def annotation(self) -> Annotation:
        """Return what it says of the frame it was asked about last."""
        ...


class Driver:
    """Decides on each frame. All but `decide` has a default; who wraps a driver is a DriverWrapper.

    `origin` says who this is; it is read after each decision, for drivers that hand control over. `decide_hz` is
    how often it wants to decide, 0 for once a frame. `annotator` labels what is seen, where keys are no labels.
    `unanswered` counts the frames on which it had no answer.
    """

    origin: Origin = Origin.SCRIPT
    decide_hz: float = 0.0
    annotator: Annotator | None = None
    unanswered: int = 0

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Return what to press from now on; codes left out are released. None: leave everything as it is."""
        raise NotImplementedError

    def reset(self, held: Held) -> None:
        """Begin anew, before the next decision: an episode begins, or others drove, or nobody did.

        What was decided before it may not have been pressed. `held` is what is down now, a person's keys too.
        """


@passes_on(Driver)
class DriverWrapper(Driver):
    """A driver around a driver: what a subclass does not say itself is the inner one's."""

    def __init__(self, inner: Driver) -> None:
        self.inner = complete(Driver, inner)


class Policy:
    """A scripted driver as worlds bring it: it looks at the environment it was made with.

    Any object with `decide` is one; it need not derive from this. `decide_hz` is None for every step.
    """

    decide_hz: float | None = None

    def decide(self) -> Mapping[str, float]:
        """Return code -> value wanted now."""
        raise NotImplementedError

    def reset(self, held: Held) -> None:
        """Begin anew, as `Driver.reset`."""


class ScriptedDriver(Driver):
    """Drives by a world's policy, which decides at every step of the environment unless it says `decide_hz`."""

    def __init__(self, policy: object, *, step_hz: float) -> None:
        self._policy = complete(Policy, policy)
        wanted_hz = self._policy.decide_hz
        self.decide_hz = float(step_hz if wanted_hz is None else wanted_hz)

    def decide(self, captured: CapturedFrame) -> Action:
        """Ask the policy; the frame is not needed."""
        decided = self._policy.decide()
        try:
            return {code: float(value) for code, value in decided.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise PluginError(f"A scripted policy decided {decided!r}; it must say code -> number.") from error

    def reset(self, held: Held) -> None:
        """Pass on."""
        self._policy.reset(held)


class HumanDriver(Driver):
    """A person presses in the game itself and is only listened to, so nothing is sent."""

    origin = Origin.HUMAN

    def decide(self, captured: CapturedFrame) -> None:
        """Leave everything to the person."""
