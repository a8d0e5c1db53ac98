"""What a network answers: named heads of keys, choices and axes, in an order that is part of the data.

A schema maps head names to heads. Its order is written into every recording and run and checked at load.

Shape legend: T frames, A columns of one head (keys and axes one each; a choice is one column of class numbers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from playhead.decoding import convert
from playhead.errors import BadValue, Damaged, Mismatch, not_found
from playhead.quantities import is_finite

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    LabelArray = npt.NDArray[np.generic]
else:
    LabelArray = Any  # every game states labels, and numpy would take a third of what `--help` takes


MOST_PER_S = 1_000_000  # counts a second: a mouse of 26,000 dpi at one metre a second


def _check_names(kind: str, names: tuple[str, ...]) -> None:
    if not names:
        raise BadValue(f"{kind}() needs at least one name.")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise BadValue(f"{kind}{names} names {', '.join(twice)} twice.")


def _check_known(kind: str, wanted: Iterable[str], names: tuple[str, ...]) -> None:
    known = set(names)
    for name in wanted:
        if name not in known:
            raise not_found(kind, name, names)


class _Named:
    """What every kind of head has: names, how a state is stored, and how many numbers the network gives."""

    kind: ClassVar[str]
    _stored_as: ClassVar[str]
    names: tuple[str, ...]

    @property
    def columns(self) -> int:
        """Columns in storage: one a key or an axis."""
        return len(self.names)

    @property
    def outputs(self) -> int:
        """Numbers the network gives: one logit a key or a class."""
        return len(self.names)

    @property
    def dtype(self) -> np.dtype[Any]:
        """How a state is stored."""
        import numpy as np

        return np.dtype(self._stored_as)

    def _set(self, **fields: object) -> None:
        """Set fields of something frozen while it is being made."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, init=False)
class Keys(_Named):
    """Independent on/off keys: one column of 0 or 1 a key; learned with binary cross-entropy.

    `opposites` are pairs that cancel each other (brake and throttle); `mirror` are pairs that change places
    when the picture is mirrored (left and right).
    """

    kind = "keys"
    _stored_as = "uint8"
    names: tuple[str, ...]
    opposites: tuple[tuple[str, str], ...]
    mirror: tuple[tuple[str, str], ...]

    def __init__(
        self,
        *names: str,
        opposites: tuple[tuple[str, str], ...] = (),
        mirror: tuple[tuple[str, str], ...] = (),
    ) -> None:
        _check_names("Keys", names)
        _check_known("key", (name for pair in (*opposites, *mirror) for name in pair), names)
        self._set(
            names=names, opposites=tuple((a, b) for a, b in opposites), mirror=tuple((a, b) for a, b in mirror)
        )


@dataclass(frozen=True, init=False)
class Choice(_Named):
    """One of several classes: one column holding the class number; learned with cross-entropy.

    `mirror` are pairs of classes that change places when the picture is mirrored.
    """

    kind = "choice"
    _stored_as = "uint16"
    names: tuple[str, ...]
    mirror: tuple[tuple[str, str], ...]

    def __init__(self, *names: str, mirror: tuple[tuple[str, str], ...] = ()) -> None:
        _check_names("Choice", names)
        _check_known("class", (name for pair in mirror for name in pair), names)
        self._set(names=names, mirror=tuple((a, b) for a, b in mirror))

    @property
    def columns(self) -> int:
        """Columns in storage: the class number."""
        return 1


@dataclass(frozen=True, init=False)
class Axes(_Named):
    """Values in [-1, 1], left and down negative: one column an axis; learned by regression.

    With `deltas` the network instead chooses one of these changes to the present value, per axis.
    `mirror` are axes whose sign changes when the picture is mirrored. Axes with `full_per_s` are motions, as of a
    mouse: events say how far it went, a label how fast, from a frame to the next.
    Units:  full_per_s the speed that is 1, in counts (or notches of a wheel) a second; 0 for positions.
    """

    kind = "axes"
    _stored_as = "float32"
    names: tuple[str, ...]
    deltas: tuple[float, ...]
    mirror: tuple[str, ...]
    full_per_s: float

    def __init__(
        self,
        *names: str,
        deltas: tuple[float, ...] = (),
        mirror: tuple[str, ...] = (),
        full_per_s: float = 0.0,
    ) -> None:
        _check_names("Axes", names)
        _check_known("axis", mirror, names)
        if not all(is_finite(delta) for delta in deltas):
            raise BadValue(f"Axes{names} have a delta that is no number: {deltas}.")
        if not 0 <= full_per_s <= MOST_PER_S:
            raise BadValue(f"Axes{names} reach full_per_s={full_per_s}. Give 0 to {MOST_PER_S:,} counts a second.")
        if full_per_s and deltas:
            raise BadValue(f"Axes{names} are motions, which have no deltas: they are changes. Leave one out.")
        self._set(
            names=names, deltas=tuple(float(delta) for delta in deltas), mirror=tuple(mirror),
            full_per_s=float(full_per_s),
        )  # fmt: skip

    @property
    def is_motion(self) -> bool:
        """Whether these are speeds, made of events that say how far something went."""
        return self.full_per_s > 0

    @property
    def outputs(self) -> int:
        """Numbers the network gives: one an axis, or one logit a delta and axis."""
        return len(self.names) * max(1, len(self.deltas))


Head = Keys | Choice | Axes


@dataclass(frozen=True)
class LabelSchema(Mapping[str, Head]):
    """The heads of a game in their order. A mapping from head name to head, comparable and storable."""

    heads: tuple[tuple[str, Head], ...]

    @classmethod
    def of(cls, heads: Mapping[str, Head]) -> LabelSchema:
        """Make a schema from a mapping, keeping its order."""
        return cls(tuple(heads.items()))

    def __getitem__(self, name: str) -> Head:
        for known, head in self.heads:
            if known == name:
                return head
        raise KeyError(name)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([name for name, _ in self.heads])

    def __len__(self) -> int:
        return len(self.heads)

    def head(self, name: str) -> Head:
        """Return the head called `name`. Raises NotFound with the nearest name."""
        if name not in self:
            raise not_found("label head", name, self)
        return self[name]

    def only(self, names: Container[str]) -> LabelSchema:
        """Return the heads of these names, in their order here."""
        return LabelSchema(tuple((name, head) for name, head in self.heads if name in names))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the schema as plain data, order kept."""
        return [{"head": name, **_head_to_json(head)} for name, head in self.heads]

    @classmethod
    def from_json(cls, data: object, *, where: str = "The label schema") -> LabelSchema:
        """Rebuild a schema from `to_json`. Raises Damaged, naming `where`, for anything else."""
        stored = convert(data, _StoredSchema, where=where, then="A newer playhead may know more. Update it.")
        twice = [name for name, count in Counter(entry.head for entry in stored).items() if count > 1]
        if twice:
            raise Damaged(f"{where} cannot be read: two label heads are called {twice[0]}.")
        try:
            return cls(tuple((entry.head, entry.rebuilt()) for entry in stored))
        except (BadValue, LookupError) as error:
            raise Damaged(f"{where} cannot be read: {error}") from error


def _head_to_json(head: Head) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": head.kind, "names": list(head.names)}
    if isinstance(head, Keys):
        data["opposites"] = [list(pair) for pair in head.opposites]
    if isinstance(head, Axes):
        data["deltas"] = list(head.deltas)
        data["mirror"] = list(head.mirror)
        data |= {"full_per_s": head.full_per_s} if head.is_motion else {}
    else:
        data["mirror"] = [list(pair) for pair in head.mirror]
    return data


_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Pair = tuple[_Name, _Name]


class _StoredKeys(Struct, tag_field="kind", tag="keys"):
    head: _Name
    names: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=1_024)]  # as many columns of an array
    opposites: Annotated[tuple[_Pair, ...], Meta(max_length=4_096)]
    mirror: Annotated[tuple[_Pair, ...], Meta(max_length=4_096)]

    def rebuilt(self) -> Keys:
        return Keys(*self.names, opposites=self.opposites, mirror=self.mirror)


class _StoredChoice(Struct, tag_field="kind", tag="choice"):
    head: _Name
    names: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=65_536)]  # as uint16 can number
    mirror: Annotated[tuple[_Pair, ...], Meta(max_length=65_536)]

    def rebuilt(self) -> Choice:
        return Choice(*self.names, mirror=self.mirror)


class _StoredAxes(Struct, tag_field="kind", tag="axes"):
    head: _Name
    names: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=1_024)]
    deltas: Annotated[tuple[Annotated[float, Meta(ge=-2, le=2)], ...], Meta(max_length=1_024)]
    mirror: Annotated[tuple[_Name, ...], Meta(max_length=1_024)]
    full_per_s: Annotated[float, Meta(ge=0, le=MOST_PER_S)] = 0.0

    def rebuilt(self) -> Axes:
        return Axes(*self.names, deltas=self.deltas, mirror=self.mirror, full_per_s=self.full_per_s)


_StoredSchema = Annotated[
    tuple[_StoredKeys | _StoredChoice | _StoredAxes, ...], Meta(min_length=1, max_length=256)
]


def check_same(ours: LabelSchema, theirs: LabelSchema, *, where: str, then: str) -> None:
    """Raise Mismatch when two schemas differ in heads, names or order; say the first difference and `then`."""
    if ours == theirs:
        return
    raise Mismatch(f"{where} has the labels {describe(theirs)}, but {describe(ours)} are needed. {then}")


def describe(schema: LabelSchema) -> str:
    """Say the schema in one line: `drive: keys w, a, s, d`."""
    return "; ".join(f"{name}: {head.kind} {', '.join(head.names)}" for name, head in schema.heads)


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
    _check_known("key", filter(None, (more, less)), keys.names)
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
