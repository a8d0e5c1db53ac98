"""CartPole as a game of one's own, as a notebook has it: installed nowhere, and learned in two steps."""

from __future__ import annotations

from typing import Any

from playhead.game import Device, Frame, Game, World
from playhead.labels import Choice


class Upright:
    """Pushes towards the side to which the pole falls."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def decide(self) -> dict[str, float]:
        _, _, angle, turning = self.env.unwrapped.state
        return {"right": float(angle + turning > 0), "left": float(angle + turning <= 0)}


WORLD = Device(
    capture="environment",
    input="environment",
    options={"environment": "CartPole-v1", "codes": ["left", "right"]},
)
CART = Game(
    name="cart",
    title="CartPole",
    devices={"world": WORLD},
    frame=Frame(width=48, height=32, rate_hz=25),
    labels={"push": Choice("left", "right")},
    controls={"left": "left", "right": "right"},
    world=World(environment="CartPole-v1", policies={"upright": Upright}, expert="upright"),
)
SMALL: dict[str, Any] = {
    "batch_size": 8,
    "eval_every": 2,
    "length": 2,
    "model_options.channels": [4, 4, 4, 4],
    "model_options.features": 8,
    "model_options.hidden": 8,
}
