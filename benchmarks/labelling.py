"""How quick labelling is: beside the network's own rate on tensors in memory, and beside how long a video lasts.

    python benchmarks/labelling.py --out FOLDER [--minutes 1] [--workers 2] [--run RUN]

Each worker gets a video of so many minutes, which a player of games/pokemon has played; what is played is kept and
only the labels are made anew. Without a run the recipe idm is trained for two steps: how well it labels costs no
time. A window is answered in its middle half, so the network is asked twice about each frame.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

import numpy as np

import playhead
from playhead.containers.film_writer import FilmWriter
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.evaluation.labelled_by import answers_of
from playhead.evaluation.offline import batch_of, read_windows
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.threads import one_thread_each

ROUNDS = 3  # of which the best counts


def played(out: Path, minutes: float, seed: int) -> Recording:
    """Return what a player has recorded, now or before."""
    home = out / f"played-{seed}-{minutes:g}"
    folder = home / "recordings/pokemon"
    if not folder.is_dir():
        playhead.record(
            "pokemon", driver="careful", scenario="free", seconds=60 * minutes, seed=seed, workers=1, home=home
        )
    return open_recording(next(one for one in sorted(folder.iterdir()) if one.is_dir()))


def filmed(recording: Recording, file: Path) -> Path:
    """Return a recording as a video."""
    if not file.is_file():
        frame = recording.header.frame
        with FilmWriter(file, (frame.width, frame.height), recording.header.rate_hz) as film:
            for number in range(recording.length):
                time_ns = int(recording.frame_time_ns[number] - recording.frame_time_ns[0])
                film.add(time_ns, recording.read_frames([number])[0])
    return file


def run_of(asked: str, out: Path, recording: Recording) -> Run:
    """Return the run named, or one that has learned for two steps."""
    if asked:
        return Run.open(Path(asked))
    folder = out / "runs/pokemon/idm/two-steps"
    if folder.is_dir():
        return Run.open(folder)
    return playhead.train("pokemon", recipe="idm", steps=2, recordings=[recording], name="two-steps", home=out)


def network_hz(predictor: Predictor, run: Run, recording: Recording) -> float:
    """Return how many frames a second are answered of windows that lie prepared in memory."""
    index = WindowIndex.of([recording], run.schema, WindowSpec.of(run.recipe))
    rows = np.arange(batch_of(run)) * 7
    prepared = predictor.prepare(read_windows(run, index, rows))
    best_s = np.inf
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for _ in range(10):
            predictor.predict_prepared(prepared)
        best_s = min(best_s, (time.perf_counter() - began_s) / 10)
    return len(rows) * len(run.recipe.positions_s) / 2 / best_s  # a window is answered in its middle half


def labelled_hz(predictor: Predictor, run: Run, recording: Recording) -> float:
    """Return how many frames a second of a recording are answered: read, prepared, asked about."""
    best_s = np.inf
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        answers_of(predictor, run, recording)
        best_s = min(best_s, time.perf_counter() - began_s)
    return recording.length / best_s


def videos_hz(run: Run, videos: list[Path], out: Path, workers: int) -> float:
    """Return how many frames a second of videos are labelled in all, processes that begin included."""
    home = out / "labelled"
    shutil.rmtree(home, ignore_errors=True)
    began_s = time.perf_counter()
    done = playhead.label("pokemon", videos, run=run, home=home, workers=workers)
    wrong = [one.why for one in done if one.why]
    if wrong:
        raise SystemExit(wrong[0])
    return sum(one.frames for one in done) / (time.perf_counter() - began_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--run", default="")
    asked = parser.parse_args()
    recordings = [played(asked.out, asked.minutes, seed) for seed in range(asked.workers)]
    videos = [filmed(one, asked.out / f"{seed}-{asked.minutes:g}.mp4") for seed, one in enumerate(recordings)]
    run = run_of(asked.run, asked.out, recordings[0])
    predictor = Predictor.of(run, Plugins.installed())
    with one_thread_each():
        own_hz = network_hz(predictor, run, recordings[0])
        one_hz = labelled_hz(predictor, run, recordings[0])
    print(f"network, tensors in memory   {own_hz:7,.0f} frames/s")
    print(f"labels of a recording        {one_hz:7,.0f} frames/s  {one_hz / own_hz:.2f} of the network's own")
    all_hz = videos_hz(run, videos, asked.out, asked.workers)
    times = f"{all_hz / run.rate_hz:.1f} times real time"
    print(f"videos, {asked.workers} processes          {all_hz:7,.0f} frames/s  {times}")


if __name__ == "__main__":
    main()
