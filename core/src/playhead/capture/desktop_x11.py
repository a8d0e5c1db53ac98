"""Windows under X11, by python-xlib: the window tree first, the window manager's own list second.

Without a window manager there is no such list, and keys go to the window under the pointer.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from playhead.capture.desktop import Box, DesktopWindow
from playhead.capture.x11 import Refused, open_display, unless_interrupted
from playhead.errors import NoWindow

T = TypeVar("T")
LEAST_SIDE = 32  # pixels; what is smaller is a program's hidden helper, not a game
RECONNECT_S = 0.25  # between two tries to connect again: a window is asked about every 10 ms
DEPTH = 4  # levels below a child of the root at which a window manager keeps the program's own window


class X11Desktop:
    """One connection to an X server. Its answers come in 0.03 ms each, so every frame can ask anew.

    python-xlib keeps replies apart by their order, so one lock serialises the threads.
    """

    def __init__(self, display: Any) -> None:
        from Xlib import X, error

        self._display = display
        self._root = display.screen().root
        self._x = X
        self._gone = (error.BadWindow, error.BadDrawable, error.BadMatch, error.ConnectionClosedError, OSError)
        self._lost = (error.ConnectionClosedError, OSError)
        self._lock = threading.RLock()
        self._atoms: dict[str, int] = {}
        self._connects_s = -RECONNECT_S
        self._told_of: tuple[Any, int] | None = None  # connection and window of which changes are told

    def windows(self) -> list[DesktopWindow]:
        """Return the visible windows with a title, topmost first, then those only the window manager knows.

        Raises:  NoWindow when the X server is gone.
        """
        with self._lock:
            try:
                handles = unless_interrupted(lambda: [*self._in_tree(), *self._in_managers_list()], self._display)
            except self._gone as gone:
                raise NoWindow(
                    f"the X display went away ({gone})", "Log in again, then start this again."
                ) from gone
            found = [self._asked(partial(self._described, handle), None) for handle in dict.fromkeys(handles)]
        return [window for window in found if window is not None]

    def box(self, handle: int) -> Box | None:
        """Return where a window draws now; None when it is closed or the server is gone."""
        return self._asked(lambda: self._box(handle), None)

    def is_minimised(self, handle: int) -> bool:
        """Whether a window exists and shows nothing: minimised, hidden, or on another desktop."""
        return self._asked(lambda: self._attributes(handle).map_state != self._x.IsViewable, False)

    def is_focused(self, handle: int) -> bool:
        """Whether keys pressed now go to this window, by the X server's rules for the input focus."""
        return self._asked(lambda: self._takes_keys(handle), False)

    def wait_for_change(self, handle: int, seconds: float) -> None:
        """Wait so long, or until the server tells of a change of the window's focus, or the manager of his."""
        with self._lock:
            if self._display is None or not self._asked(lambda: self._waits(handle, seconds), False):
                time.sleep(seconds)

    def scale(self, handle: int) -> float:
        """Return 1: windows of X11 think in physical pixels."""
        return 1.0

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._display is not None:
                self._asked(self._display.close, None)
                self._display = None

    def _asked(self, question: Callable[[], T], otherwise: T) -> T:
        """Return the server's answer, or `otherwise` when the window or the server is gone."""
        with self._lock:
            if self._display is None:
                return otherwise
            try:
                return unless_interrupted(question, self._display)
            except self._gone as error:
                if not isinstance(error, self._lost) or not self._connect_anew():
                    return otherwise
            try:
                return unless_interrupted(question, self._display)
            except self._gone:
                return otherwise

    def _waits(self, handle: int, seconds: float) -> bool:
        """Wait for an event and drop all there are: what has changed is asked."""
        if self._told_of != (self._display, handle):
            self._told_of = (self._display, handle)
            changes = self._x.FocusChangeMask | self._x.StructureNotifyMask
            self._window(handle).change_attributes(event_mask=changes, onerror=lambda *_: True)
            self._root.change_attributes(event_mask=self._x.PropertyChangeMask)
        if not self._display.pending_events():
            select.select([self._display.fileno()], [], [], seconds)
        while self._display.pending_events():
            self._display.next_event()
        return True

    def _connect_anew(self) -> bool:
        """Connect again when the connection was lost and the server is there; numbers of windows stay the same."""
        if time.monotonic() - self._connects_s < RECONNECT_S:
            return False
        self._connects_s = time.monotonic()
        try:
            fresh = _opened(self._display.get_display_name())
        except NoWindow:
            return False
        self._display.display.socket.close()
        self._display, self._root = fresh, fresh.screen().root
        return True

    def _in_tree(self) -> Iterator[int]:
        """Yield, topmost first, the program's own window in every visible child of the root."""
        for top in reversed(self._root.query_tree().children):
            handle = self._asked(partial(self._client_in, top), None)
            if handle is not None:
                yield handle

    def _client_in(self, top: Any) -> int | None:
        """Return the window that a manager has marked as the program's, else the first that has a title."""
        attributes = top.get_attributes()
        if attributes.map_state != self._x.IsViewable or attributes.win_class != self._x.InputOutput:
            return None
        level, titled = [top], None
        for _ in range(DEPTH):
            for window in level:
                if self._property(window, "WM_STATE") is not None:
                    return int(window.id)
                if titled is None and self._title(window):
                    titled = int(window.id)
            level = [child for window in level for child in window.query_tree().children]
        return titled

    def _in_managers_list(self) -> list[int]:
        """Return what the window manager says is open, topmost first: it also knows minimised windows."""
        for name in ("_NET_CLIENT_LIST_STACKING", "_NET_CLIENT_LIST"):
            handles = self._property(self._root, name)
            if handles is not None:
                return [int(handle) for handle in reversed(handles)]
        return []

    def _described(self, handle: int) -> DesktopWindow | None:
        window = self._window(handle)
        title, box = self._title(window), self._box(handle)
        if not title or min(box.width, box.height) < LEAST_SIDE:
            return None
        return DesktopWindow(handle=handle, title=title, process=self._process(window), box=box)

    def _box(self, handle: int) -> Box:
        window = self._window(handle)
        geometry = window.get_geometry()
        corner = self._root.translate_coords(window, 0, 0)
        return Box(left=corner.x, top=corner.y, width=geometry.width, height=geometry.height)

    def _takes_keys(self, handle: int) -> bool:
        """Focus on the window or inside it; on the root or nowhere in particular, the pointer decides."""
        focused = _number(self._display.get_input_focus().focus)
        if focused == self._x.NONE:
            return False
        if focused == handle:
            return True  # the usual case, asked before every key: one question to the server instead of three
        line = self._line(handle)
        if focused in (self._x.PointerRoot, self._root.id):
            return _number(self._root.query_pointer().child) in line
        return focused in line or handle in self._line(focused)

    def _line(self, handle: int) -> list[int]:
        """Return a window and what it lies in, up to the child of the root."""
        line, window = [], self._window(handle)
        while window != 0 and window.id != self._root.id:
            line.append(int(window.id))
            window = window.query_tree().parent
        return line

    def _title(self, window: Any) -> str:
        for name in ("_NET_WM_NAME", "WM_NAME"):
            text = self._property(window, name)
            if text:
                return _decoded(text)
        return ""

    def _process(self, window: Any) -> str:
        """Return the name of the program as the system knows it, else what it calls itself."""
        pid = self._property(window, "_NET_WM_PID")
        try:
            return Path(f"/proc/{int(pid[0])}/comm").read_text(encoding="utf-8").strip()
        except (TypeError, IndexError, OSError):
            own = self._property(window, "WM_CLASS") or b""
            return _decoded(own).strip("\0").rpartition("\0")[2]

    def _property(self, window: Any, name: str) -> Any:
        if name not in self._atoms:
            self._atoms[name] = self._display.intern_atom(name)
        found = window.get_full_property(self._atoms[name], self._x.AnyPropertyType)
        return None if found is None else found.value

    def _attributes(self, handle: int) -> Any:
        return self._window(handle).get_attributes()

    def _window(self, handle: int) -> Any:
        return self._display.create_resource_object("window", handle)


def _number(window: Any) -> int:
    """Return the number of a window, or of what stands in its place: nothing, or wherever the pointer is."""
    return int(getattr(window, "id", window))


def _decoded(text: bytes | str) -> str:
    """Return a property as text: UTF-8 as programs write it today, Latin-1 as the standard says."""
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def open_x11_desktop() -> X11Desktop:
    """Connect to the X server that DISPLAY names.

    Raises:  NoWindow when there is none, when it refuses, or when python-xlib is missing.
    """
    name = os.environ.get("DISPLAY", "")
    if not name:
        wayland = os.environ.get("WAYLAND_DISPLAY", "")
        raise NoWindow(
            f"no X display, only Wayland ({wayland})" if wayland else "no display",
            "Log in to an X11 session." if wayland else "DISPLAY is not set: run this on a desktop, or use Xvfb.",
        )
    return X11Desktop(_opened(name))


def _opened(name: str) -> Any:
    try:
        return open_display(name)
    except ImportError as missing:
        raise NoWindow("python-xlib is missing", "Type: pip install python-xlib.") from missing
    except Refused as refused:
        raise NoWindow(
            f"the display {name} cannot be opened", f"{refused}. Is it running, and may you use it (xhost)?"
        ) from refused
