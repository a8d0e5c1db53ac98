"""How many starts against an obstacle get going again: python benchmarks/stuck.py.

Each seed once as it is and once with stuck detection, driven by W held alone or by a run (--run, of --home). It
gets going when it is 6 m from where it stood, by whatever way, within the seconds given.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import playhead_crew2.game
import playhead_gta5.game
from playhead.control.blind import ConstantDriver
from playhead.control.drivers import Driver
from playhead.control.loop import Tick
from playhead.decoding import setting_value
from playhead.devices import OpenDevice, open_device
from playhead.events import Event
from playhead.home import Home
from playhead.models.catalogue import RunCatalogue
from playhead.playing.policy import RunPolicy
from playhead.playing.session import play
from playhead.playing.stuck import StuckSettings, Unsticking
from playhead.plugins import Plugins
from playhead.sessions.place import nested

FREE_M = 6.0
SCENARIOS = {"crew2": "barrier", "gta5": "stuck"}


class Going:
    """A watcher that says when the car was first far from where it began."""

    def __init__(self) -> None:
        self.began: tuple[float, float] | None = None
        self.free_s = math.inf

    def saw(self, tick: Tick) -> None:
        """Compare the place with the first one."""
        told = tick.captured.telemetry
        here = told["x_m"], told["y_m"]
        self.began = self.began or here
        if math.dist(here, self.began) >= FREE_M:
            self.free_s = min(self.free_s, told["time_s"])

    def ended(self, events: Sequence[Event]) -> None:
        """Nothing is left to do."""


def main() -> None:
    """Print the share that got going, with and without, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", choices=tuple(SCENARIOS), default="crew2")
    parser.add_argument("--run", default="", help="default: W is held")
    parser.add_argument("--home", default="", help="of the run")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--by", choices=("game", "picture"), default="game", help="what tells that it stands")
    parser.add_argument("--over", type=float, default=0.0, help="seconds of standing still")
    parser.add_argument("--set", action="append", default=[], help="of the controller, as kind=paced")
    asked = parser.parse_args()
    found = {name: share(asked, unsticks) for name, unsticks in (("without", False), ("with", True))}
    print(json.dumps({"game": asked.game, "driver": asked.run or "w", "by": asked.by, **found}))


def share(asked: argparse.Namespace, unsticks: bool) -> dict[str, float]:
    """Return which share of the starts got going, after how many seconds, and how many ways out were driven."""
    plugins = Plugins([("crew2", playhead_crew2.game), ("gta5", playhead_gta5.game)], strict=True)
    times, recoveries = [], 0
    for seed in range(1001, 1001 + asked.seeds):
        reset = {"scenario": SCENARIOS[asked.game], "split": "test"}
        options: dict[str, Any] = {"seed": seed, "reset": reset}
        with open_device(plugins, plugins.game(asked.game), "world", options=options) as device:
            driver, going = driver_of(asked, plugins, device), Going()
            if unsticks:
                stated = device.session.game.stuck if asked.by == "game" else {}
                settings = StuckSettings.parse({**stated, "over_s": asked.over} if asked.over else stated)
                driver = Unsticking(driver, device.session.game, settings=settings, seed=seed)
            play(device, driver, duration_s=asked.seconds, watchers=[going])
            recoveries += driver.recoveries if isinstance(driver, Unsticking) else 0
            times.append(going.free_s)
    free = sorted(time_s for time_s in times if time_s < math.inf)
    return {
        "free": len(free) / len(times), "of": len(times), "median_s": free[len(free) // 2] if free else math.nan,
        "ways_out": recoveries,
    }  # fmt: skip


def driver_of(asked: argparse.Namespace, plugins: Plugins, device: OpenDevice) -> Driver:
    """Return W held, or a run."""
    if not asked.run:
        return ConstantDriver({"w": 1.0})
    game = device.session.game
    home = Home.find(Path(asked.home) if asked.home else None)
    run = RunCatalogue(home=home, game=game).player(asked.run)
    settings = nested({name: setting_value(text) for name, text in (one.split("=", 1) for one in asked.set)})
    return RunPolicy.of(
        run, plugins, game, rate_hz=device.session.rate_hz, settings=settings,
        awaited=device.capture.telemetry_names,
    )  # fmt: skip


if __name__ == "__main__":
    main()
