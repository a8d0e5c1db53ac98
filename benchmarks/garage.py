"""How many pictures a second the garage draws on one core, beside storing one: python benchmarks/garage.py.

Foreseen, on a quiet core, before anything was optimised: 0.8 ms to draw 450 faces at 800x300 and to shrink them
(0.2 ms of it clearing and copying), 0.1 ms for their light, 0.3 ms for the room, 0.1 ms for the shadow, 0.2 ms for
what is laid over: 1.5 ms a picture.
"""

from __future__ import annotations

import argparse
import json
from random import Random

import cv2
from courses import Course, jpeg, measure, table

from playhead_sideswipe.garage import scene
from playhead_sideswipe.garage.cars import dressed
from playhead_sideswipe.garage.light import lit
from playhead_sideswipe.garage.paints import paints
from playhead_sideswipe.garage.room import room
from playhead_sideswipe.garage.shapes import join
from playhead_sideswipe.loadout import ROTATIONS, Loadout
from playhead_sideswipe.postcard import dressed_at_random
from playhead_sideswipe.world import BODIES, SIZE, Garage

PICTURES = 40


def loadouts() -> list[Loadout]:
    """Dress some cars at random."""
    dice = Random("garage")
    return [dressed_at_random(BODIES[number % len(BODIES)], dice) for number in range(PICTURES)]


def courses() -> list[Course]:
    """Set up everything that is timed."""
    garage, cars = Garage(), loadouts()
    picture_HWC = garage.draw(cars[0], 1, seed=0)
    eye_3 = scene.PLAIN_CAMERA.place_3
    parts = [join([part.facing(eye_3) for part in dressed(car)]) for car in cars]
    paint_23 = paints(0, 0.5, 0.5)

    return [
        jpeg(picture_HWC),
        Course(name="picture", run=lambda n: garage.draw(cars[n], n % ROTATIONS, seed=n)),
        Course(
            name="picture in a plain room",
            run=lambda n: garage.draw(cars[n], n % ROTATIONS, seed=n, clutter=False),
        ),
        Course(
            name="  putting a car together", run=lambda n: join([part.facing(eye_3) for part in dressed(cars[n])])
        ),
        Course(name="  light", run=lambda n: lit(parts[n], paint_23, scene.PLAIN_LIGHT, eye_3)),
        Course(name="  room", run=lambda n: room(Random(n), "train", SIZE, clutter=True)),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="how long to measure (default 15)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    rows = measure(courses(), PICTURES, asked.seconds)
    if asked.json:
        print(json.dumps({"rows": rows}))
    else:
        print(table(f"{SIZE[0]}x{SIZE[1]}, rooms full of things", rows))


if __name__ == "__main__":
    main()
