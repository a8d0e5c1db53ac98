"""Gamepads of Linux: read through /dev/input, played through /dev/uinput where the kernel has it.

Numbers are those of linux/input-event-codes.h, as the kernel's own driver of Xbox pads uses them.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playhead.errors import DeviceFailed
from playhead.input.pads import Moved

EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
SYN_DROPPED = 3  # the kernel had more to say than it could keep: how everything stands must be asked
NAME = "playhead gamepad"  # by which our own virtual pad is known and not listened to
# number -> control and which way its kernel value grows
AXES = {0: ("left_x", 1), 1: ("left_y", -1), 3: ("right_x", 1), 4: ("right_y", -1),
        2: ("left_trigger", 1), 5: ("right_trigger", 1)}  # fmt: skip
HATS = {16: ("dpad_left", "dpad_right"), 17: ("dpad_up", "dpad_down")}
BUTTONS = {
    0x130: "button_a", 0x131: "button_b", 0x133: "button_x", 0x134: "button_y", 0x136: "left_shoulder",
    0x137: "right_shoulder", 0x13A: "back", 0x13B: "start", 0x13D: "left_stick", 0x13E: "right_stick",
}  # fmt: skip
FULL = 32767
MOST_READS = 1000  # of one look: a pad that never falls silent must not hold up the loop
XBOX_360 = {"vendor": 0x045E, "product": 0x028E}  # what games know best


class EvdevPad:
    """The first pad that is plugged in and may be read."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._device = _first_pad(_evdev())
        infos = dict(self._device.capabilities()[EV_ABS])
        self._ranges = {code: (info.min, info.max) for code, info in infos.items() if code in AXES}
        self._axes = [code for code in infos if code in AXES or code in HATS]

    def heard(self) -> list[Moved]:
        """Return what moved since the last call. Raises DeviceFailed when the pad was unplugged."""
        events = list(self._events())
        if any((event.type, event.code) == (EV_SYN, SYN_DROPPED) for event in events):
            return self.stands()
        return [moved for event in events for moved in self._moved(event)]

    def _events(self) -> Iterator[Any]:
        """Yield everything the kernel has kept, of which one read returns no more than 64."""
        with self._plugged_in(), suppress(BlockingIOError):
            for _ in range(MOST_READS):
                yield from self._device.read()

    def stands(self) -> list[Moved]:
        """Return how everything stands, as the kernel tells. Raises DeviceFailed when it was unplugged."""
        now_ns = self._now_ns()
        with self._plugged_in():
            down = set(self._device.active_keys())
            values = [(EV_KEY, code, int(code in down)) for code in BUTTONS]
            values += [(EV_ABS, code, self._device.absinfo(code).value) for code in self._axes]
        return [Moved(time_ns=now_ns, control=control, position=position)
                for told in values for control, position in self._positions(*told)]  # fmt: skip

    @contextmanager
    def _plugged_in(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceFailed(
                f'The gamepad "{self._device.name}" was unplugged ({error}). What was recorded is kept. '
                "Plug it in and start this command again."
            ) from error

    def _moved(self, event: Any) -> list[Moved]:
        # The kernel stamps with the time of day; ours runs evenly.
        time_ns = self._now_ns() - max(0, round((time.time() - event.timestamp()) * 1e9))
        return [Moved(time_ns=time_ns, control=control, position=position)
                for control, position in self._positions(event.type, event.code, event.value)]  # fmt: skip

    def _positions(self, kind: int, code: int, value: int) -> list[tuple[str, float]]:
        if kind == EV_KEY and code in BUTTONS:
            return [(BUTTONS[code], float(value > 0))]
        if kind == EV_ABS and code in HATS:
            low, high = HATS[code]
            return [(low, float(value < 0)), (high, float(value > 0))]
        if kind == EV_ABS and code in self._ranges:
            control, way = AXES[code]
            least, most = self._ranges[code]
            share = (value - least) / max(1, most - least)
            return [(control, share if control.endswith("trigger") else way * (2 * share - 1))]
        return []

    def close(self) -> None:
        """Leave the pad."""
        self._device.close()


class UinputPad:
    """A virtual pad of the kernel, which looks like one of an Xbox 360 to games."""

    def __init__(self) -> None:
        evdev = _evdev()
        stick = evdev.AbsInfo(value=0, min=-FULL, max=FULL, fuzz=0, flat=0, resolution=0)
        trigger = evdev.AbsInfo(value=0, min=0, max=255, fuzz=0, flat=0, resolution=0)
        hat = evdev.AbsInfo(value=0, min=-1, max=1, fuzz=0, flat=0, resolution=0)
        axes = [(code, trigger if name.endswith("trigger") else stick) for code, (name, _) in AXES.items()]
        events = {EV_KEY: list(BUTTONS), EV_ABS: [*axes, *((code, hat) for code in HATS)]}
        try:
            self._pad = evdev.UInput(events, name=NAME, **XBOX_360)
        except (OSError, evdev.UInputError) as error:
            raise DeviceFailed(
                f"No virtual gamepad can be made: {error}. Load the kernel's module (sudo modprobe uinput) and "
                "let this user write /dev/uinput, or play with the keyboard."
            ) from error
        self._codes = {control: (EV_KEY, code, 1) for code, control in BUTTONS.items()}
        for code, (control, way) in AXES.items():
            self._codes[control] = (EV_ABS, code, 255 if control.endswith("trigger") else way * FULL)
        for code, (low, high) in HATS.items():
            self._codes |= {low: (EV_ABS, code, -1), high: (EV_ABS, code, 1)}

    def send(self, control: str, position: float) -> None:
        """Move a control. Raises DeviceFailed when the kernel takes it no more."""
        kind, code, full = self._codes[control]
        try:
            self._pad.write(kind, code, round(position * full))
            self._pad.syn()
        except OSError as error:
            raise DeviceFailed(f"The virtual gamepad is gone ({error}). Start this command again.") from error

    def close(self) -> None:
        """Unplug the virtual pad; the kernel does so too when this process dies."""
        self._pad.close()


def _first_pad(evdev: Any) -> Any:
    for path in evdev.list_devices():
        device = evdev.InputDevice(path)
        has = device.capabilities()
        if device.name != NAME and 0x130 in has.get(EV_KEY, []) and EV_ABS in has:
            return device
        device.close()
    raise DeviceFailed(
        "No gamepad is plugged in that this user may read. Plug one in; if it is, let this user read /dev/input "
        "(sudo usermod -aG input $USER, then log in again)."
    )


def _evdev() -> Any:
    try:
        return importlib.import_module("evdev")
    except ImportError as error:
        raise DeviceFailed(
            f"Gamepads need the package evdev, which cannot be imported ({error}): pip install playhead[gamepad]."
        ) from error
