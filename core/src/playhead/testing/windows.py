"""Windows on an X display as a person has them: any program's, and plain ones that remember what reached them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from playhead.testing.waiting import eventually

ASK_AGAIN_S = 1.0


def is_managed(display: Any) -> bool:
    """Whether a window manager runs on an open display."""
    from Xlib import X

    atom = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
    return display.screen().root.get_full_property(atom, X.AnyPropertyType) is not None


def leave(display: Any) -> None:
    """Close a connection to a display, which may be gone."""
    from Xlib import error

    try:
        display.close()
    except (error.ConnectionClosedError, OSError):
        display.display.socket.close()


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
        self._display.xtest_fake_input(self._x.MotionNotify, x=left + width // 2, y=top + height // 2)
        if is_managed(self._display):
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
        if is_managed(self._display):
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
            leave(self._display)


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
