"""A recording is labelled again without being touched; layers are read strictly, and follow their recording."""

from __future__ import annotations

import errno
import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from playhead.errors import BadValue, Damaged, DeviceFailed
from playhead.events import Origin
from playhead.labels import Axes, Choice, Keys
from playhead.storage import changing
from playhead.storage.check import check_recording
from playhead.storage.copying import copy_recording
from playhead.storage.facts import facts_of
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.marks import measure
from playhead.storage.reader import Recording, open_recording
from playhead.storage.repair import repair_recording
from playhead.storage.writer import RecordingWriter

HEADS = {"keys": Keys("a", "b"), "mood": Choice("calm", "angry", "lost")}
FRAMES = 10
Recorded = Callable[..., Path]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def pieces(count: int = FRAMES, at_once: int = 3, shift: int = 0) -> Iterator[LayerRows]:
    for begin in range(0, count, at_once):
        number = np.arange(begin, min(begin + at_once, count)) + shift
        yield LayerRows(
            labels={"keys": np.stack([number % 2, number % 2], 1), "mood": number[:, None] % 3},
            origins={"keys": Origin.MODEL, "mood": np.where(number % 4, Origin.MODEL, Origin.NONE)},
            probabilities={"mood": np.stack([number, number, number], 1) / 32},
        )


def labelled(folder: Path) -> Recording:
    recording = open_recording(folder)
    count = len(recording)
    write_layer(recording, "labeller-1", HEADS, pieces(count), run="pong/default/7", command="playhead label pong")
    return recording


def test_a_layer_is_read_as_it_was_written_and_no_byte_of_the_recording_changes(
    recorded: Recorded, tmp_path: Path
) -> None:
    folder = recorded(FRAMES)
    before, size = hashes(folder), measure(folder)
    recording = open_recording(folder)
    assert dict(recording.layers) == {}
    write_layer(recording, "labeller-1", HEADS, pieces(), run="pong/default/7", precision="float32")
    after = hashes(folder)
    assert {name: found for name, found in after.items() if not name.startswith("layers/")} == before
    assert measure(folder) == size, "an import is as whole as it was"
    layer = open_recording(folder).layers["labeller-1"]
    assert dict(layer.schema) == HEADS
    assert layer.header.run == "pong/default/7"
    assert layer.labels["mood"].ravel().tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert layer.labels["keys"].dtype == np.uint8
    assert layer.origins["keys"].tolist() == [2] * FRAMES
    assert layer.origins["mood"].tolist() == [0, 2, 2, 2, 0, 2, 2, 2, 0, 2]
    assert layer.probabilities["mood"].dtype == np.float32
    assert layer.probabilities["mood"][9].tolist() == [9 / 32] * 3
    assert list(layer.probabilities) == ["mood"]
    assert check_recording(folder) == []
    assert not (folder.parent / ".replaced").exists()


def test_any_zarr_reader_opens_it(recorded: Recorded) -> None:
    folder = labelled(recorded(FRAMES)).path
    group: Any = zarr.open_group(str(folder), mode="r")
    assert group["layers/labeller-1/labels/mood"][4].tolist() == [1]
    assert group["layers/labeller-1/probabilities/mood"].dtype == np.float16
    assert sorted(group["layers"].group_keys()) == ["labeller-1"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("../up", "holds /"), ("", "is empty"), (".new", "begins with a dot"), ("con", "device"),
     ("recorded", "made with"), ("labeller-1", "already"), ("a" * 300, "longer"), ("a\x1b[2J", "not seen")],
)  # fmt: skip
def test_a_name_is_one_component_of_a_path_and_new(
    recorded: Recorded, tmp_path: Path, name: str, says: str
) -> None:
    recording = labelled(recorded(FRAMES))
    before = hashes(tmp_path)
    with pytest.raises(BadValue, match=says):
        write_layer(recording, name, HEADS, pieces())
    assert hashes(tmp_path) == before


def keys_only(**given: Any) -> LayerRows:
    return LayerRows(
        **({"labels": {"keys": np.ones((FRAMES, 2), np.uint8)}, "origins": {"keys": Origin.MODEL}} | given)
    )


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([keys_only(labels={"keys": np.ones((FRAMES, 3), np.uint8)})], "its shape is"),
        ([keys_only(labels={"keys": np.full((FRAMES, 2), 7)})], "a key is 7"),
        ([keys_only(labels={"keys": np.full((FRAMES, 2), 0.5)})], "whole numbers"),
        ([keys_only(origins={"keys": 9})], "origin 9"),
        ([keys_only(origins={"keys": [1, 2]})], "its shape is"),
        ([keys_only(origins={})], "no origins/keys"),
        ([keys_only(probabilities={"keys": np.full((FRAMES, 2), np.nan)})], "no number"),
        ([keys_only(labels={"keys": np.ones((FRAMES, 2)), "x": np.ones((FRAMES, 2))})], "given labels/x"),
        ([keys_only(), keys_only()], "one row for each of the 10 frames, these are 20"),
        ([], "these are 0"),
    ],
)
def test_rows_that_are_no_labels_are_refused_and_nothing_is_left(
    recorded: Recorded, tmp_path: Path, rows: list[LayerRows], says: str
) -> None:
    folder = recorded(FRAMES)
    before = hashes(tmp_path)
    with pytest.raises(BadValue, match=says):
        write_layer(open_recording(folder), "new", {"keys": Keys("a", "b")}, rows)
    assert hashes(tmp_path) == before
    assert dict(open_recording(folder).layers) == {}


def test_a_layer_is_replaced_only_when_asked(recorded: Recorded) -> None:
    recording = labelled(recorded(FRAMES))
    layer = write_layer(recording, "labeller-1", HEADS, pieces(shift=1), overwrite=True)
    assert layer.labels["mood"][0].tolist() == [1]
    assert open_recording(recording.path).layers["labeller-1"].labels["mood"][0].tolist() == [1]
    assert check_recording(recording.path) == []


@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_while_it_is_put_in_place_leaves_it_done(
    recorded: Recorded, tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old layer aside, the new one in its place: what a kill leaves is finished by the next look."""
    recording = labelled(recorded(FRAMES))
    rename, done = Path.rename, []

    def dying(self: Path, target: Any) -> Path:
        if "layers" in str(target) or "was" in str(target):
            done.append(target)
            if len(done) >= at:
                raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            write_layer(recording, "labeller-1", HEADS, pieces(shift=1), overwrite=True)
    assert changing.settle(recording.path.parent) == {}
    assert open_recording(recording.path).layers["labeller-1"].labels["mood"][0].tolist() == [1]
    assert check_recording(recording.path) == []


def test_a_place_that_cannot_be_written_is_said(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded(FRAMES)
    before = hashes(tmp_path)

    def refuse(*args: Any, **options: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DeviceFailed, match="layers cannot be written: Read-only file system") as caught:
        write_layer(open_recording(folder), "new", HEADS, pieces())
    assert "as they were" in str(caught.value)
    assert hashes(tmp_path) == before


def test_a_long_recording_is_labelled_in_little_memory(recorded: Recorded) -> None:
    recording = open_recording(recorded(3))
    count = 200_000
    recording.length = count
    vars(recording)["_own"]._things["frame_time_ns"] = np.arange(count) * 10

    def rows() -> Iterator[LayerRows]:
        for begin in range(0, count, 2_000):
            yield LayerRows(
                labels={"keys": np.zeros((2_000, 2), np.uint8)}, origins={"keys": Origin.MODEL},
                probabilities={"keys": np.full((2_000, 2), begin / count, np.float32)},
            )  # fmt: skip

    tracemalloc.start()
    write_layer(recording, "long", {"keys": Keys("a", "b")}, rows(), precision="float32")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000, "the layer has 2.2 MB"
    assert recording.layers["long"].probabilities["keys"].shape == (count, 2)


def test_a_copy_has_the_layers_also_those_made_later(recorded: Recorded, tmp_path: Path) -> None:
    recording = labelled(recorded(FRAMES))
    copy = tmp_path / "copies" / recording.name
    assert not copy_recording(recording.path, copy.parent).was_there
    write_layer(recording, "later", HEADS, pieces(shift=1))
    copied = copy_recording(recording.path, copy.parent)
    assert copied.was_there
    assert copied.files > 0
    assert check_recording(copy) == []
    layers = open_recording(copy).layers
    assert [layer.labels["mood"][0].tolist() for layer in layers.values()] == [[0], [1]]
    assert copy_recording(recording.path, copy.parent).files == 0


def test_a_recording_without_checksums_can_have_one(recorded: Recorded, aged: Any) -> None:
    folder = aged(recorded(FRAMES))
    write_layer(open_recording(folder), "new", HEADS, pieces())
    assert all(problem.is_note for problem in check_recording(folder))
    assert open_recording(folder).layers["new"].labels["mood"][4].tolist() == [1]


def test_the_layer_of_another_recording_is_damaged(recorded: Recorded) -> None:
    there = labelled(recorded(FRAMES)).path
    other = recorded(FRAMES - 1)
    (there / "layers").rename(other / "layers")
    with pytest.raises(Damaged, match="another recording"):
        _ = open_recording(other).layers["labeller-1"]
    assert "another recording" in str(check_recording(other)[0])


@pytest.mark.parametrize("name", ["a\x1b[2J", "-rf", "con", " "])
def test_a_folder_that_no_layer_could_be_called_is_none(recorded: Recorded, name: str) -> None:
    folder = labelled(recorded(FRAMES)).path
    (folder / "layers/labeller-1").rename(folder / "layers" / name)
    assert dict(open_recording(folder).layers) == {}
    problems = check_recording(folder)
    assert problems
    assert all(problem.is_note for problem in problems), "they are no part of the recording"
    assert facts_of(open_recording(folder))["layers"] == {}


def test_a_recording_that_is_being_made_is_not_labelled_again(make_header: Any, draw: Any, tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r", make_header()) as writer:
        writer.append(draw(0), 1, {"keys": [0, 1], "gear": [0], "wheel": [0.0]}, Origin.SCRIPT)
        with pytest.raises(BadValue, match="Label it when it has ended"):
            write_layer(open_recording(tmp_path / "r"), "new", HEADS, [])


def test_layers_that_lead_elsewhere_are_none(recorded: Recorded, tmp_path: Path) -> None:
    folder, elsewhere = recorded(FRAMES), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "layers").symlink_to(elsewhere)
    assert dict(open_recording(folder).layers) == {}
    with pytest.raises(Damaged, match="no plain folder"):
        write_layer(open_recording(folder), "new", HEADS, pieces())
    assert list(elsewhere.iterdir()) == []


def test_a_header_that_does_not_fit_its_seal_is_damaged(recorded: Recorded) -> None:
    recording = labelled(recorded(FRAMES))
    file = recording.path / "layers/labeller-1/zarr.json"
    document = json.loads(file.read_text())
    document["attributes"]["playhead"]["run"] = "another"
    file.write_text(json.dumps(document))
    with pytest.raises(Damaged, match="seal"):
        _ = open_recording(recording.path).layers["labeller-1"]
    assert "problem" in facts_of(open_recording(recording.path))["layers"]["labeller-1"]


def test_repairing_keeps_what_can_be_read_of_layers(recorded: Recorded) -> None:
    recording = labelled(recorded(FRAMES))
    chunk = recording.path / "layers/labeller-1/labels/mood/c/0/0"
    chunk.write_bytes(b"\xff\xff\xff" + chunk.read_bytes()[3:])
    assert [problem.file for problem in check_recording(recording.path)] == ["layers/labeller-1/labels/mood"]
    done = repair_recording(recording.path)
    assert done.frames_after == FRAMES
    assert done.layers_lost == []
    layer = open_recording(recording.path).layers["labeller-1"]
    assert layer.origins["mood"].tolist() == [0] * FRAMES
    assert layer.labels["keys"][:, 0].tolist() == [0, 1] * 5
    assert layer.probabilities["mood"][4].tolist() == [0.125] * 3
    assert check_recording(recording.path) == []


def test_repairing_says_which_layers_are_lost(recorded: Recorded) -> None:
    recording = labelled(recorded(FRAMES))
    (recording.path / "layers/labeller-1/zarr.json").write_text("{}")
    assert repair_recording(recording.path).layers_lost == ["labeller-1"]
    assert check_recording(recording.path) == []


def test_data_info_has_who_labelled_each_head(recorded: Recorded) -> None:
    facts = facts_of(labelled(recorded(FRAMES)))
    told = facts["layers"]["labeller-1"]
    assert told["run"] == "pong/default/7"
    assert told["labelled_by"] == {"keys": {"model": 1.0}, "mood": {"none": 0.3, "model": 0.7}}
    assert told["probabilities"] == {"mood": "float16"}
    json.dumps(facts, allow_nan=False)


def test_axes_and_empty_recordings(recorded: Recorded) -> None:
    folder = recorded(0)
    write_layer(open_recording(folder), "none", {"wheel": Axes("steer")}, [])
    assert open_recording(folder).layers["none"].labels["wheel"].shape == (0, 1)
    folder = recorded(4)
    rows = [LayerRows(labels={"x": np.linspace(-1, 1, 4)[:, None]}, origins={"x": Origin.HUMAN})]
    write_layer(open_recording(folder), "hand", {"x": Axes("x")}, rows)
    assert open_recording(folder).layers["hand"].labels["x"].ravel().tolist() == [
        -1,
        np.float32(-1 / 3),
        np.float32(1 / 3),
        1,
    ]
