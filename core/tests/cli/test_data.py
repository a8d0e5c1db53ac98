"""`playhead data` says what recordings hold and what is wrong with them, trims and repairs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from playhead.cli import run
from playhead.cli.table import duration, lines_of, size
from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

SCHEMA = LabelSchema.of({"drive": Keys("w", "s"), "gear": Choice("low", "high"), "wheel": Axes("steer")})
SHARD = "frames/c/0/0/0/0"


def record(folder: Path, game: str, frames: int, created_utc: str) -> Path:
    header = RecordingHeader(
        game={"name": game, "title": game.title()},
        schema=SCHEMA,
        frame=Frame(width=16, height=16, rate_hz=20),
        rate_hz=20.0,
        device="world",
        driver="expert",
        scenario="regular",
        telemetry=("speed",),
        created_utc=created_utc,
        notes="wet",
    )
    with RecordingWriter(folder, header) as writer:
        for number in range(frames):
            time_ns = number * 50_000_000 + (number >= 5) * 1_000_000_000
            labels = {"drive": [number % 2, 0], "gear": [1], "wheel": [number / 10]}
            writer.append(np.zeros((16, 16, 3), np.uint8), time_ns, labels, Origin.HUMAN, {"speed": number})
        writer.add_events([Event(time_ns=1, code="w", value=1, origin=Origin.HUMAN)])
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two recordings of pong, the older one named later, and one of snake."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    record(tmp_path / "recordings/pong/2026-11-21-10", "pong", 10, "2026-11-21T10:00:00+00:00")
    record(tmp_path / "recordings/pong/2026-11-21-9", "pong", 6, "2026-11-21T11:00:00+00:00")
    record(tmp_path / "recordings/snake/2026-11-21-1", "snake", 3, "2026-11-21T09:00:00+00:00")
    return tmp_path


def damage(home: Path) -> None:
    with (home / "recordings/pong/2026-11-21-10" / SHARD).open("r+b") as file:
        file.seek(40)
        file.write(b"torn")


def test_list_puts_the_newest_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "list", "pong"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "2026-11-21-10", "2026-11-21-9"]
    assert lines[1].split()[1:4] == ["10", "1.4", "s"]
    assert "PLAYHEAD_HOME" in shown.err


def test_list_of_all_games_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "list"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.endswith(":")] == ["pong:", "snake:"]
    assert run(["data", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["game"], row["frames"], row["driver"]) for row in rows] == [
        ("pong", 10, "expert"), ("pong", 6, "expert"), ("snake", 3, "expert"),
    ]  # fmt: skip


def test_list_looks_into_further_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "elsewhere/drive", "pong", 2, "2026-11-21T12:00:00+00:00")
    assert run(["data", "list", "pong", "--dir", str(tmp_path / "elsewhere")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("drive")
    assert run(["data", "list", "tetris"]) == 0
    assert "playhead record tetris" in capsys.readouterr().err


def test_list_names_what_cannot_be_opened(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage(home)
    (home / "recordings/pong/junk").mkdir()
    assert run(["data", "list", "pong"]) == 0
    shown = capsys.readouterr().out
    assert "damaged index" in shown
    assert "it is not a recording" in shown
    assert "2026-11-21-9" in shown


def test_info_says_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "info", "2026-11-21-10"]) == 0
    shown = {line[:16].strip(): line[17:] for line in capsys.readouterr().out.splitlines()}
    assert shown["game"] == "Pong on world"
    assert shown["frames"] == "10 in 1.4 s, 0 dropped"
    assert shown["gaps"] == "1, the longest 1.050 s"
    assert shown["rate"] == "6.21 frames/s of 20 asked"
    assert shown["drive"] == "w 50.0 %  s 0.0 %  none 50.0 %"
    assert shown["gear"] == "low 0.0 %  high 100.0 %"
    assert shown["wheel"] == "steer 0 to 0.9, mean 0.45"
    assert shown["speed"] == "0 to 9, mean 4.5"
    assert shown["labelled by"] == "human 10"
    assert shown["notes"] == "wet"
    assert shown["events"] == "1"


def test_info_as_json_and_by_path(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "info", str(home / "recordings/snake/2026-11-21-1"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["header"]["game"]["name"] == "snake"
    assert facts["labels"]["wheel"]["steer"] == pytest.approx({"low": 0.0, "mean": 0.1, "high": 0.2})


def test_unknown_and_ambiguous_names(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "info", "pong/2026-11-21-11"]) == 1
    assert 'Did you mean "pong/2026-11-21-1' in capsys.readouterr().err
    record(home / "recordings/snake/2026-11-21-9", "snake", 1, "2026-11-21T09:00:00+00:00")
    assert run(["data", "info", "2026-11-21-9"]) == 1
    assert "pong/2026-11-21-9, snake/2026-11-21-9" in capsys.readouterr().err


def test_trim(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record(home / "recordings/pong/2026-11-21-11", "pong", 900, "2026-11-21T12:00:00+00:00")
    assert run(["data", "trim", "2026-11-21-11", "--idle", "3", "--by", "picture", "--dry-run"]) == 0
    assert "2026-11-21-11: would keep 0 of 900 frames: nothing." in capsys.readouterr().out
    assert run(["data", "trim", "pong", "--idle", "100"]) == 0
    assert "2026-11-21-11: 900 frames, nothing idle; nothing was changed." in capsys.readouterr().out
    assert run(["data", "trim", "pong/2026-11-21-11", "--keep", "9"]) == 1
    assert "--idle 19" in capsys.readouterr().err
    assert run(["data", "trim", "2026-11-21-11", "--by", "picture"]) == 0
    shown = capsys.readouterr().out
    assert "kept 0 of 900 frames (nothing) as no recording. The old folder is" in shown
    assert ".replaced" in shown
    assert not folder.exists()


def test_check_and_repair(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check"]) == 0
    assert "3 recordings checked, no damage." in capsys.readouterr().err
    damage(home)
    assert run(["data", "check", "pong"]) == 1
    shown = capsys.readouterr()
    assert f"2026-11-21-10  {SHARD}: it has a damaged index" in shown.out
    assert "1 of 2 recordings damaged. Repair with: playhead data repair pong/2026-11-21-10" in shown.err
    assert run(["data", "check", "pong", "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)[0]["problems"]) == 1
    assert run(["data", "repair", "2026-11-21-10", "--dry-run"]) == 0
    assert "could keep 10 of 10 frames" in capsys.readouterr().out
    assert run(["data", "check", "pong"]) == 1
    capsys.readouterr()
    assert run(["data", "repair", "pong"]) == 0
    shown = capsys.readouterr()
    assert "2026-11-21-10: kept 10 of 10 frames, 0 of them without labels. The old folder is" in shown.out
    assert "2026-11-21-9: whole, 6 frames; nothing was changed." in shown.out
    assert run(["data", "check", "--every-frame"]) == 0
    assert "3 recordings checked" in capsys.readouterr().err  # the backup is not taken for one


def test_help_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in ("list", "info", "check", "trim", "repair"))
    assert run(["data", "lst"]) == 2


def test_text() -> None:
    assert lines_of(("name", "n"), []) == []
    assert lines_of(("name", "n"), [("a", 5), ("bcdef", 1234)]) == ["name       n", "a          5", "bcdef  1,234"]
    assert [duration(seconds) for seconds in (9.5, 724, 3720)] == ["9.5 s", "12 min 04 s", "1 h 02 min"]
    assert [size(count) for count in (0, 8909, 3 * 2**30)] == ["0 B", "8.7 KiB", "3.0 GiB"]
