"""How well the expert of the streets world drives in unseen towns, alone, disturbed, and against holding W.

Run:  python benchmarks/expert_scores.py --seeds 30 [--scenario race]
Prints one line per driver: mean of each measure, the driving score with its 95 % interval.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from functools import partial

import numpy as np

from playhead.evaluation.estimates import mean_interval
from playhead_streets.disturbance import Disturbance
from playhead_streets.expert import Expert
from playhead_streets.physics import Controls
from playhead_streets.racer import Racer
from playhead_streets.simulation import Simulation

DRIVERS = ("expert", "expert_disturbed", "always_forward")


def drive(seed: int, driver: str, scenario: str, traffic: int, ticks_per_decision: int) -> dict[str, float]:
    simulation = Simulation(seed, "test", scenario, traffic)
    expert = (Racer if simulation.scenario.laps else Expert)(simulation)
    disturbance = Disturbance(seed) if driver == "expert_disturbed" else None
    keys = {"w": True, "a": False, "s": False, "d": False}
    started_s = time.perf_counter()
    while not (simulation.is_finished or simulation.is_out_of_time):
        if driver != "always_forward" and simulation.ticks % ticks_per_decision == 0:
            keys = expert.decide()
        held = disturbance.apply(keys, simulation.time_s) if disturbance else keys
        simulation.step(Controls.from_keys(**held))
    wall_s = time.perf_counter() - started_s
    return {**simulation.measures(), "ms_per_tick": 1000 * wall_s / simulation.ticks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--scenario", default="regular")
    parser.add_argument("--traffic", type=int, default=20, help="other cars")
    parser.add_argument("--ticks", type=int, default=8, help="ticks of 1/80 s between decisions")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--drivers", nargs="*", default=DRIVERS, choices=DRIVERS)
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    print(f"{'driver':18} {'route':>6} {'score':>6} {'95 %':>13} {'car/km':>7} {'obst/km':>8} {'off road':>8}"
          f" {'stuck':>6} {'m/s':>5} {'s':>5} {'ms/tick':>8}")  # fmt: skip
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for driver in chosen.drivers:
            asked = {"scenario": chosen.scenario, "traffic": chosen.traffic, "ticks_per_decision": chosen.ticks}
            work = partial(drive, driver=driver, **asked)
            rows = pool.map(work, seeds, chunksize=1)
            mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
            score = mean_interval(np.array([row["driving_score"] for row in rows]), kind="share")
            km = mean["km_travelled"]
            print(
                f"{driver:18} {mean['route_completion']:6.3f} {mean['driving_score']:6.3f}"
                f" {score.low:6.3f}-{score.high:.3f}"
                f" {mean['car_collisions'] / km:7.2f} {mean['obstacle_collisions'] / km:8.2f}"
                f" {100 * mean['off_road_share']:7.2f}% {mean['stuck_events']:6.2f} {mean['mean_speed_mps']:5.1f}"
                f" {mean['time_s']:5.1f} {mean['ms_per_tick']:8.3f}"
            )


if __name__ == "__main__":
    main()
