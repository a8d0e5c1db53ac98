"""Keys and axes into any Gymnasium environment: what is held becomes its action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.environment import EnvironmentSession, known_codes
from playhead.errors import not_found
from playhead.input import Input

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class EnvironmentInput(Input):
    """Presses on an environment. Nobody can be heard on it: a person needs a window and a keyboard."""

    hears = False

    def __init__(self, environment: EnvironmentSession, codes: frozenset[str]) -> None:
        self._environment = environment
        self._codes = codes

    @property
    def codes(self) -> frozenset[str]:
        """What the options of the device name; none where a function of its own takes them."""
        return self._codes

    @property
    def step_s(self) -> float:
        """A step of the environment, in seconds."""
        return 1 / self._environment.step_hz

    def send(self, code: str, value: float) -> None:
        """Hold a code at a value from now on. Raises NotFound for a code the device does not name."""
        if self._codes and code not in self._codes:
            raise not_found("code of this device", code, self._codes)
        self._environment.hold(code, value)

    def release_all(self) -> None:
        """Let go of everything."""
        self._environment.hold_nothing()

    def close(self) -> None:
        """Let go of everything; the session closes the environment."""
        self.release_all()


def open_input(session: DeviceSession) -> EnvironmentInput:
    """Open the environment of a device for pressing."""
    return EnvironmentInput(EnvironmentSession.of(session), known_codes(session.options))
