"""docs/recording-format.md is enough to write a reader from: this one knows nothing of playhead.storage."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Damaged
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.shard import EMPTY, index_bytes, pack_index, parse_index

PAGE = Path(__file__).parents[3] / "docs" / "recording-format.md"
Recorded = Callable[..., Path]


def frame(folder: Path, number: int) -> np.ndarray:
    data = (folder / f"frames/c/{number // 250}/0/0/0").read_bytes()
    assert struct.unpack("<I", data[4000:4004])[0] == google_crc32c.value(data[:4000])
    offset, length = struct.unpack_from("<QQ", data, 16 * (number % 250))
    return simplejpeg.decode_jpeg(data[offset : offset + length])


def rows(folder: Path, key: str, dtype: str) -> np.ndarray:
    shape = json.loads((folder / key / "zarr.json").read_text())["shape"]
    chunk = "/".join("0" for _ in shape)
    data = (folder / key / "c" / chunk).read_bytes()
    assert len(data) == 4096 * np.dtype(dtype).itemsize * int(np.prod(shape[1:]))
    return np.frombuffer(data, dtype=dtype).reshape(-1, *shape[1:])[: shape[0]]


def test_a_reader_written_from_the_page(recorded: Recorded) -> None:
    folder = recorded(260)
    recording = open_recording(folder)
    for number in (0, 249, 250, 259):
        assert np.array_equal(frame(folder, number), recording.read_frames([number])[0])
    assert np.array_equal(rows(folder, "frame_time_ns", "<i8"), recording.frame_time_ns)
    assert np.array_equal(rows(folder, "labels/keys", "u1"), recording.labels["keys"])
    assert np.array_equal(rows(folder, "telemetry/speed", "<f4"), recording.telemetry["speed"])
    codes = json.loads((folder / "events/zarr.json").read_text())["attributes"]["codes"]
    assert [codes[code] for code in rows(folder, "events/code", "<u2")] == recording.events["code"].tolist()


def test_the_page_names_every_array_and_header_key(recorded: Recorded) -> None:
    page = PAGE.read_text(encoding="utf-8")
    folder = recorded(2)
    attributes = json.loads((folder / "zarr.json").read_text())["attributes"]["playhead"]
    for name in attributes:
        assert f"`{name}`" in page, name
    named = set(re.findall(r"^\| `([a-z_/<>]+)`", page, flags=re.MULTILINE))
    for path in folder.rglob("zarr.json"):
        parts = path.parent.relative_to(folder).as_posix().split("/")
        is_array = json.loads(path.read_text())["node_type"] == "array"
        generic = f"{parts[0]}/<{'head' if parts[0] == 'labels' else 'name'}>"
        assert not is_array or {"/".join(parts), generic} & named, parts


def test_the_header_on_disk_is_the_header(recorded: Recorded) -> None:
    folder = recorded(1, seed=3)
    attributes = json.loads((folder / "zarr.json").read_text())["attributes"]["playhead"]
    header = open_recording(folder).header
    attributes.pop("seal")
    assert attributes == json.loads(json.dumps(header.to_json())) | {"is_complete": True}
    assert RecordingHeader.from_json(attributes, where="") == header


lengths = st.lists(st.integers(1, 2**20), max_size=20)


def index_of(sizes: list[int]) -> np.ndarray:
    index = np.full((20, 2), EMPTY, np.uint64)
    ends = np.cumsum([index_bytes(20), *sizes])
    for number, size in enumerate(sizes):
        index[number] = ends[number], size
    return index


@given(lengths)
def test_an_index_comes_back(sizes: list[int]) -> None:
    index = index_of(sizes)
    end = index_bytes(20) + sum(sizes)
    assert np.array_equal(parse_index(pack_index(index), 20, where="", file_bytes=end), index)
    if sizes:
        with pytest.raises(Damaged, match="1 of its pictures lie beyond"):
            parse_index(pack_index(index), 20, where="", file_bytes=end - 1)


@given(lengths, st.integers(0, index_bytes(20) - 1), st.integers(1, 255))
def test_any_changed_byte_of_an_index_is_seen(sizes: list[int], place: int, change: int) -> None:
    data = bytearray(pack_index(index_of(sizes)))
    data[place] ^= change
    with pytest.raises(Damaged, match="damaged index"):
        parse_index(bytes(data), 20, where="", file_bytes=2**62)
    with pytest.raises(Damaged, match="do not hold its index"):
        parse_index(bytes(data[:place]), 20, where="", file_bytes=2**62)
