"""Commands that run at once take different things, and what a killed one had is free again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playhead.home import Home
from playhead.storage.reservations import Reservations

# Waits for a line on stdin, takes three numbers behind all that are taken, says them, and waits to be killed.
TAKER = """
import sys
from pathlib import Path
from playhead.home import Home
from playhead.storage.reservations import Reservations

print("ready", flush=True)
sys.stdin.readline()
with Reservations(Home(Path(sys.argv[1]), "test"), "pong") as reserved:
    first = lambda taken: max(map(int, taken), default=0) + 1
    print(*reserved.take("seeds", lambda taken: range(first(taken), first(taken) + 3)), flush=True)
    sys.stdin.readline()
"""


def test_processes_that_begin_together_take_different_numbers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKER, str(tmp_path)]
    takers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("\n")
        taker.stdin.flush()
    taken = [number for taker in takers if taker.stdout for number in taker.stdout.readline().split()]
    assert sorted(map(int, taken)) == list(range(1, 13))
    takers[0].kill()
    takers[0].wait()
    with Reservations(Home(tmp_path, "test"), "pong") as reserved:
        left: set[str] = set()
        reserved.take("seeds", lambda taken: left.update(taken) or ())
        assert left == set(taken[3:])
    for taker in takers:
        taker.communicate("\n")
    assert not list((tmp_path / ".reserved" / "pong").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be made read-only there")
def test_kinds_do_not_meet(tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    with Reservations(home, "pong") as one, Reservations(home, "pong") as other:
        assert one.take("seeds", lambda taken: [1, 2]) == ["1", "2"]
        assert other.take("items", lambda taken: sorted(taken)) == []
        assert other.take("seeds", lambda taken: sorted(taken)) == ["1", "2"]
