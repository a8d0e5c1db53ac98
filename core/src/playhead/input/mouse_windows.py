"""The mouse of Windows beside its keys: raw input tells what it counted, SendInput moves it. Never tried there.

Raw input comes to a window of our own that nobody sees, in a thread; it carries who sent it, so that what is
ours is left out exactly. Pointers are accelerated, also where SendInput moves: raw input has the counts.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections import deque
from collections.abc import Callable
from ctypes import wintypes
from typing import Any

from playhead.errors import DeviceFailed
from playhead.events import MOUSE_WHEEL, MOUSE_X, MOUSE_Y
from playhead.input.keyboard_windows import WindowsKeyboard
from playhead.input.keys import HeardKey
from playhead.input.mice import Moved
from playhead.input.raw_windows import (
    ALL_SCREENS,
    GENERIC_DESKTOP,
    HEARD_ABSOLUTE,
    HEARD_WHEEL,
    INPUT_SINK,
    MARK,
    MOUSE,
    MOVE,
    NOTCH,
    ON_ALL_SCREENS,
    PARTS,
    RID_INPUT,
    SCREEN,
    TYPE_MOUSE,
    WHEEL,
    CursorInfo,
    RawDevice,
    RawHeader,
    RawInput,
    RawMouse,
    clicks_of,
    send_inputs,
    sent_input,
)

MESSAGES_ONLY = -3  # HWND_MESSAGE
WM_QUIT, WM_INPUT = 0x12, 0xFF
GA_ROOT = 2
SHOWING = 0x1  # CURSOR_SHOWING
GET_MOUSE, GET_MOUSE_SPEED = 0x3, 0x70  # of SystemParametersInfo
BEGIN_S = 5.0


class WindowsMouse(WindowsKeyboard):
    """Keys by scan code, a mouse by raw input."""

    def __init__(
        self, now_ns: Callable[[], int] = time.perf_counter_ns, *, hears: bool = True, is_accelerated: bool = False
    ) -> None:
        if is_accelerated:
            raise DeviceFailed(
                "Windows tells no accelerated counts. Leave mouse.accelerated out: raw counts are what games read."
            )
        super().__init__(now_ns, hears=hears)
        self._moves: deque[Moved] = deque()
        self._stood: dict[int, tuple[float, float]] = {}  # device that tells places -> its last, in pixels
        self._last_ns = 0
        self._ear = _Ear(self._user32, self._hear_raw) if hears else None

    def moved(self) -> list[Moved]:
        """Return how the mouse moved since the last call."""
        return [self._moves.popleft() for _ in range(len(self._moves))]

    def _hear_raw(self, device: int, mouse: RawMouse) -> None:
        """Take one raw event of a device, in the thread that hears them. Those with our mark are ours."""
        if mouse.extra == MARK:
            return
        right, down = self._way_of(device, mouse)
        for motion, way in ((MOUSE_X, right), (MOUSE_Y, -down)):
            if way:
                self._moves.append(Moved(time_ns=self._next_ns(), motion=motion, way=way))
        if mouse.buttons & HEARD_WHEEL:
            self._moves.append(Moved(time_ns=self._next_ns(), motion=MOUSE_WHEEL, way=mouse.data / NOTCH))
        for number, is_press in clicks_of(mouse):
            self._heard.append(
                HeardKey(time_ns=self._next_ns(), number=number, is_press=is_press, may_be_own=False)
            )

    def _way_of(self, device: int, mouse: RawMouse) -> tuple[float, float]:
        """Return how far a device went: one that tells where it is, as a tablet, from where it was, in pixels."""
        if not mouse.flags & HEARD_ABSOLUTE:
            return float(mouse.x), float(mouse.y)
        wide, high = map(self._user32.GetSystemMetrics, ALL_SCREENS if mouse.flags & ON_ALL_SCREENS else SCREEN)
        stands = mouse.x * wide / PARTS, mouse.y * high / PARTS
        stood = self._stood.get(device, stands)
        self._stood[device] = stands
        return stands[0] - stood[0], stands[1] - stood[1]

    def _next_ns(self) -> int:
        """Return the time now, and later than that of the event before."""
        self._last_ns = max(self._last_ns + 1, self._now_ns())
        return self._last_ns

    def move(self, right: int, up: int) -> None:
        """Move the mouse so many counts. Raises DeviceFailed when Windows refuses."""
        send_inputs(self._user32, sent_input(MOVE, dx=right, dy=-up))

    def roll(self, notches: int) -> None:
        """Turn the wheel. Raises DeviceFailed when Windows refuses."""
        send_inputs(self._user32, sent_input(WHEEL, data=notches * NOTCH))

    def point(self, handle: int, left: int, top: int) -> None:
        """Put the pointer on a place in a window, which raw input does not tell."""
        corner = wintypes.POINT(left, top)
        self._user32.ClientToScreen(wintypes.HWND(handle), ctypes.byref(corner))
        self._user32.SetCursorPos(corner.x, corner.y)

    def place(self, handle: int) -> tuple[int, int] | None:
        """Return where in a window the pointer is, None where it is over anything else."""
        at = wintypes.POINT()
        if not self._user32.GetCursorPos(ctypes.byref(at)):
            return None
        under = self._user32.WindowFromPoint(at)
        if not under or self._user32.GetAncestor(wintypes.HWND(under), GA_ROOT) != handle:
            return None
        self._user32.ScreenToClient(wintypes.HWND(handle), ctypes.byref(at))
        return at.x, at.y

    def kept_inside(self, handle: int, right: int, up: int) -> tuple[int, int] | None:
        """Return how much of a move does not leave a window, None where the pointer is over anything else.

        All of it where the pointer is hidden.
        """
        at, box = self.place(handle), wintypes.RECT()
        if at is None or not self._user32.GetClientRect(wintypes.HWND(handle), ctypes.byref(box)):
            return None
        x = min(max(at[0] + right, 0), box.right - 1) - at[0]
        y = min(max(at[1] - up, 0), box.bottom - 1) - at[1]
        return (right, up) if (x, -y) == (right, up) or self._is_hidden() else (x, -y)

    def _is_hidden(self) -> bool:
        info = CursorInfo(size=ctypes.sizeof(CursorInfo))
        return bool(self._user32.GetCursorInfo(ctypes.byref(info)) and not info.flags & SHOWING)

    def settings(self) -> dict[str, Any]:
        """Return what Windows does with a mouse's counts on their way to the pointer."""
        ballistics, speed = (ctypes.c_int * 3)(), ctypes.c_int()
        self._user32.SystemParametersInfoW(GET_MOUSE, 0, ctypes.byref(ballistics), 0)
        self._user32.SystemParametersInfoW(GET_MOUSE_SPEED, 0, ctypes.byref(speed), 0)
        return {"system": "windows", "acceleration": list(ballistics), "speed": speed.value}

    def close(self) -> None:
        """Stop listening."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None
        super().close()


class _Ear:
    """A thread with a window that nobody sees, to which Windows sends what every mouse counts."""

    def __init__(self, user32: Any, hear: Callable[[int, RawMouse], object]) -> None:
        self._user32, self._hear = user32, hear
        self._begun = threading.Event()
        self._error: DeviceFailed | None = None
        self._thread = threading.Thread(target=self._run, name="playhead mouse", daemon=True)
        self._thread.start()
        if not self._begun.wait(BEGIN_S) or self._error is not None:
            raise self._error or DeviceFailed("The mouse cannot be heard: Windows did not answer. Try again.")

    def _run(self) -> None:
        window = self._user32.CreateWindowExW(
            0, "STATIC", "playhead", 0, 0, 0, 0, 0, wintypes.HWND(MESSAGES_ONLY), None, None, None
        )
        device = RawDevice(page=GENERIC_DESKTOP, usage=MOUSE, flags=INPUT_SINK, window=window)
        is_heard = window and self._user32.RegisterRawInputDevices(
            ctypes.byref(device), 1, ctypes.sizeof(RawDevice)
        )
        if not is_heard:
            self._error = DeviceFailed("The mouse cannot be heard: Windows refuses raw input to this process.")
        self._begun.set()
        message = wintypes.MSG()
        while is_heard and self._user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.message == WM_INPUT:
                self._read(message.lParam)
            self._user32.DispatchMessageW(ctypes.byref(message))
        if window:
            self._user32.DestroyWindow(wintypes.HWND(window))

    def _read(self, handle: int) -> None:
        raw, size = RawInput(), wintypes.UINT(ctypes.sizeof(RawInput))
        told = self._user32.GetRawInputData(
            ctypes.c_void_p(handle), RID_INPUT, ctypes.byref(raw), ctypes.byref(size), ctypes.sizeof(RawHeader)
        )
        if told == ctypes.sizeof(RawInput) and raw.header.type == TYPE_MOUSE:
            self._hear(raw.header.device or 0, raw.mouse)

    def close(self) -> None:
        """End the thread."""
        self._user32.PostThreadMessageW(self._thread.native_id, WM_QUIT, 0, 0)
        self._thread.join(BEGIN_S)
