"""What a network says of a picture: which of the four bodies it shows."""

from __future__ import annotations

from playhead.labels import Choice

# The order is that of the original's table `models`: the number in its database is the class number here.
BODIES = ("octane", "aftershock", "werewolf", "breakout")

CAR = Choice(*BODIES)
