"""The phone's screen, drawn: the garage behind a touch interface, for whoever has no phone with the game."""

from __future__ import annotations

from typing import Any

from playhead_sideswipe import layout

# What the drawn phone may be told, as options of its device; they are stated there, so that others are noticed.
OPTIONS: dict[str, Any] = {
    "seed": 0,
    "split": "train",
    "rooms": "each",
    "angles": "tenths",
    "real_time": False,
    "lost_taps": 0.0,
    "lost_drags": 0.0,
    "disconnect_after": 0,
    "stuck_menu": "",
    "crop": list(layout.CROP),
    "crop_side": layout.STREAM_SIDE,
}
