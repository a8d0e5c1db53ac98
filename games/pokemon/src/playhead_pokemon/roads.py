"""Ways over the homebrew game's map: what is free, and the shortest way to a square."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from playhead.emulator.memory import Memory
from playhead_pokemon.memory import GROUND, PEOPLE, PERSON_BYTES, PERSONS, SIDE, Ground

Square = tuple[int, int]
# Button -> how far it moves, in the order in which one of several wins.
WAYS: Mapping[str, Square] = {"down": (0, 1), "up": (0, -1), "left": (-1, 0), "right": (1, 0)}
DOORS = frozenset({Ground.MAT, Ground.DOOR_HOME, Ground.DOOR_SHOP})


@dataclass(frozen=True)
class Map:
    """The ground where one is, and the squares that other people stand on."""

    ground: bytes
    people: frozenset[Square]

    @classmethod
    def of(cls, memory: Memory, place: int) -> Map:
        """Read the map out of the console's memory."""
        told = memory.read(PEOPLE, PERSON_BYTES * PERSONS)
        persons = [told[at : at + PERSON_BYTES] for at in range(0, len(told), PERSON_BYTES)]
        there = frozenset((one[0], one[1]) for one in persons if one[4] == place)
        return cls(memory.read(GROUND, SIDE * SIDE), there)

    def kind(self, square: Square) -> int:
        """Return the kind of ground of a square."""
        return self.ground[square[1] * SIDE + square[0]]

    def squares(self, kind: int) -> list[Square]:
        """Return all squares of a kind."""
        return [(at % SIDE, at // SIDE) for at, one in enumerate(self.ground) if one == kind]

    def is_free(self, square: Square) -> bool:
        """Whether one can walk there now."""
        x, y = square
        inside = 0 <= x < SIDE and 0 <= y < SIDE
        return inside and self.kind(square) < Ground.TREE and square not in self.people

    def way(self, start: Square, wanted: Callable[[Square], bool], shunned: Collection[int] = ()) -> list[str]:
        """Return the buttons of a shortest way to a wanted square; none where there is none.

        Doors and kinds that are shunned are entered only as its end.
        """
        before: dict[Square, tuple[Square, str]] = {}
        queue, seen = deque([start]), {start}
        while queue:
            here = queue.popleft()
            if here != start and wanted(here):
                return _followed(before, start, here)
            if here != start and (self.kind(here) in DOORS or self.kind(here) in shunned):
                continue
            for button, (dx, dy) in WAYS.items():
                there = here[0] + dx, here[1] + dy
                if there not in seen and self.is_free(there):
                    seen.add(there)
                    before[there] = here, button
                    queue.append(there)
        return []


def _followed(before: Mapping[Square, tuple[Square, str]], start: Square, end: Square) -> list[str]:
    way: list[str] = []
    while end != start:
        end, button = before[end]
        way.append(button)
    return way[::-1]
