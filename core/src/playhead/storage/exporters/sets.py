"""What sets of several recordings share: they are of one kind, and appear when they are whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playhead.errors import BadValue, Mismatch, PlayheadError
from playhead.labels import describe
from playhead.locks import Lock, take
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


def held_alone(lock: Path, what: Path) -> Lock:
    """Hold what is written against other commands. Raises BadValue where one writes it already."""
    held = take(lock)
    if held is None:
        raise BadValue(
            f"Another playhead command writes {what}. Wait for it, or name another folder: --out FOLDER."
        )
    return held


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Lend a folder that becomes `out` when all is written; a failure leaves nothing.

    Raises:  BadValue where something is there already, or another command writes it.
    """
    if os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
        raise BadValue(f"{out} already holds something. Name another folder: --out FOLDER.")
    place = out.resolve()  # of a link to a folder what it leads to, which is on the disk that is meant
    unfinished = place.with_name(f".{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with held_alone(unfinished.with_name(f"{unfinished.name}.lock"), out):
            try:
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                yield unfinished
                if place.exists():
                    place.rmdir()
                unfinished.rename(place)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        if isinstance(error, PlayheadError):
            raise
        raise disk_failed(out, error) from error
