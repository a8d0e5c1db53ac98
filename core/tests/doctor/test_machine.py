"""The measured delays of a machine: kept, read again, and harmless when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playhead.doctor.machine import FILE, Delay, delay_of, delays_elsewhere, known_delays, remember
from playhead.home import Home


def quiet(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of the machine this runs on, to be changed."""
    name = ["desk"]
    monkeypatch.setattr("platform.node", lambda: name[0])
    return name


def test_delays_are_kept_per_game_and_device(tmp_path: Path) -> None:
    home = Home(tmp_path / "new", "test")
    assert known_delays(home, quiet) == {}
    first, second = Delay(delay_s=0.01, sections_ms={"key": 0.4}, by="doctor"), Delay(delay_s=0.02, by="play")
    remember(home, "toy", "screen", Delay(delay_s=0.5), quiet)
    remember(home, "toy", "screen", first, quiet)
    remember(home, "toy", "world", second, quiet)
    assert known_delays(home, quiet) == {"desk": {"toy": {"screen": first, "world": second}}}
    assert delay_of(home, "toy", "phone", quiet) is None
    assert [file.name for file in home.path.iterdir()] == [FILE]


def test_what_another_machine_measured_is_not_taken_for_this_ones(tmp_path: Path, machine: list[str]) -> None:
    home = Home(tmp_path, "test")
    desk, rack = Delay(delay_s=0.01), Delay(delay_s=0.09)
    remember(home, "toy", "screen", desk, quiet)
    machine[0] = "rack"
    assert delay_of(home, "toy", "screen", quiet) is None
    assert delays_elsewhere(home, "toy", "screen") == {"desk": desk}
    remember(home, "toy", "screen", rack, quiet)
    assert delay_of(home, "toy", "screen", quiet) == rack
    machine[0] = "desk"
    assert delay_of(home, "toy", "screen", quiet) == desk, "and neither overwrites the other"
    assert delays_elsewhere(home, "toy", "phone") == delays_elsewhere(home, "pong", "screen") == {}


def test_a_machine_without_a_name_has_delays_too(tmp_path: Path, machine: list[str]) -> None:
    machine[0] = ""
    remember(Home(tmp_path, "test"), "toy", "screen", Delay(delay_s=0.01), quiet)
    assert delay_of(Home(tmp_path, "test"), "toy", "screen", quiet) is not None


def delays(row: str) -> str:
    return f'{{"format_version": 2, "machines": {{"desk": {{"toy": {{"screen": {row}}}}}}}}}'


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format_version": 9, "machines": {}}', '{"format_version": 2, "machines": []}',
     '{"format_version": 1, "delays": {"toy": {"screen": {"delay_s": 0.01}}}}',
     delays('{"delay_s": "long"}'), delays('{"delay_s": -1}'), delays('{"speed": 1}'), "\x00\xff"],
)  # fmt: skip
def test_a_damaged_or_older_file_is_a_warning_and_is_written_anew(tmp_path: Path, text: str) -> None:
    home, said = Home(tmp_path, "test"), list[str]()
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    assert known_delays(home, said.append) == {}
    assert len(said) == 1
    assert "playhead doctor" in said[0]
    remember(home, "toy", "screen", Delay(delay_s=0.01), said.append)
    kept = json.loads((tmp_path / FILE).read_text())["machines"]["desk"]["toy"]["screen"]
    assert kept["delay_s"] == 0.01
    assert known_delays(home, quiet)


def test_a_home_that_cannot_be_written_is_only_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []
    remember(Home(tmp_path / "file", "test"), "toy", "screen", Delay(delay_s=0.01), said.append)
    assert "could not be kept" in said[-1]
