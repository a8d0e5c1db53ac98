"""Who drives in closed loop: the run, the expert, and those that need neither eyes nor training.

An evaluated policy is plain data, so that it can be sent to another process; `open_policy` makes the driver there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from playhead.capture import CapturedFrame
from playhead.control.blind import FORWARD, IDLE, RANDOM, ConstantDriver, RandomDriver, forward_code
from playhead.control.drivers import Action, Driver, DriverWrapper
from playhead.control.scripted import scripted_driver
from playhead.devices import OpenDevice
from playhead.errors import BadValue, not_found
from playhead.game import Game
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.run import Run
from playhead.playing.guards import Guarded, GuardSpec, open_guard
from playhead.playing.policy import RunPolicy
from playhead.playing.stuck import StuckSettings, Unsticking
from playhead.plugins import Plugins

NETWORK, EXPERT = "network", "expert"
GUARDED = "+guard"  # behind the name of a driver whose keys go through the guard


@dataclass(frozen=True, kw_only=True)
class EvaluatedPolicy:
    """Somebody who drives. `run` is a run's folder, asked by `engine`, `scripted` a policy of the game's world.

    `controller` is laid over the settings that the run plays with. A run may be disturbed: with a
    delay added between look and press, and a share of its decisions left out. With `stuck` it gets out where it
    stands. Anybody's keys may go through a `guard`.
    Units:  delay_s seconds, drops from 0 to below 1.
    """

    name: str
    kind: Literal["run", "scripted", "constant", "random"]
    run: Path | None = None
    scripted: str = ""
    held: Mapping[str, float] = field(default_factory=dict)
    engine: EngineSpec = DEFAULT_ENGINE
    controller: Mapping[str, Any] = field(default_factory=dict)
    delay_s: float = 0.0
    drops: float = 0.0
    guard: GuardSpec | None = None
    stuck: StuckSettings | None = None


def evaluated_policies(
    game: Game,
    run: Run | None,
    names: Sequence[str] = (),
    *,
    main_label: str = "",
    engine: EngineSpec = DEFAULT_ENGINE,
    controller: Mapping[str, Any] = MappingProxyType({}),
    guard: GuardSpec | None = None,
    stuck: StuckSettings | None = None,
) -> list[EvaluatedPolicy]:
    """Return the expert, the network without and with its guard, and the baselines, or those called `names`.

    Any name with "+guard" behind it is that driver with the guard. `main_label` is held by always_forward: the
    label used most; without it the game's first control.
    Raises:  NotFound with the nearest name, BadValue for a game that is never played.
    """
    if not game.controls:
        raise BadValue(f"{game.name} has no controls, so nobody can drive it. Pass --on none.")
    known: dict[str, EvaluatedPolicy] = {}
    if game.world is not None and game.world.expert:
        known[EXPERT] = EvaluatedPolicy(name=EXPERT, kind="scripted", scripted=game.world.expert)
    if run is not None:
        known[NETWORK] = EvaluatedPolicy(
            name=NETWORK, kind="run", run=run.path, engine=engine, controller=dict(controller), stuck=stuck
        )
        if guard is not None:
            known[NETWORK + GUARDED] = replace(known[NETWORK], name=NETWORK + GUARDED, guard=guard)
    forward = forward_code(game, main_label)
    known[FORWARD] = EvaluatedPolicy(name=FORWARD, kind="constant", held={forward: 1.0})
    known[RANDOM] = EvaluatedPolicy(name=RANDOM, kind="random")
    usual = tuple(known)
    known[IDLE] = EvaluatedPolicy(name=IDLE, kind="constant")
    for name in game.world.policies if game.world is not None else ():
        known.setdefault(name, EvaluatedPolicy(name=name, kind="scripted", scripted=name))
    if guard is not None:
        known |= {
            f"{name}{GUARDED}": replace(one, name=f"{name}{GUARDED}", guard=guard)
            for name, one in known.items()
            if not one.guard
        }
    for name in names:
        if name not in known and name.removesuffix(GUARDED) in known:
            raise BadValue(f"{game.name} names no guard, so {name} cannot drive. Pass --set guard.kind=contact.")
        if name not in known:
            raise not_found(f"driver of {game.name}", name, known)
    return [known[name] for name in names or usual]


def open_policy(policy: EvaluatedPolicy, plugins: Plugins, device: OpenDevice, seed: int) -> Driver:
    """Make the driver of one episode on an open device, in what is asked for around it."""
    driver, session = _driver(policy, plugins, device, seed), device.session
    if policy.guard is not None:
        guard = open_guard(policy.guard, session.game, plugins, rate_hz=session.rate_hz)
        driver = Guarded(driver, guard, kind=policy.guard.kind, rate_hz=session.rate_hz)
    if policy.stuck is not None:
        driver = Unsticking(driver, session.game, settings=policy.stuck, seed=seed)
    return driver


def _driver(policy: EvaluatedPolicy, plugins: Plugins, device: OpenDevice, seed: int) -> Driver:
    if policy.kind == "run":
        network = _network(policy, plugins, device)
        return SometimesAsked(network, policy.drops, seed) if policy.drops else network
    if policy.kind == "scripted":
        return scripted_driver(device, policy.scripted)
    return RandomDriver.of(device.session.game, seed) if policy.kind == "random" else ConstantDriver(policy.held)


def _network(policy: EvaluatedPolicy, plugins: Plugins, device: OpenDevice) -> RunPolicy:
    assert policy.run is not None
    session = device.session
    return RunPolicy.of(
        Run.open(policy.run), plugins, session.game, rate_hz=session.rate_hz, settings=policy.controller,
        engine=policy.engine, awaited=device.capture.telemetry_names,
    )  # fmt: skip


class SometimesAsked(DriverWrapper):
    """A driver that is not asked on a share of the frames, by chance: as where a machine passes over them."""

    def __init__(self, inner: Driver, drops: float, seed: int) -> None:
        super().__init__(inner)
        self._drops, self._random = drops, np.random.default_rng(seed)

    def decide(self, captured: CapturedFrame) -> Action | None:
        """Ask, or leave everything as it is."""
        return None if self._random.random() < self._drops else self.inner.decide(captured)
