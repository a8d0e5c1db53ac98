"""Everything playhead needs to know about Grand Theft Auto V.

Source:  EduardR02/GTA-V-LSTM, 49cf8bc and 341a22b: an 800x600 window seen as 240x180 at 80 frames a second
         through the hood camera, the minimap with the route in the lower left corner.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from playhead.game import Device, Frame, Game, LiveDefaults, Measure, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead.references import Reference
from playhead.regions import Region
from playhead_gta5.labels import CONVERSIONS, DRIVE
from playhead_gta5.recipes import DEFAULT, DETECTOR, ORIGINAL, QUICK, SMALL

# The town that stands in for Los Santos shows its minimap in the same place and answers to the same keys.
STREETS = "playhead_streets:playhead_streets/Streets-v0"

# The bins by which its live system balances pedals; those of the wheel are what every axis has.
FIVE = (0.0, 0.0, 0.2, 0.8, 1.0, 1.0)
TWELVE = (0.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0)
TWENTY_THREE = (*(0.0 - edge for edge in reversed(TWELVE)), *TWELVE[2:])

SETTINGS = """
    Windowed, 800x600, at the upper left of the screen; nothing may cover it.
    Camera: hood. Settings of the camera as delivered.
    HUD: radar (minimap) on, small, not expanded; subtitles and tips off.
    Before driving set a waypoint on the map, far away: the network follows the route on the minimap.
    Single player only, story mode. Choose a car with little bonnet; the original made it invisible.
    Weather clear, time noon (a trainer, or wait): other light was never recorded.
    Graphics: low, vertical synchronisation off, at least 80 frames a second.
    Keys as delivered: W throttle, S brake and reverse, A left, D right.
"""


def shipped_runs() -> Path:
    """Return the folder of the runs that this package brings along."""
    return Path(str(files("playhead_gta5"))) / "runs"


GTA5 = Game(
    name="gta5",
    title="Grand Theft Auto V",
    devices={
        "screen": Device(capture="screen", input="keyboard", window=Window(title="Grand Theft Auto V")),
        "world": Device(
            capture="environment",
            input="environment",
            rate_hz=10,
            options={
                "environment": STREETS,
                "arguments": {"observation": "telemetry", "ticks_per_step": 1},
                "codes": ["w", "a", "s", "d"],
            },
        ),
    },
    frame=Frame(width=240, height=180, rate_hz=80),
    regions={"minimap": Region(x=3, y=144, width=47, height=33)},
    labels={"drive": DRIVE},
    controls={"w": "w", "a": "a", "s": "s", "d": "d"},
    conversions=CONVERSIONS,
    controller="playhead_gta5.controller:gta5_controller",
    recipes={"default": DEFAULT, "quick": QUICK, "original": ORIGINAL, "small": SMALL, "detector": DETECTOR},
    more_recipes="playhead_gta5.models:recipes",
    shipped_runs="playhead_gta5.game:shipped_runs",
    world=World(
        environment=STREETS,
        policies={"expert": "playhead_streets.expert:Expert"},
        expert="expert",
        scenarios={
            "regular": Scenario(options={"scenario": "regular"}),
            "turns": Scenario(options={"scenario": "turns"}),
            "arrival": Scenario(options={"scenario": "arrival"}),
            # The expert first pushes against the obstacle, so that windows show a car that does not move.
            "stuck": Scenario(options={"scenario": "stuck"}, padding_s=1.5),
        },
        measures=(
            Measure(name="route_completion", title="route completed", kind="share"),
            Measure(name="driving_score", title="driving score", kind="share"),
            Measure(name="km_between_collisions", title="between collisions", unit="km", kind="amount"),
            Measure(name="off_road_share", title="off road", better="lower", kind="share"),
            Measure(name="stuck_events", title="stuck", better="lower", kind="count"),
        ),
        score="driving_score",
        test_options={"split": "test"},
        shown={"arguments": {"width": 800, "height": 600}},  # the size of the original's window
    ),
    # Source: Sentdex/pygta5, f2a858c: collectors see 480x270 at 30 frames a second through the hood camera.
    live=LiveDefaults(
        recipe="small",
        width=480,
        height=270,
        rate_hz=30,
        size_in="arguments",
        watched={"cameras": {"chase": "chase"}},
        varied={"traffic": (0, 10, 20, 40)},  # town, route, place and weather follow from a drive's seed
        stuck={"position": "x_m,y_m"},
        edges={
            "v1": {"accelerate": FIVE, "brake": FIVE},
            "v2": {"accelerate": TWELVE, "brake": TWELVE},
            "v3": {"pedals": TWENTY_THREE},
            "v4": {"pedals": TWENTY_THREE},
        },
    ),
    importers={"hdf5": "playhead_gta5.importers:find_hdf5"},
    settings=SETTINGS,
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [GTA5]


@hookimpl
def playhead_augmentations() -> dict[str, Reference]:
    """Return the change to pictures that this package brings."""
    return {"diagonal_warp": "playhead_gta5.augment:DiagonalWarp"}
