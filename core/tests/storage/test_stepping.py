"""Killed at any system call that changes the disk, nothing is lost and nothing is listed twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork, and no SIGKILL")
STEPPING = Path(__file__).with_name("stepping.py")


def step(what: str, folder: Path, stride: int = 1) -> int:
    """Return at how many calls it was killed."""
    command = [sys.executable, str(STEPPING), what, str(folder), str(stride)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize(("what", "at_least"), [("repair", 50), ("trim", 60), ("archive", 60), ("record", 50)])
def test_killed_at_many_changes(what: str, at_least: int, tmp_path: Path) -> None:
    """At every one of the last 40, in which the renames are, and at every seventh before.

    What is recorded holds nothing or is valid; repair makes the first go away, and never fails.
    """
    assert step(what, tmp_path, stride=7) >= at_least


@pytest.mark.slow
@pytest.mark.parametrize(("what", "at_least"), [("repair", 100), ("trim", 200), ("archive", 100), ("record", 100)])
def test_killed_at_every_change(what: str, at_least: int, tmp_path: Path) -> None:
    assert step(what, tmp_path) > at_least
