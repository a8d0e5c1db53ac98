"""What a session puts around a driver: the guard that game, run and --set name, and the way out of standing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from playhead.playing.controllers import take_settings
from playhead.playing.guards import GuardSpec, merged_guard, open_guard
from playhead.playing.stuck import StuckSettings
from playhead.sessions.place import Place

if TYPE_CHECKING:
    from playhead.models.run import Run  # torch, which other drivers do without


def guard_for(place: Place, run: Run | None, device: str, given: Mapping[str, Any]) -> GuardSpec | None:
    """Return the guard of whoever drives: what is `given` over a run's own, over the device's, over the game's.

    None for none.
    """
    game = place.game
    of_run = run.recipe.guard if run is not None else {}
    settings = merged_guard(game.guard, game.devices[device].guard, of_run, given)
    return GuardSpec(settings=settings, home=place.home) if settings else None


def check_guard(place: Place, guard: GuardSpec | None, rate_hz: float) -> None:
    """Raise what a guard raises that cannot be opened, before anything is driven at this rate."""
    if guard is not None:
        open_guard(guard, place.game, place.plugins, rate_hz=rate_hz)


def stuck_settings(place: Place, options: dict[str, Any]) -> StuckSettings:
    """Take what is set of `stuck` out of options, over the game's own. Raises NotFound or BadValue."""
    return StuckSettings.parse({**place.game.stuck, **take_settings(options, "stuck")})
