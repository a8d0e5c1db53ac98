from __future__ import annotations

import json
import os
import shutil
import signal
import xml.etree.ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from doubles import MemoryRecording, bright_side_drives, small_game

from playhead import cli
from playhead.cli.context import Desk
from playhead.errors import BadValue, Mismatch
from playhead.evaluation.held_out import held_out_index
from playhead.events import Origin
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import open_recording
from playhead.storage.writer import RecordingWriter

GAME = small_game()
QUICK = [
    "--steps", "4", "--set", "batch_size=8", "--set", "eval_every=2", "--set", "model_options.channels=[4,4,4,4]",
    "--set", "model_options.hidden=8", "--set", "model_options.features=8",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with three recordings of a toy game that is taught by a plugin."""
    plugins = Plugins()
    plugins._games["toy"] = ("test", GAME)
    monkeypatch.setattr(Desk, "plugins", plugins)
    for seed in range(3):
        write(tmp_path, f"r{seed}", seed)
    return tmp_path


def write(home: Path, name: str, seed: int, **change: Any) -> None:
    lesson = bright_side_drives(GAME, seed=seed, count=40)
    write_lesson(home, name, replace(lesson, header=replace(lesson.header, **change)))


def write_lesson(home: Path, name: str, lesson: MemoryRecording) -> None:
    with RecordingWriter(home / "recordings" / "toy" / name, lesson.header) as writer:
        for frame, time_ns, held in zip(
            lesson.frames_THWC, lesson.frame_time_ns, lesson.labels["drive"], strict=True
        ):
            writer.append(frame, int(time_ns), {"drive": held}, Origin.SCRIPT)


def run(*args: str, home: Path) -> int:
    return cli.run(["train", "toy", "--home", str(home), *QUICK, *args])


def test_train_finds_the_recordings_and_names_the_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home=home) == 0
    shown = capsys.readouterr()
    assert "3 recordings, 120 frames; w 100 %" in shown.err
    assert f"Home {home}" in shown.err
    assert "validation" in shown.err
    assert "GPU" not in shown.err
    assert "toy/default/" in shown.out
    assert "repeat-last" in shown.out


def test_train_prints_the_run_as_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--name", "first", "--recordings", "r0", "--recordings", "r2", home=home) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "toy/default/first"
    assert [entry["name"] for entry in told["data"]["recordings"]] == ["r0", "r2"]
    assert told["recipe"]["steps"] == 4
    assert run("--name", "first", home=home) == 1
    assert "exists already" in capsys.readouterr().err
    assert run("--from", "first", "--name", "second", home=home) == 0


def test_a_game_without_recordings_says_what_records(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home=home / "elsewhere") == 1
    assert "Make some: playhead record toy." in capsys.readouterr().err
    assert not (home / "elsewhere" / "runs").exists()


def test_recordings_that_do_not_fit_can_be_skipped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home, "fast", 9, rate_hz=20.0)
    assert run("--rate", "10", home=home) == 1
    said = capsys.readouterr().err
    assert "Recording fast is toy at 20 Hz, 10 Hz are wanted." in said
    assert not list((home / "runs" / "toy" / "default").iterdir())
    assert run("--rate", "10", "--skip-bad", home=home) == 0
    assert "Left out: Recording fast" in capsys.readouterr().err


def test_recordings_of_several_rates_train_and_are_measured_together(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(3, 6):
        lesson = bright_side_drives(GAME, seed=seed, count=40)
        lesson = replace(
            lesson, header=replace(lesson.header, rate_hz=80.0, device="screen"),
            frames_THWC=lesson.frames_THWC.repeat(8, 0), frame_time_ns=np.arange(320) * 12_500_000,
            labels={"drive": lesson.labels["drive"].repeat(8, 0)},
        )  # fmt: skip
        write_lesson(home, f"w{seed}", lesson)
    assert run("--json", "--set", "val_share=0.4", home=home) == 0
    told = capsys.readouterr()
    data = json.loads(told.out)["data"]
    assert "12 s at 10 Hz, 12 s at 80 Hz. The run plays at 10 Hz, or by --rate." in told.err
    kept = [one["frames"] for one in data["recordings"] if one["validation_windows"]]
    assert sorted(kept) == [40, 320]
    made = Run.open(home / "runs" / "toy" / "default" / json.loads(told.out)["name"].rpartition("/")[2])
    made.check_plays(GAME, 10)
    made.check_plays(GAME, 80)
    with pytest.raises(Mismatch, match=r"trained at 10 and 80 Hz, the device gives 30 Hz\. Pass --rate 10"):
        made.check_plays(GAME, 30)
    opened = [open_recording(home / "recordings" / "toy" / one["name"]) for one in data["recordings"]]
    by_rate = {one.header.rate_hz: 0 for one in opened}
    index = held_out_index(made, opened)
    for number in index.recording_N.tolist():
        by_rate[opened[number].header.rate_hz] += 1
    assert by_rate[10] == pytest.approx(by_rate[80], abs=2)


def test_a_damaged_recording_is_named_and_can_be_skipped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "recordings" / "toy" / "r1" / "frames" / "zarr.json").write_text("{")
    assert run(home=home) == 1
    assert "--skip-bad" in capsys.readouterr().err
    assert run("--skip-bad", home=home) == 0
    assert "Left out r1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--recipe", "defualt"], 'Did you mean "default"'),
        (["--set", "batchsize=3"], 'Did you mean "batch_size"'),
        (["--set", "lr"], "name=value"),
        (["--set", "steps=many"], "not a whole number"),
        (["--recordings", "r7"], "recording of toy"),
        (["--from", "nothing"], "run is called"),
    ],
)
def test_mistakes_get_a_sentence(
    home: Path, args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*args, home=home) == 1
    assert words in capsys.readouterr().err


def test_balance_says_what_was_held(home: Path) -> None:
    asked = ["data", "balance", "toy", "--home", str(home)]
    shown = CliRunner().invoke(cli.cli, asked)
    assert shown.exit_code == 0
    assert "3 recordings, 120 frames; w 100 %" in shown.stdout
    told = json.loads(CliRunner().invoke(cli.cli, [*asked, "--json"]).stdout)
    assert told["keys"]["drive"]["w"] == 1.0


def test_what_balance_draws_is_drawn_beside_what_comes_in(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "drawn.svg"
    asked = ["data", "balance", "toy", "--home", str(home), "--plot", str(file)]
    wrong = CliRunner().invoke(cli.cli, asked)
    assert isinstance(wrong.exception, BadValue)
    assert not file.exists()
    shown = CliRunner().invoke(cli.cli, [*asked, "--balance", "labels"])
    assert shown.exit_code == 0, shown.output
    drawn = xml.etree.ElementTree.parse(file).getroot()
    texts = {text for text in drawn.itertext() if text.strip()}
    assert {"comes in", "is drawn", "drive"} <= texts
    told = json.loads(CliRunner().invoke(cli.cli, [*asked, "--balance", "labels", "--json"]).stdout)
    bins = [row for row in told["drawn"]["drive"] if row[1]]
    assert len(bins) > 1
    assert {word for name, *shares in bins for word in (name, *map("{:.1%}".format, shares))} <= texts


def left(home: Path, name: str, at_step: int, monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    """Train until a step, and have the process terminated there."""
    from playhead.cli.train_view import TrainView

    def step(self: TrainView, step: int, steps: int, loss: float) -> None:
        if step == at_step:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(TrainView, "step", step)
        return run("--name", name, *args, home=home)


def weights(home: Path, name: str) -> bytes:
    return (home / "runs" / "toy" / "default" / name / "model.safetensors").read_bytes()


def test_a_terminated_training_is_gone_on_with_by_its_name_or_as_the_last(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--name", "whole", home=home) == 0
    assert left(home, "a", 3, monkeypatch) == 128 + signal.SIGTERM
    said = capsys.readouterr().err
    assert "Stopped by SIGTERM at step 3 of 4." in said
    assert "Go on: playhead train toy --resume default/a" in said
    assert left(home, "b", 1, monkeypatch, "--from", "whole") == 128 + signal.SIGTERM
    go_on = ["train", "toy", "--home", str(home), "--resume"]
    assert cli.run([*go_on, "default/a", "--set", "lr=0.1"]) == 1
    assert "lr was 0.0015 and would be 0.1" in capsys.readouterr().err
    assert cli.run([*go_on, "default/a", "--recordings", "r0"]) == 1
    assert "--resume goes on as it began, and takes no --recordings." in capsys.readouterr().err
    assert cli.run([*go_on, "default/a"]) == 0
    assert "Going on from step 3 of 4" in capsys.readouterr().err
    assert weights(home, "a") == weights(home, "whole")
    assert cli.run(go_on) == 0
    assert "toy/default/b: 4 steps" in capsys.readouterr().out
    assert run("--name", "c", "--from", "whole", home=home) == 0
    assert weights(home, "b") == weights(home, "c")
    capsys.readouterr()
    assert cli.run(go_on) == 1
    assert "toy has no unfinished training" in capsys.readouterr().err


def test_a_training_without_one_of_its_recordings_does_not_go_on(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert left(home, "a", 2, monkeypatch) == 128 + signal.SIGTERM
    shutil.move(home / "recordings" / "toy" / "r1", home / "elsewhere")
    capsys.readouterr()
    assert cli.run(["train", "toy", "--home", str(home), "--resume"]) == 1
    assert "its recording r1" in capsys.readouterr().err
