"""Makes harm look genuine: digests that fit what was changed, or none, as older files have none.

A seal finds what a disk or a copy damages; somebody who means harm writes one that fits. What lies behind is
attacked only when the seal is no obstacle.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import google_crc32c

from fuzzing import hostile

_MOST_BYTES = 2**26  # a file may be a terabyte long by now
_OURS = ("playhead", "codes", "devices")


def _crc32c(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{google_crc32c.value(text.encode()):08x}"


def _as_read(document: Any) -> Any:
    """Return a document as a reader gets it. Raises ValueError or RecursionError for what is no JSON."""
    return json.loads(hostile.dumps(document))


def seal_zarr(document: Any) -> None:
    """Let the seal of a zarr.json fit, where it has one."""
    try:
        read = _as_read(document)
        attributes = {name: value for name, value in read["attributes"].items() if name in _OURS}
        del attributes["playhead"]["seal"]
        kept = {name: value for name, value in read.items() if name != "consolidated_metadata"}
        document["attributes"]["playhead"]["seal"] = _crc32c(kept | {"attributes": attributes})
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return


def unseal_recording(folder: Path) -> None:
    """Make a recording one of before there were checksums."""
    for file in folder.rglob("zarr.json"):
        document = json.loads(file.read_text(encoding="utf-8"))
        ours = document["attributes"].get("playhead", {})
        for name in ("seal", "crc32c", "checksums"):
            ours.pop(name, None)
        if not ours:
            document["attributes"].pop("playhead", None)
        file.write_text(json.dumps(document), encoding="utf-8")
    shutil.rmtree(folder / "checksums", ignore_errors=True)


def seal_run(document: Any) -> None:
    """Let the digest of a run.json fit, where it has one."""
    try:
        read = _as_read(document)
        del read["digest"]
        document["digest"] = _crc32c(read)
    except (KeyError, TypeError, ValueError, RecursionError):
        return


def seal_files(run: Path) -> None:
    """Let a run.json say of the files beside it what they are."""
    file = run / "run.json"
    try:
        if file.stat().st_size > _MOST_BYTES:
            return
        document = json.loads(file.read_text(encoding="utf-8"))
        for name in document["files"]:
            sealed = run / name
            if not sealed.is_file() or sealed.stat().st_size > _MOST_BYTES:  # reading a pipe would wait for ever
                return
            data = sealed.read_bytes()
            document["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    except (OSError, KeyError, TypeError, ValueError):
        return
    seal_run(document)
    file.write_text(hostile.dumps(document), encoding="utf-8")
