"""The last net: an error that nobody expected becomes one sentence, and its traceback a file that is named."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import playhead
from playhead.cli.terminal import say
from playhead.guarded import place_of
from playhead.names import quoted, visible

if TYPE_CHECKING:
    import click

    from playhead.plugins import Plugins

VARIABLE = "PLAYHEAD_DEBUG"
FOLDER = "errors"  # of a home
LONGEST = 300  # letters of an error's own text in the sentence; all of it is in the file
CANNOT_WRITE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


@dataclass
class Call:
    """One call of the command line: what its commands learn that is needed when it fails."""

    home: Path | None = None
    debug: bool = field(default_factory=lambda: bool(os.environ.get(VARIABLE)))
    plugins: Plugins | None = None
    commands: dict[str, tuple[click.Command, str]] | None = None


def full_disk(error: OSError) -> str:
    """Say that the disk is full, and while what was written."""
    where = f", while {error.filename} was written" if error.filename else ""
    return f"The disk is full{where}. Free some space, or take another disk: --home."


def unexpected(error: BaseException, call: Call) -> str:
    """Return the sentence about an error that nobody expected, and write its traceback into a file."""
    what = _without_home(error, call) or (
        f"Something went wrong that playhead does not know: {_text(error)}{place_of(error)}."
    )
    if call.debug:
        return what
    file = _write(error, call.home)
    then = f" The traceback is in {file}" if file else " The traceback could not be written"
    return f"{what}{then}; playhead --debug ... shows it."


def show_traceback(error: BaseException) -> None:
    """Print a traceback, line by line."""
    say(*(line for part in _traceback(error) for line in part.splitlines()))


def _without_home(error: BaseException, call: Call) -> str:
    """Say what is wrong where a file cannot be written or read; "" for other errors."""
    if not isinstance(error, OSError) or error.errno not in CANNOT_WRITE or not error.filename:
        return ""
    sentence = f"{error.filename} cannot be used: {error.strerror}."
    if call.home and str(error.filename).startswith(str(call.home)):
        return f"{sentence} Choose another home: --home FOLDER."
    return sentence


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:  # an error of foreign code
        text = ""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__


def _traceback(error: BaseException) -> list[str]:
    with suppress(Exception):
        return traceback.format_exception(error)
    return [_text(error)]


def _write(error: BaseException, home: Path | None) -> Path | None:
    """Write a traceback where it can be written: into the home, else into the folder for temporary files."""
    head = (
        f"playhead {playhead.__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{' '.join(map(quoted, sys.argv))}\n\n"
    )
    text = "".join([head, *_traceback(error)])
    for folder in (home / FOLDER if home else None, Path(tempfile.gettempdir())):
        with suppress(OSError, ValueError):
            if folder is None:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="playhead-error-", suffix=".txt", dir=folder, text=True)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(visible(text, keep="\n"))
            return Path(name)
    return None


@contextmanager
def threads_caught(call: Call) -> Iterator[None]:
    """Have an error that nobody can catch said like any other, instead of a traceback between the lines.

    It ends a thread, or comes out of a finalizer.
    """

    def caught(ended: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
            say(f"Error: {unexpected(ended.exc_value, call)}")
            if call.debug:
                show_traceback(ended.exc_value)

    before = threading.excepthook, sys.unraisablehook
    threading.excepthook = sys.unraisablehook = caught
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before
