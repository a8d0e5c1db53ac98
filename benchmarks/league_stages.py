"""Stages of the league that are kept, a file each: what was made already is not made again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from playhead.models.run import Run


class Stages:
    """What was made already, a file a stage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, name: str, asked: Any, make: Callable[[], Any]) -> Any:
        """Return what a stage made, now or before. `asked` and the result are plain data."""
        file, asked = self.folder / f"{name}.json", json.loads(json.dumps(asked))
        if file.is_file() and (kept := json.loads(file.read_text(encoding="utf-8")))["asked"] == asked:
            return kept["made"]
        print(f"[{self.folder.name}] {name} ...", flush=True)
        began_s = time.perf_counter()
        made = json.loads(json.dumps(make()))
        wall_s = round(time.perf_counter() - began_s, 1)
        self.folder.mkdir(parents=True, exist_ok=True)
        there = file.with_suffix(".part")
        there.write_text(json.dumps({"asked": asked, "wall_s": wall_s, "made": made}), encoding="utf-8")
        there.replace(file)
        print(f"[{self.folder.name}] {name}: {_brief(made)} ({wall_s:g} s)", flush=True)
        return made


def whole_run(folder: Path, train: Callable[[], Run]) -> Run:
    """Return the run that a training makes in a folder, where what an interrupted one left is removed first.

    Raises:  SystemExit for one that was stopped early: its stage is not made.
    """
    shutil.rmtree(folder, ignore_errors=True)
    run = train()
    if run.metrics["stopped_early"]:
        raise SystemExit(f"{run.name} was stopped early. The same command trains it anew.")
    return run


def _brief(made: Any) -> str:
    if isinstance(made, list):
        return f"{np.mean(made):.2f} on average of {len(made)}" if made else "nothing"
    return ", ".join(f"{name} {value}" for name, value in made.items() if not isinstance(value, (list, dict)))
