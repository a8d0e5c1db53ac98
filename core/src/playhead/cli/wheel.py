"""What a command puts between a driver and a real game: hotkeys, focus, and a person's right to take over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playhead.devices import OpenDevice
from playhead.driving.ears import Ears, hotkeys_of
from playhead.driving.wheel import Wheel
from playhead.events import Origin


def take_wheel(
    device: OpenDevice, origin: Origin, say: Callable[[str], object]
) -> tuple[OpenDevice, Wheel | None]:
    """Return the device with its hotkeys told apart, and the guard of whoever drives.

    A world in memory needs none: nobody is heard there, and it has no window that could lose the focus.
    """
    session = device.session
    hears = getattr(device.input, "hears", True)
    if not hears:
        return device, None
    hotkeys = hotkeys_of(session.options)
    ears = Ears(device.input, device.clock, hotkeys, controls=session.game.controls.values())
    device = replace(device, input=ears)
    if origin is Origin.HUMAN:
        return device, Wheel("human", hotkeys, say=say)
    from playhead.playing.takeover import SafePlay

    return device, SafePlay(session.game, hotkeys, say=say)
