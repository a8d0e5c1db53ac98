"""Everything playhead needs to know about Grand Theft Auto V."""

from __future__ import annotations

from playhead.game import Device, Frame, Game, Measure, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.regions import Region

# The stand-in world renders and labels at 10 frames a second, the real game is recorded at 80: systems.md, 4.
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
                "environment": "playhead_streets:playhead_streets/Streets-v0",
                "arguments": {"observation": "telemetry", "ticks_per_step": 1},
                "codes": ["w", "a", "s", "d"],
            },
        ),
    },
    frame=Frame(width=240, height=180, rate_hz=80),
    regions={"minimap": Region(x=3, y=144, width=47, height=33)},
    labels={"drive": Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))},
    controls={"w": "w", "a": "a", "s": "s", "d": "d"},
    world=World(
        environment="playhead_streets:playhead_streets/Streets-v0",
        policies={"expert": "playhead_streets.expert:Expert"},
        expert="expert",
        scenarios={"regular": Scenario(options={"scenario": "regular"})},
        measures=(
            Measure(name="route_completion", title="route completed"),
            Measure(name="driving_score", title="driving score"),
        ),
        test_options={"split": "test"},
    ),
)


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [GTA5]
