"""How much smaller a network may be: accuracy on the test part against parameters, as a table and a plot.

    python benchmarks/parameters.py --home HOME [--steps 1000] [--out FOLDER]

Networks of the same family, and the original's, learn from the same recordings of Sideswipe for the same number of
steps. Each is kept as a run in FOLDER; a second call goes on where the first stopped. The table is markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

from playhead.evaluation.classification import Share, grouped_share, units_of
from playhead.evaluation.held_out import held_out_index
from playhead.evaluation.offline import ask
from playhead.home import Home
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.sessions.progress import PlainBar
from playhead.storage.catalogue import Catalogue
from playhead.storage.reader import Recording, open_recording
from playhead.training.job import TrainingJob
from playhead.training.supervised import train

ORIGINAL = 1_405_252  # parameters of the original's network
# Name, recipe, options of the network; the original learns as it did, in batches of 32 pictures instead of 64.
NETWORKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("original", "original", {}),
    ("48-96, 1+1 blocks", "default", {"channels": [48, 96], "blocks": [1, 1]}),
    ("32-64, 1+1 blocks", "default", {"channels": [32, 64], "blocks": [1, 1]}),
    ("32-64, 0+1 blocks", "default", {"channels": [32, 64], "blocks": [0, 1]}),
    ("16-32, 1+1 blocks", "default", {"channels": [16, 32], "blocks": [1, 1]}),
    ("16-16, 0+1 blocks", "default", {"channels": [16, 16], "blocks": [0, 1]}),
    ("8-16, 0+0 blocks", "default", {"channels": [8, 16], "blocks": [0, 0]}),
)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One network's place on the curve. Units: shares from 0 to 1; seconds of the processor."""

    name: str
    parameters: int
    accuracy: Share
    worst_recall: float
    processor_s: float


def trained(plugins: Plugins, recordings: list[Recording], out: Path, network: Any, steps: int, seed: int) -> Run:
    """Return the run of a network: that of an earlier call, or one trained now."""
    name, recipe_name, options = network
    folder = out / name.replace(" ", "").replace(",", "_")
    if (folder / "run.json").is_file():
        return Run.open(folder)
    game = plugins.game("sideswipe")
    recipe = replace(
        game.recipes[recipe_name],
        model_options=options,
        steps=steps,
        eval_every=steps,
        seed=seed,
        feature_windows=0,
    )
    began = time.process_time()
    view = PlainBar()
    view.note(name)
    job = TrainingJob(game=game, recipe=recipe, recordings=recordings, out=folder, plugins=plugins,
                      recipe_name=recipe_name, progress=view, command=" ".join(sys.argv))  # fmt: skip
    run = train(job)
    (folder / "processor_s.json").write_text(json.dumps(time.process_time() - began))
    return run


def measured(plugins: Plugins, recordings: list[Recording], name: str, run: Run) -> Point:
    """Ask a run about the test part, which neither training nor validation has seen."""
    index = held_out_index(run, recordings)
    predictions = ask(Predictor(run.load_model(plugins), run.schema), run, index)
    head = next(iter(predictions.heads.values()))
    true_N, is_right_N = head.truth_NA[:, 0], head.predictions_NO.argmax(1) == head.truth_NA[:, 0]
    units = units_of(index, run.data["split_by"])
    return Point(
        name=name,
        parameters=run.parameters,
        accuracy=grouped_share(is_right_N, units.group_N),
        worst_recall=min(float(is_right_N[true_N == one].mean()) for one in np.unique(true_N)),
        processor_s=json.loads((run.path / "processor_s.json").read_text()),
    )


def table(points: list[Point]) -> str:
    """Return the points as a markdown table."""
    lines = [
        "| network | parameters | of the original's | accuracy (95 %) | worst recall | processor |",
        "|---|---|---|---|---|---|",
    ]
    for p in points:
        right = p.accuracy
        lines.append(
            f"| {p.name} | {p.parameters:,} | 1/{ORIGINAL / p.parameters:.3g} | {100 * right.value:.2f} % "
            f"({100 * right.low:.2f} to {100 * right.high:.2f}) | {100 * p.worst_recall:.2f} % | "
            f"{p.processor_s:.0f} s |"
        )
    return "\n".join(lines)


def plot(points: list[Point], file: Path, title: str) -> None:
    """Draw errors against parameters, both on logarithmic axes; no error is drawn at half a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for p in points:
        right = p.accuracy
        wrong = max(1 - right.value, 0.5 / right.whole)
        span = [[max(0.0, wrong - (1 - right.high))], [(1 - right.low) - wrong]]
        colour = "tab:red" if p.name == "original" else "tab:blue"
        axes.errorbar(p.parameters, 100 * wrong, 100 * np.array(span), fmt="o", color=colour, capsize=3)
        axes.annotate(p.name, (p.parameters, 100 * wrong), xytext=(6, 6), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="wrong on the test part, %", title=title)
    axes.margins(x=0.15)
    axes.grid(visible=True, which="both", alpha=0.3)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train and measure all networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="Home whose recordings of Sideswipe are used.")
    parser.add_argument("--out", type=Path, default=Path("parameters"), help="Folder of runs, table and plot.")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1337)
    asked = parser.parse_args()
    plugins = Plugins.installed()
    infos = Catalogue(Home(asked.home, "--home")).find("sideswipe")
    recordings = [open_recording(info.path) for info in infos]
    asked.out.mkdir(parents=True, exist_ok=True)
    points = []
    for network in NETWORKS:
        run = trained(plugins, recordings, asked.out, network, asked.steps, asked.seed)
        points.append(measured(plugins, recordings, network[0], run))
        print(table(points[-1:]).splitlines()[-1], file=sys.stderr)
    points.sort(key=lambda point: -point.parameters)
    title = f"{points[0].accuracy.whole:,} pictures of unseen loadouts, {asked.steps:,} steps each"
    (asked.out / "parameters.md").write_text(f"{title}\n\n{table(points)}\n", encoding="utf-8")
    plot(points, asked.out / "parameters.png", title)
    print(table(points))


if __name__ == "__main__":
    main()
