"""From a mouse to a turn: ViZDoom turns by so many degrees a tic, of which a step has several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from playhead_doom.game import TICS

DEGREES = 0.1  # a count of the mouse: at 800 dpi half a turn is 6 cm


def to_action(held: Mapping[str, float]) -> dict[str, Any]:
    """Return the action of a step: how far the mouse went in it to the right, and whether its button is down."""
    turn = held.get("mouse_x", 0.0) * DEGREES / TICS
    return {
        "continuous": np.array([turn], dtype=np.float32),
        "binary": np.array([held.get("mouse_left", 0.0) > 0], dtype=np.int8),
    }
