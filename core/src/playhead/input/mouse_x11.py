"""The mouse of an X server beside its keys: raw events of XInput2 tell how it moved, XTEST moves it.

Raw events hold what the mouse itself counted, before the server accelerates it, and tell of moves at the edge of
the screen, too. What XTEST moves is not accelerated: a count is a pixel.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from playhead.events import MOUSE_WHEEL, MOUSE_X, MOUSE_Y
from playhead.input.codes import BUTTON
from playhead.input.keyboard_x11 import RAW_EVENT, X11Keyboard
from playhead.input.keys import HeardKey
from playhead.input.mice import Moved

VALUES_AT = RAW_EVENT.size + 4  # behind the fixed part of a raw event; then a mask of the axes, and their values
FIXED = struct.Struct("=iI")  # 32 bits before the point, 32 behind it
AWAY, BACK = 4, 5  # the wheel, which X11 has as buttons
WHEEL = {BUTTON | AWAY: 1.0, BUTTON | BACK: -1.0}
OPAQUE_AT = 24  # of a pixel of the pointer: how opaque it is, above its colours
LIBINPUT = ("libinput Accel Speed", "libinput Accel Profile Enabled")  # properties of a device


class X11Mouse(X11Keyboard):
    """Keys and mouse of an X server on the same two connections, so that clicks and moves keep their order."""

    def __init__(
        self, name: str = "", now_ns: Callable[[], int] = time.perf_counter_ns, *, hears: bool = True,
        is_accelerated: bool = False,
    ) -> None:  # fmt: skip
        from Xlib.ext import xinput

        self._more_events = xinput.RawMotionMask
        self._is_accelerated = is_accelerated
        self._moved: list[Moved] = []
        super().__init__(name, now_ns, hears=hears)

    def _connect(self) -> None:
        self._sent: deque[tuple[float, float]] = deque()  # moves of ours that were not heard yet
        self._rolled: deque[int] = deque()
        self._absolute: dict[int, list[float]] = {}  # device that tells where it is -> pixels a count, x and y
        self._stood: dict[int, list[float]] = {}
        self._tops: dict[int, int] = {}  # window -> its frame
        super()._connect()

    def _listen(self, display: Any) -> None:
        from Xlib.ext import xinput

        super()._listen(display)
        self._motion = xinput.RawMotion
        self._absolute = _pixels_a_count(self._out)

    def moved(self) -> list[Moved]:
        """Return how the mouse moved up to the last `heard`, but for what this player moved itself."""
        moved, self._moved = self._moved, []
        return moved

    def _read(self, event: Any) -> Iterator[HeardKey]:
        if getattr(event, "extension", None) == self._opcode and event.evtype == self._motion:
            self._moved += self._motion_of(event.data)
            return
        for key in super()._read(event):
            if key.number not in WHEEL:
                yield key
            elif key.is_press and not self._is_own_roll(key):
                self._moved.append(Moved(time_ns=key.time_ns, motion=MOUSE_WHEEL, way=WHEEL[key.number]))

    def _is_own_roll(self, key: HeardKey) -> bool:
        if not key.may_be_own or not self._rolled or self._rolled[0] != key.number:
            return False
        self._rolled.popleft()
        return True

    def _motion_of(self, data: bytes) -> Iterator[Moved]:
        _, server_ms, _, source, masks, _ = RAW_EVENT.unpack_from(data)
        x, y = self._relative(source, _axes(data, masks, self._is_accelerated))
        if source in self._xtest_devices and self._sent and self._sent[0] == (x, y):
            self._sent.popleft()
            return
        time_ns = self._time_ns(server_ms)
        if x:
            yield Moved(time_ns=time_ns, motion=MOUSE_X, way=x)
        if y:
            yield Moved(time_ns=time_ns, motion=MOUSE_Y, way=-y)

    def _relative(self, source: int, told: Mapping[int, float]) -> tuple[float, float]:
        """Return how far a device went: one that tells where it is, as a tablet, from where it was."""
        if source not in self._absolute:
            return told.get(0, 0.0), told.get(1, 0.0)
        scales = self._absolute[source]
        stood = self._stood.get(source) or [told.get(axis, 0.0) for axis in (0, 1)]
        stands = [told.get(axis, stood[axis]) for axis in (0, 1)]
        self._stood[source] = stands
        x, y = ((stands[axis] - stood[axis]) * scales[axis] for axis in (0, 1))
        return x, y

    def move(self, right: int, up: int) -> None:
        """Move the pointer so many counts."""
        if self._hears:
            self._sent.append((float(right), float(-up)))

        def send() -> None:
            self._out.xtest_fake_input(self._x.MotionNotify, detail=True, x=right, y=-up)
            self._out.flush()

        self._asked(send)

    def point(self, handle: int, left: int, top: int) -> None:
        """Put the pointer on a place in a window, which is no motion: whoever reads counts is told nothing."""

        def warp() -> None:
            self._window(handle).warp_pointer(left, top)
            self._out.sync()

        self._asked(warp)

    def roll(self, notches: int) -> None:
        """Turn the wheel: each notch is a press and a release of its button."""
        number = AWAY if notches > 0 else BACK
        if self._hears:
            self._rolled.extend([BUTTON | number] * abs(notches))
        self._asked(
            lambda: self._send([(BUTTON | number, way) for _ in range(abs(notches)) for way in (True, False)])
        )

    def place(self, handle: int) -> tuple[int, int] | None:
        """Return where in a window the pointer is, None where it is over anything else."""
        return self._asked(lambda: self._place(handle))

    def _place(self, handle: int) -> tuple[int, int] | None:
        found = self._over(handle)
        return found[:2] if found is not None else None

    def _over(self, handle: int) -> tuple[int, int, int, int] | None:
        """Return where in a window the pointer is, and how wide and high that is; None where it is elsewhere."""
        from Xlib import error

        try:
            under = self._out.screen().root.query_pointer().child
            if not under or (under.id != self._tops.get(handle) and under.id != self._top(handle)):
                return None
            window = self._window(handle)
            at, size = window.query_pointer(), window.get_geometry()
        except error.XError:  # it was closed while it was asked
            return None
        is_inside = 0 <= at.win_x < size.width and 0 <= at.win_y < size.height
        return (at.win_x, at.win_y, size.width, size.height) if is_inside else None

    def _top(self, handle: int) -> int:
        """Return the window on the screen itself that holds another one: its frame, and keep it in mind."""
        window = self._window(handle)
        root = self._out.screen().root.id
        while (parent := window.query_tree().parent) and parent.id != root:
            window = parent
        self._tops = {handle: int(window.id)}
        return int(window.id)

    def kept_inside(self, handle: int, right: int, up: int) -> tuple[int, int] | None:
        """Return how much of a move does not leave a window, None where the pointer is over anything else.

        All of it where the pointer is hidden.
        """
        return self._asked(lambda: self._kept_inside(handle, right, up))

    def _kept_inside(self, handle: int, right: int, up: int) -> tuple[int, int] | None:
        found = self._over(handle)
        if found is None:
            return None
        left, top, width, height = found
        x = min(max(left + right, 0), width - 1) - left
        y = min(max(top - up, 0), height - 1) - top
        return (right, up) if (x, -y) == (right, up) or self._is_hidden() else (x, -y)

    def _is_hidden(self) -> bool:
        """Whether the pointer shows nothing, as where a game holds it and reads only how the mouse moves.

        Whether it is held cannot be asked: who tries to hold it takes from a game that the pointer stays inside.
        """
        if not self._out.has_extension("XFIXES"):
            return False
        self._out.xfixes_query_version()
        image = self._out.xfixes_get_cursor_image(self._out.screen().root)
        return not any(pixel >> OPAQUE_AT for pixel in image.cursor_image)

    def _window(self, handle: int) -> Any:
        return self._out.create_resource_object("window", handle)

    def settings(self) -> dict[str, Any]:
        """Return what the server does with a mouse's counts, and libinput before it, by device."""
        return self._asked(lambda: _settings(self._out))


def _axes(data: bytes, masks: int, is_accelerated: bool) -> dict[int, float]:
    """Return what a raw event says of each axis: first what the server made of it, then what was counted."""
    mask = data[VALUES_AT : VALUES_AT + 4 * masks]
    axes = [8 * byte + bit for byte, value in enumerate(mask) for bit in range(8) if value >> bit & 1]
    begin = VALUES_AT + 4 * masks + (0 if is_accelerated else FIXED.size * len(axes))
    return {
        axis: whole + part / 2**32
        for axis, (whole, part) in zip(
            axes, FIXED.iter_unpack(data[begin : begin + FIXED.size * len(axes)]), strict=True
        )
    }


def _pixels_a_count(display: Any) -> dict[int, list[float]]:
    """Return how many pixels a count is, along x and y, of each device that tells where it is."""
    from Xlib.ext import xinput

    screen = display.screen()
    sizes = screen.width_in_pixels, screen.height_in_pixels
    found: dict[int, list[float]] = {}
    for device in display.xinput_query_device(xinput.AllDevices).devices:
        axes = [one for one in device.classes if one.type == xinput.ValuatorClass and one.number in (0, 1)]
        if device.use == xinput.SlavePointer and len(axes) == 2 and all(one.mode for one in axes):
            spans = [float(one.max) - float(one.min) for one in sorted(axes, key=lambda one: one.number)]
            found[device.deviceid] = [
                size / span if span > 0 else 0.0 for size, span in zip(sizes, spans, strict=True)
            ]
    return found


def _property(display: Any, device: int, name: str) -> list[float]:
    """Return what a property of a device says, nothing where it has none."""
    atom = display.get_atom(name, only_if_exists=True)
    told = display.xinput_get_device_property(device, atom, 0, 0, 8) if atom else None
    if told is None or not told.value:
        return []
    size, values = told.value
    if told.type == display.get_atom("FLOAT") and size == 32:
        return [float(one) for one in struct.unpack(f"={len(values)}f", struct.pack(f"={len(values)}I", *values))]
    return [float(one) for one in values]


def _settings(display: Any) -> dict[str, Any]:
    from Xlib.ext import xinput

    core = display.get_pointer_control()
    devices: dict[str, Any] = {}
    for device in display.xinput_query_device(xinput.AllDevices).devices:
        if device.use == xinput.SlavePointer and not device.name.endswith("XTEST pointer"):
            told = {name: _property(display, device.deviceid, name) for name in LIBINPUT}
            devices[device.name] = {name: value for name, value in told.items() if value}
    return {
        "system": "x11",
        "acceleration": f"{core.accel_num}/{core.accel_denom}",
        "threshold": core.threshold,
        "devices": devices,
    }
