"""A person beside the network: any touch takes control at once, and only a hotkey gives it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from playhead.control.authority import ControlAuthority, GuardedWindow
from playhead.control.hotkeys import RESUME
from playhead.control.loop import axis_codes
from playhead.events import HOTKEY, PLAYED, Event, Origin
from playhead.game import Game

# A stick that nobody touches still moves a little; beyond its dead zone it says less than this.
STICK_MOVED = 0.2


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
        self._axes = axis_codes(game)
        self._given_ns = -1

    def _hear(self, event: Event) -> None:
        super()._hear(event)
        if event.device == HOTKEY and event.code == RESUME:
            self._given_ns = event.time_ns
        if event.time_ns <= self._given_ns:
            return
        if event.device != PLAYED or event.origin is not Origin.HUMAN or event.code not in self._codes:
            return
        if abs(event.value) > (STICK_MOVED if event.code in self._axes else 0.0):
            self._holder = "human"
