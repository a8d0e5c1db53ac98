"""Memory that is freed stays with the process for a while, where its C library can be asked for that."""

from __future__ import annotations

import sys

import pytest
import torch

from playhead.memory import freed_memory_kept

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems are left as they are")
TIMES = 10


def pages_cleared() -> int:
    """Return how many pages the kernel handed out while an array of 32 MB came and went."""
    import resource

    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(TIMES):
        torch.ones(2**23)
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def test_an_array_that_comes_anew_each_time_takes_the_memory_of_the_one_before() -> None:
    before = pages_cleared()
    with freed_memory_kept():
        pages_cleared()  # until then memory grows
        kept = pages_cleared()
    after = pages_cleared()
    assert kept < before / 5
    assert after > before / 2, "as it was"
