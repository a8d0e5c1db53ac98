"""Gives a finished recording tags, or takes some away: one file is replaced whole, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from playhead.decoding import read_json
from playhead.errors import NotFound
from playhead.storage.beginnings import check_ended
from playhead.storage.changing import changing
from playhead.storage.declarations import header_of
from playhead.storage.disk import replace_json
from playhead.storage.marks import Mark, measure
from playhead.storage.reader import open_recording
from playhead.storage.seals import ATTRIBUTE, seal

_SCRATCH = Path("frames", ".new")  # an array's folder is never listed for members


def tag_recording(folder: Path, tags: Mapping[str, str]) -> dict[str, str]:
    """Change tags of a recording, an empty value taking one away; return all that it has then.

    Raises:  NotFound or Damaged for what is no recording that can be read, BadValue while somebody is at it.
    """
    check_ended(folder, "Tag it when it has ended.")
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}. See what there is with: playhead data list.")
    with changing(folder):
        known = {**open_recording(folder).header.tags, **tags}
        left = {name: value for name, value in known.items() if value}
        file = folder / "zarr.json"
        document = read_json(file, dict[str, Any])
        ours = document["attributes"][ATTRIBUTE]
        ours["tags"] = left
        header, _ = header_of(document, str(folder))  # it must still be one that can be read
        mark = Mark.read(folder)
        was_whole = mark is not None and not mark.is_lost and mark.is_whole(folder)
        replace_json(file, seal(document) if header.checksums else document, folder / _SCRATCH)
        if mark is not None and was_whole and mark.files:
            files, size = measure(folder)
            replace(mark, files=files, bytes=size).write(folder)
    return left
