"""What a player of a Game Boy Advance presses: ten buttons, and which keys of a keyboard they are."""

from __future__ import annotations

from playhead.conversions import keys_choice_conversions
from playhead.labels import Choice, Keys

BUTTONS = Keys(
    "a", "b", "select", "start", "right", "left", "up", "down", "r", "l",
    opposites=(("left", "right"), ("up", "down")),
)  # fmt: skip

# As mGBA's own window has them, so that one recording is like another wherever a person plays.
KEYBOARD = {
    "a": "x", "b": "z", "select": "backspace", "start": "enter", "right": "right", "left": "left", "up": "up",
    "down": "down", "r": "s", "l": "a",
}  # fmt: skip

# The reference system knew one key at a time: eight of them, or none.
SINGLE = Choice("none", "a", "b", "select", "start", "right", "left", "up", "down")
NINE_CLASSES = keys_choice_conversions(
    "single", BUTTONS, SINGLE, {name: frozenset({name} - {"none"}) for name in SINGLE.names}, ("buttons", "key")
)
