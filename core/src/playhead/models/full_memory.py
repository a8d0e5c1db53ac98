"""A memory that is too small for a network is said in a sentence with what to lower, on a GPU and elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from playhead.errors import OutOfMemory

_NONE_LEFT = "can't allocate memory"  # as torch says it of a processor's, as a plain RuntimeError
_ASKED = re.compile(r"[Tt]ried to allocate (?:more than )?([\d.]+ \w+)")


@contextmanager
def saying_what_to_lower(then: str) -> Iterator[None]:
    """Raise OutOfMemory where torch or numpy got no memory. `then` says what to lower, as a whole sentence."""
    try:
        yield
    except OutOfMemory:
        raise
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        is_gpu = isinstance(error, torch.OutOfMemoryError)
        if not is_gpu and not isinstance(error, MemoryError) and _NONE_LEFT not in str(error):
            raise
        asked = _ASKED.search(str(error))
        wanted = f" ({asked[1]} more were asked for)" if asked else ""
        raise OutOfMemory(f"The {'GPU' if is_gpu else 'machine'} has no memory left{wanted}. {then}") from error
