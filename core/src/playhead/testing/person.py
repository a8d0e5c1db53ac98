"""Somebody at the keyboard and mouse of an X display. To programs the keys are real."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from playhead.testing.windows import AnyWindow, XWindow, is_managed, leave

# Codes whose X names are not the code itself. Kept apart from playhead's own table on purpose: tests check that.
KEYSYMS = {
    "left": "Left", "right": "Right", "up": "Up", "down": "Down", "space": "space", "shift": "Shift_L",
    "ctrl": "Control_L", "alt": "Alt_L", "enter": "Return", "esc": "Escape", "tab": "Tab",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A press (1) or release (0) that a person made, at some moment between two of time.perf_counter_ns."""

    code: str
    value: float
    began_ns: int
    done_ns: int


class XPerson:
    """Somebody at the keyboard and mouse of an X display, through XTEST: to programs the keys are real."""

    def __init__(self, display_name: str) -> None:
        from Xlib import XK, X, display

        self._x, self._keysyms = X, XK
        self.display = display.Display(display_name)
        self._windows: list[AnyWindow] = []

    def __enter__(self) -> XPerson:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def is_managed(self) -> bool:
        """Whether a window manager runs."""
        return is_managed(self.display)

    def press(self, code: str) -> int:
        """Press a key and hold it. Returns when it had gone out, in nanoseconds of time.perf_counter_ns."""
        return self.stroke(code, 1.0).done_ns

    def release(self, code: str) -> int:
        """Let go of a key. Returns when that had gone out, in nanoseconds of time.perf_counter_ns."""
        return self.stroke(code, 0.0).done_ns

    def tap(self, code: str, hold_s: float = 0.05) -> None:
        """Press a key and let go of it."""
        self.press(code)
        time.sleep(hold_s)
        self.release(code)

    def stroke(self, code: str, value: float) -> Stroke:
        """Press (1) or release (0) a key and say exactly when."""
        kind, keycode = self._x.KeyPress if value else self._x.KeyRelease, self.keycode(code)
        began_ns = time.perf_counter_ns()
        self.display.xtest_fake_input(kind, keycode)
        self.display.sync()
        return Stroke(code=code, value=value, began_ns=began_ns, done_ns=time.perf_counter_ns())

    def keycode(self, code: str) -> int:
        """Return the number of a key on this keyboard."""
        keysym = self._keysyms.string_to_keysym(KEYSYMS.get(code, code))
        number: int = self.display.keysym_to_keycode(keysym)
        assert number, f"no key is called {code} on {self.display.get_display_name()}"
        return number

    def held(self) -> set[int]:
        """Return the numbers of all keys that the X server takes for pressed, whoever pressed them."""
        bits = self.display.query_keymap()
        return {8 * byte + bit for byte, value in enumerate(bits) for bit in range(8) if value >> bit & 1}

    def is_held(self, code: str) -> bool:
        """Whether the X server takes a key for pressed."""
        return self.keycode(code) in self.held()

    def release_all(self) -> None:
        """Let go of every key that anybody holds."""
        for number in self.held():
            self.display.xtest_fake_input(self._x.KeyRelease, number)
        self.display.sync()

    def point_at(self, left: int, top: int) -> None:
        """Move the pointer; without a window manager keys go to the window under it."""
        self.display.xtest_fake_input(self._x.MotionNotify, x=left, y=top)
        self.display.sync()

    def click(self) -> None:
        """Click where the pointer is."""
        self.display.xtest_fake_input(self._x.ButtonPress, 1)
        self.display.xtest_fake_input(self._x.ButtonRelease, 1)
        self.display.sync()

    def move(self, right: int, down: int) -> None:
        """Move the mouse, and with it the pointer."""
        self.display.xtest_fake_input(self._x.MotionNotify, detail=True, x=right, y=down)
        self.display.sync()

    def button(self, number: int, value: float) -> None:
        """Press (1) or release (0) a button of the mouse: 1 left, 2 middle, 3 right, 4 and 5 the wheel."""
        self.display.xtest_fake_input(self._x.ButtonPress if value else self._x.ButtonRelease, number)
        self.display.sync()

    def roll(self, notches: int) -> None:
        """Turn the wheel, away from the hand if positive."""
        for _ in range(abs(notches)):
            for value in (1, 0):
                self.button(4 if notches > 0 else 5, value)

    @property
    def pointer(self) -> tuple[int, int]:
        """Where the pointer is on the screen."""
        told = self.display.screen().root.query_pointer()
        return told.root_x, told.root_y

    @property
    def are_buttons_down(self) -> bool:
        """Whether any button of the mouse is down, whoever pressed it."""
        return bool(self.display.screen().root.query_pointer().mask & 0x1F00)

    def open_window(
        self, title: str, *, left: int = 0, top: int = 0, width: int = 200, height: int = 150
    ) -> XWindow:
        """Open a plain window, focus it, and return it once it can be seen."""
        window = XWindow(self.display.get_display_name(), title, (left, top, width, height))
        self._windows.append(window)
        window.focus()
        return window

    def window(self, handle: int) -> AnyWindow:
        """Return the window of another program."""
        window = AnyWindow(self.display.get_display_name(), handle)
        self._windows.append(window)
        return window

    def leave(self) -> None:
        """Close the windows that were opened, let go of every key, go."""
        from Xlib import error

        for window in self._windows:
            window.close()
        with suppress(error.ConnectionClosedError, OSError):  # the display is gone, and with it what was pressed
            self.release_all()
        leave(self.display)
