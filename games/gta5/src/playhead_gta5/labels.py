"""What a driver of Grand Theft Auto V presses: four keys, and the classes that recordings of others hold.

Source:  EduardR02/GTA-V-LSTM, 49cf8bc: one-hot classes w, a, s, d, wa, wd, nothing in that order; the raw
         recorder writes the four keys in the order w, a, s, d, and a fifth column for "nothing" when it has five.
         Sentdex/pygta5, f2a858c: one-hot classes w, s, a, d, wa, wd, sa, sd and nk in that order.
"""

from __future__ import annotations

from playhead.conversions import axis_conversions, keys_choice_conversions
from playhead.labels import Choice, Keys

DRIVE = Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))

SEVEN_CLASSES = Choice("w", "a", "s", "d", "wa", "wd", "nothing", mirror=(("a", "d"), ("wa", "wd")))

# Which keys are held in each class. Braking while steering has no class of its own: s+a becomes a, s+d becomes s.
HELD = {
    "w": frozenset("w"),
    "a": frozenset("a"),
    "s": frozenset("s"),
    "d": frozenset("d"),
    "wa": frozenset("wa"),
    "wd": frozenset("wd"),
    "nothing": frozenset[str](),
}

NINE_CLASSES = Choice(
    "w", "s", "a", "d", "wa", "wd", "sa", "sd", "nk", mirror=(("a", "d"), ("wa", "wd"), ("sa", "sd"))
)

HELD_OF_NINE = {name: frozenset("" if name == "nk" else name) for name in NINE_CLASSES.names}

# So one drive is learned as four keys or, with --set heads=classes, as seven classes (heads=nine: as nine).
_SEVEN = keys_choice_conversions("gta5", DRIVE, SEVEN_CLASSES, HELD, heads=("drive", "classes"))
_NINE = keys_choice_conversions("pygta5", DRIVE, NINE_CLASSES, HELD_OF_NINE, heads=("drive", "nine"))
CLASSES_TO_KEYS, KEYS_TO_CLASSES = _SEVEN

# What the live system learns: the pedals and the wheel, as far as the keys are held on average. Its first versions
# had a pedal each (models 0001 and 0002 of f2a858c).
_AXES = tuple(
    one
    for head, more, less in (
        ("steer", "d", "a"),
        ("pedals", "w", "s"),
        ("accelerate", "w", ""),
        ("brake", "s", ""),
    )
    for one in axis_conversions("gta5", DRIVE, head, head, more=more, less=less, of="drive")
)
# Instead of where they are, by how much they change: seven classes each. Source: Sentdex/pygta5, f2a858c.
CHANGES = (-0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.3)
_CHANGES = tuple(
    one
    for head, axis, more, less in (
        ("steer_change", "steer", "d", "a"),
        ("pedals_change", "pedals", "w", "s"),
        ("accelerate_change", "accelerate", "w", ""),
        ("brake_change", "brake", "s", ""),
    )
    for one in axis_conversions("gta5", DRIVE, head, axis, more=more, less=less, of="drive", deltas=CHANGES)
)
CONVERSIONS = (*_SEVEN, *_NINE, *_AXES, *_CHANGES)
