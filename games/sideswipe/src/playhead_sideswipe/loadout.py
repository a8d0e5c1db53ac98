"""What a car wears: body, sticker, wheels, hat, team and colours; and what is written beside each picture of it.

Source:  Tocard-Inc/Deep-Learning, by systems.md section 1: the table `data` of its database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playhead_sideswipe.labels import BODIES

ROTATIONS = 10  # pictures of each loadout, a tenth of a turn apart

# Bodies of the garage that no network is trained on: what it should say of them is that it does not know them.
UNSEEN_BODIES = ("van", "pickup", "hypercar", "buggy", "roadster")
# How many there are in each menu; number 0 of stickers and hats is none, of wheels the standard ones.
STICKERS: Mapping[str, int] = {"octane": 3, "aftershock": 3, "werewolf": 2, "breakout": 4} | dict.fromkeys(
    UNSEEN_BODIES, 2
)
HATS = 23
WHEELS = 23

# Columns beside each picture, named as the original's table names them; `loadout` tells loadouts apart, and `car`
# says which body is shown, also one that is no class (playhead.data.ood).
COLUMNS: Mapping[str, str] = {
    "uuid": "S36",
    "loadout": "S64",
    "car": "S64",
    "model": "int64",
    "team": "int64",
    "primary_color": "float32",
    "secondary_color": "float32",
    "hat": "int64",
    "skin": "int64",
    "wheel": "int64",
    "x_rotation": "int64",
    "y_rotation": "int64",
}


NO_BODY = -1  # what the column `model` says of a car that is none of the classes; `car` says what it is


@dataclass(frozen=True, kw_only=True, order=True)
class Loadout:
    """One way to dress a car.

    `body` is a name, of BODIES or one never trained on; hat, sticker and wheel are numbers of the garage's menus,
    stickers numbered within the body.
    Units:  primary and secondary are places on the colour sliders, 0 to 1; team 0 or 1.
    """

    body: str
    team: int = 0
    primary: float = 0.0
    secondary: float = 0.0
    hat: int = 0
    sticker: int = 0
    wheel: int = 0

    @property
    def key(self) -> str:
        """A text that is the same for the same loadout, everywhere: what pictures are grouped by."""
        colours = f"t{self.team}-p{self.primary:.3f}-s{self.secondary:.3f}"
        return f"{self.body}-{colours}-h{self.hat}-k{self.sticker}-w{self.wheel}"

    @property
    def model(self) -> int:
        """The number of the body in BODIES. Raises: ValueError for a body that is no class."""
        return BODIES.index(self.body)
