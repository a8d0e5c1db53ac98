"""What the guard saves and costs on unseen circuits, by controller: python benchmarks/guard.py.

Every seed is driven without and with the guard by the shipped run, with each controller of the game, and by the
expert of its world. `--told` gives it the world's own boxes, a perfect detector. Several `--set` are
several guards side by side: to choose settings, on `--split train`. Then how long it takes a frame.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import playhead_crew2.game
from playhead.capture import CapturedFrame
from playhead.evaluation.closed_loop import evaluate_closed_loop
from playhead.evaluation.config import config_of
from playhead.evaluation.policies import EXPERT, GUARDED, NETWORK, evaluated_policies
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.home import Home
from playhead.models import EngineSpec
from playhead.models.run import Run
from playhead.playing.guards import GuardSpec, open_guard
from playhead.plugins import Plugins

FRAMES = 200
CONTROLLERS: dict[str, dict[str, Any]] = {
    "keeps moving": {},  # what the run was trained with, on the game's floor of the throttle
    "threshold": {"proportional": [], "floors": {"w": 0.0}},
    "paced": {"kind": "paced"},
}


def load_plugins() -> Plugins:
    """Return the game's plugin, in any process."""
    return Plugins([("crew2", playhead_crew2.game)], strict=True)


def main() -> None:
    """Print a line of JSON for each controller and the expert, and one of times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first", type=int, default=20_000)
    parser.add_argument("--split", choices=("test", "train"), default="test", help="train: to tune settings on")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--drivers", default=",".join([*CONTROLLERS, EXPERT]))
    parser.add_argument("--told", action="store_true", help="boxes as the world tells them")
    parser.add_argument("--engine", default="torch", help="what asks the detector")
    parser.add_argument("--home", default="", help="of the detector")
    parser.add_argument("--set", action="append", help="of the guard, as JSON; may be given several times")
    asked = parser.parse_args()
    game = load_plugins().game("crew2")
    home = Home.find(Path(asked.home) if asked.home else None)
    usual = {**game.guard, "told": asked.told, "engine": asked.engine}
    given = asked.set or ["{}"]
    specs = {
        f"{GUARDED} {text}" if len(given) > 1 else GUARDED: GuardSpec(settings=usual | json.loads(text), home=home)
        for text in given
    }
    for name in asked.drivers.split(","):
        print(json.dumps({"driver": name, **compared(asked, specs, name)}), flush=True)
    if not asked.told:
        print(json.dumps({"milliseconds a frame": milliseconds(next(iter(specs.values())))}), flush=True)


def compared(asked: argparse.Namespace, specs: dict[str, GuardSpec], name: str) -> dict[str, Any]:
    """Drive all seeds without and with each guard; return all, and what changed."""
    plugins = load_plugins()
    game = plugins.game("crew2")
    run = Run.open(playhead_crew2.game.shipped_runs() / "default" / "circuits1")
    who = EXPERT if name == EXPERT else NETWORK
    (free,) = evaluated_policies(
        game, run, [who], controller=CONTROLLERS.get(name, {}), engine=EngineSpec(device="cpu")
    )
    policies = [free, *(replace(free, name=who + title, guard=spec) for title, spec in specs.items())]
    more = {"reset": {"split": asked.split}, **({"arguments": {"boxes": 16}} if asked.told else {})}
    config = config_of(game, seconds_s=asked.seconds, rate_hz=run.rate_hz, latency_s=run.latency_s, settings=more)
    seeds = range(asked.first, asked.first + asked.seeds)
    table = evaluate_closed_loop(
        game,
        plugins,
        policies,
        seeds,
        config,
        workers=asked.workers,
        load_plugins=load_plugins,
        progress=say,
    )
    return told(table, who)


def say(episode: Episode) -> None:
    """Say how one drive went, while others go on."""
    names = ("collisions", "car_collisions", "pace_mps", "guarded_share")
    print(episode.driver, episode.seed, {name: round(episode.measures.get(name, 0.0), 3) for name in names},
          file=sys.stderr, flush=True)  # fmt: skip


def told(table: ScoreTable, who: str) -> dict[str, Any]:
    """Return collisions and pace of all, with intervals, and the pace with each guard over that without."""
    names = ("collisions", "car_collisions", "obstacle_collisions", "pace_mps", "mean_speed_mps", "guarded_share")
    both = {driver: {name: table.estimate(driver, name).to_json() for name in names} for driver in table.drivers}
    pace = {driver: table.values(driver, "pace_mps").mean() for driver in table.drivers}
    kept = {driver: round(float(mean / pace[who]), 3) for driver, mean in pace.items() if driver != who}
    return {**both, "pace kept": next(iter(kept.values())) if len(kept) == 1 else kept}


def milliseconds(spec: GuardSpec) -> dict[str, float]:
    """Return how long the guard takes about a frame, on one thread."""
    torch.set_num_threads(1)
    plugins = load_plugins()
    game = plugins.game("crew2")
    guard, took = open_guard(spec, game, plugins, rate_hz=10), []
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (8, *game.needed_frame.shape), dtype=np.uint8)
    for number in range(FRAMES):
        captured = CapturedFrame(
            frame_HWC=frames[number % len(frames)], time_ns=number * 100_000_000, number=number
        )
        began = time.perf_counter()
        guard.act(captured, {"w": 1.0}, 0.1)
        took.append(time.perf_counter() - began)
    return {"median": round(1000 * float(np.median(took)), 2), "least": round(1000 * min(took), 2)}


if __name__ == "__main__":
    main()
