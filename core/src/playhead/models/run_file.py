"""What run.json may hold: types and bounds, the digests of the files beside it, and its own.

A run may come from anybody, and any bit of it may have turned over. What run.json says of the files beside it is
checked when they are read; runs of earlier versions say nothing of them and are taken as they are.

    python -m playhead.models.run_file FOLDER    # writes the digests of a run that has none into its run.json
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.decoding import convert, decode_json, digest, encode_json, read_bytes
from playhead.errors import BadValue, Damaged, Mismatch
from playhead.game import MOST_HZ, Frame
from playhead.models import Colours
from playhead.names import checked_name
from playhead.regions import Region

FORMAT_VERSION = 1
RUN_FILE = "run.json"
WEIGHTS_FILE = "model.safetensors"
BEST_FILE = "best.safetensors"
FROZEN_FILE = "frozen.safetensors"  # what last and best share: parts that never learn
FEATURES_FILE = "features.safetensors"
HISTORY_FILE = "history.jsonl"
LOOKS_FILE = "looks.safetensors"  # of a run that labels: what its pictures look like, as a file of its method
SEALED = (WEIGHTS_FILE, BEST_FILE, FROZEN_FILE, FEATURES_FILE, HISTORY_FILE)
MOST_BYTES = 2**31  # of weights, where run.json does not say how many they are
MOST_PIXELS = 2**25  # of a frame: four times what 4K has
THEN = "Train again, or take another run."

Json = dict[str, Any]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Text = Annotated[str, Meta(max_length=100_000)]
# Part of a path: nothing in it may lead elsewhere.
PathName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A(?!\.{1,2}\Z)[^/\\:\x00-\x1f\x7f]+\Z")]
GameName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[^\W\d]\w*\Z")]


class FileSeal(msgspec.Struct, frozen=True):
    """How large a file of the run is, and its SHA-256. Units: size in bytes."""

    size: Count
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]

    @classmethod
    def of(cls, data: bytes) -> FileSeal:
        """Return the seal of what a file holds."""
        return cls(size=len(data), sha256=hashlib.sha256(data).hexdigest())


class _GameJson(msgspec.Struct):
    name: GameName
    regions: dict[Text, Region]
    title: Text = ""
    settings: Text = ""
    controls: dict[Text, Text] = {}


class _RecordingJson(msgspec.Struct):
    name: Text
    frames: Count = 0
    train_windows: Count = 0
    validation_windows: Count = 0
    test_windows: Count = 0


class _DataJson(msgspec.Struct):
    recordings: list[_RecordingJson] = []
    train_windows: Count = 0
    validation_windows: Count = 0
    test_windows: Count = 0
    split_by: Text = ""
    split: Json | None = None
    validation: list[Text] = []
    test: list[Text] = []
    left_out: list[Text] = []
    runs: list[Text] = []


_Hz = Annotated[float, Meta(gt=0, le=MOST_HZ)]


class RunJson(msgspec.Struct, kw_only=True):
    """Everything in a run.json but its own digest. `recipe` and `schema` are read by those who know them.

    `schema`, `frame` and `rate_hz` stand in those of networks that look at a game.
    """

    game: Json
    recipe_name: PathName
    recipe: Json
    schema: list[Json] | None = None
    frame: Frame | None = None
    rate_hz: _Hz | None = None
    other_rates_hz: tuple[_Hz, ...] = ()
    colours: Colours | None = None
    device: Text = ""
    parameters: Count = 0
    metrics: Json = {}
    made_with: dict[Text, str | float | bool | None] = {}
    data: Json = {}
    sequence: Count = 0
    files: dict[PathName, FileSeal] = {}


def read_run_json(folder: Path) -> RunJson:
    """Return what the run.json of a folder says, checked.

    Raises:  FileNotFoundError; Mismatch for another format version; Damaged for anything that is no run.json, or
             not the one that was written.
    """
    file = folder / RUN_FILE
    raw = decode_json(read_bytes(file), dict[str, Any], where=str(file), then=THEN)
    _check_version(folder, raw.get("format_version"))
    if "digest" in raw and raw.pop("digest") != digest(raw):
        raise Damaged(f"{file} was changed since it was written: its digest is another one. {THEN}")
    told = convert(raw, RunJson, where=str(file), then=THEN)
    game = convert(told.game, _GameJson, where=f"game of {file}", then=THEN)
    _check_network_part(told, game, file)
    convert(told.data, _DataJson, where=f"data of {file}", then=THEN)
    return told


def _check_network_part(told: RunJson, game: _GameJson, file: Path) -> None:
    """Raise Damaged where part of what must agree is missing, or none can look like that."""
    part = {"schema": told.schema, "frame": told.frame, "rate_hz": told.rate_hz}
    missing = [name for name, value in part.items() if value is None]
    if 0 < len(missing) < len(part):
        raise Damaged(f"{file} cannot be read: Object missing required field `{missing[0]}`. {THEN}")
    if told.frame is None:
        return
    width, height = told.frame.width, told.frame.height
    if width * height > MOST_PIXELS:
        raise Damaged(f"{file} cannot be read: no network looks at {width}x{height}. {THEN}")
    channels = told.frame.channels
    if told.colours is not None and any(len(part) != channels for part in told.colours if part != ()):
        raise Damaged(f"{file} cannot be read: its colours are not of {channels} channels. {THEN}")
    for name, region in game.regions.items():
        if not region.fits(width, height):
            raise Damaged(f"{file} cannot be read: its region {name} lies outside of its frame. {THEN}")


def own_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a method's own, by names that can be. Raises BadValue naming one that cannot."""
    for name in files:
        if checked_name(name, "a file of a run") in (RUN_FILE, *SEALED):
            raise BadValue(
                f"A file of a run cannot be called {name}: that is one of its own. Give it another name."
            )
    return dict(files)


def sealed(data: Mapping[str, Any]) -> bytes:
    """Return run.json as it is written, with its digest. Raises ValueError for a number that is none."""
    unsealed = {name: value for name, value in data.items() if name != "digest"}
    return encode_json({**unsealed, "digest": digest(unsealed)}, indent=2) + b"\n"


def _check_version(folder: Path, version: object) -> None:
    if version == FORMAT_VERSION and not isinstance(version, bool):
        return
    newer = isinstance(version, int) and version > FORMAT_VERSION
    then = "Update playhead." if newer else "Train again."
    raise Mismatch(f"Run {folder} has format_version {version!r}, this playhead reads {FORMAT_VERSION}. {then}")


def read_sealed(folder: Path, name: str, seals: Mapping[str, FileSeal]) -> bytes:
    """Return what a file of a run holds, if it is what was written.

    Raises:  FileNotFoundError; Damaged for another size or other bytes than run.json says.
    """
    seal, file = seals.get(name), folder / name
    is_as_long = seal is None or not os.path.exists(file) or file.stat().st_size == seal.size  # noqa: PTH110
    data = read_bytes(file, MOST_BYTES) if is_as_long else b""
    if seal is not None and not (is_as_long and FileSeal.of(data) == seal):
        raise Damaged(f"{file} was changed since it was written: it is not what {RUN_FILE} says. {THEN}")
    return data


def write_whole(file: Path, data: bytes) -> None:
    """Put a file in its place, whole and on the disk, or leave what is there."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; Windows knows no such thing."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal_run(folder: Path) -> None:
    """Write into a run's run.json the digests of the files that lie beside it, as they are."""
    read_run_json(folder)
    raw = decode_json(read_bytes(folder / RUN_FILE), dict[str, Any], where=str(folder / RUN_FILE))
    there = [name for name in dict.fromkeys([*SEALED, *raw.get("files", {})]) if (folder / name).is_file()]
    seals = {name: msgspec.to_builtins(FileSeal.of(read_bytes(folder / name, MOST_BYTES))) for name in there}
    write_whole(folder / RUN_FILE, sealed({**raw, "files": seals}))


if __name__ == "__main__":
    for path in sys.argv[1:]:
        seal_run(Path(path))
