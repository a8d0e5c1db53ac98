"""Locks that die with their process, also when it is killed: an open file that the system keeps for one process.

They hold among the processes of one machine. On a file system that knows no locks (some network shares) everybody
gets every lock, as if nobody else were there.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from playhead.errors import DeviceFailed

PATIENCE_S = 30.0  # who holds a folder does so for milliseconds, or until a busy disk has taken 300 bytes
_PROBED_S = 0.05  # somebody who only asks whether a file is taken holds it for microseconds
_POLL_S = 0.005
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF}

if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # behind every content: what is locked there cannot be read by others

    def _try(descriptor: int, *, shared: bool) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int, *, shared: bool) -> bool:
        """Take the lock if nobody has it. Another descriptor counts as somebody, in the same process too."""
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in _NO_LOCKS
        return True


class Lock:
    """A file that is held. A context manager; `release` deletes the file, so that nothing is left."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self, *, keep: bool = False) -> None:
        """Let go. A second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if not keep and os.name != "nt":  # first: whoever opens the file after this opens a new one
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        os.close(descriptor)
        if not keep and os.name == "nt":  # which deletes no open file
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Make `data` all that the file holds."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.ftruncate(self._descriptor, os.lseek(self._descriptor, 0, os.SEEK_CUR))

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take(path: Path, patience_s: float = _PROBED_S) -> Lock | None:
    """Hold a file, which is made if there is none; None when a living process holds it for so long.

    Raises:  OSError when the file cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
        if not _patiently(descriptor, patience_s, shared=False):
            os.close(descriptor)
            return None
        if _is_still(path, descriptor):
            return Lock(path, descriptor)
        os.close(descriptor)  # its holder has deleted it just now


@contextmanager
def waited_for(path: Path) -> Iterator[Lock]:
    """Hold a file, however long somebody else does; meanwhile Ctrl-C ends the wait.

    Raises:  OSError when the file cannot be made.
    """
    while (lock := take(path, PATIENCE_S)) is None:
        pass
    with lock:
        yield lock


def is_taken(path: Path) -> bool:
    """Say whether a living process holds a file. Changes nothing."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return False
    try:
        return not _try(descriptor, shared=True)
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(folder: Path, *, looking: bool = False) -> Iterator[None]:
    """Hold a folder for a moment: one changes what lies in it, or any number are `looking`.

    Raises:  DeviceFailed when somebody holds it for longer than anybody should.
    """
    try:
        descriptor = _open_folder(folder)
    except OSError:  # nothing there, or nothing that may be locked: then nobody changes anything either
        yield
        return
    try:
        if not _patiently(descriptor, PATIENCE_S, shared=looking):
            raise DeviceFailed(
                f"Another playhead command has held {folder} for {PATIENCE_S:g} s. End it, and type this again."
            )
        yield
    finally:
        os.close(descriptor)


def _open_folder(folder: Path) -> int:
    if os.name == "nt":  # a folder cannot be locked there
        return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK)  # a pipe would be waited for


def _patiently(descriptor: int, patience_s: float, *, shared: bool) -> bool:
    deadline_s = time.monotonic() + patience_s
    while not _try(descriptor, shared=shared):
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(_POLL_S)
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether a path still names the open file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False
