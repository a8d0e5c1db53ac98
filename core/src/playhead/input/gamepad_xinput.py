"""Gamepads of Windows: read through XInput, played through vgamepad, which needs the driver ViGEmBus.

XInput tells only how a pad stands now, so what moved is as old as the last look.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from typing import Any

from playhead.errors import DeviceFailed
from playhead.input.pads import Moved

PADS = 4  # XUSER_MAX_COUNT
BITS = {
    0x1: "dpad_up", 0x2: "dpad_down", 0x4: "dpad_left", 0x8: "dpad_right", 0x10: "start", 0x20: "back",
    0x40: "left_stick", 0x80: "right_stick", 0x100: "left_shoulder", 0x200: "right_shoulder",
    0x1000: "button_a", 0x2000: "button_b", 0x4000: "button_x", 0x8000: "button_y",
}  # fmt: skip
BIT_OF = {control: bit for bit, control in BITS.items()}
FULL = 32767


class State(ctypes.Structure):
    """XINPUT_STATE."""

    _fields_ = (
        ("packet", ctypes.c_uint32), ("buttons", ctypes.c_uint16),
        ("left_trigger", ctypes.c_uint8), ("right_trigger", ctypes.c_uint8),
        ("left_x", ctypes.c_int16), ("left_y", ctypes.c_int16),
        ("right_x", ctypes.c_int16), ("right_y", ctypes.c_int16),
    )  # fmt: skip


class XInputPad:
    """The first pad that is plugged in."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._get_state = _get_state()
        self._positions: dict[str, float] = {}
        found = [index for index in range(PADS) if self._read(index) is not None]
        if not found:
            raise DeviceFailed("No gamepad is plugged in that Windows knows as an Xbox pad. Plug one in.")
        self._index = found[0]

    def heard(self) -> list[Moved]:
        """Return what stands elsewhere than at the last call. Raises DeviceFailed when it was unplugged."""
        before, self._positions = self._positions, self._asked()
        return [moved for moved in self._moved() if moved.position != before.get(moved.control, 0.0)]

    def stands(self) -> list[Moved]:
        """Return how everything stands. Raises DeviceFailed when it was unplugged."""
        self._positions = self._asked()
        return self._moved()

    def _asked(self) -> dict[str, float]:
        state = self._read(self._index)
        if state is None:
            raise DeviceFailed(
                "The gamepad was unplugged. What was recorded is kept. Plug it in and start this command again."
            )
        return _positions(state)

    def _moved(self) -> list[Moved]:
        now_ns = self._now_ns()
        return [Moved(time_ns=now_ns, control=control, position=position)
                for control, position in self._positions.items()]  # fmt: skip

    def _read(self, index: int) -> State | None:
        state = State()
        return state if self._get_state(index, ctypes.byref(state)) == 0 else None

    def close(self) -> None:
        """Nothing to give back."""


def _positions(state: State) -> dict[str, float]:
    sticks = {name: max(-1.0, getattr(state, name) / FULL) for name in ("left_x", "left_y", "right_x", "right_y")}
    triggers = {name: getattr(state, name) / 255 for name in ("left_trigger", "right_trigger")}
    return {**sticks, **triggers, **{name: float(bool(state.buttons & bit)) for bit, name in BITS.items()}}


class VirtualPad:
    """A virtual Xbox 360 pad."""

    def __init__(self) -> None:
        try:
            self._pad = importlib.import_module("vgamepad").VX360Gamepad()
        except ImportError as error:
            raise DeviceFailed(
                f"Playing a gamepad needs the package vgamepad, which cannot be imported ({error}): "
                "pip install playhead[gamepad]."
            ) from error
        except (OSError, RuntimeError) as error:
            raise DeviceFailed(
                f"No virtual gamepad can be made: {error}. Install the driver ViGEmBus, which vgamepad brings."
            ) from error
        self._sticks = {"left": [0.0, 0.0], "right": [0.0, 0.0]}

    def send(self, control: str, position: float) -> None:
        """Move a control. Raises DeviceFailed when the driver takes it no more."""
        side, _, axis = control.partition("_")
        try:
            if control in BIT_OF:
                (self._pad.press_button if position else self._pad.release_button)(BIT_OF[control])
            elif axis == "trigger":
                getattr(self._pad, f"{side}_trigger_float")(position)
            else:
                self._sticks[side]["xy".index(axis)] = position
                getattr(self._pad, f"{side}_joystick_float")(*self._sticks[side])
            self._pad.update()
        except (OSError, RuntimeError) as error:
            raise DeviceFailed(f"The virtual gamepad is gone ({error}). Start this command again.") from error

    def close(self) -> None:
        """Unplug it, as vgamepad does when nobody refers to it."""
        self._pad = None


def _get_state() -> Callable[..., int]:
    try:
        library: Any = ctypes.WinDLL("xinput1_4")  # type: ignore[attr-defined]
    except OSError as error:
        raise DeviceFailed(f"Windows lacks XInput ({error}), so no gamepad can be heard.") from error
    get_state: Callable[..., int] = library.XInputGetState
    return get_state
