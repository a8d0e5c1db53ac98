"""What a live run learns in so many minutes, by each balancing: python benchmarks/live_system.py learning.

Each is one `playhead live`. Each time it keeps its network, a copy is kept; after it every copy answers drives
in towns that nobody collects in, and the last one drives there beside the expert.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from playhead.errors import PlayheadError
from playhead.evaluation.held_out import held_out_index, labelled
from playhead.evaluation.offline import ask
from playhead.home import Home
from playhead.live.collector import Collector, Kind
from playhead.live.drives import MemoryDrive
from playhead.live.settings import Live, read_settings
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins

LOOK_S = 2.0
UNSEEN = {"reset": {"split": "test"}}  # towns that no collector drives in
MEASURES = ("route_completion", "driving_score", "off_road_share")


def learning(asked: argparse.Namespace) -> dict[str, Any]:
    """Let live runs of each balancing and seed learn, one after another; say what each came to."""
    told = {}
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        for seed in range(1, asked.seeds + 1):
            for balance in asked.balance:
                name = f"{balance}-{seed}"
                told[name] = one_run(asked, home, name, balance, seed)
                print(json.dumps({name: told[name]}), file=sys.stderr, flush=True)
    return told


def one_run(asked: argparse.Namespace, home: Path, name: str, balance: str, seed: int) -> dict[str, Any]:
    """Let one live run learn, and measure what it kept."""
    command = [
        sys.executable, "-m", "playhead", "live", "gta5", "--name", name, "--home", str(home),
        "--recipe", "small", "--balance", balance, "--size", asked.size, "--rate", str(asked.rate),
        "--buffer", str(asked.buffer), "--seconds", str(60 * asked.minutes), "--port", str(asked.port),
        "--set", f"seed={seed}",
    ]  # fmt: skip
    run, copies = home / "runs/gta5/small" / name, home / "copies" / name
    with (home / f"said-{name}").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        while process.poll() is None:
            keep_copy(run, copies)
            time.sleep(LOOK_S)
    keep_copy(run, copies)
    kept = sorted(copies.glob("*"), key=lambda one: int(one.name)) if copies.exists() else []
    if not kept:
        return {"learned": "nothing", "said": (home / f"said-{name}").read_text()[-500:]}
    drives = unseen_drives(home, name, asked.held_out)
    return {
        "batches": int(kept[-1].name),
        "correlation by batch": {copy.name: correlations(copy, drives) for copy in kept},
        **driven(asked, home, name),
    }


def keep_copy(run: Path, copies: Path) -> None:
    """Copy a run's folder once for each time that it was kept; one that is just being written waits."""
    with suppress(PlayheadError, OSError):
        batch = int(Run.open(run).metrics.get("steps", 0))
        if (copies / str(batch)).exists():
            return
        torn = copies / f".{batch}"
        shutil.rmtree(torn, ignore_errors=True)
        shutil.copytree(run, torn, ignore=shutil.ignore_patterns("checkpoint", "curves", "published"))
        Run.open(torn).load_model(Plugins.installed())
        torn.replace(copies / str(batch))


def unseen_drives(home: Path, name: str, count: int) -> list[MemoryDrive]:
    """Return drives of the expert in towns that nobody collects in."""
    import msgspec

    settings = read_settings(home / "live/gta5" / name)
    live = Live.of(msgspec.structs.replace(settings, options=UNSEEN), Plugins.installed())
    collector = Collector(live, 0, home=Home.find(home))
    return [
        piece for number in range(count) for piece in collector.drive(number, Kind("regular", has_noise=False))
    ]


def correlations(folder: Path, drives: list[MemoryDrive]) -> dict[str, float]:
    """Return how each output of a run goes along with what the expert did."""
    plugins, run = Plugins.installed(), Run.open(folder)
    sources = labelled(run, plugins.game("gta5"), drives, "")
    index = held_out_index(run, sources, only_held_out=False)
    said = ask(Predictor(run.load_model(plugins), run.schema), run, index)
    return {
        name: round(float(np.corrcoef(one.truth_NA[:, 0], one.predictions_NO[:, 0])[0, 1]), 3)
        for name, one in ((name, said.known(name).heads[name]) for name in said.heads)
    }


def driven(asked: argparse.Namespace, home: Path, name: str) -> dict[str, Any]:
    """Let the network and the expert drive the same unseen towns; return what the evaluation says of them."""
    command = [
        sys.executable, "-m", "playhead", "evaluate", "gta5", "--run", f"small/{name}", "--home", str(home),
        "--episodes", str(asked.episodes), "--drivers", "network", "--drivers", "expert", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"driven": done.stderr[-500:]}
    told = json.loads(done.stdout)
    return {who: {one: told[who][one] for one in MEASURES} for who in ("network", "expert")}
