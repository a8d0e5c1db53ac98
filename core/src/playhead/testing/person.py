"""Somebody at the keyboard and mouse of an X display, and the windows they see. To programs the keys are real."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

ASK_AGAIN_S = 1.0
WAIT_S = 20.0  # for anything another process has to do; a busy machine of two cores is the rule
# Codes whose X names are not the code itself. Kept apart from playhead's own table on purpose: tests check that.
KEYSYMS = {
    "left": "Left", "right": "Right", "up": "Up", "down": "Down", "space": "space", "shift": "Shift_L",
    "ctrl": "Control_L", "alt": "Alt_L", "enter": "Return", "esc": "Escape", "tab": "Tab",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}  # fmt: skip


def eventually(what: str, ask: Callable[[], T], *, timeout_s: float = WAIT_S) -> T:
    """Ask until the answer is true, and return it. Raises: AssertionError saying `what` did not come about."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.01)
    return answer


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
        atom = self.display.intern_atom("_NET_SUPPORTING_WM_CHECK")
        return self.display.screen().root.get_full_property(atom, self._x.AnyPropertyType) is not None

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
        for window in self._windows:
            window.close()
        self.release_all()
        self.display.close()


@dataclass(frozen=True, kw_only=True)
class SeenKey:
    """A press or release as it arrived at a window: the server's repeats of a held key included."""

    keycode: int
    is_press: bool


class AnyWindow:
    """A window of any program, by its number: where it is, and what a person does to windows."""

    def __init__(self, display_name: str, handle: int) -> None:
        from Xlib import X, display

        self._x = X
        self._display = display.Display(display_name)
        self.screen = self._display.screen()
        self.window = self._display.create_resource_object("window", handle)
        self.is_closed = False

    @property
    def handle(self) -> int:
        """The window's number on the X server."""
        number: int = self.window.id
        return number

    def title(self) -> str:
        """Return the title that the window wants to be shown."""
        name = self._display.intern_atom("_NET_WM_NAME")
        found = self.window.get_full_property(name, self._x.AnyPropertyType)
        return found.value.decode() if found else str(self.window.get_wm_name())

    def box(self) -> tuple[int, int, int, int]:
        """Return left, top, width and height of the client area on the screen."""
        size = self.window.get_geometry()
        corner = self.window.translate_coords(self.screen.root, 0, 0)
        # translate_coords answers where the root's corner lies in the window.
        return -corner.x, -corner.y, size.width, size.height

    def focus(self) -> None:
        """Come to the front and take the keyboard, as a click of a person would, with or without a manager."""
        left, top, width, height = self.box()
        with XPerson(self._display.get_display_name()) as person:
            managed = person.is_managed()
            person.point_at(left + width // 2, top + height // 2)
        if managed:
            self._ask_manager("_NET_ACTIVE_WINDOW", 2, 0, 0)
            eventually("the window has the focus", self.is_focused)
        else:
            self.window.configure(stack_mode=self._x.Above)
            self.window.set_input_focus(self._x.RevertToPointerRoot, self._x.CurrentTime)
        self._display.sync()

    def is_focused(self) -> bool:
        """Whether the X server sends keys here."""
        focus = self._display.get_input_focus().focus
        return bool(getattr(focus, "id", focus) == self.window.id)

    def minimise(self) -> None:
        """Ask the manager to make the window an icon; without one, unmap it, which looks the same."""
        if self._is_managed():
            self._ask_manager("WM_CHANGE_STATE", 3)
        else:
            self.window.unmap()
        self._display.sync()

    def restore(self) -> None:
        """Show the window again."""
        self.window.map()
        self._display.sync()

    def move(self, left: int, top: int) -> None:
        """Move the window."""
        self.window.configure(x=left, y=top)
        self._display.sync()

    def resize(self, width: int, height: int) -> None:
        """Change the window's size."""
        self.window.configure(width=width, height=height)
        self._display.sync()

    def ask_to_close(self) -> None:
        """Press the window's close button, so to speak."""
        protocols, delete = (self._display.intern_atom(name) for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW"))
        self._send(self.window, protocols, (delete, self._x.CurrentTime), mask=0)

    def _is_managed(self) -> bool:
        atom = self._display.intern_atom("_NET_SUPPORTING_WM_CHECK")
        return self.screen.root.get_full_property(atom, self._x.AnyPropertyType) is not None

    def _ask_manager(self, message: str, *values: int) -> None:
        mask = self._x.SubstructureRedirectMask | self._x.SubstructureNotifyMask
        self._send(self.screen.root, self._display.intern_atom(message), values, mask=mask)

    def _send(self, to: Any, message: int, values: tuple[int, ...], *, mask: int) -> None:
        from Xlib.protocol.event import ClientMessage

        padded = [*values, *[0] * (5 - len(values))]
        event = ClientMessage(window=self.window, client_type=message, data=(32, padded))
        to.send_event(event, event_mask=mask)
        self._display.sync()

    def close(self) -> None:
        """Leave the window; one that was opened here closes. May be called twice."""
        if not self.is_closed:
            self.is_closed = True
            self._display.close()


class XWindow(AnyWindow):
    """A plain window of our own, which remembers what keys reached it and shows the colour it is told to."""

    def __init__(self, display_name: str, title: str, box: tuple[int, int, int, int]) -> None:
        from Xlib import Xutil

        super().__init__(display_name, 0)
        self.window = self.screen.root.create_window(
            *box, 0, self.screen.root_depth, self._x.InputOutput, self._x.CopyFromParent,
            background_pixel=self.screen.black_pixel,
            event_mask=self._x.KeyPressMask | self._x.KeyReleaseMask | self._x.StructureNotifyMask,
        )  # fmt: skip
        left, top, width, height = box
        self.window.set_wm_name(title)
        name, utf8 = (self._display.intern_atom(atom) for atom in ("_NET_WM_NAME", "UTF8_STRING"))
        self.window.change_property(name, utf8, 8, title.encode())
        self.window.set_wm_normal_hints(
            flags=Xutil.USPosition | Xutil.USSize, x=left, y=top, width=width, height=height
        )
        self.window.set_wm_protocols([self._display.intern_atom("WM_DELETE_WINDOW")])
        self._seen: list[SeenKey] = []
        self._is_mapped = False
        self._show()
        eventually(f"the window {title} shows", self._has_come)

    def _has_come(self) -> bool:
        self._drain()
        if not self._is_mapped and time.monotonic() > self._asked_s + ASK_AGAIN_S:
            self._show()  # openbox, while it starts, forgets who asks
        return self._is_mapped

    def _show(self) -> None:
        self._asked_s = time.monotonic()
        self.window.map()

    def _drain(self) -> None:
        self._display.sync()
        while self._display.pending_events():
            event: Any = self._display.next_event()
            if event.type in (self._x.KeyPress, self._x.KeyRelease):
                self._seen.append(SeenKey(keycode=event.detail, is_press=event.type == self._x.KeyPress))
            self._is_mapped |= event.type == self._x.MapNotify

    def seen(self) -> list[SeenKey]:
        """Return every press and release that has reached this window."""
        self._drain()
        return list(self._seen)

    def paint(self, colour: tuple[int, int, int]) -> None:
        """Fill the window with a colour (red, green, blue) of 0 to 255."""
        red, green, blue = colour
        self.window.change_attributes(background_pixel=red << 16 | green << 8 | blue)
        self.window.clear_area()
        self._display.sync()
