"""What compressed pictures cost in accuracy: python benchmarks/compression.py --out FOLDER.

Drives of the Crew 2's stand-in circuits are recorded without loss, once, and their pictures encoded and decoded as
recordings keep them: JPEG of a quality, H.264 as an archive has it. The run that ships is asked about drives of
test circuits in each; then the same training, with the same drives and seed, learns from each and is asked about
test drives kept in the same way. Give the same command again to go on: what was recorded and learned counts.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import playhead
from playhead.containers.h264 import H264Pictures
from playhead.evaluation.baselines import HeadResult, judge_heads
from playhead.evaluation.held_out import held_out_index, labelled, spread_windows
from playhead.evaluation.offline import ask
from playhead.evaluation.predictions import decided
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.pictures import picture_of
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import picture_codecs
from playhead.threads import one_thread_each
from playhead_crew2.game import CREW2, shipped_runs

LOSSLESS = replace(CREW2, frame=replace(CREW2.frame, codec="lossless"))
CHUNK = 25  # pictures of a stream, as an archive has them at this size
FIRST = {"train": 1, "test": 10_000}  # seeds


class Kept:
    """A recording whose pictures went through an encoder; all else is the recording's own."""

    def __init__(self, recording: Recording, kind: str, folder: Path) -> None:
        self._recording, self._kind = recording, kind
        self._file = folder / f"{kind}-{recording.header.seed}.npy"
        self._size = folder / f"{kind}-{recording.header.seed}.size"
        if not self._size.is_file():
            self._encode()
        self.kib = float(self._size.read_text()) / recording.length / 1024
        self._pictures = np.load(self._file, mmap_mode="r")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recording, name)

    def read_frame_into(self, index: int, out_HWC: Any) -> None:
        out_HWC[...] = self._pictures[index]

    def read_frames(self, indices: Sequence[int]) -> Any:
        return np.asarray(self._pictures[np.asarray(indices)])

    def _encode(self) -> None:
        shape = self._recording.header.frame.shape
        pictures, size = np.lib.format.open_memmap(
            self._file, "w+", np.uint8, (self._recording.length, *shape)
        ), 0  # fmt: skip
        for first in range(0, len(pictures), CHUNK):
            raw_NHWC = self._recording.read_frames(range(first, min(first + CHUNK, len(pictures))))
            pictures[first : first + CHUNK], part = through(raw_NHWC, self._kind)
            size += part
        pictures.flush()
        self._size.write_text(str(size))


def through(raw_NHWC: Any, kind: str) -> tuple[Any, int]:
    """Encode pictures and decode them; return them, and the bytes they took."""
    shape, name, number = raw_NHWC.shape[1:], kind.rstrip("0123456789"), kind.lstrip("abcdefghijklmnopqrstuvwxyz-")
    if name == "raw":
        return raw_NHWC, raw_NHWC.nbytes
    if name == "archive":
        coder = H264Pictures(colour="rgb", lossless=False)
        data = coder.encode(raw_NHWC, int(number))
        return coder.decode_all(data, shape, len(raw_NHWC)), len(data)
    codec = "lossless" if name == "lossless" else "jpeg"
    frame = replace(LOSSLESS.frame, codec=codec, quality=int(number or 75))
    coder = picture_of(picture_codecs(frame), where=kind)
    parts = [coder.encode(one_HWC) for one_HWC in raw_NHWC]
    return np.concatenate([coder.decode_all(part, shape, 1) for part in parts]), sum(map(len, parts))


def drives(asked: argparse.Namespace, split: str, count: int) -> list[Recording]:
    """Record the drives of a part that are missing, and open all of them."""
    home, first = asked.out / split, FIRST[split]
    folder, there = home / "recordings" / CREW2.name, dict[int | None, Recording]()
    for one in map(open_recording, sorted(folder.iterdir()) if folder.is_dir() else []):
        if one.is_complete:
            there[one.header.seed] = one
    for seed in range(first, first + count):
        if seed not in there:
            made = playhead.record(
                LOSSLESS, action_noise=split == "train", episodes=1, seconds=asked.seconds, seed=seed, workers=1,
                settings={"reset": {"split": split}}, home=home,
            )  # fmt: skip
            assert made.segments[0].recording is not None
            there[seed] = open_recording(made.segments[0].recording.path)
    return [there[seed] for seed in range(first, first + count)]


def judged(folder: Path, recordings: list[Kept], asked: argparse.Namespace) -> HeadResult:
    """Ask a run about drives of test circuits."""
    run, plugins = Run.open(folder), Plugins()
    index = held_out_index(run, labelled(run, CREW2, recordings, ""), only_held_out=False)
    with one_thread_each():
        found = ask(Predictor.of(run, plugins), run, spread_windows(index, asked.windows))
    (result,) = judge_heads(found, tolerance_s=0.1)
    return result


def told(result: HeadResult) -> dict[str, float]:
    """Return what matters of it: of keys and of classes."""
    return {name: round(float(value), 4) for name, value in result.scores.summary.items()}


def answers(result: HeadResult) -> Any:
    """Return which keys, or which class, a network answers in each window."""
    return decided(result.predictions.head, result.predictions.predictions_NO)


def trained(recordings: list[Kept], kind: str, asked: argparse.Namespace) -> Path:
    """Learn from drives, or return what was learned from them; half a training is begun anew."""
    folder: Path = asked.out / "runs" / CREW2.name / "default" / kind
    if not (folder / "run.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        heads = {} if asked.heads == "drive" else {"heads": [asked.heads], "controller": {}}
        playhead.train(CREW2, recordings=recordings, steps=asked.steps, name=kind, settings=heads, home=asked.out)
    return folder


def main() -> None:
    """Print a line of JSON for each way to keep pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="raw,jpeg75,jpeg50,jpeg25,archive26")
    parser.add_argument("--out", type=Path, default=Path("compression"))
    parser.add_argument("--drives", type=int, default=14, help="learned from")
    parser.add_argument("--tests", type=int, default=4, help="asked about")
    parser.add_argument("--seconds", type=float, default=40.0, help="of a drive")
    parser.add_argument("--steps", type=int, default=400, help="of a training; 0: the run that ships alone")
    parser.add_argument("--windows", type=int, default=4000)
    parser.add_argument("--heads", default="drive", help="or classes")
    asked = parser.parse_args()
    shipped = shipped_runs() / "default" / "circuits1"
    raw = {"test": drives(asked, "test", asked.tests)}
    raw |= {"train": drives(asked, "train", asked.drives)} if asked.steps else {}
    (asked.out / "pictures").mkdir(parents=True, exist_ok=True)
    first: dict[str, Any] = {}
    for kind in asked.kinds.split(","):
        kept = {part: [Kept(one, kind, asked.out / "pictures") for one in of] for part, of in raw.items()}
        kib = float(np.mean([one.kib for one in kept["test"]]))
        runs = {"ships": shipped} | ({"learned": trained(kept["train"], kind, asked)} if asked.steps else {})
        line: dict[str, Any] = {"pictures": kind, "KiB a frame": round(kib, 2)}
        for name, run in runs.items():
            found = judged(run, kept["test"], asked)
            same_N = (answers(found) == first.setdefault(name, answers(found))).all(1)
            line[name] = told(found) | {"as with the first": round(float(same_N.mean()), 4)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
