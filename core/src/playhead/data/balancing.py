"""How often each window is drawn: strategies by name, a game's own among them, and what comes of them.

A strategy is called with the index and its options. It returns a weight for each window; or weights by head: then
as much is drawn for each of these heads, and what is drawn for a head answers it alone. Weights are for the same
time: where recordings have several rates, each is multiplied by the time that its window stands for.

Shape legend: N windows, M = N or, by head, N for each head one behind the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.agreement import changed
from playhead.data.sampling import WeightArray
from playhead.data.windows import WindowIndex
from playhead.errors import BadValue, not_found
from playhead.game import Game
from playhead.labels import Axes, Choice, Head, Keys
from playhead.references import Reference, resolve
from playhead.windows import BoolArray, IndexArray

Weights = WeightArray | Mapping[str, WeightArray]
Edges = Sequence[float] | Mapping[str, Sequence[float]]  # between bins of all axes, or of each by its name

# Frames where the action changes are a few per cent; drawn this much more often they are seen, not everything.
CHANGE_WEIGHT = 4.0
# What is rarer than this is not drawn more often still: five windows would fill the batches.
RAREST_SHARE = 0.01
# Of a key or class that is rarer than this, windows are drawn so often, but no more than so many times as often.
RARE_SHARE, MOST_OFTEN = 0.05, 20.0
# An axis within this of 0 is at rest: the dead zone of common gamepads is 0.05 to 0.1 of their range.
REST = 0.05
EDGES = (-0.99, -0.6, -0.2, -REST, REST, 0.2, 0.6, 0.99)  # nine bins: at each end and at rest it stays for long
_ROUNDS = 50  # of weighing every output after the others; shares then stand still to a tenth of a per cent


@dataclass(frozen=True, kw_only=True)
class Output:
    """One thing to answer, in bins: what is held together, a class, a range of an axis. Bin -1 is not known."""

    name: str
    head: str
    bins: tuple[str, ...]
    bin_N: IndexArray


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How often each window is drawn, in shares that sum to 1; N of them for each head that answers `alone`."""

    weight_M: WeightArray
    alone: tuple[str, ...] = ()


def outputs(index: WindowIndex, edges: Edges = EDGES) -> list[Output]:
    """Sort what every window answers into bins: one output a head, of axes one an axis."""
    found = []
    for head_name, head in index.schema.items():
        known_N, labels_NA = index.known[head_name], index.labels[head_name]
        if isinstance(head, Axes):
            for column, axis in enumerate(head.names):
                name = axis if len(head.names) > 1 else head_name
                bounds = _bounds(edges, name)
                bin_N = np.digitize(labels_NA[:, column], bounds)
                found.append((name, head_name, _bin_names(bounds), bin_N, known_N))
        else:
            found.append((head_name, head_name, *_kinds(head, labels_NA), known_N))
    return [
        Output(name=name, head=head_name, bins=bins, bin_N=np.where(known_N, bin_N, -1))
        for name, head_name, bins, bin_N, known_N in found
    ]


def _kinds(head: Head, labels_NA: npt.NDArray[Any]) -> tuple[tuple[str, ...], IndexArray]:
    if isinstance(head, Choice):
        return head.names, labels_NA[:, 0].astype(np.int64)
    assert isinstance(head, Keys)
    words, bin_N = held_together(head, labels_NA)
    return tuple(words), bin_N


def held_together(head: Keys, labels_NA: npt.NDArray[Any]) -> tuple[list[str], IndexArray]:
    """Return what is held together in words, "w+a" or "none", and which of them each row is."""
    rows, inverse = np.unique(labels_NA >= 0.5, axis=0, return_inverse=True)
    words = ["+".join(n for n, held in zip(head.names, row, strict=True) if held) or "none" for row in rows]
    return words or ["none"], inverse.reshape(-1).astype(np.int64)


def _bounds(edges: Edges, axis: str) -> list[float]:
    chosen = edges.get(axis, EDGES) if isinstance(edges, Mapping) else edges
    if not isinstance(chosen, Sequence) or not all(isinstance(one, int | float) for one in chosen):
        raise BadValue(f"edges of {axis}, {chosen!r}, are no list of numbers, as [-0.5,0.5].")
    if not chosen or not all(low < high for low, high in pairwise(chosen)):
        raise BadValue(f"edges of {axis}, {list(chosen)}, do not rise from bin to bin.")
    return [float(one) for one in chosen]


def _bin_names(bounds: list[float]) -> tuple[str, ...]:
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(bounds)]
    return f"below {bounds[0]:g}", *inner, f"from {bounds[-1]:g}"


def _alike(bin_N: IndexArray, time_N: WeightArray, rarest: float) -> WeightArray:
    """Return weights that draw all bins alike, but for the rarest; what is not known (-1) is a bin too."""
    inverse = np.unique(bin_N, return_inverse=True)[1].reshape(-1)
    weight_N: WeightArray = 1.0 / np.maximum(np.bincount(inverse, time_N), rarest * time_N.sum())[inverse]
    return weight_N


def as_they_come(index: WindowIndex) -> Weights:
    """Draw all windows alike."""
    return np.ones(len(index))


def changes(
    index: WindowIndex,
    weight: float = CHANGE_WEIGHT,  # how much more often windows are drawn whose action changes
) -> Weights:
    """Draw windows whose action changes `weight` times as often."""
    return np.where(index.changes(), weight, 1.0)


def rare(
    index: WindowIndex,
    least: float = RARE_SHARE,  # share of what is drawn that each key and class comes to, up to 20 times as often
) -> Weights:
    """Draw windows of keys and classes that are rarer than a share up to that share, and all others alike."""
    weight_N = np.ones(len(index))
    for name, head in index.schema.items():
        if isinstance(head, Axes):
            continue
        values_NA, known_N = index.labels[name], index.known[name]
        held_NA = values_NA >= 0.5 if isinstance(head, Keys) else values_NA == np.arange(len(head.names))
        for held_N in (held_NA & known_N[:, None]).T:
            share = float(index.time_N[held_N].sum() / max(index.time_N.sum(), 1e-12))
            if 0 < share < least:
                weight_N[held_N] = np.maximum(weight_N[held_N], min(MOST_OFTEN, least / share))
    return weight_N


def presses(
    index: WindowIndex,
    share: float = 0.5,  # of what is drawn: windows in which a key is pressed or released, as often of each key
) -> Weights:
    """Draw windows in which a key is pressed or released, wherever in them, as often of each; the rest alike."""
    if not 0 < share < 1:
        raise BadValue(f"balance.share={share:g} of the balance presses cannot be: it lies between 0 and 1.")
    shares = [
        inside_N * index.time_N / float((inside_N * index.time_N).sum())
        for inside_N in _with_changes(index)
        if inside_N.any()
    ]
    alike_N = index.time_N / max(index.time_N.sum(), 1e-12)
    if not shares:
        return np.ones(len(index))
    drawn_N = (1 - share) * alike_N + share * np.mean(shares, axis=0)
    return np.asarray(drawn_N / np.maximum(index.time_N, 1e-12))


def _with_changes(index: WindowIndex) -> Iterator[BoolArray]:
    """Yield for each key in which windows it is pressed or released, between the first position and the last."""
    ends_ns = min(index.spec.positions_ns), max(index.spec.positions_ns)
    first_N, last_N = index.table.picked(index.place_N, ends_ns)[0].T
    for name, head in index.schema.items():
        if not isinstance(head, Keys):
            continue
        labels_PK, previous_PK = index.table.labels[name], index.table.previous[name]
        changed_PK = changed(head, labels_PK, previous_PK) & index.table.known[name][:, None]
        so_far_PK = np.concatenate([np.zeros((1, head.columns), np.int64), changed_PK.cumsum(0)])
        yield from (so_far_PK[last_N + 1] > so_far_PK[first_N]).T


def labels(
    index: WindowIndex,
    rarest: float = RAREST_SHARE,  # what is rarer than this share is not drawn more often still
    edges: Edges = EDGES,  # between the bins of an axis, or of each by its name
) -> Weights:
    """Draw every combination of what all outputs answer alike."""
    code_N = np.zeros(len(index), np.int64)
    for output in outputs(index, edges):
        code_N = np.unique(code_N * (len(output.bins) + 1) + output.bin_N + 1, return_inverse=True)[1]
    return _alike(code_N, index.time_N, rarest)


def heads(
    index: WindowIndex,
    rarest: float = RAREST_SHARE,  # what is rarer than this share is not drawn more often still
    edges: Edges = EDGES,  # between the bins of an axis, or of each by its name
) -> Weights:
    """Draw the bins of each output alike, as much for each output; every window answers all of them."""
    return np.asarray(sum(alone(index, rarest, edges).values(), np.zeros(len(index))))


def alone(
    index: WindowIndex,
    rarest: float = RAREST_SHARE,  # what is rarer than this share is not drawn more often still
    edges: Edges = EDGES,  # between the bins of an axis, or of each by its name
) -> dict[str, WeightArray]:
    """Draw the bins of each output alike, as much for each head, and learn that head alone from them."""
    table: dict[str, WeightArray] = {}
    for output in outputs(index, edges):
        weight_N = np.where(output.bin_N >= 0, _alike(output.bin_N, index.time_N, rarest), 0.0)
        share_N = weight_N / max((weight_N * index.time_N).sum(), 1e-12)
        table[output.head] = table[output.head] + share_N if output.head in table else share_N
    return table


def together(
    index: WindowIndex,
    rarest: float = RAREST_SHARE,  # what is rarer than this share is not drawn more often still
    edges: Edges = EDGES,  # between the bins of an axis, or of each by its name
    rounds: int = _ROUNDS,  # of weighing every output after the others
) -> Weights:
    """Draw the bins of every output alike at once, as far as it goes, by iterative proportional fitting."""
    weight_N, found = np.ones(len(index)), [one for one in outputs(index, edges) if (one.bin_N >= 0).any()]
    for _ in range(rounds):
        for output in found:
            known_N = output.bin_N >= 0
            bin_N, time_N, count = output.bin_N[known_N], index.time_N[known_N], len(output.bins)
            wanted = np.minimum(1.0, np.bincount(bin_N, time_N, count) / (rarest * time_N.sum()))
            mass = np.bincount(bin_N, weight_N[known_N] * time_N, count)
            weight_N[known_N] *= (wanted / wanted.sum() * mass.sum() / np.maximum(mass, 1e-300))[bin_N]
            weight_N = np.minimum(weight_N, weight_N.mean() / rarest)
    return weight_N


BUILT_IN: Mapping[str, Callable[..., Weights]] = {
    "none": as_they_come, "changes": changes, "labels": labels, "heads": heads, "alone": alone,
    "presses": presses, "rare": rare, "together": together,
}  # fmt: skip


def drawing(index: WindowIndex, how: str, options: Mapping[str, Any], game: Game | None = None) -> Drawing:
    """Return how often to draw each window, by a built-in strategy or the game's own.

    Raises:  NotFound for an unknown strategy or option, BadValue for an option or weights that cannot be.
    """
    own = game.balances if game is not None else {}
    known: dict[str, Reference] = {**BUILT_IN, **own}
    if how not in known:
        raise not_found("way to balance", how, known)
    strategy = resolve(known[how])
    takes = list(inspect.signature(strategy).parameters.values())[1:]
    if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in takes):
        for name in options:
            if name not in {one.name for one in takes}:
                raise not_found(f"option of the balance {how}", name, [one.name for one in takes])
    _check_numbers(how, options)
    answer = strategy(index, **options)
    if not isinstance(answer, Mapping):
        return Drawing(weight_M=_shares(answer, index.time_N, how))
    if set(answer) != set(index.schema):
        raise BadValue(
            f"The balance {how} gives weights for {', '.join(map(str, answer))}; it must for every head that is "
            f"learned: {', '.join(index.schema)}."
        )
    parts = [_shares(weight_N, index.time_N, f"{how} of {head}") for head, weight_N in answer.items()]
    return Drawing(weight_M=np.concatenate(parts) / len(parts), alone=tuple(answer))


def _check_numbers(how: str, options: Mapping[str, Any]) -> None:
    for name in ("rarest", "weight", "rounds"):
        value, kind = options.get(name, 1), int if name == "rounds" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value <= 10_000:
            raise BadValue(f"{name}={value} of the balance {how} is no such number above 0.")


def _shares(weight_N: Any, time_N: WeightArray, how: str) -> WeightArray:
    count = len(time_N)
    try:
        found = np.asarray(weight_N, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadValue(f"The balance {how} gives weights that are no numbers: {error}.") from error
    if found.shape != (count,):
        raise BadValue(f"The balance {how} gives weights of shape {found.shape}, ({count},) is wanted.")
    if count and not (np.isfinite(found).all() and (found >= 0).all() and found.sum() > 0):
        raise BadValue(
            f"The balance {how} gives weights that are no shares: each must be a number, none negative, "
            "some above 0."
        )
    found = found * time_N
    shares_N: WeightArray = found / max(found.sum(), 1e-12)
    return shares_N


def prefer(drawn: Drawing, chosen_N: BoolArray, share: float) -> Drawing:
    """Scale the weights so that the chosen windows are drawn `share` of the time."""
    weight_M, chosen_M = drawn.weight_M, np.tile(chosen_N, max(1, len(drawn.alone)))
    total = weight_M[chosen_M].sum()
    if share <= 0 or total == 0 or total >= weight_M.sum():
        return drawn
    scaled = np.where(chosen_M, weight_M * share / total, weight_M * (1 - share) / (weight_M.sum() - total))
    return Drawing(weight_M=scaled / scaled.sum(), alone=drawn.alone)


Histogram = dict[str, list[tuple[str, float, float]]]  # output -> bin, its share of all and of what is drawn


def histogram(index: WindowIndex, drawn: Drawing, edges: Edges = EDGES) -> Histogram:
    """Say of every output how much of the time each of its bins takes and is drawn, where its label is known."""
    by_head = drawn.weight_M.reshape(-1, len(index))
    table: Histogram = {}
    for output in outputs(index, edges):
        known_N = output.bin_N >= 0
        weight_N = by_head[drawn.alone.index(output.head)] if output.head in drawn.alone else by_head.sum(0)
        times = np.bincount(output.bin_N[known_N], index.time_N[known_N], len(output.bins))
        masses = np.bincount(output.bin_N[known_N], weight_N[known_N], len(output.bins))
        table[output.name] = [
            (name, float(time / max(1e-300, times.sum())), float(mass / max(1e-300, masses.sum())))
            for name, time, mass in zip(output.bins, times, masses, strict=True)
        ]
    return table


def lines_of_histogram(table: Histogram) -> list[str]:
    """Say a histogram in one line an output: `steer: below -0.6 2 -> 11 %, ...`, without bins that never come."""
    return [
        f"{output}: "
        + ", ".join(f"{name} {100 * share:.1f} -> {100 * drawn:.1f} %" for name, share, drawn in rows if share)
        for output, rows in table.items()
    ]
