"""The published line of networks of the live system as recipes, and how many parameters were published for each.

An axis is learned and played as `small` does: it is the keys' share of the coming 0.3 s.

Source:  Sentdex/pygta5, f2a858c, models 0001 to 0011; 270x480x3 pictures, histories of 60 moments at 30 Hz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from playhead.inputs import Input
from playhead.training.recipe import Recipe
from playhead_gta5.recipes import SMALL

XCEPTION, INCEPTION, REGNET = "legacy_xception", "inception_resnet_v2", "regnety_032"
MOMENTS = tuple(-back / 30 for back in range(60, 0, -1))  # truly past: up to the frame before
HISTORY = {"past": Input("actions", MOMENTS), "speed": Input("speed_mps", MOMENTS)}  # two outputs and the speed
PURPOSE = {"way": Input("purpose_m", (0.0,)), "bearing": Input("purpose_rad", (0.0,))}
PURPOSES = {name: replace(one, offsets_s=MOMENTS) for name, one in PURPOSE.items()}
ONE_PEDAL, TWO_PEDALS = ("pedals", "steer"), ("accelerate", "brake", "steer")
CHANGES = ("accelerate_change", "brake_change", "steer_change")
# How what is said becomes what is played: all 16 lines of its console that can be read follow from these.
ZONES = {name: {"size": 0.25} for name in ("accelerate", "brake", "pedals")} | {
    "steer": {"size": 0.25, "gain": 0.8}
}
WIDE = (1536, 1024, 512)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A network of the line: its recipe, and how many parameters were published for it."""

    recipe: Recipe
    parameters: int


def _line(
    parameters: int, options: Mapping[str, Any], *, heads: tuple[str, ...] = ONE_PEDAL, frames: int = 1,
    numbers: Mapping[str, Input] | None = None, has_picture: bool = True,
) -> Published:  # fmt: skip
    pictures = {"frames": Input("frames", tuple(-back / 30 for back in range(frames - 1, -1, -1)))}
    recipe = Recipe(
        model="camera_history", model_options=_as_json(options), heads=heads,
        inputs={**(pictures if has_picture else {}), **(numbers or {})}, batch_size=32, steps=1_000_000, lr=1e-3,
        warmup_steps=1, schedule="plateau", plateau_patience=1000, eval_every=250,
        label_over_s=SMALL.label_over_s, controller={**SMALL.controller, "dead_zones": ZONES},
    )  # fmt: skip
    return Published(recipe=recipe, parameters=parameters)


def _as_json(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}


_IR = {"backbone": INCEPTION}
_LSTM = {**_IR, "memory": 5, "dense": WIDE}
_RECALLED = {**_LSTM, "recalled": (128, 128, 128)}
_DEEP = {**_IR, "dense": (*(1024,) * 8, 512, 256)}
_ALONE = {"memory": 5, "dense": (64, 32, 16), "own": (8, 4)}
_ALL = {**HISTORY, **PURPOSES}

LINE: Mapping[str, Published] = {
    "0001-v1": _line(
        25_562_923,
        {"history": (512, 256, 256, 128, 128), "dense": (1024,) * 3, "own": ()},
        heads=TWO_PEDALS,
        numbers=HISTORY,
    ),
    "0001-v3": _line(22_962_731, {"own": ()}, heads=TWO_PEDALS),
    "0001-v4": _line(22_981_181, {"own": ()}, heads=CHANGES),
    "0002": _line(23_799_371, {}, heads=TWO_PEDALS),
    "0003": _line(23_519_466, {}),
    "0004": _line(56_470_434, _IR),
    "0005": _line(56_470_434, {**_IR, "weights": "hub"}),
    "0006-v1": _line(56_475_618, _IR, frames=7),
    "0006-v2": _line(56_472_162, _IR, frames=3),
    "0007": _line(61_024_674, {**_IR, "history": (512,) * 5, "dense": WIDE}, numbers={**HISTORY, **PURPOSE}),
    "0008-v1": _line(
        59_917_858,
        {**_IR, "history": (512, 512, 256, 256, 128), "each_moment": True, "memory": 1, "dense": WIDE},
        numbers=_ALL,
    ),
    "0008-v2": _line(59_885_474, _LSTM, numbers=_ALL),
    "0008-v3": _line(59_935_010, _RECALLED, numbers=_ALL),
    "0008-v4": _line(59_946_228, {**_RECALLED, "auxiliary": (64, 32, 16)}, numbers=_ALL),
    "0008-v5": _line(606_162, _ALONE, numbers=_ALL, has_picture=False),
    "0008-v6": _line(606_162, {**_ALONE, "state": True}, numbers=_ALL, has_picture=False),
    "0008-v7": _line(58_311_074, {**_LSTM, "state": True, "dense": (1536,)}, numbers=_ALL),
    "0009-v2": _line(64_806_562, {**_DEEP, "memory": 5}, numbers=_ALL),
    "0009-v3": _line(64_806_562, {**_DEEP, "memory": 5, "frozen": True}, numbers=_ALL),
    "0009-v4": _line(64_080_546, {**_DEEP, "frozen": True}),
    "0009-v5": _line(56_470_434, {**_IR, "frozen": True}),
    "0010": _line(112_381_058, {**_IR, "one_an_output": True}),
    "0011": _line(46_479_122, {"one_an_output": True}),
    "0012": _line(0, {"backbone": REGNET, "memory": 5, "state": True}, numbers=_ALL),
}


def recipes() -> dict[str, Recipe]:
    """Return the recipes of the line by their numbers."""
    return {name: one.recipe for name, one in LINE.items()}
