"""Does the window show all of itself, large enough, and how is its monitor scaled?"""

from __future__ import annotations

from playhead.capture.desktop import Box, GameWindow
from playhead.capture.grab import share_on_screen
from playhead.devices import DeviceSession
from playhead.doctor.finding import Finding
from playhead.errors import NoWindow
from playhead.game import Frame

NAME = "geometry"
SQUEEZED = 1.05  # how much wider or higher than the frame a window may be in its shape


def check_geometry(session: DeviceSession) -> Finding:
    """Compare the window with the screen and with the frame that is made of it."""
    window, frame = GameWindow.of(session), session.game.needed_frame
    box = window.box()
    if box is None:
        raise NoWindow(f'the window "{window.title}" was closed meanwhile', "Start the game.")
    percent = 100 * window.scale
    if window.is_minimised():
        return _not_ok("the window is minimised", percent, "Bring it to the front.")
    if share_on_screen(box) < 1:
        outside = 100 * (1 - share_on_screen(box))
        then = "Move it: what is outside is recorded black."
        return _not_ok(f"{outside:.0f} % of the window lie outside the screen", percent, then)
    return _shape(box, frame, percent)


def _shape(box: Box, frame: Frame, percent: float) -> Finding:
    sizes = f"{box.width}x{box.height} to {frame.width}x{frame.height}"
    if box.width < frame.width or box.height < frame.height:
        return _not_ok(f"{sizes}: the window is smaller than the frame", percent, "Make the window larger.")
    squeeze = (box.width / box.height) / (frame.width / frame.height)
    if max(squeeze, 1 / squeeze) > SQUEEZED:
        then = f"Give it the shape of {frame.width}:{frame.height}, or always record and play in this one."
        return _not_ok(f"{sizes}: the picture is squeezed", percent, then, is_needed=False)
    says = f"{sizes}, all on the screen, scale {percent:.0f} %"
    return Finding(name=NAME, status="ok", says=says, value=percent, unit="%")


def _not_ok(says: str, percent: float, then: str, *, is_needed: bool = True) -> Finding:
    return Finding(name=NAME, status="not ok", says=says, value=percent, unit="%", then=then, is_needed=is_needed)
