"""Who is at what: the seeds and items that running commands have taken and may not have recorded yet.

HOME/.reserved/GAME/ has one file a command, held by it as long as it lives: what a killed one had is free again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from playhead.decoding import encode_json, read_json
from playhead.errors import DeviceFailed
from playhead.home import Home
from playhead.locks import Lock, alone_in, is_taken, take
from playhead.storage.disk import disk_failed

_NOTHING_TAKEN = "Nothing was reserved. Free some space, or take another --home."


class Reservations:
    """What this command has taken of a game. A context manager: at its end all of it is free or recorded."""

    def __init__(self, home: Home, game: str) -> None:
        self._folder = home.path / ".reserved" / game
        self._lock: Lock | None = None
        self._mine: dict[str, list[str]] = {}

    def __enter__(self) -> Reservations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.release()

    def take(self, kind: str, choose: Callable[[set[str]], Iterable[object]]) -> list[str]:
        """Take what `choose` returns, given what others have taken of the kind; nobody else chooses meanwhile.

        Whoever lets something go has recorded it before: so `choose` looks at the recordings itself.
        Raises:  StorageFull or DeviceFailed from the disk.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with alone_in(self._folder):
                chosen = [str(one) for one in choose(self._taken(kind))]
                self._mine.setdefault(kind, []).extend(chosen)
                if chosen:
                    self._write()
        except DeviceFailed:
            raise
        except OSError as error:
            raise disk_failed(self._folder, error, _NOTHING_TAKEN) from error
        return chosen

    def _taken(self, kind: str) -> set[str]:
        taken: set[str] = set()
        for file in _files(self._folder):
            if self._lock is not None and file == self._lock.path:
                continue
            if is_taken(file):
                taken |= set(read_json(file, dict[str, list[str]]).get(kind, ()))
            else:  # its command has ended without letting go
                with suppress(OSError):
                    file.unlink()
        return taken

    def _write(self) -> None:
        number = 1
        while self._lock is None:
            self._lock = take(self._folder / f"{os.getpid()}-{number}.json")
            number += 1
        self._lock.write(encode_json(self._mine))


def _files(folder: Path) -> Sequence[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix == ".json")
