"""Action noise: wrong keys, or none, for a short time, so that a recording shows how to get back onto the road.

Behaviour cloning of an expert without it teaches nothing about what lies beside its path: in the stand-in world
it reached .29 of the expert's distance, with it .67 at equal data and time (and the true keys as labels).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playhead.clock import NS_PER_S
from playhead.control.drivers import Action
from playhead.errors import BadValue
from playhead.game import Game, opposite_keys
from playhead.labels import Axes, Choice, Keys


@dataclass(frozen=True, kw_only=True)
class ActionNoiseSettings:
    """How often and how long wrong keys are held.

    Units:  every_s mean seconds between events; shortest_s to longest_s their length, uniform;
    steer_share the share of events on mirrored pairs (left and right).
    Source: world.md section 2: about every 2 s, 0.15 to 0.5 s, 74 % on the steering. A third of ours let go of
    keys, which mostly are not held: so they begin sooner.
    """

    every_s: float = 1.5
    shortest_s: float = 0.15
    longest_s: float = 0.5
    steer_share: float = 0.74

    def shorter(self) -> ActionNoiseSettings:
        """Return events as often, half as long."""
        return replace(self, shortest_s=self.shortest_s / 2, longest_s=self.longest_s / 2)


# Who is disturbed every other moment drives nothing worth learning.
BESIDE_A_PERSON = ActionNoiseSettings(every_s=5.0)


class ActionNoise:
    """Replaces parts of an action by wrong keys now and then. Deterministic by seed.

    With `keys_only` it only presses, and leaves axes alone: nobody lets go of a person's keys, and two hands at
    one stick are no disturbance.
    """

    def __init__(
        self, game: Game, *, seed: int, settings: ActionNoiseSettings | None = None, keys_only: bool = False
    ) -> None:
        self._settings = settings or ActionNoiseSettings()
        self._random = random.Random(seed)
        self._lets_go = not keys_only
        self._steering, self._others = (
            [(codes, is_axis) for codes, is_axis in groups if not (is_axis and keys_only)]
            for groups in _groups(game)
        )
        if not self._steering and not self._others:
            what = "keys" if keys_only else "controls"
            raise BadValue(f"{game.name} has no {what} to press wrongly. Leave --action-noise out.")
        self._next_ns: int | None = None
        self._until_ns = 0
        self._group: Sequence[str] = ()
        self._wrong: Action = {}

    def is_on(self, time_ns: int) -> bool:
        """Whether wrong keys are held at this moment; draws the next event when it is due."""
        if self._next_ns is None:
            self._next_ns = time_ns + self._wait_ns()
        if time_ns >= self._next_ns:
            self._begin(time_ns)
        return time_ns < self._until_ns

    def apply(self, action: Action, time_ns: int) -> Action:
        """Return the action, with the keys of one group replaced while an event lasts."""
        if not self.is_on(time_ns):
            return action
        kept = {code: value for code, value in action.items() if code not in self._group}
        return {**kept, **self._wrong}

    def end(self) -> None:
        """Let go now; the next event is drawn anew."""
        self._next_ns, self._until_ns = None, 0

    def is_against(self, code: str, time_ns: int) -> bool:
        """Whether a key is of the group of which a wrong one is held at this moment."""
        return time_ns < self._until_ns and code in self._group

    def _wait_ns(self) -> int:
        # Exponential waits: no rhythm that a network could learn.
        return round(self._random.expovariate(1 / self._settings.every_s) * NS_PER_S)

    def _begin(self, time_ns: int) -> None:
        settings, draw = self._settings, self._random
        steer = bool(self._steering) and (not self._others or draw.random() < settings.steer_share)
        self._group, is_axis = draw.choice(self._steering if steer else self._others)
        if is_axis:
            # To an end, as a key is: what begins only at half of an axis would hardly be disturbed by less.
            self._wrong = {code: float(draw.choice((-1, 1, 0))) for code in self._group}
        else:
            # Or none: a network that hesitates gets behind as well.
            wrong = draw.choice((*self._group, "") if self._lets_go else self._group)
            self._wrong = {wrong: 1.0} if wrong else {}
        length_s = draw.uniform(settings.shortest_s, settings.longest_s)
        self._until_ns = time_ns + round(length_s * NS_PER_S)
        self._next_ns = self._until_ns + self._wait_ns()


_Groups = list[tuple[tuple[str, ...], bool]]


def _groups(game: Game) -> tuple[_Groups, _Groups]:
    """Return groups of codes that exclude one another, steering apart from the rest; True marks an axis."""
    steering: _Groups = []
    others: _Groups = []
    opposites = opposite_keys(game)
    for head in game.labels.values():
        if isinstance(head, Keys):
            paired = {name for pair in (*opposites, *head.mirror) for name in pair}
            alone = [(name,) for name in head.names if name not in paired]
            for names in dict.fromkeys([*head.mirror, *head.opposites, *alone]):
                (steering if names in head.mirror else others).append((names, False))
        elif isinstance(head, Choice):
            (steering if head.mirror else others).append((head.names, False))
        elif isinstance(head, Axes):
            for name in head.names:
                (steering if name in head.mirror else others).append(((name,), True))
    return _coded(steering, game), _coded(others, game)


def _coded(groups: _Groups, game: Game) -> _Groups:
    coded = [(tuple(game.controls[n] for n in names if n in game.controls), axis) for names, axis in groups]
    return [(codes, axis) for codes, axis in coded if codes]
