"""One thing done with several recordings: one that fails is said in a sentence, and the next one has its turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playhead.cli.context import Desk
from playhead.errors import Damaged, PlayheadError, StorageFull
from playhead.names import quoted


class Several:
    """What became of recordings that are taken one after another."""

    def __init__(self, desk: Desk, folders: Sequence[Path]) -> None:
        self._desk = desk
        self._folders = folders
        self._failed: list[Path] = []

    @contextmanager
    def one(self, folder: Path) -> Iterator[None]:
        """Do something with one recording. An error ends the block; a full disk would meet the next one too."""
        try:
            yield
        except StorageFull:
            raise
        except PlayheadError as error:
            self._desk.say(f"{folder.name}: {error}")
            self._failed.append(folder)
        except Exception as error:  # of one recording, which must not keep the others from their turn
            self._desk.say(f"{folder.name}: {self._desk.unexpected(error)}")
            self._failed.append(folder)

    def end(self, done: str) -> None:
        """Raise Damaged when any of them failed, naming all that were not `done`."""
        if self._failed:
            names = " ".join(quoted(f"{folder.parent.name}/{folder.name}") for folder in self._failed)
            raise Damaged(f"{len(self._failed)} of {len(self._folders)} recordings could not be {done}: {names}.")
