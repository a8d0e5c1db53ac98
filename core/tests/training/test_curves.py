"""TensorBoard's curves of a training, read back."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import resumable
from tensorboardX.proto.event_pb2 import Event

from playhead.training import curves
from playhead.training.curves import CURVES_FOLDER, Curves
from playhead.training.supervised import train


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Read the events of all files, as records of length, sum, data, sum."""
    told: dict[str, list[tuple[int, float]]] = {}
    for file in sorted((folder / CURVES_FOLDER).iterdir()):
        data = file.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            event, data = Event.FromString(data[12 : 12 + length]), data[16 + length :]
            for value in event.summary.value:
                told.setdefault(value.tag, []).append((event.step, value.simple_value))
    return told


def test_a_training_leaves_its_losses_and_what_was_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "EVERY", 1)
    folder = tmp_path / "toy" / "default" / "run"
    run = train(resumable.job_in(folder, checkpoint_s=3600))
    told = scalars(folder)
    steps = resumable.RECIPE.steps
    assert [step for step, _ in told["train/loss"]] == list(range(1, steps + 1))
    assert told["train/lr"][-1][1] < told["train/lr"][0][1] or resumable.RECIPE.warmup_steps
    history = run.history()
    assert told["validation/loss"] == [(line["step"], pytest.approx(line["loss"])) for line in history]
    head = next(iter(history[-1]["heads"]))
    assert f"validation/{head}/loss" in told
    assert not any("windows" in name or "step" in name for name in told)


def test_what_comes_after_a_resume_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    first = Curves(tmp_path)
    first.step(10, 1.0, 0.1)
    first.step(20, 2.0, 0.1)
    first.close()
    again = Curves(tmp_path, step=10)
    again.step(20, 3.0, 0.1)
    again.close()
    files = sorted((tmp_path / CURVES_FOLDER).iterdir())
    assert len(files) == 2
    assert (20, 3.0) in scalars(tmp_path)["train/loss"]


def test_without_the_package_a_training_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    job = resumable.job_in(tmp_path / "toy" / "default" / "run", checkpoint_s=3600)
    train(replace(job, recipe=replace(job.recipe, steps=2)))
    assert not (job.out / CURVES_FOLDER).exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from playhead.training.curves import Curves
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
curves = Curves(Path(sys.argv[1]))
for step in range(0, 20_000, 10):
    curves.step(step, 1.0, 0.1)
curves.validated({"step": 20_000, "loss": 1.0})
curves.close()
print("trained")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of a file")
def test_a_disk_that_is_full_neither_ends_nor_stops_a_training(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("trained\n", "", 0)
    assert 0 < next((tmp_path / CURVES_FOLDER).iterdir()).stat().st_size <= 4096
