"""What a session puts between a driver and a real game: hotkeys, focus, and a person's right to take over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playhead.capture.desktop import GameWindow
from playhead.control.authority import ControlAuthority
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.shared import SharedInput
from playhead.devices import OpenDevice
from playhead.events import Origin
from playhead.input.hotkeys import Hotkeys


def take_control(
    device: OpenDevice, origin: Origin, say: Callable[[str], object], end: Callable[[], object]
) -> tuple[OpenDevice, ControlAuthority | None]:
    """Return the device with its hotkeys told apart, and the guard of whoever drives. `end` ends all episodes.

    A world in memory needs none: nobody is heard there, and it has no window that could lose the focus. Nor does
    a dry run, which presses nothing.
    """
    session = device.session
    hears = device.input.hears
    window = _window(device)
    if not device.input.sends or (not hears and window is None):
        return device, None
    hotkeys = Hotkeys.of(session.options, session.game.controls.values()).codes if hears else {}
    shared = SharedInput(device.input)
    device = replace(device, input=shared)
    if window is not None:
        session.on_close(window.watch_focus(shared.lose).close)
    if hears:
        device = replace(device, input=HotkeyFilter(shared, hotkeys))
    if origin is Origin.HUMAN:
        return device, ControlAuthority("human", hotkeys, window=window, say=say, end=end)
    from playhead.playing.takeover import TakeoverAuthority

    return device, TakeoverAuthority(session.game, hotkeys, window=window, say=say, end=end)


def _window(device: OpenDevice) -> GameWindow | None:
    """Return the window that capture and input share, on a device that has one."""
    if device.session.device.window is None and not device.session.capabilities.has_window:
        return None
    return GameWindow.of(device.session)
