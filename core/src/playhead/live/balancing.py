"""Balancing at the source: which of the samples that a drive gives go into a set, by a strategy with a name.

    sample --bins of its outputs--> places it may take --room?--> set --full, or looked long enough--> sent

A place is one bin of one output, or of the first strategy one combination of all. Source: Sentdex/pygta5, f2a858c;
the fourth strategy was planned there and never built.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, TypeVar

from playhead.errors import not_found
from playhead.live.bins import NINE, TWENTY_ONE, Output

T = TypeVar("T")
Place = tuple[str, tuple[int, ...]]  # which buffer, and which bin or combination
ALL = "all"  # the one buffer of a strategy that balances all outputs at once
UNKNOWN = -1  # the bin of an output whose label nobody knows


def combination(outputs: Sequence[Output], bins: Sequence[int]) -> list[Place]:
    """Return the one place of a sample: what all its outputs say together."""
    return [] if UNKNOWN in bins else [(ALL, tuple(bins))]


def each(outputs: Sequence[Output], bins: Sequence[int]) -> list[Place]:
    """Return a place for each output: its bin."""
    return [(one.name, (place,)) for one, place in zip(outputs, bins, strict=True) if place != UNKNOWN]


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """One way to balance. `edges` are those of an axis for which a game has no own.

    With `alone` a sample is learned for the output that it was taken for and for no other. So many `candidates`
    are kept for a place, from which the one is taken in the end that has the other outputs balanced best.
    """

    title: str
    places: Callable[[Sequence[Output], Sequence[int]], list[Place]] = each
    edges: tuple[float, ...] = TWENTY_ONE
    alone: bool = False
    candidates: int = 1


STRATEGIES: Mapping[str, Strategy] = {
    "v1": Strategy(title="one sample for each combination of all outputs", places=combination, edges=NINE),
    "v2": Strategy(title="one for each bin of each output, learned for that output alone", alone=True),
    "v3": Strategy(title="one for each bin of each output, learned for all"),
    "v4": Strategy(title="as v3, each chosen so that the other outputs are balanced best", candidates=8),
    "none": Strategy(title="as they come", places=lambda outputs, bins: [(ALL, ())]),
}


def strategy_of(name: str) -> Strategy:
    """Return the strategy of that name. Raises NotFound with the nearest."""
    if name not in STRATEGIES:
        raise not_found("balancing of the live system", name, STRATEGIES)
    return STRATEGIES[name]


@dataclass(frozen=True, kw_only=True)
class Taken(Generic[T]):
    """A sample that was taken: for which buffer, and which of its bins each output is in."""

    place: Place
    bins: tuple[int, ...]
    sample: T


@dataclass(frozen=True, kw_only=True)
class Closed(Generic[T]):
    """A set that is to be sent, and the places for which nothing came: what is wished for."""

    samples: Sequence[Taken[T]]
    wished: Sequence[Place]


@dataclass(kw_only=True)
class Balancer(Generic[T]):
    """Fills one set after another. `seen` and `sent` count the bins of each output before and behind it.

    A set has room for `depth` samples a place. It is closed when all places are full, or when `patience` samples
    were looked at: what is rare would otherwise hold up all the rest.
    """

    outputs: Sequence[Output]
    strategy: Strategy
    depth: int = 1
    patience: int = 600
    seen: dict[str, Counter[int]] = field(init=False)
    sent: dict[str, Counter[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = {one.name: Counter() for one in self.outputs}
        self.sent = {one.name: Counter() for one in self.outputs}
        self._known: dict[Place, None] = dict.fromkeys(self._fixed())
        self._is_known = bool(self._known)
        self._begin()

    def _begin(self) -> None:
        self._looked = 0
        self._pools: dict[Place, list[Taken[T]]] = {}

    def _fixed(self) -> list[Place]:
        """Return the places that are known beforehand: all bins, or all combinations, of axes."""
        if not all(one.thresholds for one in self.outputs):
            return []
        every = [range(len(one.bins)) for one in self.outputs]
        if self.strategy.places is each:
            return [(one.name, (place,)) for one in self.outputs for place in range(len(one.bins))]
        return [(ALL, bins) for bins in product(*every)] if self.strategy.places is combination else []

    def offer(self, bins: Sequence[int], cut: Callable[[], T]) -> Closed[T] | None:
        """Take a sample where there is room, which `cut` then makes; return the set that it closes, if any."""
        for one, number in zip(self.outputs, bins, strict=True):
            self.seen[one.name][number] += number != UNKNOWN
        places = self.strategy.places(self.outputs, bins)
        self._known.update(dict.fromkeys(places))
        self._looked += 1
        room = self.depth * self.strategy.candidates
        free = [place for place in places if len(self._pools.get(place, ())) < room]
        if free:
            place = min(free, key=lambda one: len(self._pools.get(one, ())))
            self._pools.setdefault(place, []).append(Taken(place=place, bins=tuple(bins), sample=cut()))
        full = self._is_known and bool(free) and all(len(self._pools.get(one, ())) >= room for one in self._known)
        return self.close() if self._looked >= self.patience or full else None

    def close(self) -> Closed[T] | None:
        """Return the set as it is; None where it holds nothing."""
        chosen = self._chosen()
        wished = [place for place in self._known if not self._pools.get(place)]
        self._begin()
        for one in chosen:
            for output, number in zip(self.outputs, one.bins, strict=True):
                self.sent[output.name][number] += number != UNKNOWN
        return Closed(samples=chosen, wished=wished) if chosen else None

    def _chosen(self) -> list[Taken[T]]:
        """Choose `depth` of the candidates of each place, first where there are fewest."""
        if self.strategy.candidates == 1:
            return [one for pool in self._pools.values() for one in pool]
        chosen: list[Taken[T]] = []
        counts: Counter[tuple[int, int]] = Counter()
        for pool in sorted(self._pools.values(), key=len):
            left = list(pool)
            for _ in range(min(self.depth, len(left))):
                best = min(left, key=lambda one: sum(counts[place] for place in enumerate(one.bins)))
                left.remove(best)
                chosen.append(best)
                counts.update(enumerate(best.bins))
        return chosen

    def said(self, place: Place) -> str:
        """Say a place in words: "steer -1 to -0.9"."""
        name, bins = place
        if name != ALL:
            one = next(one for one in self.outputs if one.name == name)
            return f"{name} {one.bins[bins[0]]}"
        return ", ".join(f"{one.name} {one.bins[number]}" for one, number in zip(self.outputs, bins, strict=False))
