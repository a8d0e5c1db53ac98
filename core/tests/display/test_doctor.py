"""`playhead doctor` on a real window and a real keyboard: all is well, and what is said when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import signals as signals_game

from playhead import cli
from playhead.cli.context import Desk
from playhead.doctor.machine import this_machine
from playhead.plugins import Plugins
from playhead.testing.display import VirtualDisplay, XPerson
from playhead.testing.shown import ShownWorld

ASKED = ["--on", "screen", "--seconds", "1.6", "--set", "rate_hz=5", "--json"]
pytestmark = pytest.mark.parametrize("x_server", ["bare"], indirect=True)

Examine = Callable[[], tuple[int, dict[str, dict[str, Any]], dict[str, Any]]]


@pytest.fixture
def examine(
    xvfb: VirtualDisplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Examine:
    """Return what runs doctor: its exit status, its findings by name, and all it told."""
    monkeypatch.setattr(Desk, "plugins", Plugins([("signals", signals_game)], strict=True))

    def run() -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
        status = cli.run(["doctor", "signals", "--home", str(tmp_path / "home"), *ASKED])
        told = json.loads(capsys.readouterr().out)
        return status, {finding["name"]: finding for finding in told["findings"]}, told

    return run


@pytest.fixture
def shown(xvfb: VirtualDisplay, person: XPerson, signals: dict[str, str], tmp_path: Path) -> Iterator[ShownWorld]:
    """Return a world in a window that somebody drives."""
    options = ("--at", "60,50", "--set", "arguments.side_s=0.2")
    with ShownWorld.start(xvfb, "signals", tmp_path / "log", *options, environment=signals) as shown:
        shown.window(person).focus()
        person.tap("w")
        yield shown


def test_everything_is_ok_where_it_is(
    shown: ShownWorld, examine: Examine, person: XPerson, tmp_path: Path
) -> None:
    for _ in range(4):  # other programs may want the machine for a moment
        status, found, told = examine()
        if all(one["status"] == "ok" for name, one in found.items() if name != "gpu"):
            break
    assert {name: one["status"] for name, one in found.items() if name != "gpu"} == dict.fromkeys(
        ("display", "window", "geometry", "capture", "changes", "keys", "chain", "disk"), "ok"
    ), found
    assert status == 0
    assert "at 60,50 320x240" in found["window"]["says"]
    assert found["capture"]["value"] == pytest.approx(5, abs=0.3)
    assert 0 < found["keys"]["value"] < found["chain"]["value"]
    kept = json.loads((tmp_path / "home/machine.json").read_text())["machines"][this_machine()]["signals"][
        "screen"
    ]
    assert kept["delay_s"] == told["delay_s"] == pytest.approx(found["chain"]["value"] / 1000)
    assert not person.held()
    assert all(line["code"] == "w" for line in shown.lines("key")), "the harmless key reached the game as a key"


def test_a_keyboard_that_does_nothing_is_said(
    shown: ShownWorld, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.input.keyboard_x11.X11Keyboard.send", lambda *_: None)
    monkeypatch.setattr("playhead.doctor.keys.PATIENCE_S", 0.05)
    status, found, _ = examine()
    assert status == 1
    assert found["keys"]["status"] == "not ok"
    assert "heard 0 times" in found["keys"]["says"]
    assert "holds the keyboard" in found["keys"]["then"]
    assert found["capture"]["value"] > 0


def test_a_missing_window_is_said_and_the_rest_measured(examine: Examine, person: XPerson) -> None:
    person.open_window("Notes")
    status, found, told = examine()
    assert status == 1
    assert found["window"]["status"] == "not ok"
    assert "no window titled" in found["window"]["says"]
    assert '"Notes"' in found["window"]["then"]
    assert [found[name]["status"] for name in ("geometry", "capture", "changes", "chain")] == ["left out"] * 4
    assert found["keys"]["status"] == found["disk"]["status"] == "ok"
    assert told["delay_s"] is None
