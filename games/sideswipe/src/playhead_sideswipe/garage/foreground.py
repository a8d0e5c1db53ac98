"""What comes between the car and the eye: confetti, a pole, an object, bits of the game's own signs.

Never so much that nobody could tell the car: what would hide more than MOST_HIDDEN of it is left out.
Shape legend: H x W pixels, C colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray
from playhead_sideswipe.garage.clutter import any_colour, box

MOST_HIDDEN = 0.3  # share of the car's pixels that a pole, an object and signs may hide together

_Thing = Callable[[ByteArray, ByteArray, Random], None]


def lay_over(picture_HWC: ByteArray, empty_HW: ByteArray, dice: Random, split: str) -> None:
    """Paint what is in front onto a finished picture, in place.

    Shapes:  empty_HW (H, W) uint8, 255 where there is no car.
    """
    if dice.random() < 0.35:
        things = [dice.choice(THINGS[split]) for _ in range(dice.choice((1, 1, 2)))]
        _things(picture_HWC, 255 - empty_HW, dice, things)
    if dice.random() < 0.25:
        throw_confetti(picture_HWC, dice)


def _things(picture_HWC: ByteArray, car_HW: ByteArray, dice: Random, things: Sequence[_Thing]) -> None:
    """Paint one thing after the other, as long as enough of the car stays in sight."""
    all_of_it = cv2.countNonZero(car_HW)
    hidden_HW = np.zeros_like(car_HW)
    for thing in things:
        painted_HWC, mask_HW = picture_HWC.copy(), hidden_HW.copy()
        thing(painted_HWC, mask_HW, dice)
        if cv2.countNonZero(cv2.bitwise_and(car_HW, mask_HW)) <= MOST_HIDDEN * all_of_it:
            picture_HWC[:], hidden_HW = painted_HWC, mask_HW


def throw_confetti(picture_HWC: ByteArray, dice: Random) -> None:
    """Throw bits of paper; all of one throw have a few colours, one call paints those of one colour."""
    height, width = picture_HWC.shape[:2]
    size = dice.uniform(1.5, 4.0)
    for _ in range(dice.randint(1, 5)):
        rng = np.random.default_rng(dice.getrandbits(32))
        count = int(rng.integers(4, 26))
        middle_N12 = rng.uniform((0, 0), (width, height), (count, 1, 2))
        angle_N1 = rng.uniform(0, np.pi, (count, 1))
        along_N2 = size * np.concatenate([np.cos(angle_N1), np.sin(angle_N1)], axis=1)
        across_N2 = along_N2[:, ::-1] * (-0.6, 0.6)
        offsets_N42 = np.stack([along_N2, across_N2, -along_N2, -across_N2], axis=1)
        cv2.fillPoly(picture_HWC, list((middle_N12 + offsets_N42).astype(np.int32)), any_colour(dice))


def _pole(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Paint an upright bar, round or flat, from the ceiling to the floor."""
    height, width = mask_HW.shape
    left, thick, colour = dice.randint(0, width), dice.randint(5, 36), any_colour(dice)
    box(picture_HWC, left, 0, left + thick, height, colour)
    red, green, blue = (part * 3 // 5 for part in colour)
    box(picture_HWC, left, 0, left + max(1, thick // 4), height, (red, green, blue))
    if dice.random() < 0.4:
        for y in range(dice.randint(0, 20), height, 26):
            box(picture_HWC, left, y, left + thick, y + 13, (240, 214, 50))
    cv2.rectangle(mask_HW, (left, 0), (left + thick - 1, height), 255, cv2.FILLED)


def _object(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Paint a crate, a cone or a ball that stands before the car."""
    height, width = mask_HW.shape
    x, size, kind, colour = dice.randint(20, width - 20), dice.randint(18, 66), dice.randrange(3), any_colour(dice)
    foot = height + dice.randint(-8, 14)
    if kind == 0:
        shape = [
            [x - size // 2, foot - size],
            [x + size // 2, foot - size],
            [x + size // 2, foot],
            [x - size // 2, foot],
        ]
    elif kind == 1:
        shape = [[x - size // 3, foot], [x - 3, foot - size], [x + 3, foot - size], [x + size // 3, foot]]
    else:
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        shape = [[int(x + size / 2 * np.cos(a)), int(foot - size / 2 + size / 2 * np.sin(a))] for a in angles]
    corners = np.array(shape, np.int32)
    cv2.fillConvexPoly(picture_HWC, corners, colour)
    cv2.polylines(picture_HWC, [corners], True, tuple(part // 2 for part in colour), 2)
    cv2.fillConvexPoly(mask_HW, corners, 255)


def _signs(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Paint a piece of the game's own surface into a corner: a plate with a word and a bar."""
    height, width = mask_HW.shape
    wide, high = dice.randint(40, 130), dice.randint(12, 34)
    left, top = dice.choice((0, width - wide)), dice.choice((0, height - high))
    plate, ink = any_colour(dice, 10, 90), any_colour(dice, 170, 255)
    box(picture_HWC, left, top, left + wide, top + high, plate)
    cv2.putText(
        picture_HWC, f"LEVEL {dice.randint(1, 99)}", (left + 6, top + 12), cv2.FONT_HERSHEY_SIMPLEX, 0.35, ink
    )
    box(picture_HWC, left + 6, top + high - 6, left + 6 + dice.randint(4, wide - 12), top + high - 3, ink)
    cv2.rectangle(mask_HW, (left, top), (left + wide - 1, top + high - 1), 255, cv2.FILLED)


def _beam(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Paint a slanting bar across the picture, as of scaffolding."""
    height, width = mask_HW.shape
    start, end = (dice.randint(0, width), 0), (dice.randint(0, width), height)
    thick = dice.randint(4, 14)
    cv2.line(picture_HWC, start, end, any_colour(dice), thick, cv2.LINE_AA)
    cv2.line(mask_HW, start, end, 255, thick)


def _chains(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Hang chains from the ceiling."""
    height, width = mask_HW.shape
    for _ in range(dice.randint(1, 3)):
        x, colour = dice.randint(0, width), any_colour(dice, 90, 210)
        for y in range(0, dice.randint(40, height), 7):
            cv2.ellipse(picture_HWC, (x, y), (3, 5), 0, 0, 360, colour, 2)
        cv2.line(mask_HW, (x, 0), (x, y), 255, 7)


def _barrier(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Put a striped plank on two legs before the car, low."""
    height, width = mask_HW.shape
    left, wide, high = dice.randint(-20, width - 60), dice.randint(50, 140), dice.randint(8, 18)
    top, colours = height - dice.randint(16, 44), (any_colour(dice), any_colour(dice))
    for number, start in enumerate(range(left, left + wide, 16)):
        box(picture_HWC, start, top, min(start + 16, left + wide), top + high, colours[number % 2])
    cv2.rectangle(mask_HW, (left, top), (left + wide - 1, top + high - 1), 255, cv2.FILLED)
    for leg in (left + 8, left + wide - 14):
        box(picture_HWC, leg, top + high, leg + 6, height, (70, 70, 76))
        cv2.rectangle(mask_HW, (leg, top + high), (leg + 5, height), 255, cv2.FILLED)


def _leaves(picture_HWC: ByteArray, mask_HW: ByteArray, dice: Random) -> None:
    """Let leaves hang into the picture from above."""
    height, width = mask_HW.shape
    x = dice.randint(0, width)
    for _ in range(dice.randint(2, 6)):
        tip = np.array([x + dice.randint(-70, 70), dice.randint(20, height - 30)])
        across = np.array([dice.randint(6, 16), 0])
        middle = (np.array([x, 0]) + tip) // 2
        leaf = np.array([[x, -2], middle + across, tip, middle - across], np.int32)
        green = (dice.randint(10, 120), dice.randint(70, 200), dice.randint(10, 90))
        cv2.fillConvexPoly(picture_HWC, leaf, green, cv2.LINE_AA)
        cv2.fillConvexPoly(mask_HW, leaf, 255)


THINGS: Mapping[str, tuple[_Thing, ...]] = {
    "train": (_pole, _object, _signs),
    "test": (_beam, _chains, _barrier, _leaves),
}
