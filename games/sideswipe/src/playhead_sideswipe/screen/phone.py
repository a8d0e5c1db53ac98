"""The drawn phone: worked by tap, drag and grab like any other, with the faults that phones have."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playhead.capture.phone import PhoneCapture
from playhead.clock import NS_PER_S, Clock, FakeClock, SystemClock
from playhead.errors import BadValue, DeviceFailed, not_found
from playhead.phone import FrameArray, Point, View
from playhead_sideswipe import layout
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import HATS, STICKERS, UNSEEN_BODIES, WHEELS
from playhead_sideswipe.screen.drawing import Cars, ScreenPainter
from playhead_sideswipe.screen.touch import Stock, TouchScreen

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

TAP_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong, for tests: the shares of taps and of drags that are lost, the touch in whose middle the
    phone disconnects if it is a drag (0: never), the menu that never opens."""

    lost_taps: float = 0.0
    lost_drags: float = 0.0
    disconnect_after: int = 0
    stuck_menu: str = ""


class GaragePhone:
    """A phone with the game in its start menu. Time passes on its clock only while it is touched or waited on,
    unless a clock is given.
    """

    def __init__(
        self, cars: Cars, stock: Stock, *, seed: int = 0, clock: Clock | None = None, faults: Faults | None = None,
        keeps_room: bool = False, any_angle: bool = False,
    ) -> None:  # fmt: skip
        self.clock: Clock = clock or FakeClock()
        self.screen = TouchScreen(
            stock=stock, clock=self.clock, seed=seed, keeps_room=keeps_room, any_angle=any_angle
        )
        self._cars = cars
        self._painter = ScreenPainter(cars)
        self._faults = faults or Faults()
        self.screen.stuck_menu = self._faults.stuck_menu
        self._luck = random.Random(f"faults {seed}")
        self._touches = 0
        self._is_gone = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen in pixels."""
        return layout.SCREEN

    def tap(self, x: float, y: float) -> None:
        """Touch the screen shortly. Raises DeviceFailed when the phone is gone."""
        self._touch()
        if not self._is_lost(self._faults.lost_taps):
            self.screen.tap((x, y))
        self._pass(TAP_S)

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        """Touch, move and let go. Raises DeviceFailed when the phone is gone, perhaps half way."""
        self._touch()
        if 0 < self._faults.disconnect_after <= self._touches:
            self._pass(seconds / 2)
            self.screen.drag(start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
            self._is_gone = True
            self._check_there()
        self._pass(seconds)
        if not self._is_lost(self._faults.lost_drags):
            self.screen.drag(start, end)

    def grab(self, view: View | None = None) -> FrameArray:
        """Return what the screen shows now, or a view of it. Raises DeviceFailed when the phone is gone."""
        self._check_there()
        return self._painter.draw(self.screen, view or View())

    def close(self) -> None:
        """Give back what the cars are drawn on."""
        self._cars.close()

    def _touch(self) -> None:
        self._check_there()
        self._touches += 1

    def _is_lost(self, share: float) -> bool:
        """Draw whether a touch does nothing. The screen is awake even so."""
        self.screen.wake()
        return self._luck.random() < share

    def _check_there(self) -> None:
        if self._is_gone:
            raise DeviceFailed(
                "The phone is gone: it was disconnected while it was being touched. Connect it again."
            )

    def _pass(self, seconds: float) -> None:
        self.clock.sleep_until(self.clock.now_ns() + round(seconds * NS_PER_S))


def garage_stock() -> Stock:
    """Return what the garage of world.py has: the cars that are classes first, then the others."""
    return Stock(cars=(*BODIES, *UNSEEN_BODIES), stickers=STICKERS, wheels=WHEELS, hats=HATS)


def open_capture(session: DeviceSession) -> PhoneCapture:
    """Open the drawn phone of a session for looking and for touching.

    Raises:  BadValue for options that are no such values, NotFound for a menu there is not.
    """
    return PhoneCapture.open(session, lambda: _phone(session.options))


def _phone(options: Mapping[str, Any]) -> GaragePhone:
    from playhead_sideswipe.world import Garage  # the engine that draws, which naming the device does without

    if options["split"] not in ("train", "test"):
        raise BadValue(f'split={options["split"]} is neither "train" nor "test".')
    if options["stuck_menu"] and options["stuck_menu"] not in layout.TABS:
        raise not_found("menu of the drawn phone", str(options["stuck_menu"]), layout.TABS)
    if options["rooms"] not in ("each", "kept"):
        raise BadValue(
            f'rooms={options["rooms"]} is neither "each", a room for each picture, nor "kept", one for a loadout.'
        )
    if options["angles"] not in ("tenths", "any"):
        raise BadValue(
            f'angles={options["angles"]} is neither "tenths", the same ten for each car, nor "any", ten of each.'
        )
    try:
        faults = Faults(
            lost_taps=float(options["lost_taps"]),
            lost_drags=float(options["lost_drags"]),
            disconnect_after=int(options["disconnect_after"]),
            stuck_menu=str(options["stuck_menu"]),
        )
        seed = int(options["seed"])
    except (TypeError, ValueError) as error:
        raise BadValue(f"An option of the drawn phone is no number: {error}.") from error
    if not 0 <= faults.lost_taps < 1:
        raise BadValue(f"lost_taps={faults.lost_taps:g} is no share of the taps. Give 0 to 0.99.")
    if not 0 <= faults.lost_drags < 1:
        raise BadValue(f"lost_drags={faults.lost_drags:g} is no share of the drags. Give 0 to 0.99.")
    clock = SystemClock() if options["real_time"] else None
    return GaragePhone(
        Garage(split=options["split"]), garage_stock(), seed=seed, clock=clock, faults=faults,
        keeps_room=options["rooms"] == "kept", any_angle=options["angles"] == "any",
    )  # fmt: skip
