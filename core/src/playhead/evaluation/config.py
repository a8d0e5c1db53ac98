"""What is driven in closed loop, the same for every policy: device, scenario, length, latency."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from playhead.devices import merged
from playhead.game import Game


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """What is driven, the same for every policy.

    `options` go to the device, over its own; `reset` options to the environment, over the world's test_options.
    Units:  seconds_s on the world's clock, infinite until the episode ends; latency_s between look and press.
    """

    game: str
    device: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds_s: float = math.inf
    latency_s: float = 0.0


def config_of(
    game: Game,
    device: str = "world",
    *,
    scenario: str = "",
    seconds_s: float = math.inf,
    latency_s: float = 0.0,
    rate_hz: float | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> EvaluationConfig:
    """Return how a game's world is driven: with its test options, in a scenario (its first, unless named).

    `settings` are options of the device that go before all others.

    Raises:  NotFound for an unknown device or scenario.
    """
    game.device(device)
    world = game.world
    reset = {**game.scenario(scenario).options, **(world.test_options if world is not None else {})}
    options: dict[str, Any] = {"reset": reset} if reset else {}
    if rate_hz is not None:
        options["rate_hz"] = rate_hz
    options = merged(options, settings)
    return EvaluationConfig(
        game=game.name, device=device, options=options, seconds_s=seconds_s, latency_s=latency_s
    )
