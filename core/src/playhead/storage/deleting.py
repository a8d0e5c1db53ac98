"""Deletes a recording so that a crash leaves it whole or gone, and nothing that is no recording."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playhead.decoding import read_json
from playhead.errors import BadValue, Damaged, NotFound
from playhead.storage.beginnings import check_ended, is_beginning
from playhead.storage.changing import changing
from playhead.storage.seals import ATTRIBUTE


def delete_recording(folder: Path) -> None:
    """Delete a recording, also a damaged one, or what was only begun. Of a link the link goes, not what it shows.

    Raises:  NotFound or BadValue for what is no recording, BadValue while somebody records or changes it.
    """
    if not os.path.lexists(folder):
        raise NotFound(f"There is no folder {folder}. See what there is with: playhead data list.")
    check_ended(folder, "Delete it when it has ended.")
    if not _is_ours(folder):
        raise BadValue(f"{folder} is no recording, so it is not deleted. Delete it yourself if you want it gone.")
    with changing(folder) as change:
        change.delete()


def _is_ours(folder: Path) -> bool:
    """Say whether playhead made a folder: by its zarr.json, however damaged the rest, or as just begun."""
    if folder.parent.parent.name == "recordings" and is_beginning(folder):
        return True
    try:
        attributes = read_json(folder / "zarr.json", dict[str, Any]).get("attributes")
    except (OSError, Damaged):
        return False
    return isinstance(attributes, dict) and ATTRIBUTE in attributes
