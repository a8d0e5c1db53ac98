"""A drive of GTA V is learned as seven classes instead of four keys, judged as such, and played with the keys."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from playhead.home import VARIABLE
from playhead.storage.reader import open_recording
from playhead.testing.day import command
from playhead_gta5.labels import SEVEN_CLASSES

SMALL = ("heads=classes", "steps=2", "batch_size=4", "workers=1", "warmup_steps=1", "allow_empty=true")


def test_seven_classes_are_learned_judged_and_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    on_world = ("--on", "world", "--workers", "1")
    command("record", "gta5", *on_world, "--driver", "expert", "--episodes", "2", "--seconds", "4", "--seed", "7")
    recorded = [open_recording(folder) for folder in sorted((tmp_path / "recordings/gta5").glob("2*"))]
    assert [list(one.header.schema) for one in recorded] == [["drive"], ["drive"]]
    settings = [text for setting in SMALL for text in ("--set", setting)]
    run = json.loads(command("train", "gta5", "--device", "cpu", "--json", *settings))
    assert [(head["head"], tuple(head["names"])) for head in run["schema"]] == [("classes", SEVEN_CLASSES.names)]
    scores = json.loads(command("evaluate", "gta5", "--on", "none", "--json"))
    assert "classes" in json.dumps(scores)
    command("play", "gta5", "--on", "world", "--seconds", "2", "--record")
    played = open_recording(
        max((tmp_path / "recordings/gta5").glob("2*"), key=lambda path: path.stat().st_ctime_ns)
    )
    assert played.header.driver != "expert"
    assert np.isin(played.events["code"], ["w", "a", "s", "d"]).any(), "a network of no opinion mostly holds w"
