"""Collectors: each picture once, whatever interrupts, and everything kept. By command, on a fake phone."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import simplejpeg
from rich.console import Console

from playhead import cli
from playhead.capture.phone import PhoneCapture
from playhead.cli import progress
from playhead.cli.context import Desk
from playhead.devices import DeviceSession
from playhead.errors import BadValue
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.home import Home
from playhead.hookspecs import hookimpl
from playhead.labels import Choice
from playhead.phone import phone_of
from playhead.plugins import Plugins
from playhead.recording.collecting import Eta
from playhead.recording.collector import Item, Picture, collector_of, split_options, still_missing
from playhead.storage.reader import Recording, open_recording
from playhead.testing.adb import AdbServer
from playhead.testing.phone import FakePhone


class Doors:
    """Opens doors: each has three sides, and "grey" is of no class."""

    columns: Mapping[str, str] = {"door": "S8", "side": "int64", "touches": "int64"}
    item_column, part_column = "door", "side"
    asked: ClassVar[list[tuple[str, tuple[int | str, ...]]]] = []
    during: Callable[[str, int], None] = staticmethod(lambda door, side: None)

    def __init__(self, session: DeviceSession, options: Mapping[str, Any]) -> None:
        if unknown := set(options) - {"doors"}:
            raise BadValue(f"doors has no option {unknown}")
        self.phone = phone_of(session)
        self.doors = str(options.get("doors", "red,green,grey")).split(",")

    def items(self) -> list[Item]:
        return [Item(name=name, parts=(0, 1, 2)) for name in self.doors]

    def collect(self, item: Item) -> Iterator[Picture]:
        self.asked.append((item.name, item.parts))
        for side in item.parts:
            Doors.during(item.name, int(side))
            self.phone.tap(10, 10)
            frame_HWC = self.phone.grab()
            as_jpeg = item.name == "green"
            yield Picture(
                picture=simplejpeg.encode_jpeg(frame_HWC) if as_jpeg else frame_HWC,
                time_ns=self.phone.clock.now_ns(),
                columns={"door": item.name, "side": side, "touches": len(getattr(self.phone, "touches", ""))},
                labels=None if item.name == "grey" else {"colour": [["red", "green"].index(item.name)]},
            )


class Hasty(Doors):
    """Leaves out the last side of each door."""

    def collect(self, item: Item) -> Iterator[Picture]:
        pictures = list(super().collect(item))
        yield from pictures[:-1]


GAME = Game(
    name="doors",
    title="Doors",
    devices={
        "phone": Device(capture="fake_phone", input="none", options={"gone_after": None}),
        "other": Device(capture="fake_phone", input="none", options={"gone_after": None}),
        "android": Device(capture="android", input="none", options={"port": 0, "serial": ""}),
    },
    frame=Frame(width=200, height=100, rate_hz=10),
    labels={"colour": Choice("red", "green")},
    collectors={"porter": Doors},
)


def open_phone(session: DeviceSession) -> PhoneCapture:
    return PhoneCapture.open(session, lambda: FakePhone(gone_after=session.options["gone_after"]))


def plugins_of(game: Game) -> Plugins:
    module = types.ModuleType("doors")
    vars(module).update(
        playhead_games=hookimpl(lambda: [game], specname="playhead_games"),
        playhead_captures=hookimpl(lambda: {"fake_phone": open_phone}, specname="playhead_captures"),
    )
    return Plugins([("doors", module)], strict=True)  # with those that playhead brings, android among them


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Plugins, "installed", lambda **options: plugins_of(GAME))
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    monkeypatch.setattr(Doors, "asked", [])
    monkeypatch.setattr(Doors, "during", staticmethod(lambda door, side: None))


def recorded(home: Path) -> list[Recording]:
    folders = sorted((home / "recordings" / "doors").iterdir()) if (home / "recordings").exists() else []
    return [open_recording(folder) for folder in folders]


def taken(home: Path) -> list[tuple[str, int]]:
    return [
        (door, side)
        for recording in recorded(home)
        for door, side in zip(recording.columns["door"].tolist(), recording.columns["side"].tolist(), strict=True)
    ]


ALL = [(door, side) for door in ("red", "green", "grey") for side in range(3)]


def test_everything_is_collected_with_its_labels_and_columns(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["record", "doors"]) == 0
    assert capsys.readouterr().out.startswith(f"{recorded(tmp_path)[0].name}: 3 of 3 collected in 9 pictures, 0.")
    (recording,) = recorded(tmp_path)
    assert taken(tmp_path) == ALL
    assert recording.is_complete
    assert recording.labels["colour"][:, 0].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert recording.label_origin.tolist() == [Origin.SCRIPT] * 6 + [Origin.NONE] * 3
    assert recording.columns["touches"].tolist() == list(range(1, 10))
    assert (recording.header.driver, recording.header.device) == ("porter", "phone")
    shades = recording.read_frames(range(9))[:, :, :, 2].mean((1, 2))
    assert shades == pytest.approx([10 * number for number in range(1, 10)], abs=3)
    assert (recording.frame_time_ns[1:] > recording.frame_time_ns[:-1]).all()


def test_jpeg_bytes_are_stored_as_they_are(tmp_path: Path) -> None:
    cli.run(["record", "doors", "--set", "doors=green"])
    phone = FakePhone()
    phone.tap(10, 10)
    assert recorded(tmp_path)[0].read_encoded(0) == simplejpeg.encode_jpeg(phone.grab())


def test_what_is_there_is_not_taken_again(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["record", "doors", "--set", "doors=red,grey"]) == 0
    assert cli.run(["record", "doors"]) == 0
    assert sorted(taken(tmp_path)) == sorted(ALL)
    capsys.readouterr()
    assert cli.run(["record", "doors"]) == 0
    assert "nothing left to collect" in capsys.readouterr().out
    assert len(recorded(tmp_path)) == 2
    assert cli.run(["record", "doors", "--on", "other"]) == 0  # another device is another matter
    assert taken(tmp_path)[9:] == ALL


def test_a_phone_that_goes_leaves_what_was_taken_and_says_how_to_go_on(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["record", "doors", "--set", "gone_after=6"]) == 1
    (recording,) = recorded(tmp_path)
    told = capsys.readouterr().err
    assert "Error: The phone was unplugged. " in told
    assert f"5 pictures are kept in {recording.name}. The same command goes on where it stopped." in told
    assert taken(tmp_path) == ALL[:5]
    assert cli.run(["record", "doors"]) == 0
    assert Doors.asked[-2:] == [("green", (2,)), ("grey", (0, 1, 2))]
    assert taken(tmp_path) == ALL


def test_a_phone_that_goes_at_once_leaves_nothing_behind(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["record", "doors", "--set", "gone_after=1"]) == 1
    assert "kept" not in capsys.readouterr().err
    assert recorded(tmp_path) == []


def test_a_phone_behind_adb_that_is_unplugged_is_gone_on_with(tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("adbutils")
    with AdbServer(FakePhone(gone_after=5)) as server:
        assert cli.run(["record", "doors", "--on", "android", "--set", f"port={server.port}"]) == 1
    told = capsys.readouterr().err
    assert 'emulator-5554 was disconnected in the middle of "input tap 10 10". Check the cable' in told
    assert "4 pictures are kept in" in told
    with AdbServer(FakePhone(), {"NEW": "device", "OLD": "offline"}) as server:
        options = ["--set", f"port={server.port}", "--set", "serial=NEW"]
        assert cli.run(["record", "doors", "--on", "android", *options]) == 0
    assert taken(tmp_path) == ALL


def test_interrupting_ends_it_as_usual_and_it_goes_on(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    def during(door: str, side: int) -> None:
        if (door, side) == ("green", 1):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Doors, "during", staticmethod(during))
    assert cli.run(["record", "doors"]) == 0
    assert "1 of 3 collected in 5 pictures" in (told := capsys.readouterr().out)
    assert "2 left: the same command goes on" in told
    monkeypatch.setattr(Doors, "during", staticmethod(lambda door, side: None))
    assert cli.run(["record", "doors"]) == 0
    assert taken(tmp_path) == ALL


def test_a_time_limit_is_kept_on_the_devices_clock(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["record", "doors", "--seconds", "0.2", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["ending"], told["items"], told["todo"], told["pictures"]) == ("time", 2, 3, 6)


def test_a_full_disk_keeps_what_is_written(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    from playhead.storage import shard

    class SmallFile(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > 4004 + 3 * 1500:
                raise OSError(28, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(shard, "FileIO", SmallFile)
    assert cli.run(["record", "doors"]) == 1
    told = capsys.readouterr().err
    assert "The disk is full" in told
    (recording,) = recorded(tmp_path)
    assert 0 < len(recording) < 9
    assert f"{len(recording)} pictures are kept in" in told
    monkeypatch.undo()
    monkeypatch.setattr(Plugins, "installed", lambda **options: plugins_of(GAME))
    assert cli.run(["record", "doors", "--home", str(tmp_path)]) == 0
    assert sorted(taken(tmp_path)) == sorted(ALL)


def test_a_damaged_recording_is_named_and_taken_again(tmp_path: Path, capsys: Any) -> None:
    cli.run(["record", "doors", "--set", "doors=red"])
    (folder,) = (tmp_path / "recordings" / "doors").iterdir()
    (folder / "frames" / "zarr.json").write_text("{")
    assert cli.run(["record", "doors"]) == 0
    assert f"Warning: {folder.name} cannot be read, what it holds is collected again" in capsys.readouterr().err
    recordings = [path for path in (tmp_path / "recordings" / "doors").iterdir() if path != folder]
    assert len(open_recording(recordings[0])) == 9


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--teacher", "expert"], "--teacher is for drives; the collector porter does not drive"),
        (["--episodes", "2"], "--episodes is for drives"),
        (["--disturb"], "--action-noise is for drives"),
        (["--seed", "3"], "The device phone of doors knows no seed"),
        (["--seconds", "-1"], "--seconds cannot be negative"),
        (["--set", "wheels=3"], "doors has no option {'wheels'}"),
    ],
)
def test_options_that_do_not_fit_are_named(given: list[str], told: str, capsys: Any) -> None:
    assert cli.run(["record", "doors", *given]) == 1
    assert told in capsys.readouterr().err


def test_a_collector_that_leaves_something_out_is_a_fault(monkeypatch: Any) -> None:
    from dataclasses import replace

    monkeypatch.setattr(Plugins, "installed", lambda **o: plugins_of(replace(GAME, collectors={"hasty": Hasty})))
    with pytest.raises(AssertionError, match='The collector left out 2 of "red"'):
        _must(["record", "doors"])


def _must(command: list[str]) -> None:
    err = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", err)
        code = cli.run(command)
    assert code == 0, err.getvalue()


def test_the_driver_names_the_collector_or_somebody_else() -> None:
    from dataclasses import replace

    assert collector_of(GAME, "") == ("porter", Doors)
    assert collector_of(GAME, "porter") == ("porter", Doors)
    assert collector_of(GAME, "human") is None
    played = replace(GAME, controls={"red": "r", "green": "g"})
    assert collector_of(played, "") is None
    assert collector_of(played, "porter") == ("porter", Doors)
    with pytest.raises(BadValue, match=r"several collectors\. Pass --driver maid or porter"):
        collector_of(replace(GAME, collectors={"porter": Doors, "maid": Doors}), "")
    with pytest.raises(BadValue, match="a collector called human, which is a driver's name already"):
        replace(GAME, collectors={"human": Doors})


def test_options_go_to_whom_they_belong() -> None:
    device = Device(capture="c", input="i", options={"seed": 0})
    own, others = split_options(device, {"seed": 3, "rate_hz": 5, "wheels": "0-4"})
    assert (own, others) == ({"seed": 3, "rate_hz": 5}, {"wheels": "0-4"})


def test_only_parts_that_are_missing_are_left() -> None:
    items = [Item(name="a", parts=(0, 1, 2)), Item(name="b", parts=(0, 1))]
    assert still_missing(items, {"a": {"0", "2"}, "b": {"0", "1", "7"}}) == [Item(name="a", parts=(1,))]
    with pytest.raises(BadValue, match='two items "a"'):
        still_missing([items[0], items[0]], {})


def test_the_time_left_is_judged_by_the_last_25() -> None:
    eta = Eta()
    assert eta.left_s(10) is None
    for duration_s in [1000.0] * 5 + [2.0] * 20 + [4.0] * 5:
        eta.add(duration_s)
    assert eta.left_s(10) == pytest.approx(10 * (20 * 2 + 5 * 4) / 25)


def test_a_bar_tells_how_far_it_is_and_how_long_it_takes(monkeypatch: Any, tmp_path: Path) -> None:
    shown = io.StringIO()

    def on_terminal() -> Console:
        return Console(file=shown, force_terminal=True, width=100)

    monkeypatch.setattr(progress.terminal, "console", on_terminal)
    with progress.Shown(Desk(Home.find(tmp_path))).items("record doors", 20, 80) as advance:
        advance(None)
        advance(4321.0)
    assert "22 of 80" in shown.getvalue()
    assert "27.5 %" in shown.getvalue()
    assert "1:12:01 left" in shown.getvalue()


KILLED = """
import sys
import test_collecting as doors
from playhead import cli
from playhead.plugins import Plugins

Plugins.installed = lambda **options: doors.plugins_of(doors.GAME)
names = ",".join("d" + str(number) for number in range(5000))
doors.Doors.collect = doors._slow_of_any_name
cli.main(["record", "doors", "--home", sys.argv[1], "--set", "doors=" + names])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_after_being_killed_it_opens_and_goes_on_without_taking_anything_twice(
    tmp_path: Path, monkeypatch: Any
) -> None:
    names = ",".join(f"d{number}" for number in range(5000))
    monkeypatch.setattr(Doors, "collect", _slow_of_any_name)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        while not taken_if_any(tmp_path):
            assert child.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)
    finally:
        child.kill()
        child.wait()
    before = taken(tmp_path)
    assert 0 < len(before) < 15_000
    assert not recorded(tmp_path)[0].is_complete
    assert cli.run(["record", "doors", "--set", f"doors={names}", "--seconds", "20"]) == 0
    everything = taken(tmp_path)
    assert len(everything) > len(before)
    assert len(set(everything)) == len(everything)
    assert everything == [(f"d{number // 3}", number % 3) for number in range(len(everything))]


def taken_if_any(home: Path) -> list[tuple[str, int]]:
    try:
        return taken(home)
    except (OSError, LookupError):  # being written just now
        return []


def _slow_of_any_name(self: Doors, item: Item) -> Iterator[Picture]:
    for side in item.parts:
        self.phone.tap(10, 10)
        columns = {"door": item.name, "side": side, "touches": 0}
        frame_HWC = self.phone.grab()
        yield Picture(picture=frame_HWC, time_ns=self.phone.clock.now_ns(), columns=columns, labels=None)
        time.sleep(0.001)
