"""How many threads this process computes with: set here, by whoever begins a session, and put back at its end.

Both numbers count for the whole process, so no class and no import sets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread_each(*, networks: bool = True) -> Iterator[None]:
    """Let OpenCV, and torch for networks, compute in one thread each meanwhile.

    OpenCV's pool costs more than it saves at these sizes, and fights with torch's. With two threads, whenever
    another process wants a core, torch waits spinning: 89 ms instead of 4 for one window was measured on two.
    """
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        if networks:
            with torch_threads(1):
                yield
        else:
            yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads meanwhile.

    A training takes one by default: loader threads want the other cores. Two threads beside one busy process were
    measured 6 times slower than one (340 against 58 ms a step on two cores).
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
