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


def test_repair_killed_at_every_change(tmp_path: Path) -> None:
    assert step("repair", tmp_path) > 100


def test_trim_killed_at_every_change_after_its_copies(tmp_path: Path) -> None:
    """The copies are recordings as repair writes them."""
    assert step("trim", tmp_path, stride=7) > 60


def test_a_recording_killed_at_every_change(tmp_path: Path) -> None:
    """It holds nothing, or is valid; repair makes the first go away, and never fails."""
    assert step("record", tmp_path) > 100


@pytest.mark.slow
def test_trim_killed_at_every_change(tmp_path: Path) -> None:
    assert step("trim", tmp_path) > 200
