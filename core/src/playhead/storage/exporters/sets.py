"""What sets of several recordings share: they are of one kind, and appear when they are whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playhead.errors import BadValue, Mismatch
from playhead.labels import describe
from playhead.storage.disk import disk_failed
from playhead.storage.reader import Recording


def check_alike(recordings: Sequence[Recording]) -> None:
    """Raise Mismatch where recordings cannot be in one set: of other labels, sizes or rates; BadValue for none."""
    if not recordings:
        raise BadValue("There is no recording to export. Name some, or a game.")
    first = recordings[0].header
    for one in recordings[1:]:
        other = one.header
        for what, ours, theirs in (
            ("labels", describe(first.schema), describe(other.schema)),
            ("a size", f"{first.frame.width}x{first.frame.height}", f"{other.frame.width}x{other.frame.height}"),
            ("a rate", f"{first.rate_hz:g} Hz", f"{other.rate_hz:g} Hz"),
        ):
            if ours != theirs:
                raise Mismatch(
                    f"{recordings[0].name} and {one.name} cannot be one set: they have {what} of {ours} and "
                    f"{theirs}. Export them into two folders."
                )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Lend a folder that becomes `out` when all is written; a failure leaves nothing.

    Raises:  BadValue where something is there already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadValue(f"{out} already holds something. Name another folder: --out FOLDER.")
    unfinished = out.absolute().with_name(f".{out.absolute().name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        if out.exists():
            out.rmdir()
        unfinished.rename(out)
    except OSError as error:
        if type(error).__module__.startswith("playhead"):
            raise
        raise disk_failed(out, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
