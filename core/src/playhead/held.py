"""What was held when: label rows from events. The one definition, for recording, checking and training.

The label of a moment is the state after every event up to and including that moment: in a world in lockstep a
driver sees a frame and presses at the same nanosecond, and that press is the answer to that frame.

Shape legend: T moments, A columns of one head.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from playhead.events import PLAYED, Event, Origin
from playhead.labels import Choice, Head, LabelArray, LabelSchema

Row = npt.NDArray[np.generic]


class HeldLabels:
    """Follows events and says the label row of every head at any moment in between.

    `controls` maps labels to codes. A choice is the class whose code was pressed last and is still held; with
    none held, the first class without a control ("none"), or else the class chosen last.
    A person and whatever else plays have a hand each: a key is held as long as either holds it, so that a
    network that lets go at a take-over does not let go for the person.
    """

    def __init__(self, schema: LabelSchema, controls: Mapping[str, str], *, device: str = PLAYED) -> None:
        self._schema = schema
        self._controls = dict(controls)
        self._codes = frozenset(controls.values())
        self._device = device
        self._held: dict[tuple[str, bool], float] = {}
        self._chosen = {
            name: _idle_class(head, controls) for name, head in schema.heads if isinstance(head, Choice)
        }
        self._rows: dict[str, Row] | None = None

    def advance(self, event: Event) -> None:
        """Take one event, if it is of the device followed and of a control."""
        if event.device != self._device or event.code not in self._codes:
            return
        hand = event.code, event.origin is Origin.HUMAN
        self._held.pop(hand, None)
        if event.value:
            self._held[hand] = event.value
        self._rows = None

    def rows(self) -> dict[str, Row]:
        """Return the present label row of every head.

        Shapes:  each (A,) of the head's dtype.
        """
        if self._rows is None:
            held = self._held_codes()
            self._rows = {name: self._row(name, head, held) for name, head in self._schema.heads}
        return self._rows

    def _held_codes(self) -> dict[str, float]:
        """Return the value of every code that is held, the one pressed last at the end."""
        held: dict[str, float] = {}
        for (code, _), value in self._held.items():
            held.pop(code, None)
            held[code] = value
        return held

    def _row(self, name: str, head: Head, held: Mapping[str, float]) -> Row:
        codes = [self._controls.get(label) for label in head.names]
        if isinstance(head, Choice):
            pressed = [codes.index(code) for code in held if code in codes]
            if pressed:
                self._chosen[name] = pressed[-1]
            elif None in codes:
                self._chosen[name] = codes.index(None)
            return np.array([self._chosen[name]], dtype=head.dtype)
        values = [held.get(code, 0.0) if code else 0.0 for code in codes]
        if head.kind == "keys":
            return np.array([value > 0.5 for value in values], dtype=head.dtype)
        row: Row = np.clip(np.array(values, dtype=head.dtype), -1, 1)
        return row


def _idle_class(head: Head, controls: Mapping[str, str]) -> int:
    without = [place for place, label in enumerate(head.names) if label not in controls]
    return without[0] if without else 0


def derive_labels(
    events: Iterable[Event],
    times_ns: Sequence[int] | npt.NDArray[np.int64],
    schema: LabelSchema,
    controls: Mapping[str, str],
    *,
    device: str = PLAYED,
) -> dict[str, LabelArray]:
    """Return the label rows at moments that rise, from events in any order.

    Shapes:  times_ns (T,); returns (T, A) a head.
    """
    held = HeldLabels(schema, controls, device=device)
    waiting = sorted(events, key=lambda event: event.time_ns)
    place = 0
    rows: dict[str, list[Row]] = {name: [] for name in schema}
    for time_ns in times_ns:
        while place < len(waiting) and waiting[place].time_ns <= time_ns:
            held.advance(waiting[place])
            place += 1
        for name, row in held.rows().items():
            rows[name].append(row)
    return {
        name: np.stack(rows[name]) if rows[name] else np.zeros((0, head.columns), dtype=head.dtype)
        for name, head in schema.heads
    }
