"""The keyboard of Windows, by the `keyboard` package: keys by scan code, as games that read DirectInput want them.

A mouse's buttons are keys, sent by SendInput; mouse_windows.py hears them.

The package does not mark the second key of a scan code (the arrows beside those of the keypad), so those are sent
by the system's own call. It hears keys in a thread of its own; that a keyboard was unplugged nobody tells it.
"""

from __future__ import annotations

import ctypes
import importlib
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from ctypes import wintypes
from typing import Any

from playhead.errors import DeviceFailed
from playhead.input.codes import BUTTON, EXTENDED, KEYS, key_of
from playhead.input.keys import HeardKey, Held
from playhead.input.raw_windows import VIRTUAL_KEYS, click_input, send_inputs

# Of keys with these scan codes the package says only whether they lie on the keypad.
KEYPAD_TWINS = frozenset({71, 72, 73, 75, 77, 79, 80, 81, 82, 83})
RIGHT_TWINS = {"right ctrl", "right alt", "alt gr"}
KEYPAD_ENTER = 28
# Of user32.keybd_event, MapVirtualKeyW and GetAsyncKeyState.
FLAG_EXTENDED, FLAG_UP, TO_VIRTUAL_KEY, IS_DOWN = 0x1, 0x2, 3, 0x8000


class WindowsKeyboard:
    """Keys by scan code, EXTENDED added for the second key of a number."""

    # Windows tells nobody who sent a key, so a person who presses the same key so soon after us is not heard.
    echo_s = 0.25

    def __init__(self, now_ns: Callable[[], int] = time.perf_counter_ns, *, hears: bool = True) -> None:
        self._package = _keyboard_package()
        self._user32 = _user32()
        self._now_ns = now_ns
        self._heard: deque[HeardKey] = deque()
        self._hears = hears
        self._sent_s: dict[int, float] = {}
        with _refused_as("heard"):
            if hears:
                self._package.hook(self._hear)
            else:
                self._package.key_to_scan_codes("a")  # fills its tables; listening does that too

    def numbers(self, code: str) -> tuple[int, ...]:
        """Return the scan codes of a key. Raises NotFound for an unknown name."""
        return key_of(code).scan_codes

    def send(self, number: int, is_press: bool) -> None:
        """Press a key or let go of it. Raises DeviceFailed when Windows or the package refuse."""
        self._sent_s[number] = time.monotonic()
        if number & BUTTON:
            send_inputs(self._user32, click_input(number, is_press))
        elif number & EXTENDED:
            scan_code = number & ~EXTENDED
            flags = FLAG_EXTENDED | (0 if is_press else FLAG_UP)
            self._user32.keybd_event(self._virtual_key(number), scan_code, flags, 0)
        else:
            with _refused_as("pressed"):
                (self._package.press if is_press else self._package.release)(number)

    def send_all(self, changes: Sequence[tuple[int, bool]]) -> None:
        """Send one after another; nobody else is woken by it."""
        for number, is_press in changes:
            self.send(number, is_press)

    def heard(self) -> list[HeardKey]:
        """Return what was pressed and released since the last call."""
        return [self._heard.popleft() for _ in range(len(self._heard))]

    def held(self) -> set[int]:
        """Return which of the keys that have a name are down."""
        numbers = {number for key in KEYS.values() for number in key.scan_codes}
        return {number for number in numbers
                if self._user32.GetAsyncKeyState(self._virtual_key(number)) & IS_DOWN}  # fmt: skip

    def held_apart(self, sent: Collection[int]) -> Held:
        """Return what is down; of a key that both hold Windows knows no more than that.

        What was sent within `echo_s` may not have arrived yet: such a key counts as it was sent, and as nobody's.
        """
        down, now_s = self.held(), time.monotonic()
        recent = {number for number, at_s in self._sent_s.items() if now_s - at_s < self.echo_s}
        return Held(own=set(sent) & (down | recent), others=down - set(sent) - recent)

    def has_changed(self) -> bool:
        """Never: keys are known by where they lie, whatever the layout."""
        return False

    def repeating(self) -> set[int]:
        """Return nothing: repeats are left as they are."""
        return set()

    def let_repeat(self, numbers: Collection[int]) -> None:
        """Do nothing: they do."""

    def close(self) -> None:
        """Stop listening."""
        if self._hears:
            self._hears = False
            self._package.unhook(self._hear)

    def _virtual_key(self, number: int) -> int:
        if number & BUTTON:
            return VIRTUAL_KEYS[number]
        prefix = 0xE000 if number & EXTENDED else 0
        return int(self._user32.MapVirtualKeyW(prefix | number & 0xFF, TO_VIRTUAL_KEY))

    def _hear(self, event: Any) -> None:
        """Take one event of the package, in its thread. Its time is that of day; ours runs evenly."""
        age_ns = max(0, round((time.time() - event.time) * 1e9))
        self._heard.append(
            HeardKey(
                time_ns=self._now_ns() - age_ns, number=_number(event), is_press=event.event_type == "down",
                may_be_own=True,
            )
        )  # fmt: skip


def _number(event: Any) -> int:
    """Return our number of a key that the package heard."""
    scan_code = int(event.scan_code)
    is_second = (
        (scan_code in KEYPAD_TWINS and not event.is_keypad)
        or (scan_code == KEYPAD_ENTER and event.is_keypad)
        or event.name in RIGHT_TWINS
    )
    return scan_code | EXTENDED if is_second else scan_code


@contextmanager
def _refused_as(purpose: str) -> Iterator[None]:
    """Say what it means when Windows or the package refuse."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise DeviceFailed(
            f"Keys cannot be {purpose} on this machine: {error}. "
            "A game that runs as administrator takes keys only from a terminal that does too."
        ) from error


def _keyboard_package() -> Any:
    try:
        return importlib.import_module("keyboard")
    except ImportError as error:
        raise DeviceFailed(
            f"Keys need the package keyboard, which cannot be imported ({error}): pip install keyboard."
        ) from error


def _user32() -> Any:
    user32: Any = ctypes.WinDLL("user32")  # type: ignore[attr-defined]
    for name in ("CreateWindowExW", "WindowFromPoint", "GetAncestor"):
        getattr(user32, name).restype = wintypes.HWND
    user32.WindowFromPoint.argtypes = [wintypes.POINT]
    return user32
