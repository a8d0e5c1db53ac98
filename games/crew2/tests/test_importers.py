"""What the original's recorders and scripts left is imported, listed and learned from, as keys and as classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from playhead.home import VARIABLE
from playhead.storage.reader import open_recording
from playhead.testing.day import command
from playhead_crew2.labels import DRIVE, NINE_CLASSES

SMALL = ("steps=2", "batch_size=4", "workers=1", "warmup_steps=1", "allow_empty=true")
KEYS = [[int(key in name.replace("nk", "")) for key in DRIVE.names] for name in NINE_CLASSES.names]


ROOT = "D:/pycrew2/"
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].split()[1:] for line in README.splitlines() if "playhead import crew2" in line]


def picture(number: int, wide: int, high: int) -> np.ndarray:
    """Return something that looks a little like a road."""
    coarse = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC), np.uint8)


def training_data(file: Path, order: Sequence[int]) -> None:
    """Write what the first recorder did: [picture, nine numbers] in an array of objects."""
    pairs = np.empty((len(order), 2), object)
    for row, place in enumerate(order):
        pairs[row, 0], pairs[row, 1] = picture(row, 480, 270), np.eye(9, dtype=int)[place].tolist()
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, pairs)


def folders(folder: Path) -> None:
    """Write what the second recorder did: a folder a class, pictures numbered through."""
    for number in range(27):
        file = folder / NINE_CLASSES.names[number % 9] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(file), picture(100 + number, 224, 224))


def table(folder: Path) -> None:
    """Write what its table says: filename, w, s, a, d beside the pictures."""
    (folder / "train").mkdir(parents=True)
    rows = ["filename,w,s,a,d"]
    for number in range(18):
        assert cv2.imwrite(str(folder / "train" / f"{number}.jpg"), picture(200 + number, 600, 600))
        rows.append(f"{number}.jpg,{','.join(map(str, KEYS[number % 9]))}")
    (folder / "train.csv").write_text("\n".join(rows))


def test_its_data_sets_are_imported_listed_and_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    monkeypatch.setenv(VARIABLE, str(home))
    for number in range(2):
        training_data(
            data / "drives" / f"training_data-{number}.npy", [place for place in range(9) for _ in range(4)]
        )
    folders(data / "train")
    table(data / "labelled")
    places = {"data": data / "drives", "train": data / "train", "train.csv": data / "labelled" / "train.csv"}
    for words in COMMANDS:
        command(*(str(places[word.removeprefix(ROOT)]) if word.startswith(ROOT) else word for word in words))
    rows = json.loads(command("data", "list", "crew2", "--json"))
    names = [
        "drives-training_data-0",
        "labelled-train-001",
        "train-001",
    ]  # the second drive is the first once more
    assert sorted(row["name"] for row in rows) == names
    recorded = [open_recording(home / "recordings/crew2" / name) for name in names]
    assert [one.header.are_stills for one in recorded] == [False, True, True]
    for one, times in zip(recorded, (4, 1, 1), strict=True):
        assert one.labels["drive"][: 9 * times : times].tolist() == KEYS, "and nothing held is no brake"
    for settings, head in ((("heads=classes",), "classes"), ((), "drive")):
        given = [text for one in (*SMALL, *settings) for text in ("--set", one)]
        told = json.loads(command("train", "crew2", "--device", "cpu", "--json", *given))
        assert [one["head"] for one in told["schema"]] == [head]
        (file,) = (home / "runs").glob(f"**/{told['name'].split('/')[-1]}/run.json")
        learned = json.loads(file.read_text())["data"]["recordings"]
        used = {one["name"]: one["train_windows"] + one["validation_windows"] for one in learned}
        assert used["train-001"] == 27
        assert used["labelled-train-001"] == 18
        assert 30 < used["drives-training_data-0"] < 36, (
            "a label over the .3 s that follow ends before the drive does"
        )
