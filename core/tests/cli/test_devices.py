"""Which device a command uses, and how settings of the command line become nested options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from playhead.cli import cli
from playhead.cli.context import Desk
from playhead.cli.options import parse_settings
from playhead.devices import merged
from playhead.errors import BadValue, DeviceFailed, NotFound, NoWindow
from playhead.game import Device, Frame, Game, Window, World
from playhead.home import Home
from playhead.labels import Keys
from playhead.sessions.devices import choose_device
from playhead.testing.adb import AdbServer, nothing_listens


def test_dotted_names_reach_into_mappings() -> None:
    texts = ["arguments.traffic=20", "arguments.camera=chase", "real_time=true", 'codes=["w","a"]']
    assert parse_settings(texts) == {
        "arguments": {"traffic": 20, "camera": "chase"},
        "real_time": True,
        "codes": ["w", "a"],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".3", 0.3), ("3.", 3.0), ("-.5", -0.5), ("+0.3", 0.3), (".5e-3", 5e-4), ("True", True), ("None", None),
        (".", "."), ("1.2.3", "1.2.3"), ("01.5", "01.5"), (".3e999", ".3e999"), ("NaN", "NaN"), ("007", "007"),
    ],
)  # fmt: skip
def test_a_value_is_read_as_a_person_writes_it(text: str, value: object) -> None:
    assert parse_settings([f"name={text}"]) == {"name": value}


@pytest.mark.parametrize("text", ["traffic", "=3"])
def test_a_setting_without_name_or_value_is_said(text: str) -> None:
    with pytest.raises(BadValue, match="name=value"):
        parse_settings([text])


def test_a_value_cannot_be_a_mapping_too() -> None:
    with pytest.raises(BadValue, match="a value of its own"):
        parse_settings(["reset=3", "reset.split=test"])


def test_changes_are_laid_over_inside_mappings() -> None:
    base = {"reset": {"scenario": "turns"}, "seed": 1}
    assert merged(base, {"reset": {"split": "test"}}, {"seed": 2}) == {
        "reset": {"scenario": "turns", "split": "test"},
        "seed": 2,
    }
    assert base == {"reset": {"scenario": "turns"}, "seed": 1}


WORLD = Device(capture="environment", input="environment")
SCREEN = Device(capture="screen", input="none", window=Window(title="Toy"))
TOY = Game(
    name="toy",
    title="Toy",
    devices={"screen": SCREEN, "world": WORLD},
    frame=Frame(width=8, height=6, rate_hz=10),
    labels={"drive": Keys("w")},
    world=World(environment="Toy-v0"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Home(tmp_path, "test"))


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[NoWindow]:
    """What is wrong with the game's window: nothing until something is put in."""
    wrong: list[NoWindow] = []

    def find(desktop: Any, wanted: Window) -> None:
        if wanted.title != "Here" and wrong:
            raise wrong[0]

    monkeypatch.setattr("playhead.capture.desktop.open_desktop", lambda: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr("playhead.capture.desktop.find_window", find)
    return wrong


def test_the_games_window_is_taken_when_it_is_there(
    desk: Desk, window: list[NoWindow], capsys: pytest.CaptureFixture[str]
) -> None:
    assert choose_device(desk.place(TOY), "", {}) == "screen"
    assert capsys.readouterr().err == "Device screen (the game's window).\n"


def test_without_it_the_world_is_taken_and_the_reason_said(
    desk: Desk, window: list[NoWindow], capsys: pytest.CaptureFixture[str]
) -> None:
    window.append(NoWindow('no window titled "Toy"', "Start the game. Windows found: none."))
    assert choose_device(desk.place(TOY), "", {}) == "world"
    said = capsys.readouterr().err
    assert said == 'Device world (the stand-in world): screen is passed over, no window titled "Toy".\n'


def test_without_a_world_what_to_do_is_said(desk: Desk, window: list[NoWindow]) -> None:
    window.append(NoWindow('no window titled "Toy"', 'Start the game. Windows found: "Notes".'))
    alone = replace(TOY, devices={"screen": SCREEN}, world=None)
    with pytest.raises(DeviceFailed, match=r'no window titled "Toy"\. Start the game\. Windows found: "Notes"\.'):
        choose_device(desk.place(alone), "", {})


def test_a_device_that_is_named_is_taken_unseen(desk: Desk, window: list[NoWindow]) -> None:
    window.append(NoWindow("no display", "Log in."))
    assert choose_device(desk.place(TOY), "screen", {}) == "screen"
    with pytest.raises(NotFound, match='Did you mean "screen"'):
        choose_device(desk.place(TOY), "scren", {})


def test_a_window_that_is_named_is_the_one_looked_for(desk: Desk, window: list[NoWindow]) -> None:
    window.append(NoWindow("no such window", "Start the game."))
    assert choose_device(desk.place(TOY), "", {"window": {"title": "Here"}}) == "screen"
    assert choose_device(desk.place(TOY), "", {"rate_hz": 5}) == "world"


def test_who_names_a_window_does_not_mean_the_world(desk: Desk, window: list[NoWindow]) -> None:
    window.append(NoWindow("no such window", "Start the game."))
    with pytest.raises(DeviceFailed, match=r"world is passed over, it is no window.*Start the game\."):
        choose_device(desk.place(TOY), "", {"window": {"title": "Gone"}})
    without = replace(TOY, devices={"world": WORLD})
    with pytest.raises(DeviceFailed, match="it is no window, and one is named"):
        choose_device(desk.place(without), "", {"window": {"title": "Here"}})
    assert choose_device(desk.place(TOY), "world", {"window": {"title": "Here"}}) == "world", "named is named"


def with_phone(port: int) -> Game:
    phone = Device(capture="android", input="none", options={"port": port})
    return replace(TOY, devices={"phone": phone, "world": WORLD})


def test_a_phone_that_is_attached_is_taken(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("adbutils")
    with AdbServer(None) as server:
        assert choose_device(desk.place(with_phone(server.port)), "", {}) == "phone"
        assert capsys.readouterr().err == "Device phone (the phone).\n"
        server.states = {}
        assert choose_device(desk.place(with_phone(server.port)), "", {}) == "world"
        told = "Device world (the stand-in world): phone is passed over, no phone is attached.\n"
        assert capsys.readouterr().err == told


def test_without_an_adb_server_a_phone_is_passed_over(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("adbutils")
    with nothing_listens() as port:
        assert choose_device(desk.place(with_phone(port)), "", {}) == "world"
        assert f"phone is passed over, no adb server answers at 127.0.0.1:{port}." in capsys.readouterr().err
        only = replace(with_phone(port), devices={"phone": with_phone(port).devices["phone"]}, world=None)
        with pytest.raises(DeviceFailed, match=r"No device of toy can be used here: phone is .* start-server\.$"):
            choose_device(desk.place(only), "", {})


def test_a_phone_that_the_variable_names_and_nobody_knows_is_passed_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("adbutils")
    monkeypatch.setenv("ANDROID_SERIAL", "ABC")
    with AdbServer(None) as server:
        assert choose_device(desk.place(with_phone(server.port)), "", {}) == "world"
        assert choose_device(desk.place(with_phone(server.port)), "", {"serial": "emulator-5554"}) == "phone"


def test_a_wrong_place_to_compute_is_told_what_to_type() -> None:
    result = CliRunner().invoke(cli, ["play", "brightside", "--device", "tpu"])
    assert result.exit_code == 2
    assert "Try --device auto." in result.output
