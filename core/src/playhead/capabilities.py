"""What a device can, declared beside the function that opens it and known before anything is opened.

Nobody asks a device for its name: a backend of a plugin that declares the same gets the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from playhead.errors import BadValue, NoDevice, PlayheadError

if TYPE_CHECKING:
    from playhead.game import Device, Game
    from playhead.plugins import Plugins

Opener = TypeVar("Opener", bound=Callable[..., Any])
WhyNot = Callable[["Device", Mapping[str, Any], str], NoDevice | None]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a device can. The defaults are safe: those of a game of which nothing is known but its pictures.

    A device with `episodes` is opened with the options `seed` and `reset`, and its capture has `episodes`
    (capture/__init__.py); one with `states` has `states`. `why_not` is called with the device, its options and the
    game's title.
    """

    lockstep: bool = False  # its time stands still until somebody waits on its clock: nothing is ever late
    episodes: bool = False  # begins anew by seed and options, and is scored; many can be open side by side
    states: bool = False  # can be put back to how it was
    has_window: bool = False  # shows the game's window on the desktop, which can lose the focus
    has_keyboard: bool = False  # presses and hears the keyboard of this machine
    is_outside: bool = False  # needs something that is not in memory: a desktop, a phone
    kind: str = ""  # what it is, in a few words: "the phone"
    why_not: WhyNot | None = None  # says what keeps it from being used here and now

    def joined(self, other: Capabilities) -> Capabilities:
        """Return what a capture and an input can together."""
        both = {item.name: getattr(self, item.name) or getattr(other, item.name) for item in fields(self)}
        return Capabilities(**both)


class Episodic:
    """What begins anew, is stepped and scored: what a capture with the capability `episodes` has.

    `reward`, `terminated` and `truncated` are those of the last step, `episode_return` is the sum of the rewards.
    Units:  step_hz steps a second, at which scripted policies decide; 0 for one a frame.
    """

    step_hz: float = 0.0
    reward: float = 0.0
    episode_return: float = 0.0
    terminated: bool = False
    truncated: bool = False
    inner: object = None  # what derives from nothing of ours and is made one of these (adapters.py)

    @property
    def subject(self) -> object:
        """What the policies of a world are made with: the environment, the emulator."""
        return self if self.inner is None else self.inner

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode. The clock goes on; nothing is held. Raises BadValue for options unknown to it."""
        raise NotImplementedError

    def measures(self) -> Mapping[str, float]:
        """Return what the episode is scored by so far."""
        return {"return": self.episode_return}


class StateSaving:
    """What can be put back to how it was: what a capture with the capability `states` has."""

    def save(self) -> bytes:
        """Return everything that says how things are now."""
        raise NotImplementedError

    def load(self, state: bytes) -> None:
        """Put things back. The clock goes on; nothing is held. Raises BadValue for other bytes."""
        raise NotImplementedError


Declared = Capabilities | Callable[[Mapping[str, Any]], Capabilities]  # or what it can with some options
_declared: dict[int, tuple[object, Declared]] = {}  # by the id of the opener, which lives as long as this


def provides(declared: Declared) -> Callable[[Opener], Opener]:
    """Say of a function or class that opens a backend what the device can, perhaps depending on its options."""

    def decorated(opener: Opener) -> Opener:
        _declared[id(opener)] = opener, declared
        return opener

    return decorated


def capabilities_of(
    plugins: Plugins, game: Game, device: str, options: Mapping[str, Any] | None = None
) -> Capabilities:
    """Return what a device can with these options over its own; nothing is opened.

    A backend that cannot be imported can nothing: opening it says why. Raises NotFound for an unknown device.
    """
    stated = game.device(device)
    return declared_of(plugins, stated, {**stated.options, **(options or {})})


def declared_of(plugins: Plugins, stated: Device, options: Mapping[str, Any]) -> Capabilities:
    """Return what the capture and the input of a device declare together, with all its options."""
    found = Capabilities()
    for kind, name in (("capture", stated.capture), ("input", stated.input)):
        try:
            _, declared = _declared.get(id(plugins.get(kind, name)), (None, Capabilities()))
        except PlayheadError:
            continue
        found = found.joined(declared if isinstance(declared, Capabilities) else declared(options))
    return found


def worlds_of(plugins: Plugins, game: Game) -> Iterator[str]:
    """Yield the devices of a game whose play comes in episodes, in the game's order."""
    return (name for name in game.devices if capabilities_of(plugins, game, name).episodes)


def check_episodes(capabilities: Capabilities, game: Game, device: str, wanted: str) -> None:
    """Raise BadValue for a device without episodes; `wanted` says what they are needed for."""
    if not capabilities.episodes:
        raise BadValue(
            f"{wanted} a device with episodes, which begin anew by a seed and are scored; {device} of {game.name} "
            "has none. Pass --on with another, as the stand-in world, or --on none."
        )
