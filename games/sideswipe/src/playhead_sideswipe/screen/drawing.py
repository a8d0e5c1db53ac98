"""How the screen looks. Draws the part that is looked at, and nothing else: the driver's checks look at a corner.

Shape legend: H height, W width of the part, in pixels of the screen of layout.py; RGB.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from playhead.phone import FrameArray, Point, View, cropped, seen
from playhead.regions import Region
from playhead_sideswipe import layout
from playhead_sideswipe.loadout import Loadout
from playhead_sideswipe.screen.touch import CARS, COLOUR, EDIT, HOME, TouchScreen

Colour = tuple[int, int, int]

INK: Colour = (236, 240, 250)
BLUE: Colour = (52, 120, 246)
ORANGE: Colour = (255, 140, 40)
PANEL: Colour = (38, 44, 66)
EDGE: Colour = (86, 96, 130)
GROUND: Colour = (22, 26, 42)
TITLES = {
    CARS: "GARAGE",
    EDIT: "LOADOUT",
    "sticker": "STICKERS",
    "wheel": "WHEELS",
    "hat": "HATS",
    COLOUR: "COLOURS",
}
WHOLE = Region(x=0, y=0, width=layout.SCREEN[0], height=layout.SCREEN[1])
# Where the start menu shows the car: the part that is kept.
STAGE = cropped(layout.CROP, layout.STREAM_SIDE, layout.SCREEN)
BESIDE = Region(x=900, y=300, width=1000, height=375)  # where pages show it


class Cars(Protocol):
    """What draws cars: `playhead_sideswipe.world.Garage`."""

    def draw(self, loadout: Loadout, rotation: float, *, seed: int, clutter: bool = True) -> FrameArray:
        """Return a picture of a car, (150, 400, 3) uint8 RGB."""
        ...

    def close(self) -> None:
        """Give back what it draws on."""
        ...


class Canvas:
    """A part of the screen to draw on with the screen's own coordinates; what lies beside it costs nothing."""

    def __init__(self, part: Region) -> None:
        self.part = part
        self.picture_HWC = np.empty((part.height, part.width, 3), dtype=np.uint8)
        self.box(part, GROUND)  # np.full takes ten times as long to write three bytes again and again

    def shows(self, box: Region) -> bool:
        """Whether any of a rectangle lies in the part."""
        part = self.part
        return (
            box.x < part.x + part.width and part.x < box.x + box.width
            and box.y < part.y + part.height and part.y < box.y + box.height
        )  # fmt: skip

    def box(self, box: Region, fill: Colour, edge: Colour | None = None, thick: int = 4) -> None:
        """Draw a rectangle."""
        if self.shows(box):
            start = (box.x - self.part.x, box.y - self.part.y)
            end = (start[0] + box.width - 1, start[1] + box.height - 1)
            cv2.rectangle(self.picture_HWC, start, end, fill, cv2.FILLED)
            if edge is not None:
                cv2.rectangle(self.picture_HWC, start, end, edge, thick)

    def disc(self, centre: Point, radius: int, fill: Colour) -> None:
        """Draw a disc."""
        x, y = round(centre[0]), round(centre[1])
        if self.shows(layout.around(centre, 2 * radius, 2 * radius)):
            at = (x - self.part.x, y - self.part.y)
            cv2.circle(self.picture_HWC, at, radius, fill, cv2.FILLED, cv2.LINE_AA)

    def text(self, text: str, centre: Point, size: float, ink: Colour = INK) -> None:
        """Write a line around a point."""
        (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, 2)
        if self.shows(layout.around(centre, wide, 2 * high)):
            at = (round(centre[0] - wide / 2) - self.part.x, round(centre[1] + high / 2) - self.part.y)
            cv2.putText(self.picture_HWC, text, at, cv2.FONT_HERSHEY_DUPLEX, size, ink, 2, cv2.LINE_AA)

    def paste(self, picture_HWC: FrameArray, box: Region) -> None:
        """Enlarge a picture into a rectangle; only what lies in the part is worked out."""
        part = self.part
        left, top = max(box.x, part.x), max(box.y, part.y)
        right = min(box.x + box.width, part.x + part.width)
        bottom = min(box.y + box.height, part.y + part.height)
        across, down = picture_HWC.shape[1] / box.width, picture_HWC.shape[0] / box.height
        # Where the middle of the part's first pixel lies in the picture, and how far the next one is.
        begin_x, begin_y = (left - box.x + 0.5) * across - 0.5, (top - box.y + 0.5) * down - 0.5
        to_picture = np.array([[across, 0, begin_x], [0, down, begin_y]], dtype=np.float64)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        self.picture_HWC[top - part.y : bottom - part.y, left - part.x : right - part.x] = cv2.warpAffine(
            picture_HWC, to_picture, (right - left, bottom - top), flags=how, borderMode=cv2.BORDER_REPLICATE
        )


class ScreenPainter:
    """Draws the screen in any of its states."""

    def __init__(self, cars: Cars) -> None:
        self._cars = cars

    def draw(self, screen: TouchScreen, view: View) -> FrameArray:
        """Return a view of the screen. Shape (view.height, view.width, 3), or the part's size; uint8 RGB."""
        part = view.part or WHOLE
        if screen.page == HOME and part == STAGE and not screen.is_changing:
            return self._stage(screen, view)
        canvas = Canvas(part)
        if screen.page == HOME:
            self._home(canvas, screen)
        else:
            self._page(canvas, screen)
        if screen.is_changing:
            canvas.picture_HWC //= 2  # the page is still fading in
        return seen(canvas.picture_HWC, View(width=view.width, height=view.height))

    def _stage(self, screen: TouchScreen, view: View) -> FrameArray:
        """The picture that is kept, without enlarging and shrinking it in between."""
        loadout, rotation, scene = screen.on_stage()
        picture_HWC = self._cars.draw(loadout, rotation, seed=scene)
        return seen(picture_HWC, View(width=view.width, height=view.height))

    def _home(self, canvas: Canvas, screen: TouchScreen) -> None:
        if canvas.shows(STAGE):
            loadout, rotation, scene = screen.on_stage()
            canvas.paste(self._cars.draw(loadout, rotation, seed=scene), STAGE)
        canvas.box(Region(x=0, y=0, width=2000, height=112), PANEL)
        canvas.text("SIDESWIPE", (1000, 60), 1.8, ORANGE)
        for number, name in enumerate(("GARAGE", "SHOP", "CLUB")):
            centre = (layout.GARAGE[0] + 420 * number, layout.GARAGE[1] - 20)
            canvas.box(layout.around(centre, 360, 90), PANEL, EDGE)
            canvas.text(name, (centre[0], centre[1] - 8), 1.4)
        canvas.box(layout.around((1720, 890), 460, 180), ORANGE)
        canvas.text("PLAY", (1720, 890), 2.6)

    def _page(self, canvas: Canvas, screen: TouchScreen) -> None:
        canvas.box(Region(x=0, y=0, width=2000, height=112), PANEL)
        canvas.text(TITLES[screen.page], (1000, 60), 1.8)
        canvas.disc(layout.BACK, 38, BLUE)
        canvas.text("<", layout.BACK, 1.6)
        if screen.page == CARS:
            self._cars_page(canvas, screen)
            return
        self._tabs(canvas, screen)
        self._car(canvas, screen, BESIDE)
        if screen.page == COLOUR:
            self._sliders(canvas, screen)
        elif screen.page != EDIT:
            self._grid(canvas, screen)

    def _car(self, canvas: Canvas, screen: TouchScreen, box: Region) -> None:
        if canvas.shows(box):
            picture_HWC = self._cars.draw(screen.loadout(screen.shown), 0.0, seed=screen.seed, clutter=False)
            canvas.paste(picture_HWC, box)

    def _cars_page(self, canvas: Canvas, screen: TouchScreen) -> None:
        self._car(canvas, screen, STAGE)
        canvas.text(screen.stock.cars[screen.shown].upper(), (1000, 800), 2.4)
        for number in range(len(screen.stock.cars)):
            ink = INK if number == screen.shown else EDGE
            canvas.disc((1000 + 40 * (number - (len(screen.stock.cars) - 1) / 2), 880), 12, ink)
        is_chosen = screen.shown == screen.chosen
        canvas.box(layout.around((1850, 850), 300, 100), BLUE)
        canvas.text("EDIT", (1850, 850), 1.4)
        canvas.box(layout.around((1850, 955), 300, 88), PANEL if is_chosen else ORANGE, EDGE)
        canvas.text("SELECTED" if is_chosen else "SELECT", (1850, 955), 1.2)

    def _tabs(self, canvas: Canvas, screen: TouchScreen) -> None:
        for name, tab in layout.TABS.items():
            canvas.box(layout.around(tab, 100, 84), ORANGE if name == screen.page else GROUND, EDGE)
            canvas.text(name[:3].upper(), tab, 1.0)

    def _grid(self, canvas: Canvas, screen: TouchScreen) -> None:
        car = screen.stock.cars[screen.shown]
        worn = screen.outfits[screen.shown][screen.page]
        columns = len(layout.COLUMN_X)
        for row, y in enumerate(layout.ROW_Y):
            for column, x in enumerate(layout.COLUMN_X):
                item = (screen.row + row) * columns + column
                box = layout.around((x, y), *layout.CELL)
                if item < screen.stock.count(screen.page, car) and canvas.shows(box):
                    canvas.box(box, PANEL, ORANGE if item == worn else EDGE, 14 if item == worn else 4)
                    self._thing(canvas, (x, y - 20), screen.page, item)
                    canvas.text("NONE" if item == 0 else f"{screen.page.upper()} {item}", (x, y + 90), 0.9)

    def _thing(self, canvas: Canvas, centre: Point, menu: str, item: int) -> None:
        """A sign for a thing in a menu, so that no two look alike."""
        hue = np.array([[[item * 37 % 180, 190, 235]]], dtype=np.uint8)
        red, green, blue = (int(part) for part in cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0])
        canvas.disc(centre, 58 if menu == "wheel" else 44, (red, green, blue))
        canvas.disc(centre, 8 + item % 5 * 7, GROUND)

    def _sliders(self, canvas: Canvas, screen: TouchScreen) -> None:
        for team, colours in enumerate(screen.colours):
            top = layout.SLIDER_Y["primary"] + team * layout.TEAM_DY - 70
            canvas.text("BLUE TEAM" if team == 0 else "ORANGE TEAM", (200, top + 70), 1.0, (BLUE, ORANGE)[team])
            for which, value in colours.items():
                left, y = layout.knob(team, which, 0.0)
                right, _ = layout.knob(team, which, 1.0)
                rail = Region(x=round(left), y=round(y) - 6, width=round(right - left), height=12)
                canvas.box(rail, EDGE)
                canvas.text(which, (800, y), 0.9)
                canvas.disc(layout.knob(team, which, value), 26, INK)
