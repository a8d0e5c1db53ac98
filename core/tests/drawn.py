"""What the environments of tests have in common: a picture is asked for, and a drive begins by its seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium


class Drawn(gymnasium.Env[Any, Any]):
    """An environment that is looked at: it begins in `begin`, and tells what `info` says."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    observation_space: gymnasium.Space[Any] = gymnasium.spaces.Discrete(1000)

    def __init_subclass__(cls, steps_hz: int = 0) -> None:
        cls.metadata = {**cls.metadata, "render_fps": steps_hz} if steps_hz else cls.metadata

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self.steps = 0
        self.begin(options or {})
        return 0, self.info()

    def begin(self, options: Mapping[str, Any]) -> None:
        """Set up a drive; the random numbers are those of its seed."""

    def info(self) -> dict[str, Any]:
        return {}


class KeysExpert:
    """Holds what an environment says are the right `keys`: w, a, s, d."""

    def __init__(self, env: Any) -> None:
        self.env = env.unwrapped

    def decide(self) -> dict[str, float]:
        return dict(zip("wasd", map(float, self.env.keys), strict=True))


def keys_of_side(side: int) -> list[int]:
    """Return which of w, a, s, d are right where no side (0), the left (1) or the right one (2) is bright."""
    return [1, int(side == 1), 0, int(side == 2)]
