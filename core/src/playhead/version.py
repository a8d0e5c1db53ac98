"""Which playhead made something, and when: written into every recording and run."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path


@cache
def git_revision() -> str:
    """Return the revision of the checkout that playhead runs from, or "" for an installed package."""
    root = Path(__file__).parents[3]
    if not ((root / ".git").exists() and (root / "core" / "pyproject.toml").exists()):
        return ""
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def utc_now() -> str:
    """Return the time of day in UTC, to the millisecond so that recordings made in a row sort."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
