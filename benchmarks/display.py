"""A display to show things on where there is none: what the benchmarks of windows share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def a_display() -> Iterator[None]:
    """Use the display there is, or, on Linux, an Xvfb for the time of the benchmark."""
    if os.environ.get("DISPLAY") or sys.platform != "linux":
        yield
        return
    from playhead.testing.display import VirtualDisplay

    display = VirtualDisplay.start()
    os.environ["DISPLAY"] = display.name
    try:
        yield
    finally:
        display.stop()
        del os.environ["DISPLAY"]
