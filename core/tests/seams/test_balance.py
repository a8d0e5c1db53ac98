"""A game's own way to balance, and a built-in one with options, from the recordings to a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from doubles import bright_side_drives, small_game

from playhead.cli import run
from playhead.cli.context import Desk
from playhead.data.windows import WindowIndex
from playhead.events import Origin
from playhead.plugins import Plugins
from playhead.storage.writer import RecordingWriter


def only_left(index: WindowIndex, share: float = 0.9) -> npt.NDArray[np.float64]:
    """Draw what turns left `share` of the time, about."""
    return np.where(index.labels["drive"][:, 1] > 0.5, share, 1 - share)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    game, plugins = replace(small_game(), balances={"only_left": only_left}), Plugins()
    plugins._games["toy"] = ("test", game)
    monkeypatch.setattr(Desk, "plugins", plugins)
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    for seed in range(3):
        lesson = bright_side_drives(game, seed=seed, count=40)
        with RecordingWriter(tmp_path / f"recordings/toy/r{seed}", lesson.header) as writer:
            drive = lesson.labels["drive"]
            for frame, time_ns, held in zip(lesson.frames_THWC, lesson.frame_time_ns, drive, strict=True):
                writer.append(frame, int(time_ns), {"drive": held}, Origin.SCRIPT)
    return tmp_path


QUICK = ["--steps", "2", "--set", "batch_size=4", "--set", "model_options.channels=[4,4]", "--set",
         "model_options.features=4", "--set", "model_options.hidden=4"]  # fmt: skip


def test_from_the_table_to_the_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "balance", "toy", "--balance", "only_left", "--set", "share=0.75"]
    assert run([*words, "--json"]) == 0
    drawn = {name: (share, mass) for name, share, mass in json.loads(capsys.readouterr().out)["drawn"]["drive"]}
    assert drawn["w+a"][1] > 1.5 * drawn["w+a"][0]
    assert run(words) == 0
    assert "is drawn" in capsys.readouterr().out
    assert (
        run(["train", "toy", *QUICK, "--set", "balance=only_left", "--set", "balance.share=0.75", "--json"]) == 0
    )
    out, err = capsys.readouterr()
    recipe = json.loads(out)["recipe"]
    assert (recipe["balance"], recipe["balance_options"]) == ("only_left", {"share": 0.75})
    assert "Drawn by only_left, drive: " in err
    assert run(["train", "toy", *QUICK, "--set", "balance=alone", "--set", "balance.rarest=0.05"]) == 0
    assert run(["train", "toy", *QUICK, "--set", "balance=only_lft"]) == 1
    assert 'Did you mean "only_left"?' in capsys.readouterr().err
    assert run(["train", "toy", *QUICK, "--set", "balance=labels", "--set", "balance.rarst=0.05"]) == 1
    assert 'Did you mean "rarest"?' in capsys.readouterr().err
