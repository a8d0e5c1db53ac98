"""The real keyboard: presses keys for a network and hears what a person presses. Knows names, focus and manners.

How one system presses and hears lies in keyboard_x11.py and keyboard_windows.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from playhead.capabilities import Capabilities, provides
from playhead.capture.desktop import GameWindow
from playhead.clock import Clock
from playhead.errors import BadValue, DeviceFailed, not_found
from playhead.events import MOTIONS, Event, Origin
from playhead.input import Input
from playhead.input.codes import BUTTON, key_of
from playhead.input.hotkeys import Hotkeys
from playhead.input.keys import HeardKey, Held, Ledger, SystemKeyboard, open_system_keyboard
from playhead.input.leftovers import forget
from playhead.input.mice import SystemMouse, open_system_mouse
from playhead.input.mouse import Mouse, MouseOptions
from playhead.input.notes import write_note
from playhead.input.watchdog import Watchdog

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


class Focus(Protocol):
    """The window that keys are meant for."""

    def is_focused(self) -> bool:
        """Whether keys pressed now go to it."""
        ...


class Keyboard(Input):
    """Keys by the codes of a game, both ways, and with `mouse` its motions.

    Only the codes given are pressed and heard, and presses only while the window has the focus: what is typed
    elsewhere is nobody's business, and keys must not land there. Releases always go out and are always passed on.
    This holds whatever a guard allows. `refused` counts presses and moves that were held back. `momentary` codes
    mean something when they are pressed and nothing while they are held: a hotkey.
    """

    def __init__(
        self, system: SystemKeyboard, clock: Clock, keys: Mapping[str, str], *, window: Focus | None = None,
        watchdog: Watchdog | None = None, note: Path | None = None, momentary: Collection[str] = (),
        mouse: Mouse | None = None,
    ) -> None:  # fmt: skip
        self._system = system
        self._clock = clock
        self._window = window
        self._watchdog = watchdog
        self._note = note
        self._keys = dict(keys)
        self._momentary = frozenset(momentary)
        self._mouse = mouse
        self._ledger = Ledger(system.echo_s)
        self._numbers = {code: system.numbers(key) for code, key in keys.items()}
        self._codes = self._codes_by_number()
        self._sent: set[int] = set()
        self._down: set[int] = set()
        self._is_asked = True
        self._lets_go = False
        self._is_open = True
        self.refused = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the system and the device's options make of a mouse; nothing without one."""
        return self._mouse.settings if self._mouse is not None else {}

    def begin_at(self, place: tuple[int, int]) -> None:
        """Put the pointer on a place in the window, if there is a mouse."""
        if self._mouse is not None:
            self._mouse.begin_at(place)

    def listen(self) -> list[Event]:
        """Return what a person pressed and released since the last call, with its own times, without repeats.

        Whoever listens comes round, which the watchdog is told here and nowhere else.
        Raises:  DeviceFailed when the keyboard, the display or the watchdog has gone.
        """
        if self._watchdog is not None:
            self._watchdog.beat()
        held = self._asked_held()  # before what was heard is read, which then is never older than this
        heard = [key for key in self._system.heard() if not self._ledger.explains(key)]
        moved = list(self._learn_anew()) if self._system.has_changed() else []
        if self._sent and not self._has_focus():
            self.release_all()
        # Somebody let go of what we hold: the system's keyboard, and not what we remember, is what the game sees.
        self._is_asked |= any(not key.is_press and key.number in self._sent for key in heard)
        if held is not None:
            heard = [*self._unheard(held.others, heard), *heard]
        told = [*moved, *self._meant(heard)]
        if self._mouse is None:
            return told
        return sorted([*told, *self._mouse.heard()], key=lambda event: event.time_ns)

    def ask_again(self) -> None:
        """Have the next `listen` compare what is held with what it has told, and with what was pressed here."""
        self._is_asked = True

    def _asked_held(self) -> Held | None:
        """Return what is held if it is to be asked; let go of everything when what we pressed came up."""
        if not self._is_asked:
            return None
        self._is_asked = False
        held = self._system.held_apart(self._sent)
        if self._sent - held.own:
            self.release_all()
            self._lets_go = True
        return held

    def _unheard(self, others: Collection[int], heard: Sequence[HeardKey]) -> Iterator[HeardKey]:
        """Yield a press or release of every key that is not as it was told, and of which nothing was heard now."""
        told = {key.number for key in heard}
        time_ns = min([self._clock.now_ns(), *(key.time_ns for key in heard)])
        for number in self._codes.keys() - told:
            is_press = number in others
            if is_press and self._codes[number] in self._momentary:
                self._down.add(number)
            elif is_press != (number in self._down):
                yield HeardKey(time_ns=time_ns, number=number, is_press=is_press, may_be_own=False)

    def _learn_anew(self) -> Iterator[Event]:
        """Follow keys to where they are now; let go of those that went elsewhere, ours and theirs.

        A key that the new layout lacks stays where it was: games see where a key lies.
        """
        self._is_asked = True
        before, codes = self._numbers, self._codes
        self._numbers = {code: self._numbers_of(code) for code in before}
        if self._numbers == before:
            return
        self.release_all()
        self._lets_go = True
        self._codes = self._codes_by_number()
        for number in [number for number in self._down if self._codes.get(number) != codes[number]]:
            self._down.discard(number)
            yield Event(time_ns=self._clock.now_ns(), code=codes[number], value=0.0, origin=Origin.HUMAN)

    def _numbers_of(self, code: str) -> tuple[int, ...]:
        try:
            return self._system.numbers(self._keys[code])
        except DeviceFailed:
            return self._numbers[code]

    def _codes_by_number(self) -> dict[int, str]:
        return {number: code for code, numbers in self._numbers.items() for number in numbers}

    def _meant(self, heard: Collection[HeardKey]) -> Iterator[Event]:
        """Yield what is meant for this game: its keys, pressed in its window. Either shift is shift."""
        is_focused: bool | None = None
        for key in heard:
            code = self._codes.get(key.number)
            if code is None or key.is_press == (key.number in self._down):
                continue
            if key.is_press:
                is_focused = self._has_focus() if is_focused is None else is_focused
                if not is_focused or not self._is_aimed(key.number):
                    continue
            was_down = not self._down.isdisjoint(self._numbers[code])
            (self._down.add if key.is_press else self._down.discard)(key.number)
            if was_down != (not self._down.isdisjoint(self._numbers[code])):
                yield Event(time_ns=key.time_ns, code=code, value=float(key.is_press), origin=Origin.HUMAN)

    def send(self, code: str, value: float) -> None:
        """Press a key (anything but 0) or let go of it; a press without the focus is held back and counted.

        Raises:  NotFound for a code that is no key of this device, DeviceFailed when the display has gone.
        """
        self.send_all([(code, value)])

    def send_all(self, changes: Sequence[tuple[str, float]]) -> None:
        """Send what changes in one moment: watchdog and system are told once, since each time wakes them."""
        going: list[tuple[int, bool]] = []
        ways = {code: value for code, value in changes if self._mouse is not None and code in self._mouse.codes}
        if ways and self._mouse is not None:
            self.refused += not self._mouse.go(ways)
        for code, value in changes:
            if code in ways:
                continue
            if code not in self._numbers:
                raise not_found("key of this device", code, self._numbers)
            number, is_press = self._numbers[code][0], bool(value)
            if is_press == (number in self._sent):
                continue  # so it is; what was never pressed by us a person may hold
            if is_press and not (self._has_focus() and self._is_aimed(number)):
                self.refused += 1
            else:
                going.append((number, is_press))
        self._go_out(going)

    def _go_out(self, going: Sequence[tuple[int, bool]]) -> None:
        pressed = [number for number, is_press in going if is_press]
        released = [number for number, is_press in going if not is_press]
        # Told before it is pressed: whatever ends this process in between, somebody knows what to release.
        if self._watchdog is not None and pressed:
            self._watchdog.pressed(*pressed)
        self._sent.update(pressed)
        for number, is_press in going:
            self._ledger.note(number, is_press, self._clock.now_ns())
        if going:
            self._system.send_all(going)
        self._sent.difference_update(released)
        if self._watchdog is not None and released:
            self._watchdog.released(*released)

    def _is_aimed(self, number: int) -> bool:
        """Whether a press arrives in the window: a click goes to whatever the pointer is over."""
        return not number & BUTTON or self._mouse is None or self._mouse.is_inside()

    def _has_focus(self) -> bool:
        return self._window is None or self._window.is_focused()

    def has_let_go(self) -> bool:
        """Whether everything was released since this was asked last.

        By the watchdog, when nobody had listened for a second; or because something else let go of what was
        pressed here, or the keys lie elsewhere now.
        """
        lets_go, self._lets_go = self._lets_go, False
        if self._watchdog is not None and self._watchdog.has_let_go():
            lets_go = True
        if lets_go:
            self.release_all()  # also what went out on waking up, after the watchdog had released it
        return lets_go

    def release_all(self) -> None:
        """Let go of every key that was pressed here; when that fails the watchdog does it at the end."""
        if self._mouse is not None:
            self._mouse.forget()
        with suppress(DeviceFailed):
            self._go_out([(number, False) for number in self._sent])

    def close(self) -> None:
        """Release everything and leave the keyboard."""
        if not self._is_open:
            return
        self._is_open = False
        self.release_all()
        self._system.close()
        if self._watchdog is not None:
            self._watchdog.close()
        if not self._sent:  # else the watchdog released it, and forgot the note then
            forget(self._note)


@provides(Capabilities(has_keyboard=True))
def open_input(session: DeviceSession) -> Keyboard:
    """Open the keyboard of this machine, with a mouse where the game has one, for its controls and the hotkeys.

    Raises:  NotFound for an unknown key, DeviceFailed where no keyboard can be used, NoWindow without the game.
    """
    controls = mapped_controls(session)
    hotkeys = Hotkeys.of(session.options, controls.values())
    motions = {code: key for code, key in controls.items() if key in MOTIONS}
    controls = {code: key for code, key in controls.items() if code not in motions}
    keys = controls | {code: code for code in hotkeys.codes.values()}
    for key in keys.values():
        key_of(key)  # a wrong name is said before anything is opened
    window = GameWindow.of(session) if session.capabilities.has_window else None
    with ExitStack() as opened:
        system, mouse = _opened(session, keys, motions, window)
        opened.callback(system.close)
        numbers = {key: system.numbers(key)[0] for key in keys.values()}
        watchdog = Watchdog.start()
        opened.callback(watchdog.close)
        note = write_note({key: numbers[key] for key in controls.values()}, system.repeating(), watchdog.pid)
        keyboard = Keyboard(
            system, session.clock, keys, window=window, watchdog=watchdog, note=note,
            momentary=hotkeys.codes.values(), mouse=mouse,
        )  # fmt: skip
        opened.pop_all()
    return keyboard


def _opened(
    session: DeviceSession, keys: Mapping[str, str], motions: Mapping[str, str], window: GameWindow | None
) -> tuple[SystemKeyboard, Mouse | None]:
    """Open what a game is played with: the keys alone, where it wants nothing of a mouse."""
    options = MouseOptions.of(session.options)
    if not motions and not any(key_of(key).is_button for key in keys.values()):
        return open_system_keyboard(session.clock.now_ns), None
    system: SystemMouse = open_system_mouse(session.clock.now_ns, is_accelerated=options.is_accelerated)
    return system, Mouse(system, motions, options=options, window=window)


def mapped_controls(session: DeviceSession) -> dict[str, str]:
    """Return what each code of the game is on this device: itself, unless its option `map` says otherwise.

    Raises:  NotFound for a code that the game does not use, BadValue for an option that is no mapping or gives
        one key to two codes.
    """
    codes = list(session.game.controls.values())
    asked = session.options.get("map") or {}
    if not isinstance(asked, Mapping):
        raise BadValue(f"The option map={asked} is no mapping. Give one entry as map.{codes[0]}=up.")
    for code in asked:
        if code not in codes:
            raise not_found(f"control of {session.game.name}", code, codes)
    mapped: dict[str, str] = {}
    for code in codes:
        key = str(asked.get(code, code))
        other = next((one for one in mapped if mapped[one] == key), None)
        if (code in MOTIONS) != (key in MOTIONS):
            raise BadValue(
                f"The option map gives {key} for {code}: a motion is one of {', '.join(MOTIONS)}, and no key is."
            )
        if other is not None:
            raise BadValue(f"The option map gives the key {key} for {other} and for {code}. Give each its own.")
        mapped[code] = key
    return mapped
