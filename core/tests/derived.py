"""Labels at moments, from events in any order: held row by row, as while a game is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from playhead.events import PLAYED, Event
from playhead.labelling import HeldLabels, Row
from playhead.labels import LabelArray, LabelSchema
from playhead.tracks import TimeArray


def derive_labels(
    events: Iterable[Event],
    times_ns: Sequence[int] | TimeArray,
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
