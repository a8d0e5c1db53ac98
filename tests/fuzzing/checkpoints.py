"""Checkpoints of an interrupted training that are damaged or made to harm."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from random import Random

from fuzzing import harm, hostile, sealing
from fuzzing.runs import harmed_weights
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import FIRST, GAME, INTERRUPTED, Seeds

Commands = list[tuple[str, ...]]


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Put a home together in which a training was interrupted, and one of its checkpoints, or both, harmed."""
    shutil.copytree(seeds.home, box.home, dirs_exist_ok=True)
    runs = box.home / "runs" / GAME / "default"
    shutil.copytree(seeds.folder / "interrupted", runs / INTERRUPTED)
    box.healthy = [runs / FIRST]
    box.promises = [(("show", GAME), name) for name in ("", FIRST)]
    told = []
    checkpoints = sorted((runs / INTERRUPTED / "checkpoint").glob("*.json"))
    how = rng.choice((_document, _document, _document, _tensors, _anything))
    for file in checkpoints if rng.random() < 0.6 else checkpoints[-1:]:
        told.append(how(rng, file))
    resume = ("train", GAME, "--resume", *rng.choice(((), (INTERRUPTED,))))
    return f"checkpoint: {'; '.join(told)}", [resume, ("show", GAME)]


def _document(rng: Random, file: Path) -> str:
    changed, what = hostile.changed(json.loads(file.read_text(encoding="utf-8")), rng)
    if rng.random() < 0.8:
        sealing.seal_run(changed)
    file.write_text(hostile.dumps(changed), encoding="utf-8")
    return f"document: {what}"


def _tensors(rng: Random, file: Path) -> str:
    tensors = file.with_suffix(".safetensors")
    what = harmed_weights(rng, tensors) if rng.random() < 0.7 else rng.choice(harm.BYTES[:-1])(tensors, rng)
    document = json.loads(file.read_text(encoding="utf-8"))
    data = tensors.read_bytes()
    document["tensors"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    sealing.seal_run(document)
    file.write_text(hostile.dumps(document), encoding="utf-8")
    return what


def _anything(rng: Random, file: Path) -> str:
    path = rng.choice((file, file.with_suffix(".safetensors"), file.parent, file.parent.parent))
    if not file.parent.is_dir():
        return "its folder is harmed already"
    return f"{path.name}: {harm.anything(path, rng)}"
