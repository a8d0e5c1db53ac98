"""Drawn phones for tests: plain cars, from whose pictures a loadout can be read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from playhead.clock import NS_PER_S, Clock
from playhead.devices import DeviceSession
from playhead.game import Device, Game
from playhead.phone import SHARED, FrameArray, Phone, Point, View, seen
from playhead_sideswipe.acquisition import GarageCollector
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.loadout import Loadout
from playhead_sideswipe.screen.phone import Faults, GaragePhone, garage_stock

STOCK = garage_stock()
SHADES = {
    "body": 20,
    "team": 200,
    "primary": 200,
    "secondary": 200,
    "hat": 8,
    "sticker": 40,
    "wheel": 8,
}
BAR = (40, 40)  # height and width of a bar that stands further to the right by its width each tenth of a turn


class PlainCars:
    """Draws patches side by side, one a property, the body below all of them, as a car fills its picture, and the
    rotation above them.

    Neither seed nor clutter changes anything.
    """

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> FrameArray:
        body = list(STOCK.cars).index(loadout.body)
        values = [getattr(loadout, name) for name in list(SHADES)[1:]]
        shades = np.array([body, *values]) * list(SHADES.values())
        row_W = np.pad(np.repeat(shades.round().astype(np.uint8), 50), (0, 50))
        picture_HWC = np.broadcast_to(row_W[None, :, None], (150, 400, 3)).copy()
        picture_HWC[85:] = row_W[0]
        bar_W = np.where(np.arange(400) < BAR[1], 255, 0)
        picture_HWC[: BAR[0]] = np.roll(bar_W, round(rotation * BAR[1]))[None, :, None]
        return picture_HWC

    def close(self) -> None:
        pass


def read_back(frame_HWC: FrameArray) -> dict[str, Any]:
    """Return body, team, primary, secondary, hat, sticker, wheel and rotation of a plain picture."""
    patches = frame_HWC[75, 25:375:50, 0] / np.array(list(SHADES.values()))
    is_bar_W = frame_HWC[BAR[0] // 2, :, 0] > 127
    begin = int(np.flatnonzero(is_bar_W & ~np.roll(is_bar_W, 1))[0])
    found: dict[str, Any] = dict(zip(SHADES, patches.round(2).tolist(), strict=True))
    return {**found, "body": STOCK.cars[round(found["body"])], "rotation": round(begin / BAR[1], 1) % 10}


def phone(seed: int = 0, clock: Clock | None = None, **faults: Any) -> GaragePhone:
    return GaragePhone(PlainCars(), STOCK, seed=seed, clock=clock, faults=Faults(**faults))


class LatePhone:
    """The same phone, on which drags in the start menu take effect only so long later."""

    size = (2000, 1000)

    def __init__(self, phone: GaragePhone, late_s: float) -> None:
        self._phone, self.clock, self._late_ns = phone, phone.clock, round(late_s * NS_PER_S)
        self._coming: list[tuple[int, Point, Point]] = []

    def tap(self, x: float, y: float) -> None:
        self._catch_up()
        self._phone.tap(x, y)

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        self._catch_up()
        self.clock.sleep_until(self.clock.now_ns() + round(seconds * NS_PER_S))
        is_late = self._phone.screen.page == "home"
        self._coming.append((self.clock.now_ns() + is_late * self._late_ns, start, end))
        self._catch_up()

    def grab(self, view: View | None = None) -> FrameArray:
        self._catch_up()
        return self._phone.grab(view)

    def close(self) -> None:
        self._phone.close()

    def _catch_up(self) -> None:
        while self._coming and self._coming[0][0] <= self.clock.now_ns():
            _, start, end = self._coming.pop(0)
            self._phone.screen.drag(start, end)


class HalfSize:
    """The same phone with a screen of half the width and height."""

    size = (1000, 500)

    def __init__(self, phone: GaragePhone) -> None:
        self._phone, self.clock = phone, phone.clock

    def tap(self, x: float, y: float) -> None:
        self._phone.tap(2 * x, 2 * y)

    def drag(self, start: Point, end: Point, seconds: float) -> None:
        self._phone.drag((2 * start[0], 2 * start[1]), (2 * end[0], 2 * end[1]), seconds)

    def grab(self, view: View | None = None) -> FrameArray:
        return seen(self._phone.grab(View(width=1000, height=500)), view)

    def close(self) -> None:
        self._phone.close()


def session_on(worked: Phone, device: str = "world", game: Game = SIDESWIPE) -> DeviceSession:
    stated: Device = game.device(device)
    session = DeviceSession(game=game, name=device, device=stated, options=stated.options, clock=worked.clock)
    session.share(SHARED, lambda: worked)
    return session


def collector_on(worked: Phone, device: str = "world", **options: Any) -> GarageCollector:
    return GarageCollector(session_on(worked, device), options)


def check_truth(pictures: list[Any]) -> None:
    """Assert that every picture shows what its labels and columns say."""
    for picture in pictures:
        columns: Mapping[str, Any] = picture.columns
        shown = read_back(picture.picture)
        said = {
            "team": columns["team"], "primary": columns["primary_color"], "secondary": columns["secondary_color"],
            "hat": columns["hat"], "sticker": columns["skin"], "wheel": columns["wheel"],
            "rotation": columns["x_rotation"],
        }  # fmt: skip
        assert {name: shown[name] for name in said} == said, columns["loadout"]
        assert columns["loadout"].startswith(f"{shown['body']}-t")
