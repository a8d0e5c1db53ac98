"""A person beside the network: any touch takes control at once, and only a hotkey gives it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from playhead.clock import NS_PER_S
from playhead.control.authority import ControlAuthority, GuardedWindow
from playhead.control.hotkeys import RESUME
from playhead.control.loop import axis_codes, motion_codes
from playhead.events import HOTKEY, MOUSE_X, MOUSE_Y, PLAYED, Event, Origin
from playhead.game import Game

# A stick that nobody touches still moves a little; beyond its dead zone it says less than this.
STICK_MOVED = 0.2
MOUSE_MOVED, STILL_S = 10.0, 0.25  # counts that are no shake of the desk; after so long it lay still


class TakeoverAuthority(ControlAuthority):
    """The guard of every game that has a window or a keyboard: keys go out only while the network drives.

    Not while the window is without the focus, after any key of the game by a person, in a pause, or after the
    hotkey that stops. A person's press counts, not the release, nor what was pressed before control was given
    back: who holds a key while handing over may let go.
    """

    ask_hz = 100.0  # at ten frames a second a touch must not wait for the next frame; asking takes .1 ms

    def __init__(
        self, game: Game, hotkeys: Mapping[str, str], *, window: GuardedWindow | None = None,
        say: Callable[[str], object] = lambda text: None, end: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__("model", hotkeys, window=window, say=say, end=end)
        self._codes = frozenset(game.controls.values())
        self._positions = axis_codes(game) - motion_codes(game).keys()
        self._given_ns = -1
        self._moved, self._moved_ns = 0.0, -1  # how far a mouse went since it lay still

    def _hear(self, event: Event) -> None:
        super()._hear(event)
        if event.device == HOTKEY and event.code == RESUME:
            self._given_ns = event.time_ns
        if event.time_ns <= self._given_ns:
            return
        if event.device != PLAYED or event.origin is not Origin.HUMAN or event.code not in self._codes:
            return
        if self._is_touched(event):
            self._holder = "human"

    def _is_touched(self, event: Event) -> bool:
        """Whether a person means it: a stick trembles, and a desk shakes a mouse."""
        if event.code not in (MOUSE_X, MOUSE_Y):
            return abs(event.value) > (STICK_MOVED if event.code in self._positions else 0.0)
        lay_still = event.time_ns - self._moved_ns > STILL_S * NS_PER_S
        self._moved, self._moved_ns = abs(event.value) + (0.0 if lay_still else self._moved), event.time_ns
        return self._moved >= MOUSE_MOVED
