"""What cloning from pseudo-labels comes to beside cloning from true ones: imitation, and goals reached in play.

    python benchmarks/cloning.py --out FOLDER --run RUN [--goals wins shop] [--steps 2000] [--minutes 20]
        [--seeds 1] [--episodes 16]

RUN is a folder of an inverse dynamics model; the expert's drives that it labels are none that it has learned from.
For each goal the same recipe, `player`, learns once what was recorded on the way to it and once what the run says
of that. Both are measured on drives on other maps, and play there towards the goal beside the expert, random
presses, and `idle`: nothing pressed, which is what is most frequent. Every stage is kept below FOLDER: the same
command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from league_stages import Stages, whole_run

import playhead
from playhead.evaluation.results import Evaluation
from playhead.models.run import Run
from playhead_pokemon.held_out import MAPS, SEEDS
from playhead_pokemon.recipes import PLAYER

GOALS = ("wins", "shop")  # scenarios
MEASURES = ("done", "wins")  # whether the goal was reached, and battles won
DRIVERS = ("network", "expert", "random", "idle")
LAYER, SECONDS, FIRST_SEED = "pseudo", 60.0, 5000  # no seed of those that inverse dynamics learn from


def recorded(home: Path, goal: str, minutes: int) -> dict[str, int]:
    """Record the expert on the way to a goal, now and then with a wrong key; and drives to measure on."""
    playhead.record(
        "pokemon", driver="expert", scenario=goal, seconds=SECONDS, episodes=max(2, minutes),
        seed=FIRST_SEED + 1000 * GOALS.index(goal), action_noise=True, home=home,
    )  # fmt: skip
    playhead.record(
        "pokemon", driver="expert", scenario=goal, seconds=SECONDS, episodes=4, seed=SEEDS[0],
        settings={f"reset.{name}": value for name, value in MAPS.items()}, home=home / "held",
    )  # fmt: skip
    return {"recordings": len(folders(home)), "held": len(folders(home / "held"))}


def folders(home: Path) -> list[Path]:
    """Return the recordings of a home."""
    return sorted(one.parent for one in (home / "recordings/pokemon").glob("*/zarr.json"))


def labelled(home: Path, run: str) -> dict[str, Any]:
    """Have the run say what was pressed in the drives to learn from; return how well that agrees."""
    done = playhead.label("pokemon", recordings=folders(home), run=Run.open(Path(run)), layer=LAYER, home=home)
    wrong = [one.why for one in done if one.why]
    if wrong:
        raise SystemExit(wrong[0])
    agreements = [one.agreement["buttons"] for one in done if "buttons" in one.agreement]
    return (
        {name: sum(one[name] for one in agreements) / len(agreements) for name in agreements[0]}
        if agreements
        else {}
    )


def trained(home: Path, name: str, layer: str, steps: int, seed: int) -> dict[str, Any]:
    """Clone the drives from a layer, or from what was recorded."""
    recipe = dataclasses.replace(
        PLAYER, steps=steps, eval_every=max(1, steps // 4), warmup_steps=min(100, steps // 5 + 1),
        seed=PLAYER.seed + seed, layer=layer, origins=("model",) if layer else PLAYER.origins,
    )  # fmt: skip
    run = whole_run(
        home / "runs/pokemon/own" / name,
        lambda: playhead.train("pokemon", recipe=recipe, recordings=folders(home), name=name, home=home),
    )
    return {"steps": run.metrics["steps"]}


def measured(home: Path, name: str, scenario: str, episodes: int) -> dict[str, Any]:
    """Return imitation by the recorded labels of held-out drives, and what everybody reaches."""
    judged = playhead.evaluate(
        "pokemon", run=home / "runs/pokemon/own" / name, recordings=folders(home / "held"), layer="recorded",
        drivers=DRIVERS, scenario=scenario, episodes=episodes, seconds=SECONDS, seed=SEEDS[0], home=home,
        out=home / "pages" / f"{name}-{scenario}",
    )  # fmt: skip
    assert isinstance(judged, Evaluation)
    if judged.table is None:
        raise SystemExit("Nothing was driven: " + " ".join(judged.notes))
    table = judged.table
    drivers = {who: {one: float(table.estimate(who, one).mean) for one in MEASURES} for who in table.drivers}
    return {"imitation": judged.to_json()["offline"]["buttons"], "drivers": drivers, "notes": judged.notes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--goals", nargs="+", default=list(GOALS), choices=GOALS)
    parser.add_argument("--steps", type=int, default=PLAYER.steps)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--episodes", type=int, default=16)
    asked = parser.parse_args()
    print(f"{'':22} {'mean F1':>8} {'at changes':>10}   goal reached (battles won): " + ", ".join(DRIVERS))
    for goal in asked.goals:
        compare(asked, goal, asked.out.resolve() / goal)


def compare(asked: argparse.Namespace, goal: str, home: Path) -> None:
    """Clone the expert on the way to a goal from true and from pseudo-labels, and print what each comes to."""
    stages = Stages(home)
    stages.make("play", {"minutes": asked.minutes}, lambda: recorded(home, goal, asked.minutes))
    told = stages.make("labels", {"run": asked.run}, lambda: labelled(home, asked.run))
    print(f"{goal}: labels as recorded: " + ", ".join(f"{name} {value:.3f}" for name, value in told.items()))
    for seed in range(asked.seeds):
        for kind, layer in (("true", ""), ("pseudo", LAYER)):
            name = f"{kind}-{asked.steps}-{seed}"
            stages.make(name, {"steps": asked.steps}, partial(trained, home, name, layer, asked.steps, seed))
            measure = partial(measured, home, name, goal, asked.episodes)
            made = stages.make(f"{name}-{goal}", {"episodes": asked.episodes}, measure)
            imitation = made["imitation"]["network"]
            reached = "  ".join(f"{one['done']:.2f} ({one['wins']:.1f})" for one in made["drivers"].values())
            figures = f"{imitation['macro_f1']:8.3f} {imitation['change_exact']:10.3f}"
            print(f"{name + ', ' + goal:22} {figures}   {reached}")


if __name__ == "__main__":
    main()
