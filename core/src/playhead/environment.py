"""Any Gymnasium environment as a device: what it shows, what is held in it, and the clock both run on.

In lockstep the environment is the clock: sleeping on it steps it with the codes held. In real time it is moved
up to the machine's clock whenever it is looked at or a key changes, and so does not wait for a network.
"""

from __future__ import annotations

import math
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on stdout, which belongs to results

import gymnasium
import numpy as np
import numpy.typing as npt

from playhead.capabilities import Episodic
from playhead.clock import NS_PER_S, Clock
from playhead.errors import BadValue, DeviceFailed, NotFound, PlayheadError, not_found
from playhead.references import resolve

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

OPTIONS = frozenset({
    "environment", "arguments", "codes", "actions", "action", "frames", "seed", "reset", "real_time", "step_hz",
    "rate_hz", "telemetry", "cameras",
})  # fmt: skip


class Observed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment that keeps what it showed last, as `observation`, for policies that decide by it."""

    observation: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, and keep what is observed."""
        self.observation, info = self.env.reset(seed=seed, options=options)
        return self.observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make a step, and keep what is observed."""
        self.observation, reward, terminated, truncated, info = self.env.step(action)
        return self.observation, reward, terminated, truncated, info


class EnvironmentSession(Episodic):
    """An open environment: one episode, stepped with the codes held.

    Units:  step_hz environment steps a second; the session's clock counts steps in lockstep.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], *, step_hz: float, clock: Clock | None = None) -> None:
        self.env = env
        self.step_hz = step_hz
        self.info: Mapping[str, Any] = {}
        self.observation: Any = None
        self.steps = 0
        self._clock = clock
        self._start_ns: int | None = None if clock else 0
        self._held: dict[str, float] = {}
        self._to_action: Callable[[Mapping[str, float]], Any] = dict
        self._action: Any = None
        self._spaces = self._present_spaces()

    @classmethod
    def of(cls, session: DeviceSession) -> EnvironmentSession:
        """Return the environment that the backends of this device share, opened on first demand."""
        return session.share("environment", lambda: cls._open(session))

    @classmethod
    def _open(cls, session: DeviceSession) -> EnvironmentSession:
        options = session.options
        for name in options:
            if name not in OPTIONS:
                raise not_found("option of an environment", name, OPTIONS)
        for name in ("arguments", "reset"):
            if not isinstance(options.get(name) or {}, Mapping):
                raise BadValue(
                    f"The option {name}={options[name]} is no mapping. Give one entry as {name}.NAME=VALUE."
                )
        _check_stated(session)
        env = Observed(make_env(options))
        session.on_close(env.close)
        opened = cls(
            env, step_hz=_step_hz(env, options), clock=session.clock if options.get("real_time") else None
        )
        opened._to_action = action_translator(env.action_space, options)
        opened.reset(seed=options.get("seed"), options=options.get("reset"))
        if not options.get("real_time"):
            session.clock = opened
        return opened

    @property
    def subject(self) -> gymnasium.Env[Any, Any]:
        """The environment, for the policies of a world."""
        return self.env

    @property
    def is_over(self) -> bool:
        """Whether the episode is over, by the world's rules or cut off."""
        return self.terminated or self.truncated

    @property
    def is_real_time(self) -> bool:
        """Whether the environment runs on the machine's clock instead of waiting."""
        return self._clock is not None

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode. The clock goes on; nothing is held."""
        try:
            self.observation, self.info = self.env.reset(seed=seed, options=dict(options) if options else None)
        except (TypeError, ValueError) as error:  # what environments raise for seeds and options
            raise BadValue(f"The environment cannot be reset with {dict(options or {})}: {error}") from error
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = False
        self._held.clear()
        self._action = self._to_action(self._held)

    def now_ns(self) -> int:
        """Return the time of the last step."""
        return self._began_ns() + round(self.steps * NS_PER_S / self.step_hz)

    def _began_ns(self) -> int:
        """Return when the first step began: in real time the first look, not while a network is being loaded."""
        if self._start_ns is None:
            self._start_ns = self._clock.now_ns() if self._clock else 0
        return self._start_ns

    def sleep_until(self, time_ns: int) -> None:
        """Step to the step nearest to `time_ns`, or to the end of the episode.

        Nearest, because a key held for a share of an interval is then right on average (rounding up would
        lengthen every press by half a step: 6 % of a 100 ms interval at 80 Hz).
        """
        wanted = int((time_ns - self._began_ns()) * self.step_hz / NS_PER_S + 0.5)
        while self.steps < wanted and not self.is_over:
            self._step()

    def catch_up(self) -> None:
        """Move up to the machine's clock in real time; do nothing in lockstep."""
        if self._clock is not None:
            began_ns = self._began_ns()
            wanted = int((self._clock.now_ns() - began_ns) * self.step_hz / NS_PER_S)
            while self.steps < wanted and not self.is_over:
                self._step()

    def hold(self, code: str, value: float) -> None:
        """Hold a code from now on, or let it go (0)."""
        self.catch_up()
        self._held.pop(code, None)  # the code set last comes last: it wins where only one can count
        if value:
            self._held[code] = value
        self._action = self._to_action(self._held)

    def hold_nothing(self) -> None:
        """Let go of everything, without moving the environment."""
        self._held.clear()
        self._action = self._to_action(self._held)

    def _step(self) -> None:
        self.observation, reward, terminated, truncated, self.info = self._ask(self.env.step, self._action)
        self.steps += 1
        if any(
            now is not was and now != was for now, was in zip(self._present_spaces(), self._spaces, strict=True)
        ):
            was, now = (f"actions {of[0]}, observations {of[1]}" for of in (self._spaces, self._present_spaces()))
            raise DeviceFailed(
                f"The environment changed its spaces in step {self.steps}, from {was} to {now}. What was recorded "
                "before is kept; mend the environment, or end its episode there."
            )
        self.reward = as_number(reward)
        self.episode_return += self.reward
        self.terminated, self.truncated = bool(terminated), bool(truncated)

    def render(self) -> Any:
        """Return what the environment draws. Raises DeviceFailed where it fails."""
        return self._ask(self.env.render)

    def _present_spaces(self) -> tuple[Any, Any]:
        return self.env.action_space, self.env.observation_space

    def _ask(self, ask: Callable[..., Any], *given: Any) -> Any:
        """Call code of the environment. Raises DeviceFailed naming the place in it, for whoever mends it."""
        try:
            return ask(*given)
        except PlayheadError:
            raise
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            raise DeviceFailed(
                f"The environment failed in step {self.steps + 1}, {type(error).__name__}: "
                f"{str(error).rstrip('.')} ({Path(at.filename).name}, line {at.lineno}). What was recorded before "
                "is kept; mend the environment."
            ) from error

    def measures(self) -> dict[str, float]:
        """Return what the episode is scored by so far: the world's own measures, else return and length."""
        own = self.info.get("measures")
        if isinstance(own, Mapping):
            return {str(name): as_number(value) for name, value in own.items()}
        return {"return": self.episode_return, "length_s": self.steps / self.step_hz}

    def picture(self, key: str) -> Any:
        """Return what the observation holds under a key, else the environment's info; None without it.

        "" is the observation itself.
        """
        if not key:
            return self.observation
        told = self.observation if isinstance(self.observation, Mapping) else {}
        return told.get(key, self.info.get(key))

    def telemetry(self) -> dict[str, float]:
        """Return every plain number in the environment's info."""
        numbers = (bool, int, float, np.number, np.bool_)
        return {name: float(value) for name, value in self.info.items() if isinstance(value, numbers)}


def as_number(value: object) -> float:
    """Return what an environment says as a number; NaN for what is none, as a text or nothing."""
    if isinstance(value, (str, bytes)):
        return math.nan
    try:
        return float(value.item() if isinstance(value, np.ndarray) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _check_stated(session: DeviceSession) -> None:
    """Raise BadValue for code that the game's package does not name itself.

    `action` is a function, and gymnasium imports the module of an id "module:Name-v0".
    """
    own, world = session.device.options, session.game.world
    stated = (own.get("environment"), world.environment if world else None)
    name = session.options.get("environment")
    if isinstance(name, str) and ":" in name and name not in stated:
        raise BadValue(
            f'The environment "{name}" names a module, and only the package of {session.game.name} may do that. '
            "Name one that is registered: environment=Name-v0."
        )
    if session.options.get("action") is not own.get("action"):
        raise BadValue(
            f"The option action={session.options.get('action')} is code, and only the package of "
            f"{session.game.name} may name it. Leave it out."
        )
    says = any(session.options.get(name) for name in ("action", "actions", "codes"))
    if session.device.input == "environment" and session.game.controls and not says:
        raise BadValue(
            f"Nothing moves the environment: its device does not say what {', '.join(session.game.controls)} do. "
            'Give it the option "codes" (one a value of an action, or a number of it), "actions" or "action".'
        )


def make_env(options: Mapping[str, Any]) -> gymnasium.Env[Any, Any]:
    """Make the environment that a device's options name.

    Raises:  NotFound for an unknown id, DeviceFailed when it cannot be imported, BadValue for wrong arguments.
    """
    name = options.get("environment")
    if not isinstance(name, str):
        raise BadValue('An environment device needs the option "environment": the id for gymnasium.make.')
    arguments = dict(options.get("arguments") or {})
    if options.get("frames", "render") == "render":
        arguments.setdefault("render_mode", "rgb_array")
    try:
        # The passive checker warns about foreign environments at every user's desk; authors run it themselves.
        return gymnasium.make(name, disable_env_checker=True, **arguments)
    except gymnasium.error.DependencyNotInstalled as error:
        raise DeviceFailed(f"The environment {name} lacks a package: {error}") from error
    except gymnasium.error.Error as error:
        raise NotFound(f"The environment {name} cannot be made: {error}") from error
    except ImportError as error:
        raise DeviceFailed(f"The environment {name} cannot be imported: {error}. Install its package.") from error
    except (TypeError, ValueError) as error:  # what environments raise for their arguments
        raise BadValue(f"The environment {name} does not take {arguments}: {error}") from error


def _step_hz(env: gymnasium.Env[Any, Any], options: Mapping[str, Any]) -> float:
    step_hz = options.get("step_hz") or env.metadata.get("render_fps")
    if not step_hz:
        raise BadValue(
            f"{options['environment']} does not say how many steps make a second (metadata render_fps). "
            'Give the device the option "step_hz".'
        )
    return float(step_hz)


def action_translator(
    space: gymnasium.Space[Any], options: Mapping[str, Any]
) -> Callable[[Mapping[str, float]], Any]:
    """Return the function from codes held to an action of this space.

    `action` names any such function. Without it: MultiBinary and Box take `codes` in order; Discrete takes
    `actions`, a table from codes joined by "+" ("" for none) to a number, or else the place in `codes`.
    """
    if options.get("action"):
        return resolve(options["action"])
    codes = tuple(options.get("codes") or ())
    if isinstance(space, gymnasium.spaces.Discrete):
        table = options.get("actions") or {code: int(space.start) + place for place, code in enumerate(codes)}
        for held, number in table.items():
            if not space.contains(int(number)):
                last = int(space.start + space.n) - 1
                raise BadValue(
                    f"The environment has the actions {int(space.start)} to {last}, and its device says that "
                    f"{held or 'nothing'} is {number}. Mend the device's actions, or its codes."
                )
        return _discrete(table, int(space.start))
    if isinstance(space, (gymnasium.spaces.MultiBinary, gymnasium.spaces.Box)):
        return _ordered(codes, space)
    raise BadValue(
        f"Actions of {type(space).__name__} cannot be made from keys by themselves. Give the device the option "
        '"action": "package.module:function", which is called with the codes held.'
    )


def _ordered(codes: tuple[str, ...], space: Any) -> Callable[[Mapping[str, float]], npt.NDArray[Any]]:
    size = int(np.prod(space.shape))
    if len(codes) != size:
        raise BadValue(f"The environment wants {size} values an action, its device names the codes {codes}.")
    places = {code: place for place, code in enumerate(codes)}

    def to_action(held: Mapping[str, float]) -> npt.NDArray[Any]:
        action = np.zeros(size, dtype=space.dtype)
        for code, value in held.items():
            action[places[code]] = value
        action = action.reshape(space.shape)
        return (
            action if isinstance(space, gymnasium.spaces.MultiBinary) else np.clip(action, space.low, space.high)
        )

    return to_action


def _discrete(table: Mapping[str, int], idle: int) -> Callable[[Mapping[str, float]], int]:
    by_codes = {frozenset(filter(None, codes.split("+"))): int(number) for codes, number in table.items()}

    def to_action(held: Mapping[str, float]) -> int:
        together = by_codes.get(frozenset(held))
        if together is not None:
            return together
        alone = (by_codes[frozenset({code})] for code in reversed(list(held)) if frozenset({code}) in by_codes)
        return next(alone, by_codes.get(frozenset(), idle))

    return to_action


def known_codes(options: Mapping[str, Any]) -> frozenset[str]:
    """Return the codes a device's options name; empty when a function of its own takes them."""
    if options.get("action"):
        return frozenset()
    combined = [code for codes in options.get("actions") or () for code in codes.split("+") if code]
    return frozenset([*(options.get("codes") or ()), *combined])
