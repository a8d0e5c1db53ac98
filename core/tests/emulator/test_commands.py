"""Commands on a console: its core and ROM by options of their own, recorded, shown, refused."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from tiny_console import MEMORY, TINY

from playhead.cli import run
from playhead.home import VARIABLE
from playhead.plugins import Plugins
from playhead.showing.session import Show, show
from playhead.storage.reader import open_recording

HERE = ("--on", "emulator", "--workers", "1", "--seconds", "1")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plugins:
    """Everything installed and the tiny console's game, in an empty home."""
    plugins = Plugins.installed().with_game(TINY)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(Plugins, "installed", mock.Mock(return_value=plugins))
    return plugins


def test_core_and_rom_are_named_by_options_and_every_frame_is_recorded(
    core: Path, rom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ("--core", str(core), "--rom", str(rom), "--set", "seed_field=seed", "--seed", "11")
    assert run(["record", "tiny", *HERE, *named, "--episodes", "2", "--json"]) == 0
    assert [one["seed"] for one in json.loads(capsys.readouterr().out)] == [11, 12]
    recording = open_recording(sorted((tmp_path / "home/recordings/tiny").iterdir())[0])
    told = {name: np.asarray(recording.telemetry[name]) for name in MEMORY}
    recording.close()
    assert (told["seed"] == 11).all()
    assert told["frames"].tolist() == list(range(2, 52))  # one after another, after two of the boot
    assert told["x"].max() == 20


def test_what_is_set_goes_before_what_is_named(core: Path, rom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = ("--core", "none", "--set", f"core={core}", "--rom", str(rom))
    assert run(["record", "tiny", *HERE, *named]) == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("record", *HERE), "Name one with --rom FILE."),
        (("record", *HERE, "--rom", "none.tiny"), "There is no ROM none.tiny. Name one with --rom FILE."),
        (("record", *HERE, "--set", "romm=x"), 'Did you mean "rom"?'),
        (
            ("record", "--on", "emulator", "--core", "none", "--rom", "x"),
            "the libretro core none is not installed",
        ),
        (("record", "--workers", "1"), "No device of tiny can be used here"),
    ],
)
def test_what_is_missing_is_a_sentence(
    core: Path, command: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = command
    given = [] if "--core" in options else ["--core", str(core)]
    assert run([name, "tiny", *options, *given]) == 1
    assert says.lower() in capsys.readouterr().err.lower()


def test_a_console_is_shown_in_a_window(
    core: Path, rom: Path, installed: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr("playhead.showing.window.UNSEEN_DRIVERS", ())
    asked = Show(seconds=0.2, options={"core": str(core), "rom": str(rom)}, keys={"start": "enter"})
    opened: list[str] = []
    drives = show(
        TINY, asked, plugins=installed, on_open=lambda title, keys: opened.append(title), stop=lambda: False
    )
    assert opened == ["Tiny"]
    assert drives[0].measures["frames"] > 5
