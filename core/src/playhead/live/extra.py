"""What comes with the extra `playhead[live]`: imported on use, and a sentence where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from playhead.errors import DeviceFailed

NEEDED = ("ray", "starlette", "uvicorn")


def check_installed() -> None:
    """Raise DeviceFailed where something is missing, before anything is made or written."""
    missing = next((name for name in NEEDED if find_spec(name) is None), "")
    if missing:
        raise _missing(missing)


@contextmanager
def needed(name: str) -> Iterator[None]:
    """Have an import that fails say how to install what is missing."""
    try:
        yield
    except ImportError as error:
        raise _missing(name) from error


def _missing(name: str) -> DeviceFailed:
    return DeviceFailed(
        f"The live system needs {name}, which is not installed. Install it: pip install 'playhead[live]'."
    )
