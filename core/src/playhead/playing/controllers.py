"""From a network's predictions to actions: thresholds, proportional presses, opposites, choices, axes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from playhead.adapters import complete
from playhead.control.drivers import Held
from playhead.conversions import way_to, with_derived
from playhead.dead_zones import DeadZone, dead_zones, through
from playhead.errors import LISTED, BadValue, not_found
from playhead.game import Game, opposite_keys
from playhead.labels import Axes, Choice, Head, Keys
from playhead.references import resolve

Predictions = Mapping[str, npt.NDArray[np.float32]]
Kind = Literal["plain", "paced"]


class Controller:
    """What a game's `controller` reference returns when it is called with the game and the settings.

    Any object with `act` is one; it need not derive from this.
    """

    def see(self, telemetry: Mapping[str, float]) -> None:
        """Take what the device told with the newest frame, what is read off the screen too, before `act`."""

    def act(self, predictions: Predictions, interval_s: float) -> Mapping[str, float]:
        """Return code -> share of the coming interval a key is held (0..1), or the value of an axis.

        Shapes:  predictions head -> (outputs,): shares of 1 for keys, classes and deltas, values for axes.
        """
        raise NotImplementedError

    def reset(self, held: Held) -> None:
        """Begin anew: `held`, code -> value, is what is down now, perhaps by a person who gives control back."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How predictions become presses; a recipe states them as `controller`, `play` changes them with --set.

    Source:  systems.md section 4: steering by the difference, at most .6 of the interval, W and S at .5; section 3
             (floors): a car that steers or waits holds W for a third of the time, so it keeps moving.
    """

    threshold: float = 0.5  # a key is held from this probability on
    thresholds: Mapping[str, float] = field(default_factory=dict)  # label -> its own threshold
    proportional: tuple[str, ...] = ()  # keys held for a share of the interval, opposites too; axes at an end
    cap: float = 1.0  # largest share of the interval that a proportional key is held
    least: float = 0.0  # smaller shares are not pressed at all
    gain: float = 1.0  # share = gain x (probability - that of the opposite)
    gains: Mapping[str, float] = field(default_factory=dict)  # label -> its own gain
    floors: Mapping[str, float] = field(
        default_factory=dict
    )  # label -> least share of the interval, beside no opposite
    dead_zones: Mapping[str, Any] = field(default_factory=dict)  # axis -> its own, as dead_zones.steer.size=0.25
    kind: Kind = "plain"  # paced: throttle and brake by the speed, too
    pace: Mapping[str, Any] = field(default_factory=dict)  # of the kind paced, as controller.pace.floor_mps=8


class DefaultController(Controller):
    """Serves every game; made for one game and one set of settings.

    Of two opposite keys only the stronger is pressed. A proportional key is held for its probability less that of
    its opposite, times the interval; any other key for the whole interval, from its threshold on. A choice presses
    the control of its likeliest class. An axis follows its answer; one with deltas moves by its likeliest delta;
    a proportional one is at an end so often that it is right on average.
    """

    def __init__(self, game: Game, settings: Settings) -> None:
        own, derived = game.schema, game.learnable
        # A derived head that becomes heads of the game is played by those (derived.py).
        self._heads = {
            name: head
            for name, head in derived.items()
            if name in own or not any(way_to(n, h, {name: head}, game.conversions) for n, h in own.items())
        }
        self._controls = game.controls
        self._settings = settings
        opposites = opposite_keys(game)
        self._opposite = dict(opposites) | {b: a for a, b in opposites}
        wanted = set(settings.proportional)
        self._proportional = wanted | {self._opposite[name] for name in wanted if name in self._opposite}
        self._axes: dict[str, float] = {}
        self._owed: dict[str, float] = {}  # of proportional axes: what the decisions so far did not come to

    def act(self, predictions: Predictions, interval_s: float) -> dict[str, float]:
        """Return what to hold for the coming interval."""
        values: dict[str, float] = {}
        for name, answer in predictions.items():
            if name in self._heads:
                values.update(self._values(self._heads[name], answer))
        return {self._controls[name]: value for name, value in values.items() if name in self._controls}

    def reset(self, held: Held) -> None:
        """Have axes with deltas go on from where they are held; nothing is owed."""
        self._owed.clear()
        self._axes = {name: held.get(code, 0.0) for name, code in self._controls.items()}

    def _values(self, head: Head, answer: npt.NDArray[np.float32]) -> dict[str, float]:
        if isinstance(head, Keys):
            probability = dict(zip(head.names, answer.tolist(), strict=True))
            shares = {name: self._share(name, probability) for name in head.names}
            return {name: max(share, self._floor(name, shares)) for name, share in shares.items()}
        if isinstance(head, Choice):
            chosen = head.names[int(answer.argmax())]
            return {name: float(name == chosen) for name in head.names}
        return self._axis_values(head, answer)

    def _share(self, name: str, probability: Mapping[str, float]) -> float:
        """Return how much of the interval a key is held."""
        settings = self._settings
        opposite = self._opposite.get(name)
        own, other = probability[name], probability.get(opposite, 0.0) if opposite else 0.0
        if name in self._proportional:
            share = min(settings.cap, settings.gains.get(name, settings.gain) * (own - other))
            return share if share > settings.least else 0.0
        if opposite and (own < other or (own == other and name > opposite)):
            return 0.0
        return float(own >= settings.thresholds.get(name, settings.threshold))

    def _floor(self, name: str, shares: Mapping[str, float]) -> float:
        """Return how much of the interval a key is held at least: nothing beside its opposite."""
        opposite = self._opposite.get(name)
        return 0.0 if opposite and shares.get(opposite) else self._settings.floors.get(name, 0.0)

    def _axis_values(self, head: Axes, answer: npt.NDArray[np.float32]) -> dict[str, float]:
        if head.deltas:
            likeliest = answer.reshape(len(head.names), len(head.deltas)).argmax(1)
            changes = [head.deltas[place] for place in likeliest]
            wanted = [self._axes.get(name, 0.0) + change for name, change in zip(head.names, changes, strict=True)]
        else:
            wanted = answer.tolist()
        for name, value in zip(head.names, wanted, strict=True):
            self._axes[name] = max(-1.0, min(1.0, float(value)))
        values = {name: through(self._settings.dead_zones, name, self._axes[name]) for name in head.names}
        return {n: self._at_ends(n, value) if n in self._proportional else value for n, value in values.items()}

    def _at_ends(self, name: str, value: float) -> float:
        """Return an end of an axis, or its middle: which comes nearest to all that was said so far."""
        settings = self._settings
        share = settings.gains.get(name, settings.gain) * value
        if abs(share) <= settings.least:
            return 0.0
        wanted = max(-settings.cap, min(settings.cap, share)) + self._owed.get(name, 0.0)
        end = float(max(-1, min(1, round(wanted))))
        self._owed[name] = wanted - end
        return end


def open_controller(game: Game, settings: Mapping[str, Any]) -> Controller:
    """Return the controller of a game, its own or the one of every game."""
    return complete(Controller, resolve(game.controller)(game, settings))


def default_controller(game: Game, settings: Mapping[str, Any]) -> Controller:
    """Return the controller of every game that brings none of its own."""
    return controller_of(game, parse_settings(game, settings))


def controller_of(game: Game, settings: Settings) -> Controller:
    """Return the controller of the kind that settings ask for."""
    plain = DefaultController(game, settings)
    if settings.kind == "plain":
        return plain
    from playhead.playing.pacing import PacedController, PaceSettings  # which are made of what is here

    return PacedController(plain, game, PaceSettings.parse(settings.pace))


def take_settings(options: dict[str, Any], of: str = "controller") -> dict[str, Any]:
    """Take what is set of the controller, or of another part, out of options typed beside it. Raises BadValue."""
    settings = options.pop(of, {})
    if isinstance(settings, dict):
        return settings
    raise BadValue(f"--set {of} needs the name of a setting, as in {_EXAMPLES[of]}.")


_EXAMPLES = {"controller": "controller.threshold=0.4", "guard": "guard.kind=none", "stuck": "stuck.over_s=2"}


def parse_settings(game: Game, settings: Mapping[str, Any], defaults: Settings | None = None) -> Settings:
    """Return settings from plain data, laid over a game's own defaults.

    Raises:  NotFound for an unknown setting or label, BadValue for a value that cannot be.
    """
    defaults = defaults or Settings()
    known = {item.name for item in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise not_found("setting of the controller", name, known, then=LISTED)
        values[name] = _parsed(name, value)
    if "pace" in values:
        values["pace"] = {**defaults.pace, **values["pace"]}
    parsed = dataclasses.replace(defaults, **values)
    keys, axes = (
        [name for head in game.labels.values() if isinstance(head, kind) for name in head.names]
        for kind in (Keys, Axes)
    )
    for label in (*parsed.proportional, *parsed.gains):
        if label not in (*keys, *axes):
            raise not_found(f"key or axis of {game.name}", label, [*keys, *axes])
    for label in (*parsed.thresholds, *parsed.floors):
        if label not in keys:
            raise not_found(f"key of {game.name}", label, keys)
    both = [pair for pair in opposite_keys(game) if all(parsed.floors.get(name) for name in pair)]
    if both:
        raise BadValue(f"controller.floors holds {' and '.join(both[0])} at once. Give one of them.")
    return dataclasses.replace(parsed, dead_zones=zones_of(game, parsed.dead_zones))


def zones_of(game: Game, given: Any) -> dict[str, DeadZone]:
    """Return dead zones by axis, as `dead_zones` does; derived axes may have some too."""
    heads = with_derived(game.schema, game.conversions).values()
    axes = dict.fromkeys(name for head in heads if isinstance(head, Axes) for name in head.names)
    return dead_zones(given, axes.keys(), f"axis of {game.name}")


def _parsed(name: str, value: Any) -> Any:
    if name == "kind":
        if value in get_args(Kind):
            return value
        raise BadValue(f"controller.kind={value} is none of {', '.join(get_args(Kind))}.")
    if name == "pace":
        if isinstance(value, Mapping):
            return dict(value)
        raise BadValue(f"controller.pace={value} is no mapping. Give one as controller.pace.floor_mps=8.")
    if name == "dead_zones":
        return value  # looked at with the game's axes
    if name == "proportional":
        labels = value.split(",") if isinstance(value, str) else value
        if isinstance(labels, (list, tuple)) and all(isinstance(label, str) for label in labels):
            return tuple(label for label in labels if label)
        raise BadValue(f"controller.proportional={value} is not a list of labels, as in a,d.")
    if name in ("thresholds", "gains", "floors"):
        if isinstance(value, Mapping):
            return {str(label): _number(f"{name}.{label}", share) for label, share in value.items()}
        raise BadValue(f"controller.{name}={value} is no mapping. Give one as controller.{name}.w=0.4.")
    return _number(name, value)


def most_of(name: str) -> float:
    """Return the largest number that a setting may be; the least is 0."""
    return 10.0 if name.startswith("gain") else 1.0


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadValue(f"controller.{name}={value} is not a number.")
    upper = most_of(name)
    if not 0 <= value <= upper:
        raise BadValue(f"controller.{name}={value} lies outside 0 to {upper:g}.")
    return float(value)
