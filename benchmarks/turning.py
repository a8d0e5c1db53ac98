"""What a turn of the car looks like to the script that collects, and what everything else does to it.

    python benchmarks/turning.py [--cars 2000]

Pairs of pictures of one car in one room of the garage: untouched, with paper falling, with the camera moved by a
pixel and the brightness by a twentieth; and turned by a tenth, with and without all that. Printed is the number
that playhead_sideswipe.turning compares with its threshold; and what tells pages, and menus moved on by a row.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import combinations
from random import Random

import numpy as np

from playhead.phone import FrameArray
from playhead_sideswipe import layout
from playhead_sideswipe.fingers import CHANGED, SAME, Fingers, few_differ
from playhead_sideswipe.garage import foreground
from playhead_sideswipe.postcard import dressed_at_random
from playhead_sideswipe.screen.phone import GaragePhone, garage_stock
from playhead_sideswipe.turning import LASTING, LOOKS, SURE, difference
from playhead_sideswipe.world import BODIES, UNSEEN_BODIES, Garage

MENUS = ("wheel", "hat")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cars", type=int, default=2000, help="how many cars are looked at (default 2000)")
    cars = parser.parse_args().cars
    found: dict[str, list[float]] = {}
    for name, number in _turns(cars):
        found.setdefault(name, []).append(number)
    for name, numbers in found.items():
        low, low_1, middle, high_1, high = np.quantile(numbers, [0, 0.01, 0.5, 0.99, 1])
        print(f"{name:34} {low:5.1f} to {high:5.1f}; 98 in 100 {low_1:5.1f} to {high_1:5.1f}, half {middle:.1f}")
    print(f"a car has surely turned from {SURE:g} on; below that, when {LASTING:g} are left in {LOOKS} looks")
    heads, rows = _heads_and_rows()
    print(f"heads of two pages differ by at least {min(heads):.1f}; they are those of one page below {SAME:g}")
    print(f"a menu moved on by a row differs by at least {min(rows):.1f}; it has changed from {CHANGED:g} on")


def _turns(cars: int) -> Iterator[tuple[str, float]]:
    dice = Random(0)
    with Garage(split="train") as train, Garage(split="test") as test:
        for seed in range(cars):
            garage = (train, test)[seed % 2]
            loadout, rotation = dressed_at_random(dice.choice(BODIES + UNSEEN_BODIES), dice), dice.randrange(10)
            before, after = (garage.draw(loadout, rotation + turn, seed=seed) for turn in (0, 1))
            papers = [_paper(before, dice) for _ in range(2)]
            yield "untouched, paper falling", difference(*papers)
            first = _moving(before, dice)
            for name, picture in (("untouched", before), ("turned by a tenth", after)):
                looks = [_moving(picture, dice) for _ in range(LOOKS)]
                yield f"{name}, all of it moving", difference(first, looks[0])
                yield f"{name}, in {LOOKS} looks", difference(first, *looks)
            yield "turned by a tenth, else nothing", difference(before, after)


def _paper(picture_HWC: FrameArray, dice: Random) -> FrameArray:
    """As much paper as the garage throws into a quarter of its pictures."""
    painted_HWC = picture_HWC.copy()
    foreground.throw_confetti(painted_HWC, dice)
    return painted_HWC


def _moving(picture_HWC: FrameArray, dice: Random) -> FrameArray:
    moved_HWC = np.roll(picture_HWC, (dice.choice((-1, 0, 1)), dice.choice((-1, 0, 1))), (0, 1))
    shone_HWC = _paper(moved_HWC, dice) * dice.uniform(0.95, 1.05) + dice.uniform(-4, 4)
    return np.clip(shone_HWC, 0, 255).astype(np.uint8)


def _heads_and_rows() -> tuple[list[float], list[float]]:
    """How far pages are apart by their heads, and menus by one row."""
    garage = Garage()
    phone = GaragePhone(garage, garage_stock())
    hand, heads, rows = Fingers(phone), [], []
    hand.tap(layout.BACK, 1.0)
    heads.append(hand.look(layout.HEAD))
    for point in (layout.GARAGE, layout.EDIT, *layout.TABS.values()):
        hand.tap(point, 1.0)
        heads.append(hand.look(layout.HEAD))
    cell = layout.around((layout.COLUMN_X[0], layout.ROW_Y[2]), *layout.CELL)
    for menu in MENUS:
        hand.tap(layout.TABS[menu], 1.0)
        for _ in range(5):
            before = hand.look(cell)
            hand.drag((450, 860), (450, 580), 0.3, 0.3)
            rows.append(few_differ(before, hand.look(cell)))
    garage.close()
    return [few_differ(a, b) for a, b in combinations(heads, 2)], rows


if __name__ == "__main__":
    main()
