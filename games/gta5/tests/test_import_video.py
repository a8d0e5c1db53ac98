"""A film of the streets world with a table of keys beside it that is early or late: found within one frame."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from playhead import cli
from playhead.cli.import_ import import_
from playhead.storage.importing import find, import_all
from playhead.storage.reader import open_recording
from playhead_gta5.game import GTA5
from playhead_streets.env import StreetsEnv
from playhead_streets.expert import Expert

HZ, SECONDS = 10, 20
KEYS = ["w", "a", "s", "d"]


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Drive some seconds; return the film, and what was held while the next picture came about. (T, 4)."""
    env = StreetsEnv(width=80, height=60, ticks_per_step=80 // HZ)
    frame_HWC, _ = env.reset(seed=7)
    expert, held, film = Expert(env), [], tmp_path_factory.mktemp("films") / "drive.mp4"
    with av.open(str(film), "w") as out:
        stream: Any = out.add_stream("libx264", rate=Fraction(HZ))
        stream.width, stream.height, stream.pix_fmt = 80, 60, "yuv420p"
        for _ in range(HZ * SECONDS):
            decided = expert.decide()
            held.append([int(decided[key]) for key in KEYS])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame_HWC, format="rgb24")))
            frame_HWC = env.step(np.array(held[-1], np.int8))[0]
        out.mux(stream.encode())
    env.close()
    return film, np.array(held)


@pytest.mark.parametrize("late_s", [0.0, 0.8, -1.1])
def test_the_offset_is_found_within_one_frame(
    late_s: float, drive: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    film, held_TA = drive
    table = tmp_path / "keys.csv"
    rows = [f"{n / HZ + late_s:.3f}," + ",".join(map(str, row)) for n, row in enumerate(held_TA)]
    table.write_text("\n".join(["time,W,A,S,D", *rows]) + "\n")
    found = find(GTA5, "video", [film], {"table": str(table), "rate": str(HZ)})
    (imported,) = import_all(found, tmp_path / "out")
    recording = open_recording(tmp_path / "out" / imported.name)
    number = np.round(recording.frame_time_ns * HZ / 1e9).astype(int)
    order = [KEYS.index(key) for key in GTA5.labels["drive"].names]
    agree = [np.mean(recording.labels["drive"] == np.roll(held_TA, by, 0)[:, order][number]) for by in (-1, 0, 1)]
    assert max(agree) > 0.99, imported.examples
    assert "as measured, certainty" in recording.header.notes


def test_the_command_shows_saves_and_takes_the_meaning_of_keys(
    drive: tuple[Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, keys = tmp_path / "log.jsonl", tmp_path / "keys.csv"
    told = [{"t": 0.5, "key": "ArrowUp", "event": "keydown"}, {"t": 1.5, "key": "ArrowUp", "event": "keyup"},
            {"t": 2, "key": "KeyA", "event": "keydown"}]  # fmt: skip
    table.write_text("".join(f"{json.dumps(one)}\n" for one in told))
    words = ["import", "gta5", str(drive[0]), "--from", "video", "--set", f"table={table}", "--rate", "10",
             "--home", str(tmp_path / "home"), "--offset", "0"]  # fmt: skip
    assert cli.run([*words, "--save-keys", str(keys)]) == 0
    assert "Keys of log.jsonl: KeyA (1) is a; no key of gta5: ArrowUp (1)." in capsys.readouterr().err
    assert keys.read_text() == "theirs,ours\nArrowUp,\nKeyA,a\n"
    keys.write_text("theirs,ours\nArrowUp,w\nKeyA,\n")
    assert cli.run([*words, "--keys", str(keys)]) == 0
    assert "imported anew" in capsys.readouterr().out
    (folder,) = (tmp_path / "home" / "recordings" / "gta5").glob("films*-drive-001")
    held = open_recording(folder).labels["drive"]
    assert np.flatnonzero(held[:, 0]).tolist() == list(range(5, 15))
    assert not held[:, 1:].any()
    assert cli.run([*words, "--set", "pickles=read"]) == 1
    assert 'No option of this importer is called "pickles"' in capsys.readouterr().err


def test_the_example_of_the_command_runs_as_printed(
    drive: tuple[Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"Example: playhead (.*)", str(import_.help))
    film = tmp_path / "drive.mp4"
    shutil.copy(drive[0], film)
    film.with_suffix(".csv").write_text("time,W\n0,1\n0.1,0\n")
    monkeypatch.chdir(tmp_path)
    assert cli.run([*shlex.split(example), "--home", str(tmp_path / "home")]) == 0
    assert [*(tmp_path / "home" / "recordings" / "gta5").glob("*drive*")]
