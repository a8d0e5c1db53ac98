"""What is wrong with a recording, and what is known of one while it is checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from playhead.storage.schema import RecordingHeader
from playhead.storage.sources import FileSource


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong. A note is worth knowing and harms nothing."""

    file: str
    what: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(kw_only=True)
class Look:
    """One recording that is looked at. `known` are the files that belong to it."""

    source: FileSource
    header: RecordingHeader
    is_complete: bool
    known: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)  # arrays whose files are not told apart any more

    @property
    def is_strict(self) -> bool:
        """Whether what no checksum covers must be zero; else it may be the end of a killed recording."""
        return self.is_complete and bool(self.header.checksums)


def tidy(error: Exception, file: str, place: str) -> str:
    """Return the sentence without the advice that a reader gives, and without the file's name before it."""
    what = str(error).partition(" Repair it with")[0].removeprefix(place).lstrip("/: ")
    return what.removeprefix(file).lstrip("/: ") or what
