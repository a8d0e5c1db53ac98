"""Everything playhead needs to know about The Crew 2.

Source:  mburakbozbey/pycrew2, d34b2be: a window of 1920x1080, of which a network sees 224x224, the speed at the
         lower left and the map at the lower right.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from playhead.game import Device, Frame, Game, Measure, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead.readings import Reading
from playhead.regions import Region
from playhead_crew2.labels import CONVERSIONS, DRIVE
from playhead_crew2.recipes import CLASSES, DEFAULT, DETECTOR, FROZEN, KEYS, PILOTNET

# The circuits that stand in for the game's show speed and map in the same places and answer to the same keys.
STREETS = "playhead_streets:playhead_streets/Streets-v0"
ARGUMENTS = {
    "observation": "telemetry",
    "ticks_per_step": 1,
    "width": 480,
    "height": 270,
    "layout": "crew2",
    "traffic": 12,
    "scenario": "race",
}

SETTINGS = """
    Windowed or borderless, 1920x1080 or any other size of 16:9; nothing may cover it.
    Camera: hood. HUD on: the speed at the lower left and the map at the lower right are seen too.
    Units: kilometres an hour. Driving aids, gears and traffic as you like, but always the same.
    Events that can be driven alone, such as time trials of street races; not against others online.
    Graphics: low, vertical synchronisation off, at least 60 frames a second.
    Keys: W throttle, S brake and reverse, A left, D right.
"""


def shipped_runs() -> Path:
    """Return the folder of the runs that this package brings along."""
    return Path(str(files("playhead_crew2"))) / "runs"


CREW2 = Game(
    name="crew2",
    title="The Crew 2",
    devices={
        "screen": Device(
            capture="screen",
            input="keyboard",
            window=Window(title="The Crew 2"),
            guard={"kind": "none"},  # the detector that ships has seen the stand-in world alone
        ),
        "world": Device(
            capture="environment",
            input="environment",
            rate_hz=10,
            options={
                "environment": STREETS,
                "arguments": ARGUMENTS,
                "codes": ["w", "a", "s", "d"],
            },
        ),
    },
    frame=Frame(width=224, height=224, rate_hz=30),
    regions={"speed": Region(x=10, y=190, width=15, height=12), "map": Region(x=195, y=176, width=24, height=43)},
    readings={
        "shown_speed_mps": Reading(
            region="speed",
            reader="playhead_crew2.speed:open_reader",
            scale=1 / 3.6,
            most=125.0,
            most_a_second=60.0,
            holds_s=0.5,
        ),
    },
    labels={"drive": DRIVE},
    controls={"w": "w", "a": "a", "s": "s", "d": "d"},
    conversions=CONVERSIONS,
    controller="playhead_crew2.controller:crew2_controller",
    # The hood camera: 1.3 m high, its horizon at row 89 of 224; it sees 94 degrees across.
    guard={"kind": "contact", "horizon": 0.399, "path": 0.4, "depth": 1.16, "speed": "shown_speed_mps"},
    # The speed says at once that the car stands; with longer ways out it is free sooner (benchmarks/stuck.py).
    stuck={"speed": "shown_speed_mps", "over_s": 1.5, "shortest_s": 1.5, "longest_s": 2.5},
    recipes={
        "default": DEFAULT,
        "frozen": FROZEN,
        "densenet": CLASSES,
        "mobilenet": KEYS,
        "pilotnet": PILOTNET,
        "detector": DETECTOR,
    },
    shipped_runs="playhead_crew2.game:shipped_runs",
    world=World(
        environment=STREETS,
        policies={"expert": "playhead_streets.racer:Racer"},
        expert="expert",
        scenarios={
            "race": Scenario(options={"scenario": "race"}),
            "stage": Scenario(options={"scenario": "stage"}),
            "barrier": Scenario(options={"scenario": "barrier"}, padding_s=1.5),
        },
        measures=(
            Measure(name="pace_mps", title="pace", unit="m/s", kind="amount"),
            Measure(name="collisions", title="collisions", better="lower", kind="count"),
            Measure(name="lap_s", title="a lap", unit="s", better="lower", kind="amount"),
            Measure(name="route_completion", title="completed", kind="share"),
            Measure(name="off_road_share", title="off road", better="lower", kind="share"),
        ),
        score="pace_mps",
        test_options={"split": "test"},
        shown={"arguments": {"width": 960, "height": 540}},
    ),
    settings=SETTINGS,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [CREW2]
