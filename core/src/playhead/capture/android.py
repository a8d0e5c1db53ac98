"""Frames from a phone with Android. Options: see phone/adb.py; `crop` and `crop_side`: see phone/__init__.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.capture.phone import PhoneCapture
from playhead.phone.adb import AdbPhone

if TYPE_CHECKING:
    from playhead.devices import DeviceSession


def open_capture(session: DeviceSession) -> PhoneCapture:
    """Connect to the phone of a device, for looking and for touching. Raises NoPhone when there is none."""
    return PhoneCapture.open(session, lambda: AdbPhone.connect(session.options))
