"""The note of which keys a player may hold: where it lies, and that nothing it says is believed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playhead.input import notes
from playhead.input.keys import Held
from playhead.input.leftovers import forget, note_of, notes_folder, release_leftovers
from playhead.input.notes import began_of, write_note

DEAD = {"pid": 2**22 + 1, "began": "1"}


class FakeSystem:
    """A keyboard on which w and a are down."""

    def __init__(self, *, hears: bool) -> None:
        assert not hears

    def held_apart(self, sent: Any) -> Held:
        return Held(own={25, 38} & set(sent), others=set())

    def repeating(self) -> set[int]:
        return {38}

    def send(self, number: int, is_press: bool) -> None:
        assert not is_press
        DONE.append(("up", number))

    def let_repeat(self, numbers: Any) -> None:
        DONE.extend(("repeats", number) for number in numbers)

    def close(self) -> None:
        DONE.append(("closed", 0))


DONE: list[tuple[str, int]] = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":7.1")
    monkeypatch.setattr(notes, "open_system_keyboard", FakeSystem)
    DONE.clear()
    found = notes_folder()
    assert found is not None
    return found


def told(**changes: Any) -> dict[str, Any]:
    return {
        "machine": socket.gethostname(), "display": "",
        "player": DEAD, "watchdog": DEAD, "keys": {"w": 25, "a": 38, "d": 40},
        "repeating": [25, 38], **changes,
    }  # fmt: skip


def settled(folder: Path, note: object) -> list[str]:
    """Return what is said of a note."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "77.json").write_bytes(note if isinstance(note, bytes) else json.dumps(note).encode())
    said: list[str] = []
    release_leftovers(said.append)
    return said


def test_each_display_has_a_folder_and_each_player_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.name == "_7"
    assert note_of(3) == folder / "3.json"
    for name in ("../../etc", ":" + "9" * 5000, "a/b:1", "\x1b[2J:0"):
        monkeypatch.setenv("DISPLAY", name)
        found = notes_folder()
        assert found is not None
        assert found.parent == folder.parent
        assert len(found.name) <= 64
        assert found.name.isprintable()
        assert ".." not in found.name
    monkeypatch.delenv("DISPLAY")
    assert (notes_folder() is None) == (sys.platform != "win32")


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_it_is_written_once_beforehand_and_removed_at_the_end(folder: Path) -> None:
    note = write_note({"w": 25, "shift": 50}, {25, 38}, os.getpid())
    assert note is not None
    written = json.loads(note.read_bytes())
    assert (written["keys"], written["repeating"]) == ({"w": 25, "shift": 50}, [25])
    assert written["player"] == {"pid": os.getpid(), "began": began_of(os.getpid())}
    assert settled(folder, written) == [], "its player lives"
    assert not DONE
    (folder / "77.json").unlink()
    forget(note)
    assert not folder.exists()
    forget(note)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_process_is_known_by_when_it_began() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert began_of(child.pid)
    child.kill()
    while began_of(child.pid):  # dead, though nobody has waited for it yet
        pass
    child.communicate()
    assert began_of(child.pid) == began_of(2**22 + 1) == ""


def test_what_a_dead_player_left_is_let_go_and_said_once(folder: Path) -> None:
    (said,) = settled(folder, told())
    assert "left w and a pressed; released now" in said
    assert "and w without auto-repeat; it is on again" in said
    assert sorted(DONE) == [("closed", 0), ("repeats", 25), ("up", 25), ("up", 38)]
    assert not folder.exists()


def test_a_note_of_another_machine_is_left_alone(folder: Path) -> None:
    assert settled(folder, told(machine="elsewhere")) == []
    assert (folder / "77.json").exists()
    assert not DONE


def test_nothing_to_let_go_is_not_worth_a_word(folder: Path) -> None:
    assert settled(folder, told(keys={"d": 40}, repeating=[38])) == []
    assert not folder.exists()


@pytest.mark.parametrize(
    "note",
    [
        b"", b"{", b"[" * 100_000, b"0" * 100_000, b'{"keys": NaN}',
        told(keys={"\x1b]0;title\x07": 25}), told(keys={"w": 10**9}), told(keys={"w": -1}), told(keys={"w": 0.5}),
        told(keys=[25]), told(repeating=[10**9]), told(repeating=list(range(512)) * 2), told(player=7),
        told(player={"pid": -1, "began": "1"}), told(player={"pid": 1, "began": "1" * 99}), told(machine=None),
    ],
)  # fmt: skip
def test_a_note_that_is_none_is_said_and_removed(folder: Path, note: object) -> None:
    (said,) = settled(folder, note)
    assert said.startswith("Warning: ")
    assert said.isprintable()
    assert not DONE
    assert not folder.exists()


def test_other_things_in_the_folder_are_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("x.json", "7.txt", "٧.json", "7.json.half"):
        (folder / name).write_text("{}")
    (folder / "8.json").mkdir()
    (folder / "9.json").symlink_to("/dev/zero")
    said: list[str] = []
    release_leftovers(said.append)
    assert len(said) == 2
    assert all("is no plain file" in text or "cannot be read" in text for text in said)
    assert {entry.name for entry in folder.iterdir()} == {"x.json", "7.txt", "٧.json", "7.json.half", "8.json"}


def test_a_home_that_cannot_be_written_costs_the_note_and_not_the_game(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr(notes, "note_of", lambda pid: file / "keys" / "1.json")
    assert write_note({"w": 25}, (), os.getpid()) is None


def test_windows_tells_when_a_process_began_unless_it_ended() -> None:
    class Kernel32:
        def __init__(self, created: int, exited: int) -> None:
            self.times, self.closed = (created, exited, 0, 0), 0
            self.OpenProcess = lambda access, inherits, pid: pid if pid == 7 else 0
            self.OpenProcess.restype = None  # type: ignore[attr-defined]

        def GetProcessTimes(self, process: Any, *times: Any) -> int:  # noqa: N802
            for time, value in zip(times, self.times, strict=True):
                time._obj.value = value
            return 1

        def CloseHandle(self, process: Any) -> None:  # noqa: N802
            self.closed += 1

    lives = Kernel32(133_000_000_000, 0)
    assert notes._began_on_windows(7, lives) == "133000000000"
    assert notes._began_on_windows(8, lives) == ""
    assert notes._began_on_windows(7, Kernel32(133_000_000_000, 5)) == ""
    assert lives.closed == 1
