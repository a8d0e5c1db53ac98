"""What a Sideswipe run says of pictures drawn only now: python benchmarks/heldout.py [RUN] [--pictures 4000].

Every recording has a grid of colours and tenths of a turn. Here each picture has a car dressed at random, its
colours anywhere on the sliders, any fraction of a turn, a room of its own and a seed that no recording uses. Rows:
the rooms networks are trained in, those of the test (other walls, other things, also before the car), and the
plain room. RUN is a folder; without it, the run that comes with the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np

from playhead.evaluation.classification import percent, wilson
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import ROTATIONS
from playhead_sideswipe.postcard import dressed_at_random
from playhead_sideswipe.world import Garage

SHIPPED = Path(__file__).parents[1] / "games/sideswipe/src/playhead_sideswipe/runs/default"
BATCH = 40  # pictures, each body in turn
SEEDS = (2**40, 2**48)  # of rooms; recordings count theirs from small numbers
ROWS = (("training rooms", "train", True), ("test rooms", "test", True), ("plain room", "test", False))


def right_of(predictor: Predictor, garage: Garage, pictures: int, dice: Random, *, clutter: bool) -> np.ndarray:
    """Return for each body how many pictures were right and how many there were. Shape (bodies, 2)."""
    counts_C2 = np.zeros((len(BODIES), 2), np.int64)
    for _ in range(0, pictures, BATCH):
        true_B = np.arange(BATCH) % len(BODIES)
        drawn = [
            garage.draw(
                dressed_at_random(BODIES[body], dice),
                dice.uniform(0, ROTATIONS),
                seed=dice.randrange(*SEEDS),
                clutter=clutter,
            ).copy()
            for body in true_B.tolist()
        ]
        said_B = predictor.predict_batch({"frames": np.stack(drawn)[:, None]})["car"].argmax(1)
        np.add.at(counts_C2, (true_B, 0), said_B == true_B)
        np.add.at(counts_C2, (true_B, 1), 1)
    return counts_C2


def main() -> None:
    """Print the table, in markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?", default=next(SHIPPED.iterdir(), None))
    parser.add_argument("--pictures", type=int, default=4000, help="of each row")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    run = Run.open(asked.run)
    names = list(run.schema["car"].names)
    if names != list(BODIES):
        parser.error(f"{asked.run} tells {', '.join(names)} apart; wanted are {', '.join(BODIES)}.")
    predictor, dice = Predictor(run.load_model(Plugins.installed()), run.schema), Random(asked.seed)
    print(f"| {asked.pictures:,} pictures of the | right | {' | '.join(names)} |\n|{'---|' * (2 + len(names))}")
    for name, split, clutter in ROWS:
        with Garage(split=split) as garage:
            counts_C2 = right_of(predictor, garage, asked.pictures, dice, clutter=clutter)
        recall = [f"{100 * right / whole:.2f} %" for right, whole in counts_C2.tolist()]
        print(f"| {name} | {percent(wilson(*counts_C2.sum(0).tolist()))} | {' | '.join(recall)} |", flush=True)


if __name__ == "__main__":
    main()
