"""Pictures in folders of their class, or named by a table, become recordings in which each stands alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from foreign import CLASSES, KEYS, NINE, RACE, only, picture, reds, run, save

from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PlayheadError
from playhead.labels import Axes, Choice
from playhead.storage.importers import places
from playhead.storage.reader import open_recording


def classes(folder: Path, names: tuple[str, ...] = CLASSES.names, ending: str = "png") -> Path:
    """Write two pictures of each class, numbered through."""
    for number in range(2 * len(names)):
        name = names[number % len(names)]
        save(folder / name / f"{number}.{ending}", picture(10 * number))
    return folder


def table(folder: Path, rows: Mapping[str, str], head: str = "filename,w,s,a,d", name: str = "train.csv") -> Path:
    """Write a table, and each picture it names that is a plain name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(rows):
        if file and ".." not in file and not file.startswith("/"):
            save(folder / file, picture(10 * number))
    lines = (
        [head, *(f"{file},{said}" for file, said in rows.items())]
        if head
        else [f"{a},{b}" for a, b in rows.items()]
    )
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def test_folders_of_nine_classes_become_keys_and_each_picture_stands_alone(tmp_path: Path) -> None:
    recording, noted = only(tmp_path / "out", "folders", classes(tmp_path / "train"))
    assert recording.name == "train-001"
    assert recording.labels["drive"].tolist() == np.tile(NINE, (2, 1)).tolist()
    assert np.abs(np.array(reds(recording)) - 10 * np.arange(18)).max() <= 2, "in the order of their numbers"
    assert recording.header.are_stills
    assert recording.header.tags == {"source": "train"}
    assert "Nothing says which came after which" in recording.header.notes
    assert noted == []


def test_parts_of_a_data_set_are_recordings_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PART_ROWS", 8)
    for part in ("train", "test"):
        classes(tmp_path / "data" / part, ("w", "nk") if part == "test" else CLASSES.names)
    rows = run(tmp_path / "out", "folders", tmp_path / "data")
    assert {row.name: open_recording(tmp_path / "out" / row.name).length for row in rows} == {
        "data-test-001": 4, "data-train-001": 8, "data-train-002": 8, "data-train-003": 2,
    }  # fmt: skip
    assert [row.outcome for row in run(tmp_path / "out", "folders", tmp_path / "data")] == ["already there"] * 4


def test_an_interrupted_import_goes_on_within_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PART_ROWS", 8)
    folder, read = classes(tmp_path / "train"), places.read_picture

    def stopped(path: Path) -> bytes:
        if path.name == "12.png":
            raise KeyboardInterrupt
        return read(path)

    with monkeypatch.context() as patched:
        patched.setattr(places, "read_picture", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "out", "folders", folder)
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["train-001"]
    outcomes = [row.outcome for row in run(tmp_path / "out", "folders", folder)]
    assert outcomes == ["already there", "imported", "imported"]


def test_classes_without_pictures_and_folders_that_mean_nothing_are_named(tmp_path: Path) -> None:
    folder = classes(tmp_path / "train", ("w", "nk", "wa", "other"))
    (folder / "s").mkdir()
    _, noted = only(tmp_path / "out", "folders", folder)
    lacking = [f"class {name}: there is no picture of it in train" for name in ("s", "a", "d", "wd", "sa", "sd")]
    unknown = [f"other/{number}.png: other is no key or class of race" for number in (3, 7)]
    assert noted == [*lacking, *unknown]


def test_what_folders_mean_can_be_said(tmp_path: Path) -> None:
    folder = classes(tmp_path / "train", ("links", "geradeaus"))
    with pytest.raises(Mismatch, match=r"No folder .* there are geradeaus, links, train.*--set keys="):
        run(tmp_path / "out", "folders", folder)
    recording, _ = only(tmp_path / "out", "folders", folder, keys="links:w+a,geradeaus:none")
    assert recording.labels["drive"].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]] * 2
    for keys, error, sentence in (
        ("links:w+s", Mismatch, "w and s are held at once"), ("links:q", NotFound, '"q"'),
    ):  # fmt: skip
        with pytest.raises(error, match=sentence):
            run(tmp_path / "out", "folders", folder, keys=keys)


def test_a_jpeg_of_the_right_size_is_stored_byte_for_byte_and_others_are_scaled(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    as_it_is = save(folder / "w" / "1.jpg", picture(200)).read_bytes()
    save(folder / "a" / "2.jpg", picture(100, 30, 60))
    save(folder / "a" / "3.bmp", picture(50, 8, 8))
    recording, noted = only(tmp_path / "out", "folders", folder)
    assert recording.read_encoded(0) == as_it_is
    assert np.abs(np.array(reds(recording)) - [200, 100, 50]).max() <= 3
    assert noted[-2:] == ["1 picture: scaled from 60x30 to 16x16", "1 picture: scaled from 8x8 to 16x16"]


def test_what_is_no_picture_is_left_out_and_named(tmp_path: Path) -> None:
    folder = classes(tmp_path / "train", ("w", "a"))
    secret = save(tmp_path / "secret.png", picture(9))
    (folder / "w" / "4.jpg").write_text("no picture")
    (folder / "w" / "5.png").write_bytes(b"")
    (folder / "w" / "notes.txt").write_text("")
    (folder / "w" / "Thumbs.db").write_text("")
    (folder / "w" / "out.png").symlink_to(secret)
    (folder / "w" / "gone.png").symlink_to(folder / "nothing")
    (folder / "w" / "same.png").symlink_to(folder / "a" / "1.png")
    (folder / "s").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "w" / "pipe.png")
    recording, noted = only(tmp_path / "out", "folders", folder)
    assert recording.length == 5
    said = dict(line.split(": ", 1) for line in noted if not line.startswith("class "))
    assert said == {
        "s": "it is not called as a picture",
        "w/gone.png": "there is no such file",
        "w/notes.txt": "it is not called as a picture",
        "w/out.png": "it leads out of the folder",
        "w/pipe.png": "it is no plain file",
        "w/4.jpg": "it is no picture",
        "w/5.png": "it is empty",
    }


def test_a_folder_without_anything_usable_says_so(tmp_path: Path) -> None:
    (tmp_path / "train" / "w").mkdir(parents=True)
    with pytest.raises(NotFound, match="no picture in"):
        run(tmp_path / "out", "folders", tmp_path / "train")
    (tmp_path / "train" / "w" / "1.jpg").write_text("no picture")
    with pytest.raises(Damaged, match=r"None of the 1 pictures .* can be used"):
        run(tmp_path / "out", "folders", tmp_path / "train")
    with pytest.raises(NotFound, match="is no folder"):
        run(tmp_path / "out", "folders", tmp_path / "train" / "w" / "1.jpg")


def test_two_data_sets_of_one_name_are_two_recordings(tmp_path: Path) -> None:
    for number, place in enumerate(("a", "b")):
        save(tmp_path / place / "train" / "w" / "1.png", picture(50 + 50 * number))
    for place, name in (("a", "train-001"), ("b", "train-001-2"), ("a", "train-001")):
        assert run(tmp_path / "out", "folders", tmp_path / place / "train")[0].name == name


ROWS = {"a.png": "1,0,1,0", "b.png": "0,0,0,0", "c.png": "0,1,0,0"}


def test_a_table_says_what_its_pictures_are_labelled_with(tmp_path: Path) -> None:
    recording, noted = only(tmp_path / "out", "csv", table(tmp_path / "in", ROWS))
    assert recording.name == "in-train-001"
    assert recording.labels["drive"].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert np.abs(np.array(reds(recording)) - [0, 10, 20]).max() <= 2
    assert recording.header.are_stills
    assert noted == []


@pytest.mark.parametrize(
    ("encoding", "change"),
    [("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", "|")],
)
def test_tables_of_other_systems(encoding: str, change: str, tmp_path: Path) -> None:
    file = table(tmp_path / "in", {f"straße{name}": said for name, said in ROWS.items()}, "Filename,W,S,A,D")
    file.write_bytes(file.read_text("utf-8").replace(",", change).replace("\n", "\r\n").encode(encoding))
    recording, _ = only(tmp_path / "out", "csv", tmp_path / "in")
    assert recording.labels["drive"].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]


def test_rows_that_cannot_be_used_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    secret = save(tmp_path / "secret.png", picture(9))
    file = table(tmp_path / "in", {
        "a.png": "1,0,0,0", "b.png": "1,1,0,0", "c.png": "0,0,1,1", "../secret.png": "1,0,0,0",
        str(secret): "1,0,0,0", "e.png": "2,0,0,0", "f.png": "x,0,0,0", "g.png": "1,0,0",
    })  # fmt: skip
    (file.parent / "link.png").symlink_to(secret)
    (file.parent / "text.png").write_text("no picture")
    with file.open("a") as more:
        more.write("a.png,1,0,0,0\na.png,0,0,0,0\nlink.png,1,0,0,0\ngone.png,1,0,0,0\ntext.png,1,0,0,0\n")
        more.write("C:\\secret.png,1,0,0,0\nsub\\..\\..\\secret.png,1,0,0,0\n\x1b[2J.png,1,0,0,0\n")
    recording, noted = only(tmp_path / "out", "csv", file)
    assert recording.length == 1
    out = "its name leads out of the folder of pictures"
    assert set(noted) == {
        "line 9: it has 4 columns, not 5",
        "line 10, a.png: line 2 names it already, and says the same",
        "line 11, a.png: line 2 names it already, and says something else",
        "line 3, b.png: w and s are held at once, which cannot be",
        "line 4, c.png: a and d are held at once, which cannot be",
        f"line 5, ../secret.png: {out}",
        f"line 6, {secret}: {out}",
        "line 7, e.png: it says [2.0, 0.0, 0.0, 0.0], not zeros and ones",
        'line 8, f.png: "x" is no number',
        "line 12, link.png: it leads out of the folder",
        "line 13, gone.png: there is no such file",
        "line 14, text.png: it is no picture",
        f"line 15, C:\\secret.png: {out}",
        f"line 16, sub\\..\\..\\secret.png: {out}",
        "line 17, \\x1b[2J.png: there is no such file",
    }


def test_tables_may_have_other_columns_no_head_or_a_class_in_words(tmp_path: Path) -> None:
    out = tmp_path / "out"
    expected = [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    nameless = table(tmp_path / "nameless", ROWS, "")
    assert only(out / "1", "csv", nameless)[0].labels["drive"].tolist() == expected
    words = table(tmp_path / "words", {"a.png": "wa", "b.png": "nk", "c.png": "s", "d.png": "x"}, "image,label")
    recording, noted = only(out / "2", "csv", words)
    assert recording.labels["drive"].tolist() == expected
    assert noted == ['line 5, d.png: "x" is no key or class of race']
    hot = {f"{name}.png": ",".join(str(int(one == name)) for one in CLASSES.names) for name in CLASSES.names}
    nine = table(tmp_path / "nine", hot, "filename," + ",".join(CLASSES.names))
    assert only(out / "3", "csv", nine)[0].labels["drive"].tolist() == NINE.tolist()
    said = table(
        tmp_path / "said", {name: f"7,{rest}" for name, rest in ROWS.items()}, "pic,speed,up,down,left,right"
    )
    with pytest.raises(NotFound, match="--set column=NAME"):
        run(out, "csv", said)
    with pytest.raises(Mismatch, match="--set keys=COLUMN:w"):
        run(out, "csv", said, column="pic")
    with pytest.raises(NotFound, match='Did you mean "up"'):
        run(out, "csv", said, column="pic", keys="upp:w")
    recording, noted = only(out / "4", "csv", said, column="pic", keys="up:w,down:s,left:a,right:d")
    assert recording.labels["drive"].tolist() == expected
    assert noted == ["column speed: race has no label of this name"]


def test_axes_come_from_columns_of_their_names(tmp_path: Path) -> None:
    game = replace(RACE, labels={"drive": KEYS, "wheel": Axes("x")})
    rows = {"a.png": "1,0,0,0,-0.5", "b.png": "0,0,0,0,1.5"}
    recording, noted = only(tmp_path / "out", "csv", table(tmp_path / "in", rows, "file,w,s,a,d,x"), game=game)
    assert recording.labels["wheel"].tolist() == [[-0.5]]
    assert noted == ["line 3, b.png: wheel is [1.5], not from -1 to 1"]
    with pytest.raises(Mismatch, match="says nothing of wheel"):
        run(tmp_path / "out", "csv", table(tmp_path / "in", ROWS), game=game)


def test_a_game_of_classes_alone_takes_them_as_they_are(tmp_path: Path) -> None:
    cats = replace(RACE, name="cats", labels={"animal": Choice("cat", "dog")}, conversions=())
    folder = classes(tmp_path / "train", ("cat", "dog"))
    assert only(tmp_path / "out", "folders", folder, game=cats)[0].labels["animal"].tolist() == [[0], [1]] * 2
    file = table(tmp_path / "in", {"a.png": "dog", "b.png": "cat"}, "filename,animal")
    assert only(tmp_path / "out", "csv", file, game=cats)[0].labels["animal"].tolist() == [[1], [0]]


def test_pictures_of_a_table_may_lie_in_a_folder_of_its_name_or_one_that_is_said(tmp_path: Path) -> None:
    file = table(tmp_path / "in" / "train", ROWS)
    moved = file.rename(tmp_path / "in" / "train.csv")
    assert only(tmp_path / "out", "csv", moved)[0].length == 3
    apart = moved.rename(tmp_path / "labels.csv")
    with pytest.raises(Damaged, match=r"None of the 3 .* line 2, a.png: there is no such file"):
        run(tmp_path / "out", "csv", apart)
    assert run(tmp_path / "out", "csv", apart, pictures=str(tmp_path / "in" / "train"))[0].outcome == "left out"
    with pytest.raises(BadValue, match="is no folder"):
        run(tmp_path / "out", "csv", apart, pictures=str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("data", "error", "sentence"),
    [
        (b"", Damaged, "it is empty"),
        (b"filename,w,s,a,d\n", Damaged, "names no picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), Damaged, "it is a PNG picture"),
        (b"one,two\n1,2\n", NotFound, "none is called filename"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(
    data: bytes, error: type[PlayheadError], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(error, match=sentence):
        run(tmp_path / "out", "csv", tmp_path / "a.csv")
    with pytest.raises(NotFound, match=r"no folder that holds a file ending in \.csv"):
        run(tmp_path / "out", "csv", classes(tmp_path / "x", ("w",)))


def test_an_importer_of_the_game_goes_before_one_of_the_same_name(tmp_path: Path) -> None:
    game = replace(RACE, importers={"csv": lambda game, path, options: iter(())})
    assert run(tmp_path / "out", "csv", table(tmp_path / "in", ROWS), game=game) == []
    assert run(tmp_path / "out", "", table(tmp_path / "in", ROWS), game=game) == []
    assert len(run(tmp_path / "out", "folders", classes(tmp_path / "train"), game=game)) == 1
