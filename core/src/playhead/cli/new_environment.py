"""What a Gymnasium environment says of itself, as the files of a package that teaches it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from playhead.errors import BadValue

if TYPE_CHECKING:
    from playhead.environment.actions import Value

ATARI_HZ, ATARI_STEP_HZ = 60, 30  # pictures of the console, and steps that ale-py says it makes
OPPOSITES = (("left", "right"), ("up", "down"))

GAME = '''\
"""Everything playhead needs to know about $title, the environment $environment."""

from __future__ import annotations

from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.labels import $kind

$constant = Game(
    name="$name",
    title="$title",
    devices={
        "world": Device(
            capture="environment",
            input="environment",
            options={
                "environment": "$environment",$arguments
                $moves,
                "frames": "$frames",  # or "observation", or "observation/KEY"
                "step_hz": $step_hz,  # $says_who; all seconds are counted by it, so see that it is true
            },
        )
    },
    # What the network sees: small and slow enough for it, large and fast enough to play from.
    frame=Frame(width=$width, height=$height, rate_hz=$rate_hz, codec="lossless"$colour),
$axes_comment    labels={"drive": $labels},
    controls={$controls},
    world=World(
        environment="$environment",
        policies={"expert": "playhead_$name.policy:Expert"},
        expert="expert",
    ),
    # No recipe: `playhead train` chooses one by the picture, the labels and the recordings, and says which.
    settings="Nothing to set.",
)  # fmt: skip


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [$constant]
'''

POLICY = '''\
"""A script to learn from: it may look at all that the environment knows, a network at the picture alone."""

from __future__ import annotations

from typing import Any


class Expert:
    """Holds one control all the time: write here how $title is played well."""

    decide_hz = $rate_hz

    def __init__(self, environment: Any) -> None:
        self._environment = environment

    def decide(self) -> dict[str, float]:
        """Return what is held now, by what is observed: 1 for a key, -1 to 1 for an axis."""
        _ = self._environment.observation  # and self._environment.unwrapped, the environment itself
        return {"$first": 1.0}
'''

README = """\
# playhead-$name

$title, the Gymnasium environment `$environment`, for [playhead](https://pypi.org/project/playhead/).

    python -m pip install -e .[test]
    python -m pytest                # the contract that every game passes
    playhead record $name --episodes 10 --action-noise
    playhead train $name
    playhead evaluate $name

What to change first: the expert in `src/playhead_$name/policy.py`, from which a network learns; then the names of
the controls and the steps a second in `game.py`. $axes
"""


def facts_of(environment: str) -> dict[str, str]:
    """Return what the templates say of an environment, which is opened for that.

    Raises:  NotFound, DeviceFailed or BadValue for one that cannot be opened, shows no picture, or whose actions
             no keys can be.
    """
    from playhead.environment.described import frame_of, steps_of
    from playhead.environment.looking import looked_at

    if '"' in environment or "\\" in environment or not environment.isprintable():
        raise BadValue(f"{environment!r} cannot be the id of an environment. One is CartPole-v1.")
    with looked_at(environment) as looked:
        env = looked.env
        frame = frame_of(environment, env, looked.picture)
        step_hz, is_said = steps_of(environment, env)
        return {
            "environment": environment, "frames": looked.frames, "arguments": _arguments(env),
            **_moved_by(environment, env), "width": str(frame.width), "height": str(frame.height),
            "colour": ', colour="grey"' if frame.channels == 1 else "",
            "step_hz": f"{step_hz:g}", "rate_hz": f"{frame.rate_hz:g}",
            "says_who": "as it says itself" if is_said else "a guess, for it says none",
        }  # fmt: skip


def packages_of(environment: str) -> list[str]:
    """Return the packages that bring an environment, as they are installed: of "ale_py:ALE/Pong-v5" ale-py."""
    from importlib.metadata import packages_distributions

    module = environment.partition(":")[0].partition(".")[0] if ":" in environment else ""
    return packages_distributions().get(module, [])[:1]


def _arguments(env: Any) -> str:
    """Return the line of the device's arguments: of an Atari those with which its 30 steps a second are true."""
    spec = env.spec
    if spec is None or "ale_py" not in str(spec.entry_point) or "frameskip" not in spec.kwargs:
        return ""
    frameskip = ATARI_HZ // ATARI_STEP_HZ
    said = f"of {ATARI_HZ} pictures a second; by itself {spec.kwargs['frameskip']}, whatever it says of its rate"
    return f'\n                "arguments": {{"frameskip": {frameskip}}},  # {said}'


def _moved_by(environment: str, env: Any) -> dict[str, str]:
    """Return the labels, the controls, and the option of the device that makes actions of them."""
    from playhead.environment.actions import values_of
    from playhead.environment.described import controls_of, meanings_of

    space, kind = env.action_space, type(env.action_space).__name__
    if kind == "Discrete":
        start, meanings = int(space.start), meanings_of(env, int(space.n))
        actions = {"+".join(keys): start + place for place, keys in enumerate(meanings)}
        names = list(dict.fromkeys(key for keys in meanings for key in keys))
        if not names:
            raise BadValue(f"{environment} has one action only, to do nothing, so there is nothing to play.")
        return _keys(names, f'"actions": {_quoted(actions)}')
    try:
        values = values_of(space)
    except BadValue:
        values = []
    if not values:
        raise BadValue(
            f"{environment} takes actions of {kind}, which no keys are by themselves. Begin with "
            'playhead new-game NAME, and give its device the option "action" (docs/plugins.md).'
        )
    if kind == "Box":
        names = [value.name for value in values]
        controls = _controls(names, "Axes", "", f'"codes": {_listed(names)}')
        return {**controls, "axes": _meant_by_axes(values)}
    moved = [controls_of(value) for value in values]
    names = [name for one in moved for name in one.names]
    entries = [one.entry({name: name for name in one.names}) for one in moved]
    return _keys(names, f'"codes": {_listed(entries)}', [one.names for one in moved if one.is_both_ways])


def _meant_by_axes(values: Sequence[Value]) -> str:
    """Say what -1, 0 and 1 of each axis are to the environment; "" where they are just that."""
    alike: dict[tuple[float, ...], list[str]] = {}
    for value in values:
        down, up = value.reach
        alike.setdefault((value.idle + down, value.idle, value.idle + up), []).append(value.name)
    said = []
    for meant, names in alike.items():
        if meant != (-1, 0, 1):
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            said.append(f"of {', '.join(names[:3])}{more} {', '.join(f'{number:g}' for number in meant)}")
    return f"To the environment -1, 0 and 1 are {'; '.join(said)}." if said else ""


def _keys(names: Sequence[str], moves: str, pairs: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    both = [*(pair for pair in OPPOSITES if {*pair} <= {*names}), *pairs]
    opposites = "".join(f'("{one}", "{other}"), ' for one, other in both)
    return _controls(names, "Keys", f", opposites=({opposites.strip()})" if both else "", moves)


def _controls(names: Sequence[str], kind: str, more: str, moves: str) -> dict[str, str]:
    listed = ", ".join(f'"{name}"' for name in names)
    controls = ", ".join(f'"{name}": "{name}"' for name in names)
    labels = f"{kind}({listed}{more})"
    return {"kind": kind, "labels": labels, "controls": controls, "moves": moves, "first": names[0], "axes": ""}


def _quoted(actions: dict[str, int]) -> str:
    return "{" + ", ".join(f'"{keys}": {number}' for keys, number in actions.items()) + "}"


def _listed(names: Sequence[str]) -> str:
    return "(" + "".join(f'"{name}", ' for name in names).rstrip() + ")"
