"""How many pictures a second the streets world draws on one core, beside storing one: python benchmarks/world.py.

Every course runs the same moments of one expert drive again and again, the courses taking turns. `quiet` is the
mean over the moments of the fastest run of each: what a core with no neighbours does. `usual` is the mean of all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from courses import Course, jpeg, measure, table

from playhead_streets.env import StreetsEnv
from playhead_streets.expert import Expert
from playhead_streets.minimap import Minimap
from playhead_streets.renderer import Renderer
from playhead_streets.town import CarPose, FloatArray

SEED = 4
MOMENTS = 80
STEPS_APART = 5  # between two moments that are drawn: half a second


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What there is to draw, and which keys were held."""

    ego: CarPose
    others: Sequence[CarPose]
    to_go_N2: FloatArray
    held: np.ndarray


def drive(env: StreetsEnv) -> list[Moment]:
    """Let the expert drive and keep what there was to draw at each step."""
    env.reset(seed=SEED)
    expert, moments = Expert(env), []
    for _ in range(MOMENTS * STEPS_APART):
        held = expert.decide()
        action = np.array([held[key] for key in "wasd"], np.int8)
        world = env.simulation
        to_go_N2 = world.route.points_N2[int(world.along_m) :]
        moments.append(Moment(ego=world.ego_pose(), others=world.traffic_poses(), to_go_N2=to_go_N2, held=action))
        env.step(action)
    return moments


def courses(width: int, height: int) -> list[Course]:
    """Set up everything that is timed."""
    blind = StreetsEnv(observation="telemetry")
    seeing = StreetsEnv(width=width, height=height)
    steps = drive(blind)
    shown = steps[::STEPS_APART]
    world = blind.simulation
    renderer = Renderer(world.town, width, height)
    minimap = Minimap(world.town, width, height)
    picture_HWC = renderer.render("hood", shown[0].ego, shown[0].others)

    def with_minimap(number: int) -> None:
        moment = shown[number]
        frame_HWC = renderer.render("hood", moment.ego, moment.others)
        minimap.draw(frame_HWC, moment.ego, moment.to_go_N2, world.route.waypoint_2)

    return [
        jpeg(picture_HWC),
        Course(name="picture", run=lambda n: renderer.render("hood", shown[n].ego, shown[n].others)),
        Course(name="picture + minimap", run=with_minimap),
        Course(name="picture from behind", run=lambda n: renderer.render("chase", shown[n].ego, shown[n].others)),
        Course(
            name="step of 8 ticks",
            begin=lambda: blind.reset(seed=SEED),
            run=lambda n: blind.step(steps[n].held),
        ),
        Course(
            name="step of 8 ticks + picture + minimap",
            begin=lambda: seeing.reset(seed=SEED),
            run=lambda n: seeing.step(steps[n].held),
        ),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="how long to measure (default 20)")
    parser.add_argument("--width", type=int, default=240)
    parser.add_argument("--height", type=int, default=180)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    rows = measure(courses(asked.width, asked.height), MOMENTS, asked.seconds)
    if asked.json:
        print(json.dumps({"width": asked.width, "height": asked.height, "rows": rows}))
        return
    head = f"{asked.width}x{asked.height}, 300 buildings, 20 cars"
    print(table(head, rows))


if __name__ == "__main__":
    main()
