"""Does something once for every system call in it that changes the disk, and is killed there each time.

Run as a process of its own: python stepping.py repair|trim|archive|record FOLDER [STRIDE]. It forks, so a step
takes as long as what is done and no import. The looks between the steps assert that nothing is lost. With a stride
only every so many-th change is stepped on before the last 40, in which the renames are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from playhead.events import Event, Origin
from playhead.game import Frame
from playhead.home import Home
from playhead.labels import Keys, LabelSchema
from playhead.storage.archiving import archive_recording
from playhead.storage.catalogue import Catalogue, RecordingInfo
from playhead.storage.check import check_recording
from playhead.storage.idle import Idle
from playhead.storage.repair import repair_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.trim import trim_recording
from playhead.storage.writer import RecordingWriter

NAME, OTHER = "2026-11-21-1", "2026-11-21-2"
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
PAGE = 4096
LAST = 40
WRITING = os.O_CREAT | os.O_TRUNC


class Death:
    """Kills this process at its n-th change of the disk: before it, or between two pages when it is a write.

    Linux looks for signals between pages, so what lies within one is written whole or not at all.
    """

    def __init__(self, at: int, *, torn: bool) -> None:
        self.at, self.torn = at, torn
        self.changes = 0

    def change(self, half: Callable[[], object] | None = None) -> None:
        self.changes += 1
        if self.changes == self.at:
            if self.torn and half is not None:
                half()
            os.kill(os.getpid(), signal.SIGKILL if half is None or self.torn else signal.SIGALRM)

    def install(self) -> None:
        def heard(event: str, args: tuple[Any, ...]) -> None:
            if event in CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & WRITING):
                self.change()

        death = self

        class DyingFile(FileIO):
            def write(self, data: Any) -> int:
                room = PAGE - self.tell() % PAGE
                half = (lambda: super(DyingFile, self).write(bytes(data)[:room])) if room < len(data) else None
                death.change(half)
                return super().write(data)

            def truncate(self, size: int | None = None) -> int:
                death.change()
                return super().truncate(size)

        for module in list(sys.modules.values()):
            if module.__name__.startswith("playhead.") and hasattr(module, "FileIO"):
                module.FileIO = DyingFile
        for name in ("write", "pwritev", "fsync"):
            setattr(os, name, self._counting(getattr(os, name)))
        sys.addaudithook(heard)

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.change()
            return call(*args)

        return counted


def kill_at_every_change(folder: Path, do: Callable[[Path], object], look: Callable[[Path], object]) -> int:
    """Return at how many changes of the disk `do(home)` was killed. `folder/template` is the home each time."""
    stride = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    changes = count_changes(folder, do) if stride > 1 else 0
    stepped = 0
    for at in count(1):
        if at < changes - LAST and at % stride:
            continue
        died_of = kill_at(folder, Death(at, torn=False), do, look)
        if died_of is None:
            return stepped
        stepped += 1
        if died_of == signal.SIGALRM:  # before a write of several pages
            kill_at(folder, Death(at, torn=True), do, look)
    raise AssertionError


def count_changes(folder: Path, do: Callable[[Path], object]) -> int:
    home = folder / "count"
    shutil.copytree(folder / "template", home)
    told, tell = os.pipe()
    if os.fork() == 0:
        death = Death(0, torn=False)
        death.install()
        do(home)
        os.write(tell, str(death.changes).encode())
        os._exit(0)
    os.wait()
    return int(os.read(told, 100))


def kill_at(
    folder: Path, death: Death, do: Callable[[Path], object], look: Callable[[Path], object]
) -> int | None:
    """Return the signal that `do(home)` died of; None when it came to its end before."""
    home = folder / f"{death.at}-{death.torn}"
    shutil.copytree(folder / "template", home)
    child = os.fork()
    if child == 0:
        death.install()
        do(home)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, f"{do.__name__} failed in {home}"
        return None
    try:
        look(home)
    except BaseException:
        print(f"killed at change {death.at}, torn {death.torn}: see {home}", file=sys.stderr)
        raise
    shutil.rmtree(home)
    return os.WTERMSIG(status)


def place(home: Path, name: str = NAME) -> Path:
    return home / "recordings" / "pong" / name


def listed(home: Path) -> dict[str, RecordingInfo]:
    """Look once, as every command does."""
    infos = Catalogue(Home(home, "test")).recordings("pong")
    assert len({info.name for info in infos}) == len(infos)
    return {info.name: info for info in infos}


def contents(folder: Path) -> str:
    """Return what all files of a folder are, in one word."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    told = [(str(file.relative_to(folder)), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def write(folder: Path, frames: int, *, sync_s: float = 1.0) -> None:
    """Record a key that is held in the first and last half second."""
    header = RecordingHeader(
        game={"name": "pong", "controls": {"a": "key a"}}, schema=LabelSchema.of({"keys": Keys("a")}),
        frame=Frame(width=16, height=8, rate_hz=10), rate_hz=10, device="screen", driver="human",
    )  # fmt: skip
    last_ns = (frames - 1) * 100_000_000
    with RecordingWriter(folder, header, sync_s=sync_s) as writer:
        for number in range(frames):
            shown = np.full((8, 16, 3), 40 + number, np.uint8)
            writer.append(shown, number * 100_000_000, {"keys": [0]}, Origin.HUMAN)
        presses = [(100_000_000, 1.0), (300_000_000, 0.0), (last_ns - 300_000_000, 1.0), (last_ns, 0.0)]
        writer.add_events(
            Event(time_ns=time_ns, code="key a", value=value, origin=Origin.HUMAN) for time_ns, value in presses
        )


def harm(folder: Path) -> list[str]:
    return [problem.what for problem in check_recording(folder, every_frame=True) if not problem.is_note]


def replaced(folder: Path, do: Callable[[Path], object], pieces: dict[str, int], *, is_kept: bool = True) -> int:
    """Kill what puts `pieces`, names and frames, in the place of a recording, which is kept or deleted."""
    as_it_was, neighbour = contents(place(folder / "template")), contents(place(folder / "template", OTHER))

    def look(home: Path) -> None:
        infos = listed(home)
        is_done = not place(home).exists() or contents(place(home)) != as_it_was
        wanted: dict[str, Any] = dict(pieces) if is_done else {NAME: None}
        assert set(infos) == {*wanted, OTHER}, infos
        assert contents(place(home, OTHER)) == neighbour
        if is_done:
            assert {name: infos[name].frames for name in wanted} == wanted
            assert not any(infos[name].problems or harm(infos[name].path) for name in wanted)
        backups = place(home, ".replaced")
        kept = sorted(path.name for path in backups.iterdir()) if backups.exists() else []
        assert kept == ([f"{NAME}-1"] if is_done and is_kept else [])
        assert not is_done or not is_kept or contents(backups / f"{NAME}-1" / "old") == as_it_was

    return kill_at_every_change(folder, do, look)


def step_repair(folder: Path) -> int:
    template = folder / "template"
    write(place(template), 3)
    write(place(template, OTHER), 1)
    with (place(template) / "frames/c/0/0/0/0").open("r+b") as shard:
        shard.seek(4004 + 20)
        shard.write(b"\xff" * 40)
    return replaced(folder, lambda home: repair_recording(place(home)), {NAME: 2})


def step_trim(folder: Path) -> int:
    template = folder / "template"
    write(place(template), 40)
    write(place(template, OTHER), 1)
    idle = Idle(at_least_s=1.5, by="keys", keep_s=0.1)
    return replaced(folder, lambda home: trim_recording(place(home), idle), {f"{NAME}-1": 5, f"{NAME}-2": 5})


def step_archive(folder: Path) -> int:
    template = folder / "template"
    write(place(template), 30)
    write(place(template, OTHER), 1)
    return replaced(folder, lambda home: archive_recording(place(home)), {NAME: 30}, is_kept=False)


def step_record(folder: Path) -> int:
    """Whatever is left of a recording is listed, and repair makes of it a whole recording or puts it aside."""
    write(place(folder / "template", OTHER), 1)

    def look(home: Path) -> None:
        infos = listed(home)
        assert set(infos) - {NAME} == {OTHER}
        if NAME not in infos:
            return
        info = infos[NAME]
        assert info.holds_nothing == (info.frames == 0), info
        assert info.problems or info.frames == 3, info
        assert info.holds_nothing or not harm(info.path)
        found = {one.name: one for one in Catalogue(Home(home, "test")).find("pong")}
        assert set(found) == {OTHER, *([NAME] if info.frames else [])}
        repair = repair_recording(info.path)
        assert not repair.holds_nothing or info.holds_nothing
        after = listed(home)
        assert (NAME in after) != repair.holds_nothing
        assert NAME not in after or after[NAME].frames >= max(1, info.frames)  # pictures of a first publishing

    return kill_at_every_change(folder, lambda home: write(place(home), 3, sync_s=0), look)


if __name__ == "__main__":
    steps = {"repair": step_repair, "trim": step_trim, "archive": step_archive, "record": step_record}
    print(steps[sys.argv[1]](Path(sys.argv[2])))
