"""Makes the environment that a device's options name, once these are known to be what they should be."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gymnasium

from playhead.environment.registering import module_hint
from playhead.errors import BadValue, DeviceFailed, NotFound, PlayheadError, not_found
from playhead.guarded import ask_foreign, warn_on_stderr
from playhead.quantities import MOST, rate, seed

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

OPTIONS = frozenset({
    "environment", "arguments", "codes", "actions", "action", "frames", "seed", "reset", "real_time", "step_hz",
    "rate_hz", "telemetry", "cameras", "readings", "crop",
})  # fmt: skip


def check_options(session: DeviceSession) -> None:
    """Raise NotFound or BadValue for options that are none, of another kind, or code of somebody else's."""
    options = session.options
    for name in options:
        if name not in OPTIONS:
            raise not_found("option of an environment", name, OPTIONS)
    for name in ("arguments", "reset"):
        if not isinstance(options.get(name) or {}, Mapping):
            raise BadValue(
                f"The option {name}={options[name]} is no mapping. Give one entry as {name}.NAME=VALUE."
            )
    if not isinstance(options.get("real_time") or False, bool):
        raise BadValue(f"The option real_time={options['real_time']} is neither true nor false.")
    if options.get("seed") is not None:
        seed(options["seed"])
    if options.get("step_hz") is not None:
        rate(options["step_hz"], "step_hz", most=MOST)
    _check_stated(session)


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

    Raises:  NotFound for an unknown id, BadValue for wrong arguments, DeviceFailed for whatever else it raises.
    """
    name = options.get("environment")
    if not isinstance(name, str):
        raise BadValue('An environment device needs the option "environment": the id for gymnasium.make.')
    arguments = dict(options.get("arguments") or {})
    if options.get("frames", "render") == "render":
        arguments.setdefault("render_mode", "rgb_array")

    def failed(reason: str) -> PlayheadError:
        return DeviceFailed(f"The environment {name} cannot be made: {reason}. Mend it, or give it what it needs.")

    with _warnings_said():
        return ask_foreign(_make, name, arguments, failed=failed)


NOT_DRAWN = ".*The environment is being initialised with render_mode='rgb_array' that is not in the possible"
_warned: set[str] = set()


@contextmanager
def _warnings_said() -> Iterator[None]:
    """Have each warning said once and plainly: Gymnasium's have the codes of a terminal's colours in them.

    That an environment does not draw is no news: whoever wants its picture looks at what it shows.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.filterwarnings("ignore", message=NOT_DRAWN)
        try:
            yield
        finally:
            for one in heard:
                text = re.sub(r"\x1b\[[0-9;]*m", "", str(one.message)).removeprefix("WARN: ")
                if text not in _warned:
                    _warned.add(text)
                    warn_on_stderr(f"Warning: {text}")


def _make(name: str, arguments: Mapping[str, Any]) -> gymnasium.Env[Any, Any]:
    try:
        # The passive checker warns about foreign environments at every user's desk; authors run it themselves.
        return gymnasium.make(name, disable_env_checker=True, **arguments)
    except gymnasium.error.DependencyNotInstalled as error:
        raise DeviceFailed(f"The environment {name} lacks a package: {error}") from error
    except gymnasium.error.Error as error:
        is_unknown = isinstance(error, (gymnasium.error.NameNotFound, gymnasium.error.NamespaceNotFound))
        hint = module_hint(name) if is_unknown else ""
        raise NotFound(f"The environment {name} cannot be made: {error}{hint}") from error
    except ImportError as error:
        raise DeviceFailed(f"The environment {name} cannot be imported: {_lacks(name, error)}") from error
    except (TypeError, ValueError) as error:  # what environments raise for their arguments
        raise BadValue(f"The environment {name} does not take {arguments}: {error}") from error


def _lacks(name: str, error: ImportError) -> str:
    """Say what is not installed, and what to type where it is the module of the id."""
    named = (getattr(one, "name", None) for one in (error, error.__cause__))
    missing = next((str(one) for one in named if one), "")
    module = name.partition(":")[0]
    if ":" not in name or missing != module.partition(".")[0]:
        return f"{str(error).rstrip('.')}. Install its package."
    package = missing.replace("_", "-")
    return f"no module {missing} is installed. Its package is often called so: pip install {package}"


def steps_a_second(env: gymnasium.Env[Any, Any], options: Mapping[str, Any]) -> float:
    """Return how many steps make a second: the option "step_hz", else what the environment says."""
    if options.get("step_hz") is not None:
        return rate(options["step_hz"], "step_hz", most=MOST)
    said = said_hz(env, str(options.get("environment")))
    if said is None:
        raise BadValue(
            f"{options['environment']} does not say how many steps make a second (metadata render_fps). "
            'Give the device the option "step_hz".'
        )
    return said


def said_hz(env: gymnasium.Env[Any, Any], name: str) -> float | None:
    """Return the steps a second that an environment states, None for none. Raises BadValue for what is no rate."""
    metadata = env.metadata if isinstance(env.metadata, Mapping) else {}
    said = metadata.get("render_fps")
    try:
        return None if said is None else rate(said, "render_fps", most=MOST)
    except BadValue as error:
        raise BadValue(
            f"{name} says render_fps={said!r:.60} in its metadata, which is no number of steps a second. Mend it, "
            'or give the device the option "step_hz".'
        ) from error
