"""What an output says, sorted into bins: ranges of an axis, what is held together, classes. Reads no pixel.

Edges rise; one that is named twice is a bin of its own: 0, 0, .2, .8, 1, 1 are {0}, (0, .2), (.2, .8), (.8, 1)
and {1}.

Shape legend: N samples, A label columns, E edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.errors import BadValue
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.quantities import is_finite
from playhead.windows import IndexArray

TENTHS = tuple(round(tenth / 10, 1) for tenth in range(-10, 11))
# Source: Sentdex/pygta5, f2a858c: 9 bins of the wheel in its first balancing, 21 from its second on.
NINE = (-1.0, -1.0, -0.6, -0.2, 0.0, 0.0, 0.2, 0.6, 1.0, 1.0)
TWENTY_ONE = (*TENTHS[:10], 0.0, *TENTHS[10:])
AT = 0.004  # so near to an edge that is a bin, a value is in it: means of keys held are off by roundings
MOST_EDGES = 201
MOST_KEYS = 12  # of which every combination is a bin


@dataclass(frozen=True, kw_only=True)
class Output:
    """One thing that the network answers, and the bins it is balanced by. `head` is what it is learned as."""

    name: str
    head: str
    bins: tuple[str, ...]
    thresholds: tuple[float, ...] = ()  # between the bins of an axis
    column: int = 0

    def of(self, labels_NA: npt.NDArray[Any], head: Head) -> IndexArray:
        """Return the bin of every label. Shapes: (N, A) -> (N,)."""
        if isinstance(head, Choice):
            return np.asarray(labels_NA[:, 0], np.int64)
        if isinstance(head, Keys):
            held_NA = (labels_NA >= 0.5).astype(np.int64)
            return np.asarray(held_NA @ (1 << np.arange(len(head.names))), np.int64)
        return np.asarray(np.digitize(labels_NA[:, self.column], self.thresholds), np.int64)


def outputs_of(
    schema: LabelSchema, edges: Mapping[str, Sequence[float]], otherwise: Sequence[float]
) -> list[Output]:
    """Return what a schema answers: one output a head, of axes one an axis.

    `edges` are those of axes by name; `otherwise` those of the rest.
    Raises:  BadValue for edges of nothing that is answered, and for such that do not rise.
    """
    found: list[Output] = []
    for head_name, head in schema.items():
        if not isinstance(head, Axes):
            found.append(Output(name=head_name, head=head_name, bins=_words(head_name, head)))
            continue
        for column, axis in enumerate(head.names):
            name = axis if len(head.names) > 1 else head_name
            words, thresholds = _of_axis(head, checked_edges(name, edges.get(name, otherwise)))
            found.append(Output(name=name, head=head_name, bins=words, thresholds=thresholds, column=column))
    unknown = sorted(edges.keys() - chosen_bins(schema))
    if unknown:
        names = ", ".join(one.name for one in found)
        raise BadValue(f"There are bins for {unknown[0]}, which is no axis that is learned. Learned are: {names}.")
    return found


def chosen_bins(schema: LabelSchema) -> set[str]:
    """Return the outputs whose bins somebody chooses: axes of which the value is learned, and not its changes."""
    return {
        axis if len(head.names) > 1 else name
        for name, head in schema.items()
        if isinstance(head, Axes) and not head.deltas
        for axis in head.names
    }


def _of_axis(head: Axes, edges: tuple[float, ...]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return what the bins of an axis are called, and what lies between them; of changes each is one."""
    if head.deltas:
        rising = sorted(head.deltas)
        between = tuple((low + high) / 2 for low, high in pairwise(rising))
        return tuple(f"{delta:+g}" for delta in rising), between
    return _ranges(edges), _thresholds(edges)


def _words(name: str, head: Keys | Choice) -> tuple[str, ...]:
    if isinstance(head, Choice):
        return head.names
    if len(head.names) > MOST_KEYS:
        raise BadValue(
            f"{name} has {len(head.names)} keys; of at most {MOST_KEYS} all combinations can be balanced."
        )
    held = (
        "+".join(key for bit, key in enumerate(head.names) if number >> bit & 1)
        for number in range(2 ** len(head.names))
    )
    return tuple(words or "none" for words in held)


def checked_edges(name: str, edges: Sequence[float]) -> tuple[float, ...]:
    """Return edges that rise, none named more than twice. Raises BadValue."""
    numbers = all(isinstance(one, (int, float)) and is_finite(one) for one in edges)
    if not 2 <= len(edges) <= MOST_EDGES or not numbers:
        raise BadValue(f"The bins of {name} need 2 to {MOST_EDGES} edges, all numbers: {list(edges)!r:.80}.")
    rises = all(low <= high for low, high in pairwise(edges))
    thrice = any(low == high for low, high in zip(edges, edges[2:], strict=False))
    if not rises or thrice:
        raise BadValue(f"The bins of {name} do not rise: {', '.join(f'{one:g}' for one in edges)}.")
    return tuple(float(one) for one in edges)


def _ranges(edges: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in pairwise(edges))


def _thresholds(edges: Sequence[float]) -> tuple[float, ...]:
    """Return what lies between the bins: around an edge that is one, a little to both sides."""
    inner: list[float] = []
    for place, edge in enumerate(edges):
        if place + 1 < len(edges) and edges[place + 1] == edge:
            inner += [edge - AT] if place else []
        elif place and edges[place - 1] == edge:
            inner += [edge + AT] if place + 1 < len(edges) else []
        elif 0 < place < len(edges) - 1:
            inner.append(edge)
    return tuple(inner)
