"""Players who know the homebrew game's state and press as people do: they hold, tap, hesitate, mash and wander.

A player is a plan that yields the buttons held, frame by frame. What happens by chance follows from the episode's
seed and the player's manner, so that a drive can be made again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from playhead.emulator import EmulatorSession
from playhead_pokemon.labels import KEYBOARD
from playhead_pokemon.memory import Goal, Ground, Mode, Place
from playhead_pokemon.roads import WAYS, Map, Square

Held = frozenset[str]
Plan = Iterator[Held]
NOTHING: Held = frozenset()


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How somebody presses. Shares are chances for each decision; frames are the console's, 60 a second."""

    name: str
    hesitates: float  # to stand still before walking on
    wanders: float  # to open a menu, whistle, look round or press A at nothing
    runs: float  # to hold B on a way
    mashes: float  # to press A again and again while texts are typed
    late: float  # to let go of a direction too late
    tap: tuple[int, int] = (3, 9)  # frames of a tap
    rest: tuple[int, int] = (6, 22)  # frames between two taps
    thinks: tuple[int, int] = (12, 50)  # frames of a hesitation


HASTY = Manner(
    name="hasty", hesitates=0.04, wanders=0.02, runs=0.8, mashes=0.9, late=0.2, tap=(2, 5), rest=(3, 10)
)
CAREFUL = Manner(name="careful", hesitates=0.3, wanders=0.04, runs=0.1, mashes=0.1, late=0.05, thinks=(20, 90))
CURIOUS = Manner(name="curious", hesitates=0.15, wanders=0.25, runs=0.4, mashes=0.4, late=0.1)
STEADY = Manner(name="steady", hesitates=0.1, wanders=0.08, runs=0.5, mashes=0.5, late=0.1)


class Player:
    """Plays towards the goal that the console's memory says, in a manner of its own."""

    manner = STEADY

    def __init__(self, console: EmulatorSession) -> None:
        self._memory = console.memory
        self._plan: Plan | None = None

    def decide(self) -> dict[str, float]:
        """Return what is held for the coming frame."""
        if self._plan is None:
            self._random = random.Random(f"{self.manner.name} {self._read('seed')}")
            self._plan = self._play()
        return {KEYBOARD[button]: 1.0 for button in next(self._plan)}

    def reset(self, held: Mapping[str, float]) -> None:
        """Begin a new plan."""
        self._plan = None

    def _read(self, name: str) -> int:
        return self._memory.value(name)

    @property
    def _square(self) -> Square:
        return self._read("x"), self._read("y")

    def _does(self, share: float) -> bool:
        return self._random.random() < share

    def _play(self) -> Plan:
        """Do what the game's mode asks for, again and again."""
        doing: dict[Mode, Callable[[], Plan]] = {
            Mode.TITLE: partial(self._tap, "start"),
            Mode.WALK: self._walk,
            Mode.TALK: self._listen,
            Mode.BATTLE_TEXT: self._listen,
            Mode.BATTLE_MENU: self._fight,
            Mode.FADE: partial(self._wait, 4, 12),
        }
        yield from self._wait(5, 40)
        while True:
            yield from doing.get(Mode(self._read("mode")), self._leave)()

    def _hold(self, *buttons: str, frames: tuple[int, int]) -> Plan:
        for _ in range(self._random.randint(*frames)):
            yield frozenset(buttons)

    def _wait(self, least: int, most: int) -> Plan:
        yield from self._hold(frames=(least, most))

    def _tap(self, button: str) -> Plan:
        yield from self._hold(button, frames=self.manner.tap)
        yield from self._hold(frames=self.manner.rest)

    def _listen(self) -> Plan:
        """Wait for a text to end, or mash through it."""
        if self._read("waiting") or self._does(self.manner.mashes):
            yield from self._tap(self._random.choice(("a", "a", "a", "b")))
        else:
            yield from self._wait(8, 40)

    def _leave(self) -> Plan:
        """Get out of a menu, now and then after a look at it."""
        while self._does(0.5):
            yield from self._tap(self._random.choice(("down", "down", "up", "r", "l")))
        yield from self._tap("b")

    def _move_cursor(self, wanted: int, *, buttons: Mapping[int, str], count: int) -> Plan:
        """Move a cursor of a menu step by step: `buttons` say which bit or by how much each changes it."""
        for _ in range(count):
            off = self._read("cursor") ^ wanted
            if not off:
                return
            yield from self._tap(next(button for bit, button in buttons.items() if off & bit))

    def _fight(self) -> Plan:
        """Strike, mostly; drink when it is time to."""
        is_weak = self._read("hp") < 12 and self._read("potions") > 0
        wanted = 1 if is_weak else 0 if self._does(0.85) else self._random.choice((0, 2, 2, 3))
        if self._does(self.manner.hesitates):
            yield from self._wait(*self.manner.thinks)
        buttons = {1: self._random.choice(("left", "right")), 2: self._random.choice(("up", "down"))}
        yield from self._move_cursor(wanted, buttons=buttons, count=4)
        yield from self._tap("a")
        if is_weak and self._read("mode") == Mode.BAG:
            yield from self._tap("a")
            yield from self._tap("b")

    def _walk(self) -> Plan:
        """Go a straight part of the way to the goal, or do something else for a moment."""
        if self._does(self.manner.hesitates):
            yield from self._wait(*self.manner.thinks)
        if self._does(self.manner.wanders):
            yield from self._wander()
            return
        way = self._way()
        if not way:
            yield from self._tap(self._random.choice(tuple(WAYS)))
            return
        straight = next((at for at, button in enumerate(way) if button != way[0]), len(way))
        yield from self._go(way[0], straight)

    def _way(self) -> list[str]:
        """Return the way to where the goal is nearest; over tall grass only where it is wanted."""
        place, goal = self._read("place"), self._read("goal")
        known = Map.of(self._memory, place)
        if place != Place.OUTDOORS:
            return known.way(self._square, lambda square: known.kind(square) == Ground.MAT)
        if goal == Goal.REACH_SHOP:
            door = self._read("shop_x"), self._read("shop_y")
            for shunned in ((Ground.GRASS,), ()):
                if way := known.way(self._square, lambda square: square == door, shunned):
                    return way
        if goal == Goal.WIN_THREE:
            far = self._random.randint(1, 4) if known.kind(self._square) == Ground.GRASS else 1
            grass = [one for one in known.squares(Ground.GRASS) if _distance(one, self._square) >= far]
            return known.way(self._square, lambda square: square in grass)
        squares = [*known.squares(Ground.PATH), *known.squares(Ground.LAWN), *known.squares(Ground.FLOWER)]
        there = self._random.choice(squares)
        return known.way(self._square, lambda square: square == there)

    def _go(self, button: str, squares: int) -> Plan:
        """Hold a direction for so many squares, and let go within the last step, or too late."""
        (x, y), (dx, dy) = self._square, WAYS[button]
        end = x + dx * squares, y + dy * squares
        held = {button, "b"} if squares > 2 and self._does(self.manner.runs) else {button}
        early = -1 if self._does(self.manner.late) else self._random.randint(1, 10)
        for _ in range(24 * squares + 24):
            if self._read("mode") != Mode.WALK or (self._square == end and self._read("moving") <= early):
                break
            yield frozenset(held)
            if self._square == end and early < 0 and not self._read("moving"):
                break
        yield from self._wait(0, 6)

    def _wander(self) -> Plan:
        """Open the menu and look into it, whistle, look round, or press A where nothing is."""
        what = self._random.choice(("menu", "menu", "whistle", "look", "nothing", "shoulder"))
        if what == "menu":
            yield from self._tap("start")
            yield from self._wait(10, 30)
            yield from self._move_cursor(self._random.randrange(3), buttons={1: "down", 2: "down"}, count=3)
            yield from self._tap("a")
            yield from self._wait(10, 60)
        elif what == "look":
            for button in self._random.sample(tuple(WAYS), 2):
                yield from self._hold(button, frames=(2, 4))
                yield from self._wait(8, 20)
        else:
            yield from self._tap(
                {"whistle": "select", "nothing": "a", "shoulder": self._random.choice("lr")}[what]
            )


def _distance(one: Square, other: Square) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


class Hasty(Player):
    """Runs, and mashes through texts."""

    manner = HASTY


class Careful(Player):
    """Walks, reads, and thinks before most of what it does."""

    manner = CAREFUL


class Curious(Player):
    """Looks into menus and round corners."""

    manner = CURIOUS
