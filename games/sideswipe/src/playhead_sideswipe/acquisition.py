"""Collects pictures of cars from a phone: dresses the car in every loadout, touching only what changed, turns it.

    start menu -> garage -> swipe to the car, select -> edit -> sticker, wheel, hat, colour -> back x4
         ^                                                                                        |
         +---- 10 pictures, each a tenth of a turn on (turning.py) <------------------------------+

Source:  Tocard-Inc/Deep-Learning (main.py, garage.py, utils.py) by systems.md section 1; the checks are our own.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from playhead.errors import DeviceFailed
from playhead.phone import phone_of, view_of
from playhead.recording.collector import Item, Picture
from playhead_sideswipe import layout
from playhead_sideswipe.fingers import TRIES, Fingers, differ, no_effect
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import COLUMNS, NO_BODY, Loadout
from playhead_sideswipe.turning import Shot, Turntable
from playhead_sideswipe.walk import Walk

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

SWIPE_S = 0.3
SLIDE_S = 0.2
SWEEP_PX = 40  # between two places where the knob of a slider is searched: less than a finger is wide
MOST_CARS = 40  # a row of cars that still moves after so many swipes has no end


class Dresser:
    """Dresses the car on the phone. Remembers what it has set, so that only what changed is touched."""

    def __init__(self, hand: Fingers, cars: tuple[str, ...]) -> None:
        self._hand = hand
        self._cars = cars
        self._is_known = False
        self._car: int | None = None
        self._worn: dict[str, int] = {}
        self._colours: dict[tuple[int, str], float] = {}
        self._team: int | None = None

    def dress(self, loadout: Loadout) -> None:
        """Put a loadout on the car in the start menu. The first call finds out where the phone is.

        Raises:  DeviceFailed, naming the page or the thing that does not answer.
        """
        if not self._is_known:
            self._reset()
        car = self._cars.index(loadout.body)
        if car != self._car:
            self._worn.clear()  # each car wears things of its own
        wanted = {menu: getattr(loadout, menu) for menu in layout.ITEM_MENUS}
        menus = [menu for menu, item in wanted.items() if self._worn.get(menu) != item]
        colours = {"primary": loadout.primary, "secondary": loadout.secondary}
        is_other = loadout.team != self._team or any(
            self._colours[loadout.team, which] != value for which, value in colours.items()
        )
        if not menus and not is_other and car == self._car:
            return
        self._open("cars", layout.GARAGE)
        if car != self._car:
            self._choose_car(car)
        self._open("edit", layout.EDIT)
        for menu in menus:
            self._choose(menu, wanted[menu])
        if is_other:
            self._open("colour", layout.TABS["colour"])
            self._paint(loadout.team, colours)
        self._go_home()

    def _open(self, page: str, point: tuple[float, float]) -> None:
        self._hand.open(page, lambda: self._hand.tap(point, layout.TRANSITION_S))

    def _go_home(self) -> None:
        self._hand.open("home", self._back_out)

    def _back_out(self) -> None:
        for _ in range(4):  # the deepest page is three away; in the start menu it does nothing
            self._hand.tap(layout.BACK, layout.TRANSITION_S)

    def _reset(self) -> None:
        """From anywhere: to the start menu, then to the first car and all colours at 0."""
        self._back_out()
        self._back_out()  # a tap may have been lost
        self._hand.learn("home")
        self._open("cars", layout.GARAGE)
        self._first_car()
        self._open("edit", layout.EDIT)
        self._open("colour", layout.TABS["colour"])
        for team in (0, 1):
            for which in layout.SLIDER_Y:
                self._sweep(team, which)
        self._go_home()
        self._car = self._team = None
        self._worn.clear()
        self._is_known = True

    def _first_car(self) -> None:
        """Swipe back until the cars stand still: then the first one is shown."""
        still, before = 0, self._hand.look(layout.SHOWN)
        for _ in range(MOST_CARS):
            self._swipe(layout.BACKWARD_PX)
            after = self._hand.look(layout.SHOWN)
            still, before = 0 if differ(before, after) else still + 1, after
            if still == TRIES:  # fewer swipes may have been lost
                return
        raise DeviceFailed(
            f"The row of cars goes on for ever: {MOST_CARS} swipes back did not reach its first car."
        )

    def _swipe(self, pixels: float) -> None:
        x, y = layout.CENTRE
        self._hand.drag((x, y), (x + pixels, y), SWIPE_S, then_s=layout.BACKWARD_S)

    def _choose_car(self, car: int) -> None:
        """Swipe to a car and select it. After the reset, or when none is known, count from the first one."""
        if self._car is None:
            self._first_car()
            shown = 0
        else:
            shown = self._car
        if car > shown:
            self._moved(lambda: self._swipe(-layout.FORWARD_PX * (car - shown)))
        for _ in range(shown - car):
            self._moved(lambda: self._swipe(layout.BACKWARD_PX))
        self._tap(layout.SELECT, (200, 80), is_known=self._car is not None, what="Selecting a car")
        self._car = car

    def _moved(self, swipe: Callable[[], None]) -> None:
        before = self._hand.look(layout.SHOWN)
        self._hand.until_changed(swipe, layout.SHOWN, before, what="Swiping to another car")

    def _tap(self, point: layout.Point, size: tuple[float, float], *, is_known: bool, what: str) -> None:
        """Tap something until it looks different. If what was there is not known it may be that already."""
        has_changed = self._hand.change(lambda: self._hand.tap(point), layout.around(point, *size))
        if is_known and not has_changed:
            raise no_effect(what)

    def _choose(self, menu: str, item: int) -> None:
        """Choose a thing from a menu, moving the menu on as far as needed."""
        self._open(menu, layout.TABS[menu])
        rows, place = layout.cell(item)
        x, low, high = layout.COLUMN_X[1], layout.ROW_Y[2], layout.ROW_Y[1]
        part = layout.around(place, *layout.CELL)

        def move_on() -> None:
            self._hand.drag((x, low), (x, high), SWIPE_S, then_s=layout.TRANSITION_S)

        shown = self._hand.look(part)
        for _ in range(rows):
            shown = self._hand.until_changed(move_on, part, shown, what=f'Moving the menu "{menu}" on')
        is_known = menu in self._worn
        self._tap(place, layout.CELL, is_known=is_known, what=f"Choosing {menu} {item}")
        self._worn[menu] = item

    def _paint(self, team: int, colours: Mapping[str, float]) -> None:
        """Give a team its colours. The car wears those of the team that was touched last: where no knob has to
        move, one is dragged away and back, since only a knob that moves shows that it was touched."""
        moved = [which for which, value in colours.items() if self._colours[team, which] != value]
        if not moved:
            moved = list(colours)[:1]
            self._slide(team, moved[0], 0.0 if colours[moved[0]] >= 0.5 else 1.0)
        for which in moved:
            self._slide(team, which, colours[which])
        self._team = team

    def _slide(self, team: int, which: str, value: float) -> None:
        """Drag a knob from where it was left to another place."""
        if not self._hand.change(self._drags(team, which, value), layout.slider(team, which)):
            raise no_effect(f"Dragging the {which} colour of team {team}")
        self._colours[team, which] = value

    def _drags(self, team: int, which: str, value: float) -> Callable[[], None]:
        start = layout.knob(team, which, self._colours[team, which])
        return lambda: self._hand.drag(start, layout.knob(team, which, value), SLIDE_S)

    def _sweep(self, team: int, which: str) -> None:
        """Bring a knob to 0 from wherever it is: drag from one place after the other, one of them has it. That it
        can be dragged away from there and back shows that no drag was lost."""
        left, right = layout.SLIDER_X
        y = layout.knob(team, which, 0.0)[1]
        for _ in range(TRIES):
            for x in range(right, left - SWEEP_PX, -SWEEP_PX):
                self._hand.drag((max(x, left), y), (left, y), SLIDE_S)
            self._colours[team, which] = 0.0
            if self._hand.change(self._drags(team, which, 1.0), layout.slider(team, which)):
                self._colours[team, which] = 1.0
                self._slide(team, which, 0.0)
                return
        raise no_effect(f"Finding the {which} colour of team {team} on its slider")


class GarageCollector:
    """Takes pictures of every loadout of a walk on the phone of a device session."""

    columns = COLUMNS
    item_column = "loadout"
    part_column = "x_rotation"

    def __init__(self, session: DeviceSession, options: Mapping[str, Any]) -> None:
        self.walk = Walk.of(options)
        phone = phone_of(session)
        hand, view = Fingers(phone), view_of(session.options, phone.size, session.game.needed_frame)
        self._dresser = Dresser(hand, self.walk.cars)
        self._table = Turntable(hand, view, settle_s=self.walk.settle_s)
        self._loadouts: dict[str, Loadout] = {}
        # uuid1 as the original's file names, but without this machine's network address in them.
        self._node = random.SystemRandom().getrandbits(48) | 1 << 40

    def items(self) -> list[Item]:
        """Return one item a loadout, in the order of the walk; its parts are the rotations."""
        self._loadouts = {loadout.key: loadout for loadout in self.walk.loadouts()}
        parts = tuple(range(self.walk.rotations))
        return [Item(name=key, parts=parts) for key in self._loadouts]

    def collect(self, item: Item) -> Iterator[Picture]:
        """Dress the car, turn it once around, and yield a picture of each rotation that is wanted."""
        loadout = self._loadouts[item.name]
        self._table.finish()  # broken off before the car was round, or fewer rotations than a whole turn
        self._dresser.dress(loadout)
        self._table.forget()
        for rotation in range(self.walk.rotations):
            if rotation in item.parts:
                yield self._picture(loadout, rotation, self._table.shot())
            self._table.turn()

    def _picture(self, loadout: Loadout, rotation: int, shot: Shot) -> Picture:
        is_class = loadout.body in BODIES
        columns = {
            "uuid": str(uuid.uuid1(node=self._node)),
            "loadout": loadout.key,
            "car": loadout.body,
            "model": loadout.model if is_class else NO_BODY,
            "team": loadout.team,
            "primary_color": loadout.primary,
            "secondary_color": loadout.secondary,
            "hat": loadout.hat,
            "skin": loadout.sticker,
            "wheel": loadout.wheel,
            "x_rotation": rotation,
            "y_rotation": 0,
        }
        labels = {"car": [loadout.model]} if is_class else None
        return Picture(picture=shot.frame_HWC, time_ns=shot.time_ns, columns=columns, labels=labels)
