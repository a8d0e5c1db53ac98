"""Locks that die with their process; what is no folder is not waited for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from playhead.errors import DeviceFailed
from playhead.locks import alone_in, is_taken, take

HOLD = """
import sys
from pathlib import Path
from playhead.locks import take
lock = take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes of this kind here")
def test_what_is_no_folder_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has 107 bytes at most
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    Path("file").touch()
    for name in ("pipe", "socket", "file", "gone"):
        with alone_in(tmp_path / name, looking=True), alone_in(tmp_path / name):
            pass


def test_a_folder_is_held_by_one_and_looked_at_by_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.locks.PATIENCE_S", 0.05)
    with alone_in(tmp_path, looking=True):
        with alone_in(tmp_path, looking=True):
            pass
        with pytest.raises(DeviceFailed, match="Another playhead command has held"), alone_in(tmp_path):
            pass


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_taken(file)
        assert take(file) is None
        holder.kill()
        holder.wait()
        assert not is_taken(file)
        with take(file) or pytest.fail("nobody holds it any more"):
            assert is_taken(file)
