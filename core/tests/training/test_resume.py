"""A training that is killed, terminated or left goes on to the same bits as one that was not."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import resumable
import torch

from playhead.errors import BadValue, Damaged, Mismatch, NotFound
from playhead.models.run import Run
from playhead.models.run_file import RUN_FILE
from playhead.progress import Progress
from playhead.training.checkpoint import (
    FOLDER,
    next_order,
    optimizer_tensors,
    random_states,
    read_checkpoint,
    restore_optimizer,
    restore_random,
    unfinished,
)
from playhead.training.resuming import find_unfinished
from playhead.training.supervised import train

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
STEPS = resumable.RECIPE.steps


def hashes(folder: Path) -> dict[str, str]:
    names = ("model.safetensors", "best.safetensors", "history.jsonl")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("toy") / "default" / "whole"
    train(resumable.job_in(folder, checkpoint_s=3600))
    return hashes(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "toy" / "default" / "run"


def begun(folder: Path, checkpoint_s: float = 0.0) -> tuple[BaseProcess, Connection]:
    """Train in another process: one that is forked off a small one, which has loaded torch once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["resumable"])
    os.environ["PYTHONPATH"] = str(Path(resumable.__file__).parent)  # where that small one finds it
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=resumable.train_or_go_on, args=(folder, tells, checkpoint_s))
    process.start()
    tells.close()
    return process, told


def said(told: Connection) -> Iterator[Any]:
    while True:
        try:
            yield told.recv()
        except EOFError:
            return


def signalled(folder: Path, at_step: int, number: int, checkpoint_s: float = 0.0) -> tuple[int | None, list[Any]]:
    """Train until a step is told, send a signal, and return the exit code and what was told after."""
    process, told = begun(folder, checkpoint_s)
    heard = said(told)
    for word in heard:
        if isinstance(word, int) and word >= at_step:
            break
    assert process.pid is not None
    os.kill(process.pid, number)
    rest = list(heard)
    process.join()
    return process.exitcode, rest


def killed_often(folder: Path, undisturbed: dict[str, str], kills: int, seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(kills):
        if (folder / RUN_FILE).exists():  # a kill that came when all was done
            break
        code, _ = signalled(folder, chosen.randint(1, STEPS), signal.SIGKILL, chosen.choice([0.0, 0.05]))
        assert code in (0, -signal.SIGKILL)
    process, told = begun(folder)
    told_of = list(said(told))
    process.join()
    assert process.exitcode == 0, told_of
    assert hashes(folder) == undisturbed
    assert not (folder / FOLDER).exists()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_comes_to_the_same_bits(
    folder: Path, undisturbed: dict[str, str], seed: int
) -> None:
    killed_often(folder, undisturbed, kills=2, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_ten_moments_it_comes_to_the_same_bits(
    folder: Path, undisturbed: dict[str, str], seed: int
) -> None:
    killed_often(folder, undisturbed, kills=1 + seed % 3, seed=100 + seed)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_keeps_what_was_learned_and_says_how_to_go_on(
    folder: Path, undisturbed: dict[str, str], name: str
) -> None:
    number = getattr(signal, name)
    code, rest = signalled(folder, 7, number, checkpoint_s=3600)
    assert code == 128 + number
    assert f"Stopped by {name} at step" in rest[-1]
    assert "Go on: playhead train toy --resume default/run" in rest[-1]
    kept = read_checkpoint(folder)
    assert 7 <= kept.learning.step < STEPS
    assert not (folder / RUN_FILE).exists()
    train(resumable.job_in(folder))
    assert hashes(folder) == undisturbed


def test_ctrl_c_keeps_what_was_learned_as_a_run(folder: Path) -> None:
    code, _ = signalled(folder, 7, signal.SIGINT)
    assert code == 0
    run = Run.open(folder)
    assert run.metrics["stopped_early"]
    assert 7 <= run.metrics["steps"] < STEPS
    assert not (folder / FOLDER).exists()


class Leaving(Progress):
    """Has this process terminated after a step."""

    def step(self, step: int, steps: int, loss: float) -> None:
        if step == 9:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def left(folder: Path) -> Path:
    """A training left at step 9, with checkpoints of steps 8 and 9."""
    with pytest.raises(Exception, match="step 9 of 24"):
        train(resumable.job_in(folder, progress=Leaving()))
    assert sorted(file.name for file in (folder / FOLDER).iterdir()) == [
        "000000000008.json", "000000000008.safetensors", "000000000009.json", "000000000009.safetensors",
    ]  # fmt: skip
    return folder


@pytest.mark.parametrize("torn", ["000000000009.json", "000000000009.safetensors"])
@pytest.mark.parametrize("how", ["flipped", "short", "gone", "empty"])
def test_a_torn_checkpoint_falls_back_to_the_one_before(
    left: Path, undisturbed: dict[str, str], torn: str, how: str
) -> None:
    file = left / FOLDER / torn
    data = file.read_bytes()
    middle = len(data) // 2
    if how == "gone":
        file.unlink()
    else:
        broken = {"flipped": data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :], "short": data[:-9],
                  "empty": b""}  # fmt: skip
        file.write_bytes(broken[how])
    assert read_checkpoint(left).learning.step == 8
    if how == "flipped":
        train(resumable.job_in(left))
        assert hashes(left) == undisturbed


def test_without_a_whole_checkpoint_it_is_said(left: Path) -> None:
    for file in (left / FOLDER).glob("*.json"):
        file.write_text("{")
    with pytest.raises(Damaged, match=r"No checkpoint of .* can be gone on from"):
        read_checkpoint(left)
    shutil.rmtree(left / FOLDER)
    with pytest.raises(NotFound, match="no unfinished training"):
        read_checkpoint(left)


def test_another_recipe_or_other_recordings_are_refused(left: Path) -> None:
    with pytest.raises(BadValue, match=r"lr was 0\.0015 and would be 0\.1"):
        train(resumable.job_in(left, recipe=replace(resumable.RECIPE, lr=0.1)))
    job = resumable.job_in(left)
    job.recordings[1].frames_THWC[:] += 1
    with pytest.raises(Mismatch, match="Recording lesson-1 has changed"):
        train(job)
    job = resumable.job_in(left)
    job.recordings = job.recordings[:2]
    with pytest.raises(Mismatch, match="Recording lesson-2 is gone"):
        train(job)


def test_another_version_is_said(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    watch = Progress()
    monkeypatch.setattr(watch, "note", notes.append)
    monkeypatch.setattr("playhead.training.resuming.git_revision", lambda: "another")
    train(resumable.job_in(left, progress=watch))
    assert any("what comes out may differ" in note for note in notes)


def test_the_training_that_was_begun_last_is_gone_on_with(left: Path) -> None:
    runs = left.parents[1]
    older = left.with_name("zzz")
    shutil.copytree(left, older)
    assert next_order(runs) == 2
    with pytest.raises(Exception, match="step 9 of 24"):
        train(resumable.job_in(left.with_name("aaa"), progress=Leaving()))
    os.utime(older / FOLDER / "000000000009.json", (2e9, 2e9))
    assert unfinished(runs)[0].name == "aaa"
    assert find_unfinished(runs, "", "toy").name == "aaa"
    assert find_unfinished(runs, "default/run", "toy") == left
    with pytest.raises(NotFound, match="Did you mean"):
        find_unfinished(runs, "toy/default/rnu", "toy")


def an_optimizer() -> torch.optim.AdamW:
    """An optimiser that has taken a step."""
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([weight], lr=0.1)
    weight.grad = torch.ones(3)
    optimizer.step()
    return optimizer


@pytest.mark.parametrize(
    ("changes", "tensors"),
    [
        ({"lr": float("nan")}, {}),
        ({"lr": -1.0}, {}),
        ({"betas": [0.9]}, {}),
        ({"weight_decay": "much"}, {}),
        ({"params": [0, 1]}, {}),
        ({}, {"0.exp_avg": torch.ones(4)}),
        ({}, {"7.exp_avg": torch.ones(3)}),
    ],
)
def test_an_optimiser_that_the_next_step_would_stumble_over_is_refused(
    changes: dict[str, Any], tensors: dict[str, torch.Tensor]
) -> None:
    kept, groups = optimizer_tensors(an_optimizer())
    restore_optimizer(an_optimizer(), kept, [dict(group) for group in groups])
    with pytest.raises(Damaged, match="The optimiser of a checkpoint cannot be read"):
        restore_optimizer(an_optimizer(), kept | tensors, [{**group, **changes} for group in groups])


@pytest.mark.parametrize("number", [-1, 2**70, "x"])
def test_random_numbers_that_are_none_are_refused(number: object) -> None:
    python, numpy, torch_state = random_states()
    for hurt in ([python[0], [number, *python[1][1:]], python[2]], python):
        other = numpy if hurt is not python else [numpy[0], [number, *numpy[1][1:]], *numpy[2:]]
        with pytest.raises(Damaged, match="The random numbers of a checkpoint cannot be read"):
            restore_random(hurt, other, torch_state)
    restore_random(python, numpy, torch_state)
