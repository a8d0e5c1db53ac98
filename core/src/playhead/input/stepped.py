"""Keys and axes into a world that is stepped: what is held goes into its next step."""

from __future__ import annotations

from playhead.errors import not_found
from playhead.input import Input
from playhead.stepping import Stepped


class SteppedInput(Input):
    """Presses on a stepped world. Nobody can be heard on it: a person needs a window and a keyboard."""

    hears = False

    def __init__(self, world: Stepped, codes: frozenset[str]) -> None:
        self._world = world
        self._codes = codes

    @property
    def codes(self) -> frozenset[str]:
        """What the options of the device name; none where a function of its own takes them."""
        return self._codes

    @property
    def step_s(self) -> float:
        """A step of the world, in seconds."""
        return 1 / self._world.step_hz

    def send(self, code: str, value: float) -> None:
        """Hold a code at a value from now on. Raises NotFound for a code the device does not name."""
        if self._codes and code not in self._codes:
            raise not_found("code of this device", code, self._codes)
        self._world.hold(code, value)

    def release_all(self) -> None:
        """Let go of everything."""
        self._world.hold_nothing()

    def close(self) -> None:
        """Let go of everything; the session closes the world."""
        self.release_all()
