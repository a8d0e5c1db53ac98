"""What each keyboard and mouse of an X server holds by itself: XTEST's, on which programs press, and people's own.

The server's map of all keys together cannot tell a key that we pressed from one that a person holds too.
"""

from __future__ import annotations

from typing import Any

from Xlib.ext import xinput
from Xlib.protocol import rq

from playhead.input.codes import BUTTON

# Of the classes of a device's state: 4 bytes of head, then a bit a key or button.
KEY_CLASS, BUTTON_CLASS = 0, 1
BITS = slice(4, 36)


class QueryDeviceState(rq.ReplyRequest):  # type: ignore[misc]
    """XQueryDeviceState of XInput 1, which XInput 2 has no other for. The device need not be opened."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(30), rq.RequestLength(), rq.Card8("device"), rq.Pad(3)
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card8("classes"),
        rq.Pad(23), rq.Binary("states"),
    )  # fmt: skip


def devices(display: Any) -> dict[int, bool]:
    """Return the number of every keyboard and mouse that is plugged in -> whether it is one of XTEST."""
    listed = display.xinput_query_device(xinput.AllDevices).devices
    kinds = xinput.SlaveKeyboard, xinput.SlavePointer
    return {
        one.deviceid: one.name.endswith(("XTEST keyboard", "XTEST pointer")) for one in listed if one.use in kinds
    }


def keys_down(display: Any, device: int) -> set[int]:
    """Return the keycodes and buttons that are down on one device; none for one that has just been unplugged."""
    from Xlib import error

    opcode = display.display.get_extension_major(xinput.extname)
    try:
        states = bytes(QueryDeviceState(display=display.display, opcode=opcode, device=device).states)
    except error.XError:
        return set()
    down: set[int] = set()
    while len(states) >= BITS.stop:
        added = {KEY_CLASS: 0, BUTTON_CLASS: BUTTON}.get(states[0])
        if added is not None:
            down |= {added | number for number in numbers_in(states[BITS])}
        states = states[max(1, states[1]) :]
    return down


def numbers_in(bits: Any) -> set[int]:
    """Return which keycodes are set in up to 32 bytes with a bit a key."""
    return {8 * byte + bit for byte, value in enumerate(bits) for bit in range(8) if value >> bit & 1}
