"""The things of a garage, drawn flat against its wall: posters, shelves, lamps, tyres. Those of test rooms differ.

Every painter gets a picture to paint on, dice, the x of its middle and the y of the wall's foot.
Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray, Colour

Painter = Callable[[ByteArray, Random, int, int], None]

_WORDS = ("GOAL", "BOOST", "SAVE", "MVP", "TURBO", "GRAND PRIX", "OPEN", "EXIT", "5", "07", "88", "CUP", "NITRO")


def any_colour(dice: Random, dark: int = 20, bright: int = 245) -> Colour:
    """Return a colour of any hue."""
    return dice.randint(dark, bright), dice.randint(dark, bright), dice.randint(dark, bright)


def _grey(dice: Random, dark: int = 40, bright: int = 200) -> Colour:
    level = dice.randint(dark, bright)
    return level, level, min(255, level + dice.randint(0, 14))


def box(picture_HWC: ByteArray, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    """Fill a rectangle; whatever hangs over the edge is left out."""
    cv2.rectangle(picture_HWC, (int(left), int(top)), (int(right) - 1, int(bottom) - 1), colour, cv2.FILLED)


def _poster(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, height = dice.randint(18, 60), dice.randint(18, 48)
    left, top = x - width // 2, dice.randint(-12, max(-11, foot - height - 4))
    right, bottom = left + width, top + height
    box(picture_HWC, left - 1, top - 1, right + 1, bottom + 1, any_colour(dice))
    box(picture_HWC, left + 1, top + 1, right - 1, bottom - 1, any_colour(dice))
    middle, colour = (x, (top + bottom) // 2), any_colour(dice)
    motif = dice.randrange(5)
    if motif == 0:
        cv2.circle(picture_HWC, middle, min(width, height) // 3, colour, cv2.FILLED)
    elif motif == 1:
        word = dice.choice(_WORDS)
        cv2.putText(picture_HWC, word, (left + 3, middle[1] + 4), cv2.FONT_HERSHEY_DUPLEX, 0.4, colour)
    elif motif == 2:
        for offset in range(2, height - 6, 8):
            box(picture_HWC, left + 3, top + offset, right - 3, top + offset + 4, colour)
    elif motif == 3:
        corners = np.array([[left + 3, bottom - 3], [x, top + 3], [right - 3, bottom - 3]], np.int32)
        cv2.fillConvexPoly(picture_HWC, corners, colour)
    else:
        box(picture_HWC, left + 4, middle[1], right - 4, bottom - 4, colour)
        box(picture_HWC, left + 4, top + 4, x, middle[1], any_colour(dice))


def _shelf(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width = dice.randint(40, 110)
    for y in range(foot - dice.randint(8, 16), -8, -dice.randint(18, 26)):
        left = x - width // 2
        while left < x + width // 2 - 4:
            thing = dice.randint(4, 14)
            if dice.random() < 0.75:
                box(picture_HWC, left, y - dice.randint(5, 16), left + thing, y, any_colour(dice))
            left += thing + dice.randint(0, 4)
        box(picture_HWC, x - width // 2 - 2, y, x + width // 2 + 2, y + 3, _grey(dice))


def _lamp(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, top = dice.randint(14, 70), dice.randint(0, 24)
    glow = any_colour(dice, 170, 255)
    dim = tuple((picture_HWC[min(top + 6, foot), np.clip(x, 0, 399)].astype(int) + glow).astype(int) // 2)
    cv2.ellipse(picture_HWC, (x, top + 6), (width, 12), 0, 0, 360, tuple(map(int, dim)), cv2.FILLED)
    box(picture_HWC, x - width // 2, top, x + width // 2, top + 5, glow)


def _pipes(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    colour = _grey(dice)
    shade = tuple(part // 2 for part in colour)
    for number in range(dice.randint(1, 4)):
        left, width = x + 11 * number, dice.randint(3, 9)
        box(picture_HWC, left, 0, left + width, foot, colour)
        box(picture_HWC, left + width - width // 3, 0, left + width, foot, (shade[0], shade[1], shade[2]))


def _window(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, top, bottom = dice.randint(30, 80), dice.randint(-8, 12), dice.randint(28, max(29, foot - 6))
    box(picture_HWC, x - width // 2, top, x + width // 2, bottom, _grey(dice))
    sky, panes = any_colour(dice, 90, 250), dice.randint(1, 4)
    pane = width / panes
    for number in range(panes):
        left = x - width / 2 + number * pane
        box(picture_HWC, left + 2, top + 2, left + pane - 2, bottom - 2, sky)
    box(picture_HWC, x - width // 2 + 2, (top + bottom) // 2, x + width // 2 - 2, bottom - 2, any_colour(dice))


def _door(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, colour = dice.randint(26, 50), any_colour(dice, 30, 210)
    box(picture_HWC, x - width // 2 - 2, 0, x + width // 2 + 2, foot, _grey(dice))
    box(picture_HWC, x - width // 2, 2, x + width // 2, foot, colour)
    box(picture_HWC, x - width // 2 + 5, 6, x + width // 2 - 5, foot // 2, any_colour(dice, 60, 230))
    box(picture_HWC, x + width // 2 - 6, foot * 2 // 3, x + width // 2 - 3, foot * 2 // 3 + 3, (230, 220, 160))


def _tyres(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    half, stripe = dice.randint(12, 20), any_colour(dice)
    for number in range(dice.randint(1, 4)):
        y = foot + 8 - 11 * number
        box(picture_HWC, x - half, y - 10, x + half, y, (36, 36, 40))
        box(picture_HWC, x - half + 2, y - 6, x + half - 2, y - 5, stripe if dice.random() < 0.4 else (54, 54, 58))
    cv2.ellipse(picture_HWC, (x, y - 10), (half, 4), 0, 0, 360, (52, 52, 56), cv2.FILLED)


def _barrel(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    half, height, colour = dice.randint(8, 15), dice.randint(22, 40), any_colour(dice)
    top, bottom = foot + 10 - height, foot + 10
    dark = (colour[0] // 2, colour[1] // 2, colour[2] // 2)
    box(picture_HWC, x - half, top, x + half, bottom, colour)
    box(picture_HWC, x + half // 2, top, x + half, bottom, dark)
    box(picture_HWC, x - half, top + height // 3, x + half, top + height // 3 + 3, dark)
    cv2.ellipse(picture_HWC, (x, top), (half, 3), 0, 0, 360, dark, cv2.FILLED)


def _crates(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    for number in range(dice.randint(1, 4)):
        size, colour = dice.randint(14, 30), any_colour(dice, 60, 220)
        left = x + number * 18 - 20
        top = foot + dice.randint(4, 12) - size - (14 if number == 2 else 0)
        box(picture_HWC, left, top, left + size, top + size, colour)
        edge = (colour[0] * 2 // 3, colour[1] * 2 // 3, colour[2] * 2 // 3)
        cv2.rectangle(picture_HWC, (left, top), (left + size, top + size), edge, 2)
        cv2.line(picture_HWC, (left, top), (left + size, top + size), edge, 1)


def _neon(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    colour = any_colour(dice, 90, 255)
    if dice.random() < 0.5:
        word = dice.choice(_WORDS)
        cv2.putText(picture_HWC, word, (x - 30, dice.randint(18, 44)), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, 2)
        return
    points = [[x + dice.randint(-50, 50), dice.randint(0, foot)] for _ in range(dice.randint(2, 5))]
    cv2.polylines(picture_HWC, [np.array(points, np.int32)], dice.random() < 0.5, colour, 2, cv2.LINE_AA)


def _tools(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width = dice.randint(40, 80)
    box(picture_HWC, x - width // 2, 8, x + width // 2, foot - 12, any_colour(dice, 60, 200))
    for left in range(x - width // 2 + 5, x + width // 2 - 6, 9):
        top, colour = dice.randint(11, 18), _grey(dice)
        box(picture_HWC, left + 1, top, left + 3, top + dice.randint(8, 22), colour)
        box(picture_HWC, left, top, left + 5, top + 4, colour)


def _bunting(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, top = dice.randint(60, 200), dice.randint(0, 14)
    for number, left in enumerate(range(x - width // 2, x + width // 2, 14)):
        sag = top + int(10 * np.sin(np.pi * (left - x + width / 2) / width))
        corners = np.array([[left, sag], [left + 11, sag], [left + 5, sag + 12]], np.int32)
        cv2.fillConvexPoly(picture_HWC, corners, any_colour(dice) if number % 2 else (235, 235, 235))


def _ladder(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    colour, width, lean = any_colour(dice, 90, 230), dice.randint(12, 20), dice.randint(-14, 14)
    for side in (0, width):
        cv2.line(picture_HWC, (x + side + lean, -2), (x + side, foot + 6), colour, 3, cv2.LINE_AA)
    for y in range(4, foot, 9):
        cv2.line(
            picture_HWC, (x + lean * (foot - y) // foot, y), (x + width + lean * (foot - y) // foot, y), colour, 2
        )


def _plant(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    for _ in range(dice.randint(5, 11)):
        tip = (x + dice.randint(-24, 24), foot - dice.randint(18, 52))
        green = (dice.randint(20, 90), dice.randint(90, 190), dice.randint(20, 90))
        cv2.line(picture_HWC, (x, foot - 6), tip, green, dice.randint(2, 5), cv2.LINE_AA)
    box(picture_HWC, x - 9, foot - 8, x + 9, foot + 10, any_colour(dice, 80, 210))


def _cabinet(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    colour = any_colour(dice)
    box(picture_HWC, x - 16, foot - 62, x + 16, foot + 8, colour)
    box(picture_HWC, x - 12, foot - 48, x + 12, foot - 28, any_colour(dice, 20, 120))
    box(picture_HWC, x - 12, foot - 60, x + 12, foot - 52, any_colour(dice, 150, 250))
    for offset in (-8, 0, 8):
        cv2.circle(picture_HWC, (x + offset, foot - 22), 2, any_colour(dice), cv2.FILLED)


def _clock(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    radius, y = dice.randint(9, 18), dice.randint(10, 34)
    cv2.circle(picture_HWC, (x, y), radius, any_colour(dice), cv2.FILLED, cv2.LINE_AA)
    cv2.circle(picture_HWC, (x, y), radius - 2, (236, 236, 230), cv2.FILLED, cv2.LINE_AA)
    for reach in (0.5, 0.8):
        angle = dice.uniform(0, 6.28)
        end = (int(x + reach * radius * np.cos(angle)), int(y + reach * radius * np.sin(angle)))
        cv2.line(picture_HWC, (x, y), end, (30, 30, 30), 1, cv2.LINE_AA)


def _banner(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    width, drop = dice.randint(16, 34), dice.randint(30, max(31, foot))
    colour = any_colour(dice)
    corners = [[x - width, -1], [x + width, -1], [x + width, drop], [x, drop - 12], [x - width, drop]]
    cv2.fillPoly(picture_HWC, [np.array(corners, np.int32)], colour)
    for offset in range(4, drop - 14, 10):
        cv2.line(picture_HWC, (x - width, offset), (x, offset + 8), any_colour(dice), 2)


def _fan(picture_HWC: ByteArray, dice: Random, x: int, foot: int) -> None:
    radius, y, colour = dice.randint(12, 24), dice.randint(8, 34), any_colour(dice)
    cv2.circle(picture_HWC, (x, y), radius, _grey(dice), cv2.FILLED, cv2.LINE_AA)
    turn = dice.randint(0, 89)
    for quarter in range(0, 360, 90):
        cv2.ellipse(picture_HWC, (x, y), (radius - 2, radius - 2), turn, quarter, quarter + 45, colour, cv2.FILLED)


PAINTERS: Mapping[str, tuple[Painter, ...]] = {
    "train": (
        _poster, _poster, _poster, _shelf, _lamp, _pipes, _window, _door, _tyres, _barrel, _crates, _neon, _tools,
        _bunting,
    ),
    "test": (_ladder, _plant, _cabinet, _clock, _banner, _fan),
}  # fmt: skip
