"""What inverse dynamics of games/pokemon come to: recipes side by side, and by how much labelled play.

    python benchmarks/inverse_dynamics.py --out FOLDER [--home HOME] [--held HOME] [--steps 3000]
        [--recipes idm causal original attention] [--minutes 2 5 10 30 60] [--seeds 3] [--only table|curve]

Every stage (what is recorded, which events can be seen, each training, each score) is kept below FOLDER: the same
command goes on where it was stopped. `--home` and `--held` are homes with recordings to learn from and to measure
on; without, players of three manners record 60 minutes, and the fourth on other maps those of held_out.py.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from league_stages import Stages, whole_run

import playhead
from playhead.data.source import Source
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import PlayheadError
from playhead.evaluation.baselines import judge_heads
from playhead.evaluation.held_out import fewest_windows, labelled
from playhead.evaluation.offline import ask
from playhead.evaluation.predictions import HeadPredictions, Predictions
from playhead.evaluation.replays import Hold, seen_holds
from playhead.evaluation.seen_events import score_seen
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.threads import one_thread_each
from playhead.training.recipe import Recipe
from playhead_pokemon.held_out import MAPS, PLAYERS, SEEDS
from playhead_pokemon.labels import BUTTONS
from playhead_pokemon.recipes import CAUSAL, IDM, ORIGINAL

HEAD, SINGLE_HEAD = "buttons", "key"
TOLERANCE_S = 0.1  # of events in the figures by frame, as `playhead evaluate` has it
# Attention as a default of ours: the same pictures and windows as idm, about as many parameters.
ATTENTION = dataclasses.replace(
    IDM,
    model="inverse_dynamics",
    model_options={"scene_pixels": 4320, "stacks": [16, 32, 32], "dense": 64, "width": 128, "layers": 2},
    lr=5e-4,
)
RECIPES: dict[str, Recipe] = {"idm": IDM, "causal": CAUSAL, "original": ORIGINAL, "attention": ATTENTION}
TEACHERS = ("hasty", "careful", "expert")


def recordings_of(home: Path) -> list[Recording]:
    """Return the recordings of a home."""
    folder = home / "recordings/pokemon"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [open_recording(one) for one in found if (one / "zarr.json").is_file()]


def to_learn_from(stages: Stages, home: Path | None, minutes: float) -> list[Recording]:
    """Return what is learned from, the manners in turn; recorded where no home is given."""
    if home is None:
        home = stages.folder / "home"

        def record() -> dict[str, int]:
            for number in range(round(minutes)):
                playhead.record(
                    "pokemon", driver=TEACHERS[number % 3], scenario=("wins", "free")[number // 3 % 2], seconds=60,
                    seed=1000 + number, home=home, workers=1, tags={"player": TEACHERS[number % 3]},
                )  # fmt: skip
            return {"recordings": len(recordings_of(home))}

        stages.make("play", {"minutes": minutes}, record)
    return recordings_of(home)


def to_measure_on(stages: Stages, home: Path | None) -> list[Recording]:
    """Return what is measured on: maps, players and seeds that nobody learns from."""
    if home is None:
        home = stages.folder / "held"

        def record() -> dict[str, int]:
            for number, seed in enumerate(SEEDS):
                playhead.record(
                    "pokemon", driver=PLAYERS[0], scenario=("wins", "free")[number % 2], seconds=60, seed=seed,
                    home=home, workers=1, settings={f"reset.{name}": value for name, value in MAPS.items()},
                )  # fmt: skip
            return {"recordings": len(recordings_of(home))}

        stages.make("held", {"seeds": list(SEEDS), "maps": MAPS}, record)
    return recordings_of(home)


def what_can_be_seen(stages: Stages, held: Sequence[Recording]) -> dict[int, list[Hold]]:
    """Return the holds of each recording, with what of each shows; replayed once for all networks."""
    plugins = Plugins.installed()
    game, found = plugins.game("pokemon"), {}
    for number, recording in enumerate(held):

        def replay(recording: Recording = recording) -> list[dict[str, Any]]:
            holds = seen_holds(plugins, game, recording, HEAD, {"reset": dict(MAPS)}, lambda count: None)
            return [dataclasses.asdict(one) for one in holds]

        stage = Stages(stages.folder / "seen")
        kept = stage.make(recording.name, {"recording": recording.name}, lambda replay=replay: {"holds": replay()})
        found[number] = [Hold(**one) for one in kept["holds"]]
    return found


def first_minutes(recordings: Sequence[Recording], minutes: float) -> list[Recording]:
    """Return as many recordings as last so long together, at least two: one is kept for validation."""
    chosen: list[Recording] = []
    for one in recordings:
        lasts_s = sum(other.length / other.header.rate_hz for other in chosen)
        if len(chosen) >= 2 and lasts_s >= 60 * minutes:
            break
        chosen.append(one)
    return chosen


def scores_of(run: Run, held: Sequence[Source], holds: dict[int, list[Hold]]) -> dict[str, Any]:
    """Return every figure of a run: by frames, by events that can be seen, beside what needs no network."""
    plugins = Plugins.installed()
    recordings = labelled(run, plugins.game("pokemon"), held, "")
    index = fewest_windows(WindowIndex.of(recordings, run.schema, WindowSpec.of(run.recipe)).by_time())
    with one_thread_each():
        predictions = ask(Predictor.of(run, plugins), run, index)
    result = judge_heads(predictions, tolerance_s=TOLERANCE_S)[0]
    told: dict[str, Any] = {
        "parameters": run.parameters,
        "steps": run.metrics["steps"],
        "by_frame": result.to_json(),
    }
    told["seen"] = score_seen(as_buttons(predictions), HEAD, held, holds).to_json()
    return told


def as_buttons(predictions: Predictions) -> Predictions:
    """Return what was answered as buttons: of one of nine classes, that it is the likeliest."""
    if HEAD in predictions.heads:
        return predictions
    pair = predictions.heads[SINGLE_HEAD]
    likeliest_N = pair.predictions_NO.argmax(1)
    held_NK = np.stack([likeliest_N == pair.head.names.index(name) if name in pair.head.names else 0 * likeliest_N
                        for name in BUTTONS.names], 1).astype(np.float64)  # fmt: skip
    made = HeadPredictions(
        head=BUTTONS, truth_NA=0 * held_NK, predictions_NO=held_NK, previous_NA=0 * held_NK, known_N=pair.known_N
    )
    return dataclasses.replace(predictions, heads={HEAD: made})


def trained(
    stages: Stages, name: str, recipe: Recipe, recordings: Sequence[Recording], held: Sequence[Recording],
    holds: dict[int, list[Hold]],
) -> dict[str, Any]:  # fmt: skip
    """Train a recipe, score it, and keep what was found; a training that ends in a collapse is a figure, too."""
    asked = {"recipe": recipe.to_json(), "recordings": [one.name for one in recordings],
             "held": [one.name for one in held]}  # fmt: skip

    folder = stages.folder / "runs/pokemon/own" / name

    def train() -> dict[str, Any]:
        try:
            run = whole_run(folder, lambda: playhead.train(
                "pokemon", recipe=recipe, recordings=list(recordings), name=name, home=stages.folder,
            ))  # fmt: skip
        except PlayheadError as error:  # as of a collapse
            return {"failed": str(error)}
        return {"steps": run.metrics["steps"]}

    learned = stages.make(f"{name}-train", asked, train)
    if "failed" in learned:
        return dict(learned)
    return dict(stages.make(f"{name}-scores", asked, lambda: scores_of(Run.open(folder), held, holds)))


def line(name: str, made: dict[str, Any]) -> str:
    """Return a row of the table."""
    if "failed" in made:
        return f"{name:22} {made['failed'][:90]}"
    network = made["by_frame"]["network"]
    right = "–" if network.get("hamming") is None else f"{1 - network['hamming']:.3f}"
    cells = f"{right:>9} {network['change_exact']:10.3f}"
    press, release = made["seen"]["press"], made["seen"]["release"]
    worst = min(
        ((one["recall"], key) for key, one in press["keys"].items() if one["seen"] >= 5), default=(np.nan, "")
    )
    return (
        f"{name:22} {press['f1_seen']:7.3f} {release['f1_seen']:8.3f} {cells}   "
        f"least recall {worst[0]:.2f} ({worst[1]})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--held", type=Path)
    parser.add_argument("--steps", type=int, default=IDM.steps)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=RECIPES)
    parser.add_argument("--minutes", nargs="+", type=float, default=[2, 5, 10, 30, 60])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=("table", "curve"))
    asked = parser.parse_args()
    stages = Stages(asked.out.resolve())
    recordings = to_learn_from(stages, asked.home, max(asked.minutes))
    held = to_measure_on(stages, asked.held)
    holds = what_can_be_seen(stages, held)
    few = {
        "steps": asked.steps,
        "eval_every": max(1, asked.steps // 4),
        "warmup_steps": min(100, asked.steps // 5 + 1),
    }
    rows: dict[str, dict[str, Any]] = {}
    if asked.only != "curve":
        for name in asked.recipes:
            recipe = dataclasses.replace(RECIPES[name], **few)
            rows[name] = trained(stages, f"{name}-{asked.steps}", recipe, recordings, held, holds)
    if asked.only != "table":
        for minutes in asked.minutes:
            for seed in range(asked.seeds):
                recipe = dataclasses.replace(IDM, **few, seed=IDM.seed + seed)
                name = f"idm-{minutes:g}min-{seed}"
                chosen = first_minutes(recordings, minutes)
                rows[name] = trained(stages, f"{name}-{asked.steps}", recipe, chosen, held, holds)
    print(f"{'':22} {'press':>7} {'release':>8} {'key right':>9} {'at changes':>10}")
    for name, made in rows.items():
        print(line(name, made))
    first = next((one for one in rows.values() if "hamming" in one.get("by_frame", {}).get("network", {})), None)
    for who, scores in (first["by_frame"]["baselines"] if first is not None else {}).items():
        print(f"{who:22} {'':>7} {'':>8} {1 - scores['hamming']:9.3f} {scores['change_exact']:10.3f}")


if __name__ == "__main__":
    main()
