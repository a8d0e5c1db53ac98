"""What a gamepad is: the names of its sticks, triggers and buttons, and what one system does with it.

Names are those of an Xbox pad. Right and up are positive.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from playhead.dead_zones import DeadZone
from playhead.errors import DeviceFailed

STICKS = ("left_x", "left_y", "right_x", "right_y")  # right and up are positive
TRIGGERS = ("left_trigger", "right_trigger")  # 0 to 1
BUTTONS = (
    "button_a", "button_b", "button_x", "button_y", "left_shoulder", "right_shoulder", "back", "start",
    "left_stick", "right_stick", "dpad_up", "dpad_down", "dpad_left", "dpad_right",
)  # fmt: skip
BOTH_TRIGGERS = "triggers"  # right minus left: throttle and brake as one axis
HALVES = tuple(f"{stick}{sign}" for stick in STICKS for sign in "-+")  # half a stick as a key that has degrees
CONTROLS = (*STICKS, *TRIGGERS, BOTH_TRIGGERS, *BUTTONS, *HALVES)

STICK_ZONE = DeadZone(size=0.25)
TRIGGER_ZONE = DeadZone(size=30 / 255)  # XINPUT_GAMEPAD_TRIGGER_THRESHOLD
NO_ZONE = DeadZone(size=0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """One stick, trigger or button that moved. Units: time_ns on the session's clock, position in [-1, 1]."""

    time_ns: int
    control: str
    position: float


class HeardPad(Protocol):
    """A pad in somebody's hands."""

    def heard(self) -> list[Moved]:
        """Return what moved since the last call. Raises DeviceFailed when it was unplugged."""
        ...

    def stands(self) -> list[Moved]:
        """Return how every control stands now. Raises DeviceFailed when it was unplugged."""
        ...

    def close(self) -> None:
        """Leave it."""
        ...


class PlayedPad(Protocol):
    """A virtual pad."""

    def send(self, control: str, position: float) -> None:
        """Move a stick, trigger or button. Raises DeviceFailed when it cannot."""
        ...

    def close(self) -> None:
        """Unplug it."""
        ...


def usual_zone(whole: str) -> DeadZone:
    """Return the dead zone that games give a control when nobody says otherwise."""
    if whole in BUTTONS:
        return NO_ZONE
    return STICK_ZONE if whole in STICKS else TRIGGER_ZONE


def parted(control: str) -> tuple[str, int]:
    """Return the whole control and which half of it: -1, 1, or 0 for all of it."""
    return (control[:-1], -1 if control[-1] == "-" else 1) if control in HALVES else (control, 0)


def open_heard_pad(now_ns: Callable[[], int]) -> HeardPad:
    """Return the first pad that is plugged in. Raises DeviceFailed when there is none, or none may be read."""
    if sys.platform == "win32":
        from playhead.input.gamepad_xinput import XInputPad

        return XInputPad(now_ns)
    _check_linux()
    from playhead.input.gamepad_evdev import EvdevPad

    return EvdevPad(now_ns)


def open_played_pad() -> PlayedPad:
    """Plug in a virtual pad. Raises DeviceFailed where the system has no driver for one."""
    if sys.platform == "win32":
        from playhead.input.gamepad_xinput import VirtualPad

        return VirtualPad()
    _check_linux()
    from playhead.input.gamepad_evdev import UinputPad

    return UinputPad()


def _check_linux() -> None:
    if sys.platform != "linux":
        raise DeviceFailed(
            f"Gamepads on {sys.platform} are not supported yet. Use the keyboard, Windows or Linux."
        )
