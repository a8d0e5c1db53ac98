"""Who has control: the driver, or nobody because of a pause, a lost focus or a closed window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from playhead.control.guard import Guard
from playhead.control.hotkeys import PAUSE, RESUME, STOP
from playhead.events import DROP, DROPPED_S, HOTKEY, Event, Origin

Who = Literal["human", "model", "paused", "unfocused", "minimised", "closed"]
Side = Literal["human", "model"]
Loss = Literal["unfocused", "minimised", "closed"]


class GuardedWindow(Protocol):
    """What is needed of the game's window (capture/desktop.py)."""

    @property
    def handle(self) -> int:
        """The system's number for it: a game that is started again has another."""
        ...

    @property
    def title(self) -> str:
        """What stands in its title bar."""
        ...

    def box(self) -> object | None:
        """Return where it is, or None when it was closed."""
        ...

    def is_focused(self) -> bool:
        """Whether keys go to it."""
        ...

    def is_minimised(self) -> bool:
        """Whether nothing of it can be seen."""
        ...


class ControlAuthority(Guard):
    """A guard of the loop that follows hotkeys and the window. Each change is said once, with what to do.

    `driver` is who drives when nothing is in the way; keys go out only then. The focus comes back by itself. A
    pause ends with the hotkey that resumes; when a person drives, also with the one that began it.
    `hotkeys` maps pause, resume, mark and stop to keys, for what is said; it is empty where nobody is heard.
    `end` is called when the whole session is over, by the hotkey or because the window is gone for good.
    """

    def __init__(
        self, driver: Side, hotkeys: Mapping[str, str], *, window: GuardedWindow | None = None,
        say: Callable[[str], object] = lambda text: None, end: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        self.driver = driver
        self.is_over = False
        self.changes = 0  # of who drives or why nobody does: each is a moment to ask what is held
        self._hotkeys = hotkeys
        self._end = end
        self._window = window
        self._handle = window.handle if window is not None else 0
        self.say = say
        self._holder = driver
        self._is_paused = False
        self._loss: Loss | None = None
        self._told: Who | None = None
        self._is_steady, self._changed_ns = True, -1
        self._breach: str | None = None  # why nobody drove for a moment since `begin`

    @property
    def keys(self) -> dict[str, str]:
        """What is printed on the keys that pause, resume, mark and stop."""
        return {name: key.upper() for name, key in self._hotkeys.items()}

    @property
    def who(self) -> Who:
        """Who drives right now, or why nobody does."""
        return self._loss or ("paused" if self._is_paused else self._holder)

    @property
    def is_open(self) -> bool:
        """Whether somebody drives, so that what is seen may be recorded."""
        return self.who in ("human", "model") and not self.is_over

    @property
    def why(self) -> str:
        """Why nobody drives, in a few words to go after "because"; empty while somebody does."""
        title = f'"{self._window.title}"' if self._window is not None else "the window"
        return {
            "paused": "of a pause",
            "unfocused": f"{title} lost the focus",
            "minimised": f"{title} was minimised",
            "closed": f"{title} was closed",
        }.get(self.who, "")

    def may_send(self, time_ns: int, heard: Sequence[Event]) -> bool:
        """Take what was heard, look at the window, and say whether the driver may press."""
        before = self.who
        for event in heard:
            self._hear(event)
        self._loss = self._look()
        self._is_steady = self.who == before
        if not self._is_steady:
            self.changes += 1
            self._changed_ns = time_ns
        if self._breach is None and not self.is_open:
            self._breach = self.why
        self._tell()
        return self.who == self.driver and not self.is_over

    def begin(self) -> None:
        """Begin something that ends when nobody drives, however short: `is_broken` and `breach` speak of it."""
        self._breach = None

    @property
    def breach(self) -> str:
        """Why it ended, as `why` says it."""
        return self._breach or ""

    @property
    def is_broken(self) -> bool:
        """Whether nobody drove for a moment since `begin`.

        The loop has the window looked at right before each frame is taken, and more often in between: a game that
        is started again may be gone and back by then.
        """
        return self._breach is not None

    def go_on_from(self, earlier: ControlAuthority) -> None:
        """Leave control with whoever had it, or in the pause that was, at the end of an earlier episode."""
        self._holder, self._is_paused = earlier._holder, earlier._is_paused

    def tell_end(self, kept: str = "") -> None:
        """Say that the source has ended, where that means that the window was closed, and what is kept."""
        if self._window is not None:
            self._stop()
            self.say(
                f'"{self._window.title}" was closed, which ended this. {kept}{" " if kept else ""}'
                "To go on, start the game and then this command again."
            )

    def label_origin(self, decided: Origin, taken_ns: int) -> Origin:
        """Return whose keys label the frame of this tick; `decided` is the origin of the driver's decisions.

        NONE while nobody drives, and for the frames at which control changes hands: keys of both are down then.
        One that was taken before may be looked at after it.
        """
        if self.driver == "human":
            return decided
        if not self._is_steady or not self.is_open or taken_ns < self._changed_ns:
            return Origin.NONE
        return Origin.HUMAN if self.who == "human" else decided

    def _hear(self, event: Event) -> None:
        """Follow a hotkey."""
        if event.device != HOTKEY:
            return
        if event.code == STOP:
            self._stop()
        elif event.code == RESUME or (event.code == PAUSE and self._is_paused and self.driver == "human"):
            self._is_paused, self._holder = False, self.driver
        elif event.code == PAUSE:
            self._is_paused = True
        elif event.code == DROP:
            self.say(f"The last {DROPPED_S:g} s are dropped: nothing is learned from them.")

    def _stop(self) -> None:
        self.is_over = True
        self._end()

    def _look(self) -> Loss | None:
        """Return what is wrong with the window. A new one is taken as closed once: what is seen has jumped."""
        if self._window is None:
            return None
        handle, self._handle = self._handle, self._window.handle
        if handle == self._handle and self._window.is_focused():
            return None  # the usual case, which a thread knows: nothing is asked in the loop
        if handle != self._handle or self._window.box() is None:
            return "closed"
        return "minimised" if self._window.is_minimised() else "unfocused"

    def _tell(self) -> None:
        if self.who == self._told or self.is_over:
            return
        self._told = self.who
        self.say(self._sentence(self._told))

    def _sentence(self, who: Who) -> str:
        keys = self.keys
        if who == "human":
            gives_back = f"{keys[RESUME]} gives control back, " if self.driver == "model" else ""
            return f"You drive. {gives_back}{keys[PAUSE]} pauses, {keys[STOP]} stops."
        if who == "model":
            takes_over = f"Any key of the game takes over, {keys[STOP]} stops." if keys else "Ctrl-C stops."
            return f"The network drives. {takes_over}"
        nothing = "nothing is pressed" if self.driver == "model" else "nothing is recorded"
        if who == "paused":
            return f"Paused, {nothing}. {keys[RESUME]} goes on, {keys[STOP]} stops."
        title = f'"{self._window.title}"' if self._window is not None else "The window"
        return {
            "unfocused": f"{title} is not in focus, so {nothing}. Click into it to go on.",
            "minimised": f"{title} is minimised, so {nothing}. Bring it back to go on.",
            "closed": f"{title} is gone, so {nothing}. It is looked for a moment longer.",
        }[who]
