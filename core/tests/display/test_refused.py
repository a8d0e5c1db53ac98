"""What a display must have and allow before anything is recorded or played: each lack is said, and what to do."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import signals as signals_game
from signals import TITLE

from playhead import cli
from playhead.cli.context import Desk
from playhead.plugins import Plugins
from playhead.testing.display import VirtualDisplay, XPerson, XWindow

pytestmark = pytest.mark.parametrize("x_server", ["bare"], indirect=True)

Refused = Callable[..., str]
Start = Callable[..., VirtualDisplay]
PLACE = (100, 100, 320, 240)


@pytest.fixture
def refused(
    xvfb: VirtualDisplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refused:
    """Return what tries to record, must not succeed, and says why."""
    monkeypatch.setattr(Desk, "plugins", Plugins([("signals", signals_game)], strict=True))

    def record(*settings: str) -> str:
        words = [word for setting in settings for word in ("--set", setting)]
        assert cli.run(["record", "signals", "--on", "screen", "--home", str(tmp_path / "home"), *words]) == 1
        assert not list(tmp_path.glob("home/recordings/signals/*")), "nothing empty is left behind"
        return capsys.readouterr().err

    return record


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return what starts a display with options of Xvfb's, and has DISPLAY name it."""
    started: list[VirtualDisplay] = []

    def start_one(*options: str) -> VirtualDisplay:
        display = VirtualDisplay.start("", *options)
        started.append(display)
        monkeypatch.setenv("DISPLAY", display.name)
        return display

    yield start_one
    for display in started:
        display.stop()


def test_no_display(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    assert "No display. DISPLAY is not set: run this on a desktop, or use Xvfb." in refused()


def test_a_display_that_is_gone(refused: Refused, start: Start) -> None:
    gone = start()
    gone.stop()
    said = refused()
    assert f"The display {gone.name} cannot be opened." in said
    assert "Is it running" in said


def test_a_display_without_xtest(refused: Refused, start: Start) -> None:
    without = start("-extension", "XTEST")
    window = XWindow(without.name, TITLE, PLACE)
    said = refused()
    window.close()
    assert f"The X display {without.name} has no extension XTEST, so no key can be pressed on it." in said
    assert "use another display" in said


def test_a_display_of_somebody_else(
    refused: Refused, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = (b"", b"", b"MIT-MAGIC-COOKIE-1", b"0123456789abcdef")
    lines = b"".join(struct.pack(">H", len(field)) + field for field in cookie)
    (tmp_path / "theirs").write_bytes(struct.pack(">H", 0xFFFF) + lines)
    theirs = start("-auth", str(tmp_path / "theirs"))
    monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
    said = refused()
    print(said)
    assert f"The display {theirs.name} cannot be opened." in said
    assert "Authorization required" in said
    assert "may you use it (xhost)?" in said


def test_two_windows_of_one_title(refused: Refused, person: XPerson) -> None:
    for left in (0, 600):
        person.open_window(TITLE, left=left)
    said = refused()
    assert f'2 windows titled "{TITLE}". Close all but one, or say which' in said


def test_no_window_of_the_game(refused: Refused, person: XPerson) -> None:
    person.open_window("Notes")
    said = refused()
    assert f'No window titled "{TITLE}". Start the game. Windows found: "Notes"' in said


@pytest.mark.parametrize(
    ("setting", "says"),
    [("map.w=uup", 'Did you mean "up"'), ("hotkeys.pause=f13", 'No key is called "f13". Did you mean')],
)
def test_a_key_that_does_not_exist(refused: Refused, person: XPerson, setting: str, says: str) -> None:
    person.open_window(TITLE)
    assert says in refused(setting)
