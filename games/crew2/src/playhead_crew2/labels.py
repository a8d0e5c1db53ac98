"""What a driver of The Crew 2 presses: four keys, and the nine classes of the original, both ways.

Source:  mburakbozbey/pycrew2, d34b2be, and pycrew2_sentdex, d2d693c: one-hot classes w, s, a, d, wa, wd, sa, sd
         and nk in that order; two keys go before one, and nothing held is nk. Its table of four keys made nk a
         brake; here nothing held is no key at all.
"""

from __future__ import annotations

from playhead.conversions import keys_choice_conversions
from playhead.labels import Choice, Keys

DRIVE = Keys("w", "s", "a", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))

NINE_CLASSES = Choice(
    "w", "s", "a", "d", "wa", "wd", "sa", "sd", "nk", mirror=(("a", "d"), ("wa", "wd"), ("sa", "sd"))
)

HELD = {name: frozenset("" if name == "nk" else name) for name in NINE_CLASSES.names}

# So one drive is learned as four keys or, with --set heads=classes, as nine classes.
CONVERSIONS = keys_choice_conversions("crew2", DRIVE, NINE_CLASSES, HELD, heads=("drive", "classes"))
CLASSES_TO_KEYS, KEYS_TO_CLASSES = CONVERSIONS
