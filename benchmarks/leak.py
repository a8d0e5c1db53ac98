"""What a split by picture promises and does not keep: accuracy reported on its own test part, and on strangers.

    python benchmarks/leak.py --home HOME [--kept HOME] [--out FOLDER] [--seeds 3]

From the recordings of Sideswipe in --home, in which each picture has a room of its own, and those in --kept,
made with `playhead record sideswipe --on world --set rooms=kept --set sample=1200`, in which the ten rotations
of a loadout share a room as in a real garage, a few loadouts are drawn, as many of each body. The recipe
`default` learns from four fifths of them, once split by loadout and once by picture, and is asked about the
fifth it calls its test, and about 2,000 pictures of 200 loadouts that were in no part. The difference is what
its own test part made too much of. Nothing validates, as nothing is chosen. A second call goes on where the
first stopped.

Foretold before the first training: split by loadout, the difference is 0 within its interval everywhere. Split
by picture with a room for each, 3 to 10 points at 24 loadouts (a hat or a paint tells the body) and under 1 at
400. With rooms kept, 15 to 30 points at 24 loadouts, and still 2 to 6 at 400: a room is easier to know than a
car. What came of it is in games/sideswipe/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import numpy.typing as npt

from playhead.data.source import FrameArray
from playhead.evaluation.estimates import Estimate, mean_interval
from playhead.evaluation.held_out import held_out_index
from playhead.evaluation.offline import ask
from playhead.home import Home
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.catalogue import Catalogue
from playhead.storage.reader import Recording, open_recording
from playhead.training.job import TrainingJob
from playhead.training.supervised import train
from playhead_sideswipe.labels import BODIES

# Loadouts, a quarter of each body, and the steps that so little data needs: 33, 16 and 7 times through it.
STEPS = {24: 100, 100: 200, 400: 350}
STRANGERS = 200  # loadouts that are in no part of any of them
TEST_SHARE = 0.2
SPLITS = {"frame": "by picture", "loadout": "by loadout"}
ROOMS = {"each": "a room for each picture", "kept": "a room for each loadout"}


class Some:
    """Some frames of a recording, as if it had no others."""

    def __init__(self, whole: Recording, rows_N: npt.NDArray[np.int64]) -> None:
        self._whole, self._rows_N = whole, rows_N
        self.header, self.name, self.path, self.length = whole.header, whole.name, whole.path, len(rows_N)
        self.events = whole.events[:0]
        self.frame_time_ns = np.asarray(whole.frame_time_ns)[rows_N]
        self.label_origin = np.asarray(whole.label_origin)[rows_N]
        self.labels = self._taken(whole.labels)
        self.telemetry = self._taken(whole.telemetry)
        self.columns = self._taken(whole.columns)

    def _taken(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        return {name: np.asarray(values)[self._rows_N] for name, values in arrays.items()}

    def read_frame_into(self, index: int, out_HWC: FrameArray) -> None:
        """Decode one of them."""
        self._whole.read_frame_into(int(self._rows_N[index]), out_HWC)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training and what came of it. Shares from 0 to 1; `pictures` of its own test part."""

    rooms: str
    loadouts: int
    split: str
    seed: int
    reported: float
    true: float
    pictures: int
    processor_s: float

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What tells it from the others."""
        return self.rooms, self.loadouts, self.split, self.seed


def drawn(recordings: Sequence[Recording], each: int, seed: int) -> tuple[list[Some], list[Some]]:
    """Return the pictures of so many loadouts of each body, and those of strangers that no seed ever draws."""
    chosen, strangers, a_quarter = set[str](), set[str](), STRANGERS // len(BODIES)
    for body in BODIES:
        names = sorted({str(n) for r in recordings for n in r.columns["loadout"][r.columns["car"] == body]})
        apart = np.random.default_rng(0).permutation(names)
        strangers.update(apart[:a_quarter].tolist())
        known = np.random.default_rng([seed, len(body)]).permutation(apart[a_quarter:])
        if len(known) < each:
            raise SystemExit(f"There are {len(names)} loadouts of {body}, {a_quarter + each} are needed.")
        chosen.update(known[:each].tolist())
    return only(recordings, chosen), only(recordings, strangers)


def only(recordings: Sequence[Recording], loadouts: set[str]) -> list[Some]:
    """Return these loadouts' pictures."""
    found = [Some(r, np.flatnonzero(np.isin(r.columns["loadout"], sorted(loadouts)))) for r in recordings]
    return [some for some in found if some.length]


def tried(plugins: Plugins, recordings: list[Recording], key: tuple[str, int, str, int]) -> Trial:
    """Train once and ask twice."""
    rooms, loadouts, split, seed = key
    game = plugins.game("sideswipe")
    few, strangers = drawn(recordings, loadouts // len(BODIES), seed)
    steps = STEPS[loadouts]
    recipe = replace(
        game.recipes["default"], steps=steps, warmup_steps=steps // 10, eval_every=steps, val_share=0.0,
        test_share=TEST_SHARE, split_by=split, seed=seed, feature_windows=0, workers=1,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        run = train(
            TrainingJob(game=game, recipe=recipe, recordings=few, out=Path(folder, "run"), plugins=plugins)
        )
        spent_s = time.process_time() - began
        reported, pictures = accuracy(plugins, run, few, only_held_out=True)
        true, _ = accuracy(plugins, run, strangers, only_held_out=False)
    return Trial(
        rooms=rooms, loadouts=loadouts, split=split, seed=seed, reported=reported, true=true, pictures=pictures,
        processor_s=round(spent_s, 1),
    )  # fmt: skip


def accuracy(plugins: Plugins, run: Run, recordings: list[Some], *, only_held_out: bool) -> tuple[float, int]:
    """Return the share of pictures answered rightly, and how many were asked about."""
    index = held_out_index(run, recordings, only_held_out=only_held_out)
    predictions = ask(Predictor(run.load_model(plugins), run.schema), run, index)
    head = next(iter(predictions.heads.values()))
    return float((head.predictions_NO.argmax(1) == head.truth_NA[:, 0]).mean()), len(index)


def estimates(
    trials: Sequence[Trial], rooms: str, loadouts: int, split: str
) -> tuple[Estimate, Estimate, Estimate]:
    """Return reported and true accuracy and their difference over the seeds, in percent (Student's t)."""
    mine = [trial for trial in trials if trial.key[:3] == (rooms, loadouts, split)]
    reported_S, true_S = (100 * np.array([getattr(one, name) for one in mine]) for name in ("reported", "true"))
    return mean_interval(reported_S), mean_interval(true_S), mean_interval(reported_S - true_S)


def table(trials: Sequence[Trial]) -> str:
    """Return a row for each number of loadouts and each split, in markdown."""
    lines = [
        "| rooms | loadouts | split | reported on its own test | true, on strangers | too much (95 %) |",
        "|---|---|---|---|---|---|",
    ]
    for rooms, loadouts, split in dict.fromkeys(trial.key[:3] for trial in sorted(trials, key=lambda t: t.key)):
        reported, true, much = estimates(trials, rooms, loadouts, split)
        lines.append(
            f"| {ROOMS[rooms]} | {loadouts} | {SPLITS[split]} | {reported.mean:.1f} % | {true.mean:.1f} % | "
            f"{much.mean:+.1f} ({much.low:+.1f} to {much.high:+.1f}) |"
        )
    return "\n".join(lines)


def plot(trials: Sequence[Trial], file: Path) -> None:
    """Draw what was reported and what is true, one above the other, with a dot for each seed."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    present = [rooms for rooms in ROOMS if any(trial.rooms == rooms for trial in trials)]
    figure, panels = plt.subplots(
        1, len(present), figsize=(4.6 * len(present), 3.8), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, rooms in zip(panels[0], present, strict=True):
        panel(axes, [trial for trial in trials if trial.rooms == rooms])
        axes.set_title(ROOMS[rooms], fontsize=10)
    panels[0][0].set_ylabel("right, %")
    panels[0][0].legend(loc="lower right", fontsize=8)
    figure.savefig(file, dpi=100)
    plt.close(figure)


def panel(axes: Any, trials: Sequence[Trial]) -> None:
    """Draw one kind of rooms."""
    sizes = sorted({trial.loadouts for trial in trials})
    for split, colour, aside in (("frame", "tab:red", -0.13), ("loadout", "tab:blue", 0.13)):
        at = np.arange(len(sizes)) + aside
        found = [estimates(trials, trials[0].rooms, size, split)[:2] for size in sizes]
        reported, true = ([one[which].mean for one in found] for which in (0, 1))
        axes.vlines(at, true, reported, color=colour, alpha=0.5, linewidth=5)
        axes.plot(at, reported, "o", color=colour, label=f"split {SPLITS[split]}: reported")
        axes.plot(at, true, "o", color=colour, markerfacecolor="white", label=f"split {SPLITS[split]}: true")
        for trial in (one for one in trials if one.split == split):
            place = sizes.index(trial.loadouts) + 1.55 * aside
            axes.plot([place] * 2, [100 * trial.reported, 100 * trial.true], ".", color=colour, alpha=0.4, ms=4)
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.set_xlabel("loadouts drawn")
    axes.grid(visible=True, axis="y", alpha=0.3)


def all_trials(asked: argparse.Namespace) -> list[Trial]:
    """Return every trial, those of earlier calls read from FOLDER, the others made now."""
    file = asked.out / "trials.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    trials = {trial.key: trial for trial in (Trial(**json.loads(line)) for line in lines)}
    plugins, homes = Plugins.installed(), {"kept": asked.kept, "each": asked.home}
    wanted = [
        (rooms, size, split, seed)
        for seed in range(asked.seeds) for rooms in homes for size in asked.loadouts for split in SPLITS
    ]  # fmt: skip
    for key in wanted:
        if key not in trials and (home := homes[key[0]]) is not None:
            recordings = [open_recording(info.path) for info in Catalogue(Home(home, "--home")).find("sideswipe")]
            trials[key] = tried(plugins, recordings, key)
            with file.open("a", encoding="utf-8") as written:
                written.write(json.dumps(asdict(trials[key])) + "\n")
            print(f"{len(trials)}: {trials[key]}", file=sys.stderr)
    return list(trials.values())


def main() -> None:
    """Train and ask all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="Home whose pictures have a room each.")
    parser.add_argument("--kept", type=Path, help="Home whose pictures of a loadout share a room.")
    parser.add_argument("--out", type=Path, default=Path("leak"), help="Folder of trials, table and plot.")
    parser.add_argument("--loadouts", type=int, nargs="*", default=list(STEPS), choices=STEPS)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    trials = all_trials(asked)
    (asked.out / "leak.md").write_text(table(trials) + "\n", encoding="utf-8")
    plot(trials, asked.out / "leak.png")
    print(table(trials))


if __name__ == "__main__":
    main()
