"""The measured delays of a machine: kept, read again, and harmless when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playhead.doctor.machine import FILE, Delay, delay_of, known_delays, remember
from playhead.home import Home


def quiet(text: str) -> None:
    raise AssertionError(text)


def test_delays_are_kept_per_game_and_device(tmp_path: Path) -> None:
    home = Home(tmp_path / "new", "test")
    assert known_delays(home, quiet) == {}
    first, second = Delay(delay_s=0.01, sections_ms={"key": 0.4}, by="doctor"), Delay(delay_s=0.02, by="play")
    remember(home, "toy", "screen", Delay(delay_s=0.5), quiet)
    remember(home, "toy", "screen", first, quiet)
    remember(home, "toy", "world", second, quiet)
    assert known_delays(home, quiet) == {"toy": {"screen": first, "world": second}}
    assert delay_of(home, "toy", "phone", quiet) is None
    assert [file.name for file in home.path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format_version": 9, "delays": {}}', '{"format_version": 1, "delays": []}',
     '{"format_version": 1, "delays": {"toy": {"screen": {"delay_s": "long"}}}}',
     '{"format_version": 1, "delays": {"toy": {"screen": {"delay_s": -1}}}}',
     '{"format_version": 1, "delays": {"toy": {"screen": {"speed": 1}}}}', "\x00\xff"],
)  # fmt: skip
def test_a_damaged_file_is_a_warning_and_is_written_anew(tmp_path: Path, text: str) -> None:
    home, said = Home(tmp_path, "test"), list[str]()
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    assert known_delays(home, said.append) == {}
    assert len(said) == 1
    assert "playhead doctor" in said[0]
    remember(home, "toy", "screen", Delay(delay_s=0.01), said.append)
    assert json.loads((tmp_path / FILE).read_text())["delays"]["toy"]["screen"]["delay_s"] == 0.01
    assert known_delays(home, quiet)


def test_a_home_that_cannot_be_written_is_only_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []
    remember(Home(tmp_path / "file", "test"), "toy", "screen", Delay(delay_s=0.01), said.append)
    assert "could not be kept" in said[-1]
