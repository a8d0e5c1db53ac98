"""Scripted policies: makes drivers of what a world brings, among it its expert."""

from __future__ import annotations

from playhead.control.blind import BLIND, RANDOM
from playhead.control.drivers import ScriptedDriver
from playhead.devices import OpenDevice
from playhead.errors import BadValue, NotFound, not_found
from playhead.game import Game, World
from playhead.names import command
from playhead.references import Reference, resolve


def policy_reference(game: Game, name: str) -> Reference:
    """Return the policy of a game's world by its name, or "expert" for the one the world calls so.

    Where a world has none at all the error says how to go on without.

    Raises:  NotFound with the nearest name, BadValue for a game without a world.
    """
    world = world_of(game)
    wanted = world.expert if name == "expert" and world.expert else name
    if wanted in world.policies:
        return world.policies[wanted]
    if world.policies:
        raise not_found(f"policy of {game.name}'s world", name, [*world.policies, *BLIND])
    beside, new = command("record", game.name, "--on", "screen"), ("new-game", "NAME", "--environment")
    raise NotFound(
        f'Nothing is written that plays {game.name}, so no "{name}" drives its world. Play it yourself: '
        f"{command('world', game.name)}, and in another terminal {beside}. Or pass --driver {RANDOM}, which "
        f"presses keys by chance; or write an expert: {command(*new, world.environment)}."
    )


def scripted_driver(device: OpenDevice, name: str) -> ScriptedDriver:
    """Return a world's policy as a driver of this device.

    Raises:  NotFound for an unknown policy, BadValue on a device without episodes, PluginError from the policy.
    """
    game = device.session.game
    reference = policy_reference(game, name)
    episodes = device.episodic
    if episodes is None:
        raise BadValue(
            f'The policy "{name}" drives the world of {game.name}, not the device {device.session.name}.'
        )
    step_hz = episodes.step_hz or device.session.rate_hz
    make = resolve(reference)  # what cannot be imported is said by itself
    driver = ScriptedDriver(lambda: make(episodes.subject), step_hz=step_hz, name=name, codes=device.input.codes)
    if episodes.step_hz:
        driver.decide_hz = min(driver.decide_hz, step_hz)  # between two steps it would see the same
    return driver


def world_of(game: Game) -> World:
    """Return a game's stand-in world. Raises BadValue when it has none."""
    if game.world is None:
        raise BadValue(f"{game.name} has no stand-in world, so it has no scripted drivers.")
    return game.world
