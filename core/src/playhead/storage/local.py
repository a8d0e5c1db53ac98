"""Opens recordings that lie in a folder of this machine, for readers that want a Zarr store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from zarr.storage import LocalStore


def local_path(where: str) -> Path:
    """Return the folder that a path or a `file:` URL names."""
    return Path(url2pathname(urlsplit(where).path)) if where.startswith("file:") else Path(where)


def open_store(url: str) -> LocalStore:
    """Open a folder as a read-only Zarr store."""
    from zarr.storage import LocalStore  # zarr takes 0.4 s to import, and a local recording is read without it

    return LocalStore(local_path(url), read_only=True)
