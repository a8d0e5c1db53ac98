"""What a network answers: named heads of keys, choices and axes, in an order that is part of the data.

A schema maps head names to heads. Its order is written into every recording and run and checked at load.

Shape legend: T frames, A columns of one head (keys and axes one each; a choice is one column of class numbers).
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
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


_MOVED = frozenset({
    "Conversion", "axis_choice_conversions", "axis_conversions", "classes_of", "keys_choice_conversions",
})  # fmt: skip

MOST_PER_S = 1_000_000  # counts a second: a mouse of 26,000 dpi at one metre a second


def __getattr__(name: str) -> Any:
    """Return what plugins of earlier versions import from here, and `playhead.conversions` holds."""
    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("playhead.conversions"), name)


def _check_names(kind: str, names: tuple[str, ...]) -> None:
    if not names:
        raise BadValue(f"{kind}() needs at least one name.")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise BadValue(f"{kind}{names} names {', '.join(twice)} twice.")


def check_known(kind: str, wanted: Iterable[str], names: tuple[str, ...]) -> None:
    """Raise NotFound, with the nearest name, for one that is wanted and not among `names`."""
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
        check_known("key", (name for pair in (*opposites, *mirror) for name in pair), names)
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
        check_known("class", (name for pair in mirror for name in pair), names)
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
        check_known("axis", mirror, names)
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
