"""Which device a session uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.capabilities import Capabilities, capabilities_of
from playhead.devices import merged
from playhead.errors import DeviceFailed
from playhead.game import Device, Game
from playhead.sessions.place import Place


def choose_device(place: Place, on: str, settings: Mapping[str, Any]) -> str:
    """Return the device called `on`, or else the first of the game that can be used here; say which and why.

    Whoever names a window (`--set window.title=...`) means a device that has one.
    Raises:  NotFound for an unknown device, DeviceFailed when none can be used.
    """
    game = place.game
    if on or not game.devices:
        game.device(on)
        return on
    passed_over: list[str] = []
    advice = ""
    for name, device in game.devices.items():
        can = capabilities_of(place.plugins, game, name, settings)
        reason, then = _unusable_because(place, device, can, settings)
        if not reason:
            reasons = f": {'; '.join(passed_over)}" if passed_over else ""
            place.say(f"Device {name}{_kind(game, can)}{reasons}.")
            return name
        passed_over.append(f"{name} is passed over, {reason}")
        advice = advice or then
    raise DeviceFailed(f"No device of {game.name} can be used here: {'; '.join(passed_over)}. {advice}".rstrip())


def _unusable_because(
    place: Place, device: Device, can: Capabilities, settings: Mapping[str, Any]
) -> tuple[str, str]:
    """Return in a few words why a device cannot be used here and now, and what to do; empty when it can."""
    missing = [
        f"{kind} {backend}"
        for kind, backend in (("capture", device.capture), ("input", device.input))
        if backend not in place.plugins.names(kind)
    ]
    if missing:
        return f"nothing installed brings {' or '.join(missing)}", ""
    if "window" in settings and not can.has_window:
        return "it is no window, and one is named (--set window)", ""
    if can.why_not is None:
        return "", ""
    problem = can.why_not(device, merged(device.options, settings), place.game.title)
    return (problem.reason, problem.then) if problem else ("", "")


def _kind(game: Game, can: Capabilities) -> str:
    """Say what a device is: the stand-in world, or the game's own window."""
    kind = can.kind or ("the stand-in world" if game.world and can.episodes else "")
    return f" ({kind})" if kind else ""
