"""Addresses: which names a folder of this machine; and the opener of `file:`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from zarr.storage import LocalStore

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)  # of two letters or more: C:// is a drive


def scheme_of(where: Path | str) -> str:
    """Return the scheme of an address, as "s3"; "" for the path of a folder."""
    found = _ADDRESS.match(where) if isinstance(where, str) else None
    return found[1].lower() if found else ""


def is_remote(where: Path | str) -> bool:
    """Whether a place is an address that may lead away from this machine."""
    return scheme_of(where) not in ("", "file")


def local_path(where: str) -> Path:
    """Return the folder that a path or a `file:` URL names."""
    return Path(url2pathname(urlsplit(where).path)) if where.startswith("file:") else Path(where)


def lasting(place: str) -> str:
    """Return a place as it is found from any working folder."""
    return place if is_remote(place) else str(local_path(place).absolute())


def open_store(url: str) -> LocalStore:
    """Open a folder as a Zarr store."""
    from zarr.storage import LocalStore  # zarr takes 0.4 s to import, and a local recording is read without it

    return LocalStore(local_path(url))
