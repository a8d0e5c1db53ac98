"""What a player of a Game Boy Advance presses: ten buttons, and which keys of a keyboard they are."""

from __future__ import annotations

from playhead.labels import Keys

BUTTONS = Keys(
    "a", "b", "select", "start", "right", "left", "up", "down", "r", "l",
    opposites=(("left", "right"), ("up", "down")),
)  # fmt: skip

# As mGBA's own window has them, so that one recording is like another wherever a person plays.
KEYBOARD = {
    "a": "x", "b": "z", "select": "backspace", "start": "enter", "right": "right", "left": "left", "up": "up",
    "down": "down", "r": "s", "l": "a",
}  # fmt: skip
