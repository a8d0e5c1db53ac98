"""Who decides what to press: a person, a script, a network. All look the same to the loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from playhead.adapters import complete, passes_on
from playhead.capture import CapturedFrame
from playhead.errors import BadValue, PluginError, not_found
from playhead.events import Origin
from playhead.guarded import ask_foreign, place_of_code
from playhead.quantities import number

# code -> share of the coming frame interval a key is held (0..1), an axis value, or the speed of a motion (-1..1)
Action = Mapping[str, float]
Held = Mapping[str, float]  # code -> value of what is held now, by whomever; what is not there is not held


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing to send at its own time. Units: time_ns on the device's clock; value as an Event has it."""

    time_ns: int
    code: str
    value: float


class Timed(dict[str, float]):
    """An action that is `changes` at their own times, and holds and lets go of nothing else."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        super().__init__()
        self.changes = tuple(changes)


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
    `unanswered` counts the frames on which it had no answer; `stepped_in_share` is the share of its decisions that
    a guard around it changed.
    """

    origin: Origin = Origin.SCRIPT
    decide_hz: float = 0.0
    annotator: Annotator | None = None
    unanswered: int = 0
    stepped_in_share: float = 0.0

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Return what to press from now on; codes left out are released. None: leave everything as it is."""
        raise NotImplementedError

    def overruled(self, action: Action) -> None:
        """Hear what is pressed in place of what was decided last."""

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
    """Drives by a world's policy, which decides at every step of the environment unless it says `decide_hz`.

    `make` makes the policy; it is a plugin's code, so all that it says is checked here. `codes` are those that the
    device knows, none where it takes any.
    Units:   step_hz steps of the world a second.
    Raises:  PluginError naming the policy and its place, for whatever it raises or says wrongly.
    """

    def __init__(
        self, make: Callable[[], object], *, step_hz: float, name: str = "", codes: Collection[str] = ()
    ) -> None:
        self._name, self._codes, self._place = name, frozenset(codes), ""
        policy, self._policy = ask_foreign(lambda: _completed(make()), failed=partial(self._failed, "begin"))
        self._place = place_of_code(getattr(type(policy), "decide", None))
        self.decide_hz = self._wanted_hz(step_hz)

    def _wanted_hz(self, step_hz: float) -> float:
        wanted_hz = ask_foreign(lambda: self._policy.decide_hz, failed=partial(self._failed, "say decide_hz"))
        try:
            return step_hz if wanted_hz is None else number(wanted_hz, "decide_hz", most=math.inf)
        except BadValue as error:
            raise self._wrong(f"says decide_hz={wanted_hz!r:.60}", "decisions a second, 0 or more") from error

    def decide(self, captured: CapturedFrame) -> Action:
        """Ask the policy; the frame is not needed."""
        return self.decided()

    def decided(self) -> Action:
        """Return what the policy decides now. Raises PluginError."""
        decided = ask_foreign(self._policy.decide, failed=partial(self._failed, "decide"))
        if not isinstance(decided, Mapping):
            raise self._wrong(f"decided {decided!r:.80}", "code -> finite number")
        return {code: self._value(code, value) for code, value in decided.items()}

    def reset(self, held: Held) -> None:
        """Pass on."""
        ask_foreign(self._policy.reset, held, failed=partial(self._failed, "reset"))

    def _value(self, code: object, value: object) -> float:
        if self._codes and code not in self._codes:
            raise PluginError(
                f"The policy {self._name} decided {code!r:.60}{self._place}. "
                f"{not_found('code of this device', str(code), self._codes)}"
            )
        try:
            finite = float(value) if not isinstance(value, (str, bytes)) else math.nan  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            finite = math.nan
        if not isinstance(code, str) or not math.isfinite(finite):
            raise self._wrong(f"decided {{{code!r:.60}: {value!r:.60}}}", "code -> finite number")
        return finite

    def _failed(self, doing: str, reason: str) -> PluginError:
        return PluginError(f"The policy {self._name} could not {doing}, {reason}. Mend it.")

    def _wrong(self, says: str, wanted: str) -> PluginError:
        return PluginError(f"The policy {self._name} {says}{self._place}; it must say {wanted}. Mend it.")


def _completed(policy: object) -> tuple[object, Policy]:
    return policy, complete(Policy, policy)


class HumanDriver(Driver):
    """A person presses in the game itself and is only listened to, so nothing is sent."""

    origin = Origin.HUMAN

    def decide(self, captured: CapturedFrame) -> None:
        """Leave everything to the person."""
