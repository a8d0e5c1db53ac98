"""Is the game's window there?"""

from __future__ import annotations

from playhead.capture.desktop import GameWindow
from playhead.devices import DeviceSession
from playhead.doctor.finding import Finding
from playhead.errors import NoWindow

NAME = "window"


def check_window(session: DeviceSession) -> Finding:
    """Find the window and say where it is.

    Units:   pixels of the desktop: left,top widthxheight.
    Raises:  NoWindow that lists the windows there are.
    """
    window = GameWindow.of(session)
    box = window.box()
    if box is None:
        raise NoWindow(f'the window "{window.title}" was closed meanwhile', "Start the game.")
    focus = "" if window.is_focused() else "; keys go out once it has the focus"
    says = f'"{window.title}" at {box.left},{box.top} {box.width}x{box.height}{focus}'
    return Finding(name=NAME, status="ok", says=says)
