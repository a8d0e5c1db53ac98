"""What is held on the system's keyboard, for a window that was told nothing while it had no focus, or hung.

SDL forgets every key when its window loses the focus, and hears of one that is down still only when it repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from playhead.errors import DeviceFailed, NotFound
from playhead.events import MOTIONS
from playhead.input.keys import SystemKeyboard, open_system_keyboard


class HeldKeys:
    """Keys of a world, asked by code. Where the system cannot be asked, as on Wayland, nothing is added."""

    def __init__(
        self, codes: Collection[str], opening: Callable[[], SystemKeyboard] | None = None
    ) -> None:  # fmt: skip
        self._system: SystemKeyboard | None = None
        self._numbers: dict[str, set[int]] = {}
        with suppress(DeviceFailed, NotFound):
            self._system = opening() if opening is not None else open_system_keyboard(hears=False)
            self._numbers = {code: set(self._system.numbers(code)) for code in codes if code not in MOTIONS}

    def ask(self) -> set[str]:
        """Return the codes of the keys that are down now, pressed by whomever."""
        if self._system is None:
            return set()
        try:
            down = self._system.held()
        except DeviceFailed:
            return set()
        return {code for code, numbers in self._numbers.items() if numbers & down}

    def close(self) -> None:
        """Leave the keyboard. May be called twice."""
        if self._system is not None:
            self._system.close()
            self._system = None
