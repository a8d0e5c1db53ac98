"""Cars as plain patches of colour, one a property: pictures from which a loadout can be read back."""

from __future__ import annotations

import numpy as np

from playhead.phone import FrameArray
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import Loadout

UNSEEN_BODIES = ("unseen1", "unseen2")
STICKERS = dict(zip((*BODIES, *UNSEEN_BODIES), (3, 3, 2, 4, 1, 1), strict=True))
HATS = WHEELS = 23


class PlainCars:
    """Draws eight patches side by side: body, team, primary, secondary, hat, sticker, wheel, rotation."""

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> FrameArray:
        """Return the patches; neither seed nor clutter changes anything."""
        body = list(STICKERS).index(loadout.body)
        shades = (
            body * 20, loadout.team * 200, loadout.primary * 200, loadout.secondary * 200,
            loadout.hat * 8, loadout.sticker * 40, loadout.wheel * 8, rotation * 20,
        )  # fmt: skip
        row_W = np.repeat(np.array(shades, dtype=np.float64).round().astype(np.uint8), 50)
        return np.broadcast_to(row_W[None, :, None], (150, 400, 3)).copy()

    def close(self) -> None:
        """Nothing to give back."""
