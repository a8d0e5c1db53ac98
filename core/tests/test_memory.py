"""Memory that is freed stays with the process for a while, where its C library can be asked for that."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems are left as they are")

# How many pages the kernel hands out while arrays of 32 MB come and go; in a process of its own, since what others
# have left behind is taken first.
COUNTED = """
import json, resource
import numpy as np
from playhead.memory import freed_memory_kept

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(2**22)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = pages()
with freed_memory_kept():
    kept = min(pages() for _ in range(4))  # memory grows at first
print(json.dumps([usual, kept]))
"""


def test_an_array_that_comes_anew_each_time_takes_the_memory_of_the_one_before() -> None:
    said = subprocess.run([sys.executable, "-c", COUNTED], check=True, capture_output=True, text=True, timeout=120)
    usual, kept = json.loads(said.stdout)
    assert kept < usual / 5, (usual, kept)
