"""The token by which the processes of a live run know one another: one a home, for its owner alone."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from playhead.decoding import read_bytes
from playhead.errors import BadValue
from playhead.home import Home, make_folder
from playhead.storage.disk import saying_what_failed

TOKEN_FILE = "ray-token"
TOKEN = re.compile("[0-9a-f]{32,128}")


def token_of(home: Home) -> str:
    """Return the token by which the processes of this home know one another, made on first use, mode 0600.

    Raises:  BadValue or Damaged for a file that holds none; StorageFull or DeviceFailed from the disk.
    """
    file = make_folder(home.path) / TOKEN_FILE
    if not file.exists():
        with saying_what_failed(home.path, "Free some space, and type the same command again."):
            _make_token(file)
    token = read_bytes(file, most=1000).decode("ascii", "replace").strip()
    if not TOKEN.fullmatch(token):
        raise BadValue(f"{file} holds no token. Delete it: a new one is made.")
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return token


def _make_token(file: Path) -> None:
    """Put a new token in its place, whole or not at all; of two processes that do the first one's stays."""
    with TemporaryDirectory(dir=file.parent, prefix=".token-") as folder:  # mode 0700
        new = Path(folder) / TOKEN_FILE
        new.write_text(secrets.token_hex(32), encoding="ascii")
        new.chmod(0o600)
        with suppress(FileExistsError):
            os.link(new, file)
