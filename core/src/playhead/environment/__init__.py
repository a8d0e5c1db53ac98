"""Any Gymnasium environment as a device: what it shows, what is held in it, and the clock both run on."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on stdout, which belongs to results

import gymnasium
import numpy as np

from playhead.clock import Clock
from playhead.environment.actions import action_translator, known_codes
from playhead.environment.described import parts_of
from playhead.environment.making import OPTIONS, check_options, make_env, said_hz, steps_a_second
from playhead.errors import BadValue, DeviceFailed, PlayheadError, PluginError
from playhead.guarded import ask_foreign, reason_with_place, warn_on_stderr
from playhead.stepping import Stepped

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

__all__ = [
    "OPTIONS", "EnvironmentSession", "Observed", "action_translator", "as_number", "known_codes",
    "make_env", "said_hz", "steps_a_second",
]  # fmt: skip


FIVE = "an observation, a reward, terminated, truncated and info, a dict"
MEND = "Mend the environment."
TRUTHS = (bool, np.bool_, int, np.integer, float, np.floating)  # of these only 0 and 1


class Observed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment that keeps what it showed last, as `observation`, for policies that decide by it.

    What it returns is checked here, where it comes in. Raises: DeviceFailed for what is none of Gymnasium's.
    """

    observation: Any = None
    number = 0  # of the last step

    @property
    def name(self) -> str:
        """What the environment is called in sentences."""
        return str(getattr(self.env.spec, "id", None) or type(self.env.unwrapped).__name__)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, and keep what is observed."""
        told: Any = self.env.reset(seed=seed, options=options)
        if not isinstance(told, tuple) or len(told) != 2 or not isinstance(told[1], Mapping):
            raise self._wrong("reset", _kinds(told), "an observation and info, a dict")
        self.observation = told[0]
        return told

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make a step, and keep what is observed."""
        self.number += 1
        told: Any = self.env.step(action)
        if not isinstance(told, (tuple, list)) or len(told) != 5 or not isinstance(told[4], Mapping):
            raise self._wrong(f"step {self.number}", _kinds(told), FIVE)
        observation, reward, terminated, truncated, info = told
        for name, value in (("terminated", terminated), ("truncated", truncated)):
            if not isinstance(value, TRUTHS) or value not in (0, 1):
                raise self._wrong(f"step {self.number}", f"{name}={value!r:.60}", f"{name} as True or False")
        self.observation = observation
        return observation, reward, bool(terminated), bool(truncated), info

    def close(self) -> None:
        """Close it; what fails at that has done what it was wanted for, so it is only said."""
        try:
            self.env.close()
        except (Exception, SystemExit) as error:
            reason = reason_with_place(error)
            warn_on_stderr(f"Warning: the environment {self.name} could not be closed, {reason}.")

    def _wrong(self, where: str, returned: str, wanted: str) -> DeviceFailed:
        return DeviceFailed(
            f"The environment {self.name} returned {returned} in its {where}; it must return {wanted}. "
            "Mend the environment."
        )


def _kinds(told: object) -> str:
    """Say of what kinds a value is, or each of several."""
    if not isinstance(told, (tuple, list)):
        return type(told).__name__
    return f"{len(told)} values ({', '.join(type(one).__name__ for one in told[:6])})"


class EnvironmentSession(Stepped):
    """An open environment: one episode, stepped with the codes held.

    Units:  step_hz environment steps a second; the session's clock counts steps in lockstep.
    """

    def __init__(self, env: Observed, *, step_hz: float, clock: Clock | None = None) -> None:
        super().__init__(step_hz=step_hz, clock=clock)
        self.env = env
        self.info: Mapping[str, Any] = {}
        self.observation: Any = None
        self._to_action: Callable[[Mapping[str, float]], Any] = dict
        self._action: Any = None
        self._spaces = ask_foreign(self._present_spaces, failed=lambda reason: self._failed("its spaces,", reason))

    @classmethod
    def of(cls, session: DeviceSession) -> EnvironmentSession:
        """Return the environment that the backends of this device share, opened on first demand."""
        return session.share("environment", lambda: cls._open(session))

    @classmethod
    def _open(cls, session: DeviceSession) -> EnvironmentSession:
        options = session.options
        check_options(session)
        env = Observed(make_env(options))
        session.on_close(env.close)
        opened = cls(
            env, step_hz=steps_a_second(env, options), clock=session.clock if options.get("real_time") else None
        )
        opened._to_action = action_translator(opened._spaces[0], options)
        opened.reset(seed=options.get("seed"), options=options.get("reset"))
        if not options.get("real_time"):
            session.clock = opened
        return opened

    @property
    def subject(self) -> gymnasium.Env[Any, Any]:
        """The environment, for the policies of a world."""
        return self.env

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode. The clock goes on; nothing is held."""
        self.observation, self.info = ask_foreign(
            self._reset,
            seed,
            dict(options or {}),
            failed=lambda reason: self._failed(
                f"its reset with seed {seed},", reason, f"Choose another (--seed), or m{MEND[1:]}"
            ),
        )
        self._check_spaces("its reset")
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = False
        self.hold_nothing()

    def _reset(self, seed: int | None, options: dict[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        try:
            return self.env.reset(seed=seed, options=options or None)
        except (TypeError, ValueError) as error:  # what environments raise for their options
            if not options:
                raise
            raise BadValue(
                f"The environment {self.env.name} cannot be reset with {options}: {reason_with_place(error)}."
            ) from error

    def _decide(self) -> None:
        self._action = ask_foreign(self._to_action, self.wanted, failed=_action_failed)

    def _step(self) -> None:
        self.observation, reward, self.terminated, self.truncated, self.info = ask_foreign(
            self.env.step, self._action, failed=self._step_failed
        )
        self.steps += 1
        self._check_spaces(f"step {self.steps}")
        self.reward = as_number(reward)
        self.episode_return += self.reward

    def render(self) -> Any:
        """Return what the environment draws. Raises DeviceFailed where it fails."""
        return ask_foreign(self.env.render, failed=lambda reason: self._failed("render,", reason))

    def _present_spaces(self) -> tuple[Any, Any]:
        return self.env.action_space, self.env.observation_space

    def _check_spaces(self, where: str) -> None:
        """Raise DeviceFailed where the environment has changed its spaces by what it has just done."""
        present = self._present_spaces()
        if any(now is not was and now != was for now, was in zip(present, self._spaces, strict=True)):
            was, now = (f"actions {of[0]}, observations {of[1]}" for of in (self._spaces, present))
            raise DeviceFailed(
                f"The environment {self.env.name} changed its spaces in {where}, from {was} to {now}. Mend the "
                "environment: its spaces are those with which it is made, or it ends its episode there."
            )

    def _step_failed(self, reason: str) -> PlayheadError:
        then = f"Its step must return {FIVE}. {MEND}" if "values to unpack" in reason else MEND
        return self._failed(f"step {self.env.number},", reason, then)

    def _failed(self, where: str, reason: str, then: str = MEND) -> PlayheadError:
        """Return the sentence about what the environment raised."""
        return DeviceFailed(f"The environment {self.env.name} failed in {where} {reason}. {then}")

    def measures(self) -> dict[str, float]:
        """Return what the episode is scored by so far: the world's own measures, else return and length."""
        own = self.info.get("measures")
        if isinstance(own, Mapping):
            return {str(name): as_number(value) for name, value in own.items()}
        return {"return": self.episode_return, "length_s": self.steps / self.step_hz}

    def picture(self, key: str) -> Any:
        """Return what the observation holds under a key, else the environment's info; None without it.

        "" is the observation itself, and "sensors/front" what a Dict in a Dict holds; a Tuple's keys are numbers.
        """
        if not key:
            return self.observation
        told = dict(parts_of(self.observation))
        return told.get(f"/{key}", self.info.get(key))

    def telemetry(self) -> dict[str, float]:
        """Return every plain number in the environment's info."""
        numbers = (bool, int, float, np.number, np.bool_)
        told = [(name, value) for name, value in self.info.items() if isinstance(name, str)]
        return {name: as_number(value) for name, value in told if isinstance(value, numbers)}


def as_number(value: object) -> float:
    """Return what an environment says as a number; NaN for what is none, as a text or nothing."""
    if isinstance(value, (str, bytes)):
        return math.nan
    try:
        return float(value.item() if isinstance(value, np.ndarray) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _action_failed(reason: str) -> PlayheadError:
    return PluginError(f"The device's function for actions failed, {reason}. It gets the codes held: mend it.")
