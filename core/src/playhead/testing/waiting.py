"""Waiting for what another process does: ask often, be patient, and say what did not come about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WAIT_S = 180.0  # for anything another process has to do: importing torch on a busy machine has taken 90


def eventually(what: str, ask: Callable[[], T], *, timeout_s: float = WAIT_S) -> T:
    """Ask until the answer is true, and return it. Raises: AssertionError saying `what` did not come about."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.01)
    return answer
