"""Plays what was learned as other heads: what a network says of classes becomes how likely each key is.

A run may have learned heads that are derived from those the game has (`Game.conversions`). Its controller is also
told what that means for the game's own heads: the share of outcomes in which a key is held, or that are a class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.control.drivers import Held
from playhead.conversions import Conversion, way_to
from playhead.dead_zones import DeadZone, through
from playhead.errors import BadValue
from playhead.game import Game
from playhead.labelling import HeldLabels, Row
from playhead.labels import Axes, Choice, Head, Keys, LabelSchema
from playhead.playing.controllers import Predictions

_MOST_KEYS = 12  # of which every combination is weighed, 4,096; of more the likeliest alone
Array = npt.NDArray[Any]


class PlayedHeads:
    """Adds to predictions of derived heads those of the game's own heads."""

    def __init__(self, schema: LabelSchema, game: Game, zones: Mapping[str, DeadZone] | None = None) -> None:
        """Find the ways back. `zones` are dead zones of derived axes, which their values go through."""
        self._outcomes: list[tuple[str, str, _Outcomes]] = []
        self._own, self._controls = game.schema, game.controls
        self._there = {name: way_to(name, head, game.labels, game.conversions) for name, head in schema.items()}
        for name, head in schema.items():
            if name not in game.labels:
                self._outcomes += _ways_back(name, head, schema, game, zones or {})

    def __call__(self, predictions: Predictions) -> Predictions:
        """Return all predictions, with those of the game's own heads that follow from others."""
        if not self._outcomes:
            return predictions
        told = dict(predictions)
        for source, target, outcomes in self._outcomes:
            weighed = outcomes.weighed(predictions[source])
            # Of several heads each may say a part, as steering and pedals do of the keys.
            told[target] = np.maximum(told[target], weighed) if target in told else weighed
        return told

    def reset(self, held: Held) -> None:
        """Have axes of which changes were learned go on from what is held."""
        rows = {
            name: np.array([[held.get(self._controls.get(label, ""), 0.0) for label in head.names]])
            for name, head in self._own.items()
            if not isinstance(head, Choice)
        }
        for source, _, outcomes in self._outcomes:
            outcomes.begin(rows, self._there.get(source))


def _ways_back(
    name: str, head: Head, schema: LabelSchema, game: Game, zones: Mapping[str, DeadZone]
) -> list[tuple[str, str, _Outcomes]]:
    """Return how a derived head becomes heads of the game that were not learned themselves.

    Raises:  BadValue where there is none, and nothing is pressed for its own names either.
    """
    found = [
        (name, target, _Outcomes(head, theirs, way[1], zones))
        for target, theirs in game.labels.items()
        if target not in schema and (way := way_to(target, theirs, {name: head}, game.conversions)) is not None
    ]
    known = any(target in schema for target in game.labels)
    if not found and not known and not any(label in game.controls for label in head.names):
        raise BadValue(
            f"The run learned {name}, and nothing says which keys that means. Add a Conversion from {name} to "
            f"{' or '.join(game.labels)} to the conversions of {game.name}."
        )
    return found


class HeldHeads(HeldLabels):
    """Follows events, and says the rows of heads that are derived from those the game has."""

    def __init__(self, schema: LabelSchema, game: Game) -> None:
        super().__init__(game.schema, game.controls)
        ways = {name: way_to(name, head, game.labels, game.conversions) for name, head in schema.items()}
        self._ways = {name: way for name, way in ways.items() if way is not None}

    def rows(self) -> dict[str, Row]:
        """Return the present row of every head."""
        own, told = super().rows(), {}
        for name, (source, way) in self._ways.items():
            row: Array = own[source]
            for conversion in way:
                row = np.asarray(conversion(row[None]))[0]
            told[name] = row
        return told


def held_heads(schema: LabelSchema, game: Game | None) -> HeldLabels | None:
    """Return what follows the events of a run's heads, None where none of them is derived."""
    if game is None or all(name in game.labels for name in schema):
        return None
    return HeldHeads(schema, game)


class _Outcomes:
    """Everything that a head may say, and what each of that means for another head.

    Shapes:  rows (outcomes, columns of the source); converted (outcomes, columns of the target).
    """

    def __init__(
        self, source: Head, target: Head, way: Sequence[Conversion], zones: Mapping[str, DeadZone]
    ) -> None:
        self._source, self._target, self._way, self._zones = source, target, way, zones
        if isinstance(target, Axes) and target.deltas:
            raise BadValue(
                f"{way[0].name} cannot be played: changes of the axes {', '.join(target.names)} are none."
            )
        self._value_A = np.zeros(source.columns)  # of axes of which changes are answered
        self._rows: Array | None = None
        if isinstance(source, Choice):
            self._rows = np.arange(len(source.names))[:, None]
        elif isinstance(source, Keys) and len(source.names) <= _MOST_KEYS:
            self._rows = np.arange(2 ** len(source.names))[:, None] >> np.arange(len(source.names)) & 1
        self._converted = None if self._rows is None else self._convert(self._rows)

    def begin(self, rows: Mapping[str, Array], there: tuple[str, tuple[Conversion, ...]] | None) -> None:
        """Go on from what is held, rows of the game's heads; from the middle where nothing says what that is."""
        self._value_A = np.zeros(self._source.columns)
        if there is not None and there[0] in rows:
            row = rows[there[0]]
            for conversion in there[1]:
                row = np.asarray(conversion(row))
            self._value_A = row[0].astype(np.float64)

    def _moved(self, source: Axes, prediction: Array) -> Array:
        """Return where axes are after the likeliest change of each."""
        likeliest = prediction.reshape(len(source.names), len(source.deltas)).argmax(1)
        self._value_A = np.clip(self._value_A + np.array(source.deltas)[likeliest], -1, 1)
        return self._value_A

    def _convert(self, rows: Array) -> Array:
        rows = rows.astype(self._source.dtype)
        for conversion in self._way:
            rows = np.asarray(conversion(rows))
        return rows

    def weighed(self, prediction: Array) -> npt.NDArray[np.float32]:
        """Return what a prediction of the source means for the target. Shapes: (outputs,) of each."""
        if isinstance(self._source, Axes) and self._source.deltas:
            prediction = self._moved(self._source, prediction)
        if isinstance(self._source, Axes):
            named = zip(self._source.names, prediction.tolist(), strict=True)
            prediction = np.array([through(self._zones, name, value) for name, value in named])
        if self._rows is None or self._converted is None:
            row = prediction >= 0.5 if isinstance(self._source, Keys) else prediction
            converted, shares = self._convert(row[None]), np.ones(1)
        elif isinstance(self._source, Keys):
            converted, shares = self._converted, np.where(self._rows, prediction, 1 - prediction).prod(1)
        else:
            converted, shares = self._converted, prediction
        if isinstance(self._target, Axes):  # a mean of left and right would be straight on
            return np.asarray(converted[shares.argmax()], dtype=np.float32)
        if isinstance(self._target, Choice):
            return np.bincount(converted[:, 0], shares, len(self._target.names)).astype(np.float32)
        return np.asarray(shares @ converted, dtype=np.float32)
