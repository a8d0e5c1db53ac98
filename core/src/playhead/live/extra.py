"""What comes with the extra `playhead[live]`: imported on use, and a sentence where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playhead.errors import DeviceFailed


@contextmanager
def needed(name: str) -> Iterator[None]:
    """Have an import that fails say how to install what is missing."""
    try:
        yield
    except ImportError as error:
        raise DeviceFailed(
            f"The live system needs {name}, which is not installed. Install it: pip install 'playhead[live]'."
        ) from error
