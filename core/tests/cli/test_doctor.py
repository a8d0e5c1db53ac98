"""`playhead doctor` without any display, and the delay it measures on its way into training and playing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import brightside
import pytest
from doubles import bright_side_drives, small_game

from playhead import cli
from playhead.cli.context import Desk
from playhead.doctor.machine import FILE, Delay, remember, this_machine
from playhead.events import Origin
from playhead.game import Device, Window
from playhead.home import VARIABLE, Home
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.writer import RecordingWriter
from playhead.testing.day import on_fake_window
from playhead.testing.fakes import on_fakes
from playhead.training.recipe import Recipe

TINY = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
RECIPE = Recipe(length=1, model_options=TINY)
TOY = on_fakes(small_game(rate_hz=10), seconds=30)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a machine without any display."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teach a game that has a window, which is not there, and a world."""
    screen = Device(capture="screen", input="keyboard", window=Window(title="Toy"))
    options = {**brightside.GAME.device("world").options, "reset": {"split": "test", "kind": "regular"}}
    devices = {"screen": screen, "world": replace(brightside.GAME.device("world"), options=options)}
    game = replace(brightside.GAME, devices=devices, recipes={"default": RECIPE})
    plugins = Plugins()
    plugins._games["toy"] = ("test", game)
    monkeypatch.setattr(Desk, "plugins", plugins)


def test_a_machine_without_display_is_measured_as_far_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "no display" in shown
    assert "MiB/s in" in shown


def test_options_of_a_game_want_a_game(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "--on", "screen"]) == 1
    assert "playhead doctor GAME" in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_the_chain_is_measured_on_the_world(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.run(["doctor", "toy", "--seconds", "0.5", "--json"])
    told = json.loads(capsys.readouterr().out)
    found = {finding["name"]: finding for finding in told["findings"]}
    assert status == int(found["chain"]["status"] != "ok"), "a busy machine may be too slow, and it says so"
    assert told["device"] == "world"
    assert found["chain"]["value"] > 0
    assert [found[name]["status"] for name in ("display", "window", "keys")] == ["left out"] * 3
    assert "a world in memory" in found["keys"]["says"]
    kept = json.loads((home / FILE).read_text())["machines"][this_machine()]["toy"]["world"]
    assert kept["delay_s"] == told["delay_s"]


@pytest.mark.usefixtures("world")
def test_what_a_window_needs_fails_without_display(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "toy", "--on", "screen"]) == 1
    shown = capsys.readouterr()
    assert "Not ok, and needed by toy: display, window." in shown.err
    assert "Xvfb" in shown.out
    assert not (home / FILE).exists()


@pytest.fixture
def lesson(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words that train on two recordings of the device "world"."""
    game = small_game()
    plugins = Plugins()
    plugins._games["toy"] = ("test", game)
    monkeypatch.setattr(Desk, "plugins", plugins)
    for seed in range(2):
        lesson = bright_side_drives(game, seed=seed, count=40)
        with RecordingWriter(home / f"recordings/toy/r{seed}", lesson.header) as writer:
            rows = zip(lesson.frames_THWC, lesson.frame_time_ns, lesson.labels["drive"], strict=True)
            for frame, time_ns, held in rows:
                writer.append(frame, int(time_ns), {"drive": held}, Origin.SCRIPT)
    small = [f"model_options.{name}={value}" for name, value in TINY.items()]
    settings = [word for text in ["batch_size=8", "eval_every=2", "length=1", *small] for word in ("--set", text)]
    return ["train", "toy", "--steps", "2", "--json", *settings]


def test_labels_are_shifted_by_what_was_measured(
    home: Path, lesson: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.run([*lesson, "--latency", "auto"]) == 1
    assert "playhead doctor toy --on world" in capsys.readouterr().err
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("platform.node", lambda: "rack")
        remember(Home(home, "test"), "toy", "world", Delay(delay_s=0.0917), print)
    assert cli.run([*lesson, "--latency", "auto"]) == 1
    said = capsys.readouterr().err
    assert "Measured elsewhere: 91.7 ms on rack." in said
    assert "--latency 0.092" in said
    assert not list((home / "runs").rglob("*.json"))
    remember(Home(home, "test"), "toy", "world", Delay(delay_s=0.083, by="doctor"), print)
    assert cli.run([*lesson, "--latency", "auto"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["recipe"]["latency_s"] == 0.083
    assert "83.0 ms after each frame, as doctor measured on world" in shown.err
    (file,) = (home / "runs").rglob("run.json")
    assert Run.open(file.parent).latency_s == 0.083


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("soon", "--latency 'soon' is no number"),
        ("-1", "--latency cannot be negative, as -1 is"),
        ("inf", "--latency inf must lie between 0 and"),
        ("nan", "--latency nan is no number"),
    ],
)
def test_a_latency_that_is_none_is_said(value: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "toy", f"--latency={value}"]) == 1
    assert says in capsys.readouterr().err


@pytest.fixture
def played(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words that play a run that assumed no delay, on a fake window."""
    plugins = on_fake_window(TOY)
    monkeypatch.setattr(Plugins, "installed", lambda: plugins)
    run = Run(
        path=home / "runs/toy/default/one", game=TOY.to_json(), recipe_name="default", recipe=RECIPE,
        network=NetworkPart(schema=TOY.schema, frame=TOY.frame, rate_hz=10),
    )  # fmt: skip
    run.save(build(model_spec(run.game, run.schema, run.frame, run.recipe)))
    return ["play", "toy", "--seconds", "3"]


def test_play_keeps_its_delay(home: Path, played: list[str]) -> None:
    assert cli.run([*played, "--dry-run"]) == 0
    assert not (home / FILE).exists()
    assert cli.run(played) == 0
    kept = next(iter(json.loads((home / FILE).read_text())["machines"][this_machine()]["toy"].values()))
    assert kept["by"] == "play"
    assert kept["delay_s"] == pytest.approx(sum(kept["sections_ms"].values()) / 1000)


def test_play_warns_where_the_machine_is_slower_than_the_run_assumed(
    home: Path, played: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (device,) = TOY.devices
    remember(Home(home, "test"), "toy", device, Delay(delay_s=0.051, by="doctor"), print)
    assert cli.run(played) == 0
    said = capsys.readouterr().err
    assert "it takes 51.0 ms as doctor measured; run toy/default/one was trained for 0.0 ms" in said
    assert "--latency auto" in said
    (home / FILE).write_text("{")
    assert cli.run(played) == 0
    assert "machine.json cannot be read" in capsys.readouterr().err
