"""One thing done with several recordings: one that fails is said in a sentence, and the next one has its turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playhead.cli.context import Desk
from playhead.errors import Damaged, DeviceFailed, PlayheadError, StorageFull
from playhead.names import quoted


class Several:
    """What became of recordings that are taken one after another."""

    def __init__(self, desk: Desk, places: Sequence[Path | str]) -> None:
        self._desk = desk
        self._places = places
        self._failed: list[Path | str] = []

    @contextmanager
    def one(self, place: Path | str) -> Iterator[None]:
        """Do something with one recording. An error ends the block; a full disk would meet the next one too."""
        try:
            yield
        except StorageFull:
            raise
        except PlayheadError as error:
            self._desk.say(f"{shown_name(place)}: {error}")
            self._failed.append(place)
        except Exception as error:  # of one recording, which must not keep the others from their turn
            self._desk.say(f"{shown_name(place)}: {self._desk.unexpected(error)}")
            self._failed.append(place)

    def end(self, done: str) -> None:
        """Raise Damaged when any of them failed, naming all that were not `done`."""
        if self._failed:
            names = " ".join(quoted(typed_name(place)) for place in self._failed)
            raise Damaged(f"{len(self._failed)} of {len(self._places)} recordings could not be {done}: {names}.")


def shown_name(place: Path | str) -> str:
    """Return what a recording is called where it is spoken of: the last part of where it lies."""
    return place.name if isinstance(place, Path) else place.rpartition("/")[2]


def typed_name(place: Path | str) -> str:
    """Return what names a recording in a command: "game/name", or its address."""
    return f"{place.parent.name}/{place.name}" if isinstance(place, Path) else place


def check_episodes(done: Sequence[object], failed: Sequence[object], then: str = "") -> None:
    """Raise DeviceFailed where episodes failed, each of which was said, though others came to their end."""
    if failed:
        every = len(failed) + len(done)
        raise DeviceFailed(f"{len(failed)} of {every} episodes failed, as said above. {then}".rstrip())
