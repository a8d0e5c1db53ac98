"""Training from disk against the same network fed from memory, what augmentation costs, memory at 100,000 frames.

    python benchmarks/training.py [--frames 5000] [--steps 40] [--memory-frames 100000]

Recordings are made up: 240x180 pictures with the structure of a road scene, kept as JPEG by the real writer.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from playhead.data.assembly import Assembly
from playhead.data.augment import Augmenter
from playhead.data.cache import ViewCache
from playhead.data.loader import Loader
from playhead.data.sampling import draw_rows
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Keys
from playhead.models.network import count_parameters
from playhead.models.network_part import model_spec
from playhead.plugins import Plugins
from playhead.regions import Region
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter
from playhead.threads import one_thread_each
from playhead.training.losses import losses
from playhead.training.recipe import Recipe

GAME = Game(
    name="bench",
    title="Benchmark",
    devices={"world": Device(capture="environment", input="environment")},
    frame=Frame(width=240, height=180, rate_hz=10),
    regions={"minimap": Region(x=3, y=144, width=47, height=33)},
    labels={"drive": Keys("w", "a", "s", "d", mirror=(("a", "d"),))},
)
RECIPE = Recipe()
SPEC = WindowSpec.of(RECIPE)


def pictures(count: int) -> Iterator[np.ndarray[Any, Any]]:
    """Yield smooth pictures with edges and a little noise: about as many bytes as the streets world's."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:180, 0:240].astype(np.float32)
    noise = rng.integers(0, 10, (8, 180, 240, 3), dtype=np.uint8)
    for number in range(count):
        slope = 0.4 + 0.3 * np.sin(number / 20)
        road = (np.abs(columns - 120 - slope * (rows - 90)) < (rows - 60) * 0.7) & (rows > 60)
        blocks = ((columns // 13 + rows // 17 + number // 5) % 4) * 30
        grey = np.where(road, 90, np.where(rows < 60, 180, 60 + blocks))
        yield np.stack([grey, grey * 0.9, grey * 0.8], 2).astype(np.uint8) + noise[number % 8]


def write(folder: Path, frames: int, each: int = 1000) -> list[Recording]:
    """Write recordings of `each` frames and open them."""
    made = []
    known = list(pictures(200))
    rng = np.random.default_rng(1)
    for number in range(frames // each):
        header = RecordingHeader.of(GAME, device="world", driver="benchmark", rate_hz=10)
        with RecordingWriter(folder / f"r{number:03d}", header) as writer:
            for step in range(each):
                held = (rng.random(4) < 0.3).astype(np.uint8)
                shown = known[(step + number) % 200]  # from another on in each: else they are copies of one
                writer.append(shown, step * 100_000_000, {"drive": held}, Origin.SCRIPT)
        made.append(open_recording(folder / f"r{number:03d}"))
    return made


def learner(game: Game = GAME) -> tuple[Any, Any]:
    """Return the default network and a function that takes one training step."""
    torch.manual_seed(0)
    network = Plugins().get("model", RECIPE.model)(model_spec(game.to_json(), game.schema, game.frame, RECIPE))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)

    def step(batch: Any) -> None:
        loss = losses(GAME.schema, network(batch), batch["labels"])["drive"]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    return network, step


def rate(batches: Any, step: Any) -> float:
    """Return steps a second over all batches, the first three left out."""
    started, count = 0.0, 0
    for number, batch in enumerate(batches):
        if number == 3:
            started = time.perf_counter()
        step(batch)
        count = number - 2
    return count / (time.perf_counter() - started)


def rss_mb() -> float:
    """Return the most memory this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def loader(index: WindowIndex, network: Any, steps: int, **more: Any) -> Loader:
    """Return the batches of a short training."""
    weight_N = np.full(len(index), 1 / len(index))
    return Loader(assemble=Assembly(index=index, prepare=network.prepare_input, **more), workers=2, steps=steps,
                  rows=lambda: draw_rows(weight_N, RECIPE.batch_size, steps, 0))  # fmt: skip


def measure_rates(index: WindowIndex, steps: int) -> None:
    """Print steps a second from disk and from memory in turns, and their ratios."""
    network, step = learner()
    print(f"network {count_parameters(network):,} parameters, batch {RECIPE.batch_size}, one torch thread")
    kept = list(loader(index, network, 8))
    frames = sum(recording.length for recording in index.recordings)
    cache = ViewCache(frames, RECIPE.cache_mb * 1_000_000)
    for _ in loader(index, network, 2 * len(index) // RECIPE.batch_size, caches={"frames": cache}):
        pass  # two rounds: what training comes to after the first
    memory, disk, cached = [], [], []
    for _ in range(3):
        memory.append(rate((kept[number % 8] for number in range(steps)), step))
        disk.append(rate(loader(index, network, steps), step))
        cached.append(rate(loader(index, network, steps, caches={"frames": cache}), step))
    print(f"from memory {np.median(memory):.2f} steps/s ({1e3 / np.median(memory):.0f} ms a step)")
    for said, rates in (("every frame decoded", disk), ("as training does, frames decoded once", cached)):
        ratio = np.median([a / b for a, b in zip(rates, memory, strict=True)])
        print(f"from disk, {said}: {np.median(rates):.2f} steps/s, ratio {ratio:.2f} (asked: at least 0.9)")
    print(f"processor time: a step {cpu_ms(step, kept):.0f} ms, a batch decoded {load_ms(index, network):.0f} ms")


def cpu_ms(step: Any, kept: list[Any]) -> float:
    """Return the processor milliseconds of one training step."""
    taken = []
    for batch in kept:
        started = time.process_time()
        step(batch)
        taken.append(time.process_time() - started)
    return 1e3 * float(np.median(taken))


def measure_augmentations(index: WindowIndex, game: Game, rounds: int = 9) -> None:
    """Print what each augmentation of every window adds to a batch, in processor time, beside decoding it.

    In turns, on the same windows. The first round fills protected regions in; later ones know what with. Where
    nothing is protected, the picture that the network sees is changed, as augment_on=auto does.
    """
    network, _ = learner(game)
    wanted: dict[str, Any] = {name: {name: 1.0} for name in ("flip", "zoom", "move", "colour", "cutout", "holes")}
    wanted["all of these"] = dict.fromkeys(wanted, 1.0)
    kinds = {"decoded": Assembly(index=index), "plain": loader(index, network, 1).assemble}
    for name, augment in wanted.items():
        augmenter = Augmenter.of(augment, game.schema, game.frame, game.regions)
        views = not game.regions
        kinds[name] = loader(index, network, 1, augmenter=augmenter, augment_views=views).assemble
    rows = np.random.default_rng(0).integers(0, len(index), RECIPE.batch_size)
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds):
        for name, assemble in kinds.items():
            taken[name].append(batch_ms(assemble, number, rows))
    decoded = float(np.median(taken["decoded"][1:]))
    on = "whole frames, a region protected" if game.regions else "what the network sees"
    print(
        f"a batch of {len(rows)} windows: {decoded:.0f} ms of one core to decode; changing {on}, in shares of that"
    )
    print("(wanted: each at most 1):")
    for name in wanted:
        first, *later = np.array(taken[name]) - np.array(taken["plain"])
        ratio = np.median(np.array(later) / np.array(taken["decoded"][1:]))
        print(f"  {name:12} {ratio:.2f} (the first time {first / decoded:.2f})")


def load_ms(index: WindowIndex, network: Any) -> float:
    """Return the processor milliseconds of loading one batch."""
    assemble, rng = loader(index, network, 1).assemble, np.random.default_rng(0)
    drawn = [rng.integers(0, len(index), RECIPE.batch_size) for _ in range(6)]
    return float(np.median([batch_ms(assemble, number, rows) for number, rows in enumerate(drawn)][1:]))


def batch_ms(assemble: Any, number: int, rows: Any) -> float:
    """Return the processor milliseconds of making one batch."""
    started = time.process_time()
    assemble(number, rows)
    return 1e3 * (time.process_time() - started)


@one_thread_each()
def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5_000)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--memory-frames", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = WindowIndex.of(write(Path(folder) / "a", asked.frames), GAME.schema, SPEC)
        measure_rates(index, asked.steps)
        for game in (GAME, replace(GAME, regions={})):
            measure_augmentations(index, game)
    if asked.memory_frames:
        with tempfile.TemporaryDirectory() as folder:
            measure_memory(Path(folder), asked.memory_frames, asked.steps)


def measure_memory(folder: Path, frames: int, steps: int) -> None:
    """Print the most memory held by a whole training (Lightning included) on many frames."""
    from playhead.training.job import TrainingJob
    from playhead.training.supervised import train

    recordings = write(folder / "recordings", frames)
    size_mb = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    steps = max(steps, 200)  # enough to fill the memory for decoded frames
    recipe = Recipe(steps=steps, eval_every=steps, workers=2, augment={"flip": 0.2, "colour": 0.2})
    train(TrainingJob(game=GAME, recipe=recipe, recordings=recordings, out=folder / "run", plugins=Plugins()))
    print(f"training on {frames:,} frames ({size_mb:,.0f} MB on disk) held at most {rss_mb():,.0f} MB")


if __name__ == "__main__":
    main()
