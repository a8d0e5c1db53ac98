"""Tables of one row a change, a press or a release, or of one for each time that a key was held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from playhead.events import Event, Origin
from playhead.game import Game
from playhead.labelling import HeldLabels
from playhead.names import visible
from playhead.storage.importers.columns import number
from playhead.storage.importers.key_columns import DOWN, REPEAT, UP, KeyColumns, seconds_of
from playhead.storage.importers.key_names import check_few, proposals
from playhead.storage.importers.key_table import KeyTable, Lost


def read_changes(
    game: Game, columns: KeyColumns, given: Mapping[str, str], rows: Iterable[tuple[int, list[str]]],
    lost: Lost,
) -> KeyTable:  # fmt: skip
    """Read a table of one row a change, or one for each time that a key was held."""
    told: list[tuple[float, str, float, int]] = []
    names: dict[str, None] = {}
    for line, cells in rows:
        names.setdefault(cells[columns.key or 0])
        check_few(names)
        try:
            told.extend((*one, line) for one in _changes_of(columns, cells, line))
        except ValueError as error:
            lost.add(str(error), line)
    counts = Counter(key for _, key, value, _ in told if value)
    names = dict.fromkeys(key for _, key, _, _ in told)
    meant = proposals(game, names) | {name: given[name] for name in names if name in given}
    controls = {label: game.controls.get(label, label) for head in game.labels.values() for label in head.names}
    events = []
    for place, key, value, line in sorted(told, key=lambda one: one[0]):
        label = meant.get(key, "")
        if label not in controls:
            if key not in given:
                lost.add(f'"{visible(key[:40])}", no key of {game.name}', line)
            continue
        events.append((place, Event(time_ns=0, code=controls[label], value=value, origin=Origin.HUMAN)))
    return replace(
        _replayed(game, controls, events), has_times=columns.is_by_time,
        first=min((place for place, *_ in told), default=0.0),
        meant={name: (meant.get(name, ""), counts[name]) for name in names},
    )  # fmt: skip


def _changes_of(columns: KeyColumns, cells: Sequence[str], line: int) -> Iterator[tuple[float, str, float]]:
    key, place = cells[columns.key or 0], columns.place(cells, line)
    if columns.kind == "holds":
        end = seconds_of(cells[columns.other or 0])
        if end <= place:
            raise ValueError("it is released before it is pressed")
        yield place, key, 1.0
        yield end, key, 0.0
        return
    word = cells[columns.other or 0].casefold()
    if word in REPEAT:
        return
    if word in DOWN or word in UP:
        yield place, key, float(word in DOWN)
        return
    try:
        value = number(word)
    except ValueError:
        raise ValueError(f'"{visible(word[:40])}" is neither press nor release') from None
    if not abs(value) <= 1:
        raise ValueError(f"its value is {value:g}, not from -1 to 1")
    yield place, key, value


def _replayed(game: Game, controls: Mapping[str, str], events: list[tuple[float, Event]]) -> KeyTable:
    """Return what is held after each change. Before the first nothing is, which is the first of the states."""
    held = HeldLabels(game.needed_schema, controls)
    rows: list[dict[str, Any]] = []
    found: dict[bytes, int] = {}

    def state() -> int:
        row = held.rows()
        number = found.setdefault(b"".join(one.tobytes() for one in row.values()), len(rows))
        if number == len(rows):
            rows.append({name: one[None].copy() for name, one in row.items()})
        return number

    state()
    states = []
    for _, event in events:
        held.advance(event)
        states.append(state())
    return KeyTable(
        has_times=True, is_changes=True, place_S=np.array([place for place, _ in events], np.float64),
        state_S=np.array(states, np.int64), events=tuple(one for _, one in events),
        rows={name: np.concatenate([one[name] for one in rows]) for name in game.needed_schema},
    )  # fmt: skip
