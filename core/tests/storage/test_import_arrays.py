"""Arrays of any names and sizes in HDF5 and .npz become recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from foreign import only, reds, run

from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PlayheadError

SEEN = np.stack([np.full((40, 60, 3), 25 * number, np.uint8) for number in range(9)])
NINE = np.eye(9)


def save(file: Path, **arrays: Any) -> Path:
    """Write arrays by the ending of a name; __ parts groups."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".npz":
        np.savez_compressed(file, **arrays)
        return file
    with h5py.File(file, "w") as out:
        for name, values in arrays.items():
            out.create_dataset(name.replace("__", "/"), data=values, compression="gzip", chunks=True)
    return file


HOW = {"a.h5": "hdf5", "a.npz": "npy"}


@pytest.mark.parametrize("name", HOW)
def test_arrays_are_found_by_their_names_and_scaled(name: str, tmp_path: Path) -> None:
    file = save(tmp_path / "in" / name, images=SEEN, labels=NINE, speed=np.zeros(9), camera=np.zeros((9, 4, 4)))
    recording, noted = only(tmp_path / "out", HOW[name], file)
    assert recording.name == "in-a"
    assert reds(recording) == [25 * number for number in range(9)]
    assert recording.labels["drive"][:5].tolist() == [
        [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 1, 0],
    ]  # fmt: skip
    assert noted == ["9 pictures: scaled from 60x40 to 16x16"]
    assert [row.outcome for row in run(tmp_path / "out", HOW[name], file)] == ["already there"]


def test_arrays_within_groups_are_found_by_their_shapes_or_named(tmp_path: Path) -> None:
    file = save(tmp_path / "a.h5", data__cam=SEEN, data__what=NINE, data__other=np.zeros((3, 2)))
    recording, _ = only(tmp_path / "out", "hdf5", file)
    assert recording.length == 9
    two = save(tmp_path / "b.h5", left=SEEN[:, :, :30], right=SEEN, what=NINE, else_=NINE[::-1])
    with pytest.raises(BadValue, match=r"holds .*Say which are the pictures: --set pictures=NAME"):
        run(tmp_path / "out", "hdf5", two)
    with pytest.raises(BadValue, match="Say which are the labels: --set labels=NAME"):
        run(tmp_path / "out", "hdf5", two, pictures="right")
    named, _ = only(tmp_path / "out2", "hdf5", two, pictures="right", labels="what")
    assert named.labels["drive"][0].tolist() == [1, 0, 0, 0]


BAD: dict[str, tuple[dict[str, Any], dict[str, str], type[PlayheadError], str]] = {
    "no pictures": ({"labels": NINE[:, 0]}, {}, Mismatch, r"has no pictures; it holds labels \(9,\)"),
    "no labels": ({"images": SEEN}, {}, Mismatch, "has no labels; it holds none"),
    "as many": ({"images": SEEN, "labels": NINE[:5]}, {}, Damaged, "9 images and 5 labels"),
    "numbers of no head": ({"images": SEEN, "labels": NINE[:, :7]}, {}, Mismatch, "7 numbers a picture.*no head"),
    "a name that is not there": (
        {"images": SEEN, "labels": NINE},
        {"labels": "lables"},
        NotFound,
        'mean "labels"',
    ),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", HOW)
def test_what_cannot_be_used_is_a_sentence(name: str, what: str, tmp_path: Path) -> None:
    arrays, options, error, sentence = BAD[what]
    with pytest.raises(error, match=sentence):
        run(tmp_path / "out", HOW[name], save(tmp_path / name, **arrays), **options)


def test_a_zip_of_something_else_and_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(Damaged, match="begins as a zip, but its end is missing"):
        run(tmp_path / "out", "npy", tmp_path / "a.npz")
    objects = np.array([[SEEN[0], NINE[0]]], object)
    np.savez(tmp_path / "b.npz", pairs=objects)
    with pytest.raises(Mismatch, match="has no pictures"):
        run(tmp_path / "out", "npy", tmp_path / "b.npz")
