"""What a folder of recordings was imported from, so that nothing is imported twice, however it is called."""

from __future__ import annotations

import os
from pathlib import Path

from playhead.errors import PlayheadError
from playhead.storage.marks import MARK, Mark


class Known:
    """The recordings under a folder by what they were made from and by what they hold. Kept up."""

    def __init__(self, parent: Path) -> None:
        self.by_identity: dict[str, Path] = {}
        self._by_state: dict[str, Path] = {}
        self._by_content: dict[str, Path] = {}
        self._parent = parent
        self._unmarked: list[tuple[Path, int]] | None = None  # recordings without a mark, and their lengths
        self._seen: set[str] = set()
        self.look_again()

    def look_again(self) -> None:
        """Note what other commands have imported since."""
        try:
            with os.scandir(self._parent) as entries:
                names = {entry.name for entry in entries if not entry.name.startswith(".")}
        except FileNotFoundError:
            return
        for name in sorted(names - self._seen):
            folder = self._parent / name
            if (folder / MARK).exists() and (mark := Mark.read(folder)):
                self.add(folder, mark)
        self._seen = names

    def add(self, folder: Path, mark: Mark) -> None:
        """Note what a recording was made from; of two the first counts."""
        if mark.identity:
            self.by_identity[mark.identity] = folder
        if mark.state and mark.content:
            self._by_state.setdefault(mark.state, folder)
        if mark.content:
            self._by_content.setdefault(mark.content, folder)

    def of_state(self, state: str) -> Path | None:
        """Return the recording that was made from the same bytes, if it is whole."""
        folder = self._by_state.get(state)
        mark = Mark.read(folder) if folder else None
        return folder if folder and mark and mark.state == state and mark.is_whole(folder) else None

    def of_content(self, new: Path, content: str, *, but: Path) -> Path | None:
        """Return the recording, other than `but`, that shows and says the same as a new one."""
        folder = self.marked_with(content)
        if folder and folder != but:
            return folder
        same = (one for one, length in self._lengths() if length == _length(new) and one != but)
        return next((one for one in same if content_in(one) == content), None)

    def marked_with(self, content: str) -> Path | None:
        """Return the recording whose mark says that it shows and says this, without reading any."""
        folder = self._by_content.get(content)
        return folder if folder and folder.is_dir() else None

    def _lengths(self) -> list[tuple[Path, int]]:
        """Return what was recorded here, or imported before marks said what they hold, with its lengths."""
        if self._unmarked is None:
            marked = set(self._by_content.values())
            folders = [file.parent for file in sorted(self._parent.glob("[!.]*/zarr.json"))]
            self._unmarked = [(folder, _length(folder)) for folder in folders if folder not in marked]
        return self._unmarked


def content_in(folder: Path) -> str:
    """Return what the recording in a folder is known by (fingerprint.py), "" for what can be no recording."""
    from playhead.storage.fingerprint import content_of
    from playhead.storage.reader import open_recording

    if not (folder / "zarr.json").exists():
        return ""
    try:
        recording = open_recording(folder)
        try:
            return content_of(recording)
        finally:
            recording.close()
    except PlayheadError:
        return ""


def _length(folder: Path) -> int:
    from playhead.storage.reader import open_recording

    try:
        return open_recording(folder).length
    except PlayheadError:
        return -1
