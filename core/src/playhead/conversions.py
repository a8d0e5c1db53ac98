"""Ways from one head to another, and the ready-made ones: keys and classes, an axis and classes, keys and an axis.

Shape legend: T frames, A columns of one head, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from playhead.errors import BadValue, Mismatch
from playhead.labels import Axes, Choice, Head, Keys, LabelArray, LabelSchema, check_known


@dataclass(frozen=True)
class Conversion:
    """A named, explicit way from one head to another: GTA's seven classes to four keys, and back.

    With the names of both heads it derives one from the other: recordings that hold the source are learned from as
    if they held the target, and a run that learned the target plays by the conversion back.
    Shapes:  `convert` maps an array of the source head (T, columns) to one of the target head (T, columns), each
             row by itself.
    """

    name: str
    source: Head
    target: Head
    convert: Callable[[LabelArray], LabelArray] = field(compare=False)
    source_head: str = ""
    target_head: str = ""

    def __call__(self, labels_TA: LabelArray) -> LabelArray:
        """Convert a whole array. Raises Mismatch on a wrong number of columns, also of what comes out."""
        if labels_TA.ndim != 2 or labels_TA.shape[1] != self.source.columns:
            raise Mismatch(f"Conversion {self.name} wants (T, {self.source.columns}), not {labels_TA.shape}.")
        converted = self.convert(labels_TA)
        if converted.shape != (len(labels_TA), self.target.columns):
            wanted = len(labels_TA), self.target.columns
            raise Mismatch(f"Conversion {self.name} gives {converted.shape}, not {wanted}.")
        return converted


def with_derived(schema: LabelSchema, conversions: Sequence[Conversion]) -> LabelSchema:
    """Return the heads and, behind them, those that can be derived from them, one from another too."""
    heads = dict(schema.heads)
    waiting = [one for one in conversions if one.source_head and one.target_head]
    while found := [one for one in waiting if heads.get(one.source_head) == one.source]:
        for one in found:
            heads.setdefault(one.target_head, one.target)
        waiting = [one for one in waiting if one not in found]
    return LabelSchema.of(heads)


def way_to(
    name: str, head: Head, stored: Mapping[str, Head], conversions: Sequence[Conversion]
) -> tuple[str, tuple[Conversion, ...]] | None:
    """Return which stored head another comes from, and by which conversions, the fewest; None where it cannot."""
    ways: list[tuple[str, Head, tuple[Conversion, ...]]] = [(name, head, ())]
    met = [(name, head)]
    for source_name, source, way in ways:
        if stored.get(source_name) == source:
            return source_name, way
        for one in conversions:
            before = one.source_head, one.source
            if (one.target_head, one.target) == (source_name, source) and one.source_head and before not in met:
                met.append(before)
                ways.append((*before, (one, *way)))
    return None


# Where the classes of a motion lie, as shares of the full speed: close where it is slow, for most of it is.
# Source: Pearce and Zhu (2021), the 23 classes of their mouse's x in Counter-Strike.
UNEVEN = (0.0, 0.002, 0.004, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 1.0)


def classes_of(axis: str, sizes: Sequence[float] = UNEVEN) -> Choice:
    """Return the classes of an axis: its values of these sizes to either side, named by axis and value."""
    values = _both_sides(sizes)
    names = [f"{axis} {value:+g}" if value else f"{axis} 0" for value in values]
    return Choice(*names, mirror=tuple(zip(names, reversed(names), strict=True))[: len(names) // 2])


def axis_choice_conversions(
    name: str, axes: Axes, heads: tuple[str, str], sizes: Sequence[float] = UNEVEN
) -> tuple[Conversion, Conversion]:
    """Make the pair of conversions between one axis and classes of its values, by the nearest.

    `heads` are the names of both heads, the axis first: then each is derived from the other. A regression to what
    may go left or right answers the middle; classes answer one of both.
    """
    if len(axes.names) != 1:
        raise BadValue(f"Classes are of one axis, not of {', '.join(axes.names)}. Give each a head of its own.")
    values, choice = _both_sides(sizes), classes_of(axes.names[0], sizes)

    def to_choice(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        away_TC = np.abs(np.asarray(labels_TA, np.float64) - np.array(values))
        chosen_TA: LabelArray = away_TC.argmin(1).astype(np.uint16)[:, None]
        return chosen_TA

    def to_axes(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        values_TA: LabelArray = np.array(values, np.float32)[np.asarray(labels_TA[:, 0], np.int64)][:, None]
        return values_TA

    return (
        Conversion(f"{name}: axis to classes", axes, choice, to_choice, *heads),
        Conversion(f"{name}: classes to axis", choice, axes, to_axes, *heads[::-1]),
    )


def _both_sides(sizes: Sequence[float]) -> list[float]:
    """Return sizes to either side of 0, rising. Raises BadValue unless they rise from 0 to at most 1."""
    if not sizes or sizes[0] != 0 or list(sizes) != sorted(set(sizes)) or sizes[-1] > 1:
        raise BadValue(f"Classes of an axis have sizes from 0 rising to at most 1, not {sizes}.")
    return [-size for size in reversed(sizes[1:])] + list(sizes)


def keys_choice_conversions(
    name: str, keys: Keys, choice: Choice, table: Mapping[str, frozenset[str]], heads: tuple[str, str] = ("", "")
) -> tuple[Conversion, Conversion]:
    """Make the pair of conversions between independent keys and exclusive classes from one table.

    `table` says for each class which keys are held. Keys that no class holds together go to the class that
    shares the most keys, fewest extra, first in the table. `heads` are the names of both heads, the keys first:
    then each is derived from the other.
    """
    held = [[key in table[c] for key in keys.names] for c in choice.names]

    def to_keys(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        held_CA = np.array(held, dtype=np.uint8)
        held_TA: LabelArray = held_CA[np.asarray(labels_TA[:, 0], dtype=np.int64)]
        return held_TA

    def to_choice(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        held_CA = np.array(held, dtype=np.int64)
        rows_TA = np.asarray(labels_TA, dtype=np.int64)
        shared_TC = rows_TA @ held_CA.T
        differing_TC = rows_TA.sum(1, keepdims=True) + held_CA.sum(1)[None, :] - 2 * shared_TC
        # Exact matches differ by 0; otherwise fewest differences, and among those the most shared keys.
        score_TC = differing_TC * (len(keys.names) + 1) - shared_TC
        chosen_TA: LabelArray = score_TC.argmin(1).astype(np.uint16)[:, None]
        return chosen_TA

    return (
        Conversion(f"{name}: choice to keys", choice, keys, to_keys, *heads[::-1]),
        Conversion(f"{name}: keys to choice", keys, choice, to_choice, *heads),
    )


def axis_conversions(
    name: str, keys: Keys, head: str, axis: str, *, more: str = "", less: str = "", of: str,
    deltas: tuple[float, ...] = (),
) -> tuple[Conversion, Conversion]:  # fmt: skip
    """Make the pair of conversions between keys and the axis that one or two of them move.

    `more` moves the axis up and `less` down; held for a part of the time they are a part of the way. `head` is
    the axis's, `of` that of the keys. Back from the axis all other keys are left alone. With `deltas` its changes
    are learned; what is converted is its value all the same.
    Raises:  NotFound for a key that is none.
    """
    check_known("key", filter(None, (more, less)), keys.names)
    mirrored = (axis,) if (more, less) in keys.mirror or (less, more) in keys.mirror else ()
    target = Axes(axis, mirror=mirrored, deltas=deltas)
    places = [(keys.names.index(key), sign) for key, sign in ((more, 1), (less, -1)) if key]

    def to_axis(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        moved_TA = [sign * np.asarray(labels_TA[:, place], np.float32) for place, sign in places]
        along_TA: LabelArray = np.stack(moved_TA).sum(0, dtype=np.float32)[:, None]
        return along_TA

    def to_keys(labels_TA: LabelArray) -> LabelArray:
        import numpy as np

        held_TA = np.zeros((len(labels_TA), len(keys.names)), np.float32)
        for place, sign in places:
            held_TA[:, place] = np.clip(sign * np.asarray(labels_TA[:, 0]), 0, 1)
        return held_TA

    return (
        Conversion(f"{name}: {axis} to keys", target, keys, to_keys, head, of),
        Conversion(f"{name}: keys to {axis}", keys, target, to_axis, of, head),
    )
