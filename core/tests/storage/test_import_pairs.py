"""Pairs of pictures and labels in files of numpy become recordings, in the order of time."""

from __future__ import annotations

import os
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign import CLASSES, NINE, RACE, only, picture, reds, run, save_pairs

from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PlayheadError
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import Axes, Choice, Keys

ONE_HOT = np.eye(9, dtype=int)
READ = {"pickles": "read"}


def nine(**size: int) -> list[Any]:
    return [(picture(20 * number, **size), ONE_HOT[number].tolist()) for number in range(9)]


def test_nine_classes_become_keys_and_nothing_held_is_no_brake(tmp_path: Path) -> None:
    recording, noted = only(
        tmp_path / "out", "npy", save_pairs(tmp_path / "in" / "training_data-1.npy", nine()), **READ
    )
    assert recording.name == "in-training_data-1"
    assert recording.labels["drive"].tolist() == NINE.tolist()
    assert recording.labels["drive"][CLASSES.names.index("nk")].sum() == 0
    assert np.diff(recording.frame_time_ns).tolist() == [100_000_000] * 8
    assert set(recording.label_origin.tolist()) == {Origin.HUMAN}
    assert not recording.header.are_stills
    assert "10 pictures a second" in recording.header.notes
    assert np.abs(np.array(reds(recording)) - 20 * np.arange(9)).max() <= 2
    assert noted == []


@pytest.mark.parametrize("extra", [0, 1])
def test_four_keys_and_a_fifth_number_that_says_none(extra: int, tmp_path: Path) -> None:
    labels = [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 1]]
    pairs = [(picture(9), [*label, int(not any(label))][: 4 + extra]) for label in labels]
    recording, _ = only(tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", pairs), **READ)
    assert recording.labels["drive"].tolist() == labels


def test_a_table_of_meanings_can_be_given(tmp_path: Path) -> None:
    pairs = [(picture(9), label) for label in ([1, 0, 0], [0, 1, 0], [0, 0, 1])]
    file = save_pairs(tmp_path / "a.npy", pairs)
    with pytest.raises(Mismatch, match=r"has 3 numbers a picture.*drive has 4; classes has 9.*--set keys="):
        only(tmp_path / "out", "npy", file, **READ)
    recording, _ = only(tmp_path / "out", "npy", file, **READ, keys="left:w+a,w,idle:none")
    assert recording.labels["drive"].tolist() == [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    with pytest.raises(NotFound, match='"x"'):
        only(tmp_path / "out", "npy", file, **READ, keys="x,w,none")
    with pytest.raises(BadValue, match="names 2"):
        only(tmp_path / "out", "npy", file, **READ, keys="w,a")


def test_a_pickle_is_read_only_where_somebody_says_so_and_runs_nothing(tmp_path: Path) -> None:
    file = save_pairs(tmp_path / "in" / "a.npy", nine())
    with pytest.raises(Mismatch, match=r"which numpy writes as a pickle.*--set pickles=read"):
        run(tmp_path / "out", "npy", file)

    class Harm:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "owned"),)

    evil = save_pairs(tmp_path / "in" / "evil.npy", [(picture(9), Harm())])
    with pytest.raises(Mismatch, match=r"asks for (posix|nt)\.mkdir"):
        run(tmp_path / "out", "npy", evil, **READ)
    rows = run(tmp_path / "out", "npy", tmp_path / "in", skip=True, **READ)
    assert [(row.name, row.outcome) for row in rows] == [("in-a", "imported"), ("in-evil", "skipped")]
    assert not (tmp_path / "owned").exists()


def odd_pairs() -> list[tuple[Any, Any, str]]:
    """Return pairs that cannot be used among others, and why."""
    keys = [1, 0, 0, 0]
    return [
        (picture(9), keys, ""),
        (picture(9), [1, 1, 0, 0], "w and s are held at once"),
        (picture(9), [0, 0, 1, 1], "a and d are held at once"),
        (picture(9), [0.5, 0, 0, 0], r"it says \[0.5, 0.0, 0.0, 0.0\], not zeros and ones"),
        (picture(9), [1, 0, 0], "its label has 3 numbers, not 4"),
        (picture(9), None, "it is no pair"),
        (7, keys, "it is no pair"),
        (np.zeros((3, 16, 16), np.uint8), keys, r"it is \(3, 16, 16\), not .*: the colours come last"),
        (np.zeros((16, 16, 3), np.float32), keys, "its pixels are float32, and others' uint8"),
        (picture(99, high=40, wide=20), keys, ""),
        (picture(99)[..., 0], keys, ""),
    ]


def test_what_cannot_be_used_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    odd = odd_pairs()
    recording, noted = only(
        tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", [one[:2] for one in odd]), **READ
    )
    wrong = [(number, why) for number, (_, _, why) in enumerate(odd) if why]
    for line, (number, why) in zip(noted, wrong, strict=False):
        assert line.startswith(f"pair {number}: ")
        assert re.search(why, line), line
    assert noted[len(wrong) :] == ["1 picture: scaled from 20x40 to 16x16"]
    assert recording.length == len(odd) - len(wrong)
    assert recording.frame_time_ns.tolist() == [0, 900_000_000, 1_000_000_000], "a gap is a gap in time"


@pytest.mark.parametrize(
    ("held", "error", "sentence"),
    [
        (np.array([1, "w", None], object), Mismatch, "holds no pair"),
        (np.array([[1, 2, 3]], object), Mismatch, "holds 3 things a row"),
        (np.zeros((2, 16, 16, 3), np.uint8), Mismatch, "no labels, and no file beside it"),
        (np.zeros((0, 2), object), Mismatch, "holds no pair"),
    ],
)
def test_files_without_pairs_are_refused(
    held: Any, error: type[PlayheadError], sentence: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", held)
    with pytest.raises(error, match=sentence) as raised:
        run(tmp_path / "out", "npy", tmp_path / "a.npy", **READ)
    assert "a.npy" in str(raised.value)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "names", [("images", "labels"), ("X", "Y"), ("day_frames", "day_labels"), ("a", "a_labels")]
)
def test_two_arrays_of_numbers_are_pictures_and_their_labels(names: tuple[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    np.save(folder / f"{names[0]}.npy", np.stack([picture(20 * number) for number in range(9)]))
    np.save(folder / f"{names[1]}.npy", ONE_HOT.astype(np.float32))
    recording, _ = only(tmp_path / "out", "npy", folder)
    assert recording.labels["drive"].tolist() == NINE.tolist()
    np.save(folder / f"{names[1]}.npy", ONE_HOT[:8])
    with pytest.raises(Damaged, match=r"9 pictures, and .* 8 labels"):
        run(tmp_path / "out", "npy", folder)


def test_labels_that_are_called_otherwise_can_be_named(tmp_path: Path) -> None:
    np.save(tmp_path / "seen.npy", np.stack([picture(20 * number) for number in range(9)]))
    np.save(tmp_path / "done.npy", ONE_HOT)
    recording, _ = only(tmp_path / "out", "npy", tmp_path / "seen.npy", labels=str(tmp_path / "done.npy"))
    assert recording.length == 9


@pytest.mark.parametrize(
    ("prepared", "said"),
    [
        (lambda shown: shown / 255.0, "0..1"),
        (lambda shown: shown / 127.5 - 1, "-1..1"),
        (lambda shown: shown.astype(np.float32), "0..255"),
        (lambda shown: (shown / 255.0 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225], "imagenet"),
    ],
)
def test_floats_that_a_network_was_prepared_for_become_pictures_again(
    prepared: Any, said: str, tmp_path: Path
) -> None:
    pairs = [
        (prepared(picture(28 * number)).astype(np.float32), label) for number, (_, label) in enumerate(nine())
    ]
    recording, noted = only(tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", pairs), **READ)
    assert np.abs(np.array(reds(recording)) - 28 * np.arange(9)).max() <= 2
    assert f"read as {said}" in recording.header.notes
    assert noted == []


def test_values_of_no_known_range_must_be_said(tmp_path: Path) -> None:
    pairs = [(shown.astype(np.float32) * 100, label) for shown, label in nine()]
    with pytest.raises(Mismatch, match=r"values from 0 to 16000.*--set pixels="):
        run(tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", pairs), **READ)


def test_settings_of_pictures_and_times(tmp_path: Path) -> None:
    shown = picture(0, 32, 32)
    shown[:16, :16] = (10, 60, 200)
    file = save_pairs(tmp_path / "a.npy", [(shown, ONE_HOT[0].tolist()), (picture(9, 8, 8), ONE_HOT[1].tolist())])
    recording, noted = only(tmp_path / "out", "npy", file, **READ, crop="0,0,16,16", colours="bgr", rate="4")
    assert recording.header.rate_hz == 4
    assert np.abs(recording.read_frames([0])[0].reshape(-1, 3).mean(0) - (200, 60, 10)).max() < 3
    assert noted == ["pair 1: the crop lies outside of it, it is 8x8"]
    for options, sentence in (
        ({"crop": "1,2"}, "left,top,width,height"), ({"rate": "0"}, "rate=0 is no number"),
        ({"colours": "red"}, "Known: bgr, rgb"), ({"order": "up"}, "Known: none, time"),
        ({"pickles": "yes"}, "neither read nor refuse"), ({"rat": "1"}, 'Did you mean "rate"'),
        ({"head": "drove"}, 'Did you mean "drive"'),
    ):  # fmt: skip
        with pytest.raises(PlayheadError, match=sentence):
            run(tmp_path / "out", "npy", file, **(READ | options))


def test_order_none_leaves_each_picture_alone(tmp_path: Path) -> None:
    recording, _ = only(tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", nine()), **READ, order="none")
    assert recording.header.are_stills


def test_nothing_is_imported_twice_and_other_settings_make_it_anew(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    save_pairs(folder / "a.npy", nine())
    save_pairs(folder / "b.npy", nine()[::-1])

    def outcomes(**options: str) -> list[tuple[str, str]]:
        return [(row.name, row.outcome) for row in run(out, "npy", folder, **READ, **options)]

    assert outcomes() == [("in-a", "imported"), ("in-b", "imported")]
    assert outcomes() == [("in-a", "already there"), ("in-b", "already there")]
    assert outcomes(rate="5") == [("in-a", "imported anew"), ("in-b", "imported anew")]
    (folder / "a.npy").rename(folder / "c.npy")
    assert outcomes(rate="5") == [("in-b", "already there"), ("in-a", "already there")]


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    pairs = [(picture(number % 250, 300, 300), ONE_HOT[number % 9].tolist()) for number in range(100)]
    file = save_pairs(tmp_path / "a.npy", pairs)
    assert file.stat().st_size > 27_000_000
    del pairs
    tracemalloc.start()
    try:
        recording, _ = only(tmp_path / "out", "npy", file, **READ)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert recording.length == 100


def test_heads_that_a_label_leaves_open_are_named(tmp_path: Path) -> None:
    game = replace(RACE, labels={**RACE.labels, "wheel": Axes("x")})
    with pytest.raises(Mismatch, match=r"says nothing of wheel: axes x.*--from csv"):
        run(tmp_path / "out", "npy", save_pairs(tmp_path / "a.npy", nine()), game=game, **READ)
    both = Game(
        name="two", title="Two", frame=RACE.frame, labels={"keys": Keys("a", "b"), "kind": Choice("c", "d")}
    )
    pairs = [(picture(9), [1, 0])]
    with pytest.raises(BadValue, match="both keys and kind fit"):
        run(tmp_path / "out", "npy", save_pairs(tmp_path / "b.npy", pairs), game=both, **READ)
