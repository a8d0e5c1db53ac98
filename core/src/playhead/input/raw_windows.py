"""What Windows has for a mouse: the layouts of SendInput and of raw input, and its calls. Knows no names of keys.

What is sent carries MARK, by which it is known again when it is heard. Widths are those of the process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from playhead.errors import DeviceFailed
from playhead.input.codes import BACK, FORWARD, LEFT, MIDDLE, RIGHT

MARK = 0x504C4159
TYPE_MOUSE = 0  # INPUT_MOUSE and RIM_TYPEMOUSE
MOVE, WHEEL, NOTCH = 0x1, 0x800, 120  # of MOUSEEVENTF, and WHEEL_DELTA
# Button -> what MOUSEEVENTF says of it pressed and released, and which of the two further ones it is.
CLICKS = {
    LEFT: (0x2, 0x4, 0), RIGHT: (0x8, 0x10, 0), MIDDLE: (0x20, 0x40, 0),
    BACK: (0x80, 0x100, 1), FORWARD: (0x80, 0x100, 2),
}  # fmt: skip
# Button -> what RI_MOUSE says of it pressed and released, and its virtual key.
HEARD = {LEFT: (0x1, 0x2), RIGHT: (0x4, 0x8), MIDDLE: (0x10, 0x20), BACK: (0x40, 0x80), FORWARD: (0x100, 0x200)}
VIRTUAL_KEYS = {LEFT: 0x1, RIGHT: 0x2, MIDDLE: 0x4, BACK: 0x5, FORWARD: 0x6}
HEARD_WHEEL = 0x400
# Of RAWMOUSE's flags: it tells a place and not a way, on the first screen or on all of them, of so many parts.
HEARD_ABSOLUTE, ON_ALL_SCREENS, PARTS = 0x1, 0x2, 65_535
SCREEN, ALL_SCREENS = (0, 1), (78, 79)  # SM_CXSCREEN, SM_CYSCREEN; SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN
RID_INPUT, INPUT_SINK, REMOVE = 0x10000003, 0x100, 0x1
GENERIC_DESKTOP, MOUSE = 0x1, 0x2  # usage page and usage
# By width and not by the names of C, whose long has 64 bits on other systems.
Short, Long, Signed = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int32  # USHORT; DWORD, ULONG; LONG
Word, Handle = ctypes.c_size_t, ctypes.c_void_p  # ULONG_PTR, WPARAM


class MouseInput(ctypes.Structure):
    """MOUSEINPUT."""

    _fields_ = (
        ("dx", Signed), ("dy", Signed), ("data", Long), ("flags", Long),
        ("time", Long), ("extra", Word),
    )  # fmt: skip


class SentInput(ctypes.Structure):
    """INPUT, of which the mouse's is the longest kind."""

    _fields_ = (("type", Long), ("mouse", MouseInput))


class RawHeader(ctypes.Structure):
    """RAWINPUTHEADER."""

    _fields_ = (
        ("type", Long), ("size", Long), ("device", Handle), ("param", Word),
    )  # fmt: skip


class RawMouse(ctypes.Structure):
    """RAWMOUSE; the buttons begin at its fourth byte."""

    _fields_ = (
        ("flags", Short), ("_", Short),
        ("buttons", Short), ("data", ctypes.c_short),
        ("raw_buttons", Long), ("x", Signed), ("y", Signed), ("extra", Long),
    )  # fmt: skip


class RawInput(ctypes.Structure):
    """RAWINPUT of a mouse."""

    _fields_ = (("header", RawHeader), ("mouse", RawMouse))


class RawDevice(ctypes.Structure):
    """RAWINPUTDEVICE."""

    _fields_ = (
        ("page", Short), ("usage", Short), ("flags", Long), ("window", Handle),
    )  # fmt: skip


class CursorInfo(ctypes.Structure):
    """CURSORINFO."""

    _fields_ = (
        ("size", Long), ("flags", Long), ("cursor", Handle), ("x", Signed), ("y", Signed),
    )  # fmt: skip


def sent_input(flags: int, *, dx: int = 0, dy: int = 0, data: int = 0) -> SentInput:
    """Return an input to send, marked as ours."""
    mouse = MouseInput(dx=dx, dy=dy, data=data & 0xFFFFFFFF, flags=flags, time=0, extra=MARK)
    return SentInput(type=TYPE_MOUSE, mouse=mouse)


def click_input(number: int, is_press: bool) -> SentInput:
    """Return the press or release of a button."""
    pressed, released, further = CLICKS[number]
    return sent_input(pressed if is_press else released, data=further)


def send_inputs(user32: Any, *inputs: SentInput) -> None:
    """Send inputs in one go. Raises DeviceFailed when Windows takes fewer."""
    together = (SentInput * len(inputs))(*inputs)
    if user32.SendInput(len(inputs), together, ctypes.sizeof(SentInput)) != len(inputs):
        raise DeviceFailed(
            "Windows does not let the mouse be moved or clicked. A game that runs as administrator takes input "
            "only from a terminal that does too."
        )


def clicks_of(mouse: RawMouse) -> Iterator[tuple[int, bool]]:
    """Yield which buttons a raw event says were pressed (True) or released, as numbers of ours."""
    for number, (pressed, released) in HEARD.items():
        if mouse.buttons & pressed:
            yield number, True
        if mouse.buttons & released:
            yield number, False
