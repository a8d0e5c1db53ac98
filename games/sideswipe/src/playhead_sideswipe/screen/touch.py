"""What touching the screen does: pages, menus, the row of cars, colour sliders. Draws nothing, knows no driver."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from playhead.clock import NS_PER_S, Clock
from playhead.phone import Point
from playhead_sideswipe import layout
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import ROTATIONS, Loadout

HOME, CARS, EDIT, COLOUR = "home", "cars", "edit", "colour"
FINGER_PX = 60  # how far beside a button a finger may land
KNOB_PX = 45  # the same for the knob of a slider
SNAP_S = 0.8  # until a swiped row of cars stands still
SCROLL_S = 0.15  # until a dragged menu stands still
IDLE_S = 2.0  # so long untouched, the car begins to turn by itself
IDLE_TURN_S = 8.0  # and turns once in this time; then the next car is shown
COLOURS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What the garage has: the cars in their row, and how many things each menu offers, "none" included."""

    cars: Sequence[str]
    stickers: Mapping[str, int]
    wheels: int
    hats: int

    def count(self, menu: str, car: str) -> int:
        """Return how many things a menu offers for a car."""
        return {"sticker": self.stickers[car], "wheel": self.wheels, "hat": self.hats}[menu]


@dataclass(kw_only=True)
class TouchScreen:
    """The state of the screen. Begins anywhere: whoever works it cannot know what was done before.

    A touch while a page is changing is lost. `touches` counts those that did something. Around the car is another
    room after each touch, or, if `keeps_room`, the same one until the start menu is left. With `any_angle` each
    loadout is met turned a little further, by less than a tenth, so that no angle is left out.
    """

    stock: Stock
    clock: Clock
    seed: int = 0
    page: str = HOME
    before: str = HOME  # the page that is being left while `is_changing`
    shown: int = 0
    chosen: int = 0
    outfits: list[dict[str, int]] = field(default_factory=list)
    colours: list[dict[str, float]] = field(default_factory=list)
    team: int = 0
    row: int = 0
    turn: float = 0.0
    touches: int = 0
    stuck_menu: str = ""
    keeps_room: bool = False
    any_angle: bool = False
    _came_home: int = 0  # touches until the start menu was last entered
    _busy_ns: int = 0
    _touched_ns: int = 0

    def __post_init__(self) -> None:
        draw = random.Random(self.seed)
        stock = self.stock
        self.outfits = [
            {menu: draw.randrange(stock.count(menu, car)) for menu in layout.ITEM_MENUS} for car in stock.cars
        ]
        self.colours = [{"primary": draw.random(), "secondary": draw.random()} for _ in range(2)]
        self.shown = self.chosen = draw.randrange(len(stock.cars))
        self.team = draw.randrange(2)
        self._touched_ns = self.clock.now_ns() - round(IDLE_S * NS_PER_S)

    @property
    def is_changing(self) -> bool:
        """Whether a page is still coming, or something swiped still moving."""
        return self.clock.now_ns() < self._busy_ns

    def loadout(self, car: int) -> Loadout:
        """Return how a car of the row is dressed."""
        colours = self.colours[self.team]
        return Loadout(
            body=self.stock.cars[car],
            team=self.team,
            primary=colours["primary"],
            secondary=colours["secondary"],
            **self.outfits[car],
        )

    def on_stage(self) -> tuple[Loadout, float, int]:
        """Return what the start menu shows: the car, its rotation in tenths, and a number for all around it.

        Untouched for a while the car turns, and after each turn another one of the classes is shown.
        """
        idle_s = (self.clock.now_ns() - self._touched_ns) / NS_PER_S - IDLE_S
        turned = max(0.0, idle_s / IDLE_TURN_S)
        scene = self.seed * 1_000_003 + (self._came_home if self.keeps_room else self.touches)
        if turned < 1:
            loadout = self.loadout(self.chosen)
            return loadout, (self.turn + self._further(loadout) + ROTATIONS * turned) % ROTATIONS, scene
        return self._parade(int(turned)), ROTATIONS * (turned % 1), scene + 7919 * int(turned)

    def _further(self, loadout: Loadout) -> float:
        return random.Random(f"{self.seed} {loadout.key}").random() if self.any_angle else 0.0

    def _parade(self, number: int) -> Loadout:
        draw = random.Random(f"{self.seed} {number}")
        car = draw.choice(BODIES)
        outfit = {menu: draw.randrange(self.stock.count(menu, car)) for menu in layout.ITEM_MENUS}
        primary, secondary = draw.choice(COLOURS), draw.choice(COLOURS)
        return Loadout(body=car, team=draw.randrange(2), primary=primary, secondary=secondary, **outfit)

    def tap(self, point: Point) -> None:
        """Do what a tap does there, if anything."""
        if not self._feels():
            return
        if _near(point, layout.BACK):
            self._back()
        elif self.page == HOME and _near(point, layout.GARAGE):
            self.shown = self.chosen
            self._go(CARS)
        elif self.page == CARS and _near(point, layout.EDIT):
            self._go(EDIT)
        elif self.page == CARS and _near(point, layout.SELECT):
            self.chosen = self.shown
        elif self.page not in (HOME, CARS):
            self._tap_menu(point)

    def _tap_menu(self, point: Point) -> None:
        for name, tab in layout.TABS.items():
            if _near(point, tab, FINGER_PX * 0.8) and name != self.stuck_menu:
                self.row = 0
                self._go(name)
                return
        if self.page in layout.ITEM_MENUS:
            item = self._item_at(point)
            if item is not None:
                self.outfits[self.shown][self.page] = item

    def _item_at(self, point: Point) -> int | None:
        for column, x in enumerate(layout.COLUMN_X):
            for row, y in enumerate(layout.ROW_Y):
                if abs(point[0] - x) < layout.CELL[0] / 2 and abs(point[1] - y) < layout.CELL[1] / 2:
                    item = (self.row + row) * len(layout.COLUMN_X) + column
                    return item if item < self._count() else None
        return None

    def _count(self) -> int:
        return self.stock.count(self.page, self.stock.cars[self.shown])

    def drag(self, start: Point, end: Point) -> None:
        """Do what a drag does there, if anything."""
        if not self._feels():
            return
        across, down = end[0] - start[0], end[1] - start[1]
        if self.page == HOME and layout.HEAD.y + layout.HEAD.height < start[1] < layout.GARAGE[1] - FINGER_PX:
            self.turn = (self.turn + across / layout.TURN_PX) % ROTATIONS
        elif self.page == CARS:
            moved = self.shown - round(across / layout.FORWARD_PX)
            self.shown = min(max(moved, 0), len(self.stock.cars) - 1)
            self._be_busy(SNAP_S)
        elif self.page == COLOUR:
            self._slide(start, end)
        elif self.page in layout.ITEM_MENUS:
            rows = -(-self._count() // len(layout.COLUMN_X))
            last = max(0, rows - len(layout.ROW_Y))
            self.row = min(max(self.row - round(down / layout.ROW_PITCH), 0), last)
            self._be_busy(SCROLL_S)

    def _slide(self, start: Point, end: Point) -> None:
        left, right = layout.SLIDER_X
        for team, colours in enumerate(self.colours):
            for which, value in colours.items():
                if _near(start, layout.knob(team, which, value), KNOB_PX):
                    place = (end[0] - left) / (right - left)
                    colours[which] = round(min(max(place, 0.0), 1.0), 3)
                    self.team = team
                    return

    def wake(self) -> None:
        """Notice a finger, whatever it does."""
        self._touched_ns = self.clock.now_ns()

    def _feels(self) -> bool:
        """Whether a touch does anything now; during a change of pages it is lost."""
        self.wake()
        if self.is_changing:
            return False
        self.touches += 1
        return True

    def _back(self) -> None:
        after = {CARS: HOME, EDIT: CARS}.get(self.page, EDIT)
        if self.page != HOME:
            self._go(after)

    def _go(self, page: str) -> None:
        self.before, self.page = self.page, page
        if page == HOME:
            self.turn, self._came_home = 0.0, self.touches
        self._be_busy(layout.TRANSITION_S * 0.8)

    def _be_busy(self, seconds: float) -> None:
        self._busy_ns = self.clock.now_ns() + round(seconds * NS_PER_S)


def _near(point: Point, target: Point, within: float = FINGER_PX) -> bool:
    return abs(point[0] - target[0]) <= within and abs(point[1] - target[1]) <= within
