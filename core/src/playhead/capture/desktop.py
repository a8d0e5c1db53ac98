"""A desktop full of windows, and the one among them that shows the game. Knows no pixels and no keys.

What differs from system to system lies in desktop_x11.py and desktop_windows.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from playhead.capture.focus import FocusWatch
from playhead.errors import BadValue, NoWindow
from playhead.game import Device, Window

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


@dataclass(frozen=True, kw_only=True)
class Box:
    """The client area of a window: what it draws, without frame and title bar.

    Units:  physical pixels of the whole desktop, all monitors together; left and top may be negative.
    """

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class DesktopWindow:
    """A window as the desktop lists it. Units: scale is physical pixels per pixel the program thinks in."""

    handle: int
    title: str
    process: str
    box: Box
    scale: float = 1.0


class Desktop(Protocol):
    """What is asked of a system with windows. Every method may be called from any thread."""

    def windows(self) -> list[DesktopWindow]:
        """Return the windows with a title, topmost first where the system tells; minimised ones last."""
        ...

    def box(self, handle: int) -> Box | None:
        """Return where a window draws now; None when it is closed. Raises nothing."""
        ...

    def is_minimised(self, handle: int) -> bool:
        """Whether a window exists and shows nothing."""
        ...

    def is_focused(self, handle: int) -> bool:
        """Whether keys pressed now go to this window."""
        ...

    def wait_for_change(self, handle: int, seconds: float) -> None:
        """Wait so long, or until the system says that a window may have won or lost the focus. Raises nothing."""
        ...

    def scale(self, handle: int) -> float:
        """Return the physical pixels per pixel its program thinks in, where it is now; 1 when it is closed."""
        ...

    def close(self) -> None:
        """Leave the desktop. May be called twice."""
        ...


def open_desktop() -> Desktop:
    """Return the desktop this process runs on.

    Raises:  NoWindow where there is none that playhead can see.
    """
    if sys.platform == "win32":
        from playhead.capture.desktop_windows import open_windows_desktop

        return open_windows_desktop()
    if sys.platform == "darwin":
        raise NoWindow(
            "windows on macOS cannot be seen yet",
            "Nobody has written capture/desktop_macos.py. Use Windows or X11, or a world: --on world.",
        )
    from playhead.capture.desktop_x11 import open_x11_desktop

    return open_x11_desktop()


def wanted_window(device: Device, options: Mapping[str, Any], title: str) -> Window:
    """Return which window a device means; the option "window" goes before, the game's title comes last.

    Raises:  BadValue for an option that is no mapping of title and process.
    """
    wanted = device.window or Window(title=title)
    asked = options.get("window")
    if asked is None:
        return wanted
    if not isinstance(asked, Mapping) or set(asked) - {"title", "process"}:
        raise BadValue(
            f"The option window={asked} names no window. Give window.title=TEXT or window.process=NAME."
        )
    return Window(title=str(asked.get("title", "")), process=str(asked.get("process", "")))


def find_window(desktop: Desktop, wanted: Window) -> DesktopWindow:
    """Return the one window that is wanted: by its whole title if one has it, else by a part of it.

    Raises:  NoWindow when there is none, or more than one; it lists the windows found.
    """
    windows = desktop.windows()
    fitting = matching(windows, wanted)
    if not fitting:
        raise NoWindow(f"no window {described(wanted)}", f"Start the game. {listed(windows)}")
    if len(fitting) > 1:
        raise NoWindow(
            f"{len(fitting)} windows {described(wanted)}",
            "Close all but one, or say which: --set window.title=TEXT, --set window.process=NAME. "
            + listed(fitting),
        )
    return fitting[0]


def matching(windows: list[DesktopWindow], wanted: Window) -> list[DesktopWindow]:
    """Return the windows that fit; those with exactly the title win over those that contain it."""
    process, title = wanted.process.casefold(), wanted.title.casefold().strip()
    fitting = [window for window in windows if process in ("", window.process.casefold())]
    exact = [window for window in fitting if window.title.casefold().strip() == title]
    return exact or [window for window in fitting if title in window.title.casefold()]


def described(wanted: Window) -> str:
    """Say what a window is known by, to go after "no window"."""
    parts = [f'titled "{wanted.title}"'] if wanted.title else []
    return " ".join([*parts, *([f"of process {wanted.process}"] if wanted.process else [])])


def listed(windows: list[DesktopWindow]) -> str:
    """Say which windows there are."""
    rows = [f'"{one.title}" ({one.process or "?"}, {one.box.width}x{one.box.height})' for one in windows]
    unseen = ""
    if os.environ.get("WAYLAND_DISPLAY"):
        unseen = " Windows of Wayland programs cannot be seen: log in to an X11 session."
    return f"Windows found: {', '.join(rows) or 'none'}.{unseen}"


class GameWindow:
    """The window of the game on a device; capture, input and guard share it and each may ask from its thread."""

    def __init__(self, desktop: Desktop, found: DesktopWindow) -> None:
        self._desktop = desktop
        self._found = found
        self._watch: FocusWatch | None = None

    @classmethod
    def of(cls, session: DeviceSession) -> GameWindow:
        """Return the window that the backends of a device share, found on first demand.

        Raises:  NoWindow when there is no display, no such window, or several.
        """
        return session.share("window", lambda: cls._find(session))

    @classmethod
    def _find(cls, session: DeviceSession) -> GameWindow:
        wanted = wanted_window(session.device, session.options, session.game.title)
        desktop = open_desktop()
        session.on_close(desktop.close)
        return cls(desktop, find_window(desktop, wanted))

    @property
    def handle(self) -> int:
        """The system's number for the window."""
        return self._found.handle

    @property
    def title(self) -> str:
        """The title it was found with."""
        return self._found.title

    @property
    def scale(self) -> float:
        """Physical pixels per pixel the game thinks in, as the monitor that it is on now is set up."""
        return self._desktop.scale(self.handle)

    def box(self) -> Box | None:
        """Return where it draws now; None when it is closed."""
        return self._desktop.box(self.handle)

    def watch_focus(self, lost: Callable[[], object]) -> FocusWatch:
        """Have the focus known without asking, by a thread until it is closed, which calls `lost` at once."""
        self._watch = FocusWatch(open_desktop(), lambda: self.handle, lost)
        return self._watch

    def is_focused(self) -> bool:
        """Whether keys pressed now go to it."""
        seen = self._watch.is_focused(self.handle) if self._watch is not None else None
        return self._desktop.is_focused(self.handle) if seen is None else seen

    def is_minimised(self) -> bool:
        """Whether it exists and shows nothing."""
        return self._desktop.is_minimised(self.handle)

    def find_again(self) -> bool:
        """Follow the game into a new window of the same title and process; whether there is exactly one."""
        known = Window(title=self._found.title, process=self._found.process)
        same = [window for window in matching(self._desktop.windows(), known) if window.title == known.title]
        if len(same) != 1:
            return False
        self._found = same[0]
        return True


def why_no_window(device: Device, options: Mapping[str, Any], title: str) -> NoWindow | None:
    """Return why the window that a device and its options mean cannot be used now; None when it can."""
    try:
        desktop = open_desktop()
        try:
            find_window(desktop, wanted_window(device, options, title))
        finally:
            desktop.close()
    except NoWindow as error:
        return error
    return None
