"""What each keyboard of an X server holds by itself: those of XTEST, on which programs press, and people's own.

The server's map of all keys together cannot tell a key that we pressed from one that a person holds too.
"""

from __future__ import annotations

from typing import Any

from Xlib.ext import xinput
from Xlib.protocol import rq

KEY_CLASS = 0  # of the classes of a device's state: 4 bytes of head, then a bit a key
KEY_BYTES = slice(4, 36)


class QueryDeviceState(rq.ReplyRequest):  # type: ignore[misc]
    """XQueryDeviceState of XInput 1, which XInput 2 has no other for. The device need not be opened."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(30), rq.RequestLength(), rq.Card8("device"), rq.Pad(3)
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card8("classes"),
        rq.Pad(23), rq.Binary("states"),
    )  # fmt: skip


def keyboards(display: Any) -> dict[int, bool]:
    """Return the number of every keyboard that is plugged in -> whether it is one of XTEST."""
    devices = display.xinput_query_device(xinput.AllDevices).devices
    return {
        one.deviceid: one.name.endswith("XTEST keyboard") for one in devices if one.use == xinput.SlaveKeyboard
    }


def keys_down(display: Any, device: int) -> set[int]:
    """Return the keycodes that are down on one keyboard; none for one that has just been unplugged."""
    from Xlib import error

    opcode = display.display.get_extension_major(xinput.extname)
    try:
        states = bytes(QueryDeviceState(display=display.display, opcode=opcode, device=device).states)
    except error.XError:
        return set()
    while len(states) >= KEY_BYTES.stop and states[0] != KEY_CLASS:
        states = states[max(1, states[1]) :]
    return numbers_in(states[KEY_BYTES])


def numbers_in(bits: Any) -> set[int]:
    """Return which keycodes are set in up to 32 bytes with a bit a key."""
    return {8 * byte + bit for byte, value in enumerate(bits) for bit in range(8) if value >> bit & 1}
