"""Videos with a table of keys beside them become recordings, put in time with one another."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign import KEYS, RACE, only, picture, reds, run, save_film, steered

from playhead.clock import NS_PER_S
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch, NotFound
from playhead.events import Origin
from playhead.labelling import head_labels
from playhead.storage.importers import films, key_rows
from playhead.storage.importers.alignment import measure_offset
from playhead.storage.reader import Recording, open_recording

PLAYED = replace(RACE, controls={"w": "up", "s": "down", "a": "left", "d": "right"})
STILL = {"offset": "0"}


def shades(count: int) -> list[np.ndarray]:
    return [np.full((32, 32, 3), 8 * number, np.uint8) for number in range(count)]


def write(file: Path, rows: Sequence[str], encoding: str = "utf-8") -> Path:
    file.write_text("\n".join(rows) + "\n", encoding=encoding)
    return file


def keys_of(recording: Recording) -> list[str]:
    """Return what is held at every frame, as letters."""
    return [
        "".join(key for key, on in zip(KEYS.names, row, strict=True) if on) for row in recording.labels["drive"]
    ]


HELD = ["", "w", "w", "wa", "a", "", "d", "ds", "s", ""]
# How a table may say that: its name, its lines.
TABLES: dict[str, tuple[str, list[str]]] = {
    "a row a picture": ("a.csv", ["w,s,a,d", *(",".join(str(int(k in held)) for k in "wsad") for held in HELD)]),
    "times in ms, names of browsers, semicolons": (
        "a.csv",
        ["Time (ms);KeyW;KeyS;ArrowLeft;KeyD;mouse_x"]
        + [f"{100 * n};" + ";".join(str(k in held).lower() for k in "wsad") + ";7" for n, held in enumerate(HELD)],
    ),
    "pictures counted from one, keys in words": (
        "a_keys.csv",
        ["frame,keys", *(f"{n + 1},{'+'.join(held) or 'none'}" for n, held in enumerate(HELD))],
    ),
    "lists of JSON": (
        "a.jsonl",
        [json.dumps({"t": n / 10, "keys": [f"Key.{k}" for k in held]}) for n, held in enumerate(HELD)],
    ),
    "one array of JSON, what is not held left out": (
        "a.json",
        [json.dumps([{"frame": n} | dict.fromkeys(held, True) for n, held in enumerate(HELD)])],
    ),
    "a row a change": (
        "a.csv",
        ["timestamp\tkey\taction", "0.1\tW\tpress", "0.3\tA\tpress", "0.4\tW\trelease", "0.5\tA\trelease",
         "0.6\tD\tdown", "0.7\tS\tDOWN", "0.8\td\tup", "0.9\ts\tkeyup"],
    ),
    "scan codes, microseconds since 1970": (
        "a.csv",
        ["time_us,scan_code,value"]
        + [f"{1_700_000_000_000_000 + 1000 * ms},{code},{value}" for ms, code, value in (
            (0, 99, 1), (100, 17, 1), (150, 17, 2), (300, 30, 1), (400, 17, 0), (500, 30, 0), (600, 32, 1),
            (700, 31, 1), (800, 32, 0), (900, 31, 0))],
    ),
    "a row for each time that a key was held": (
        "a.csv",
        ["key,start,end", "w,0:00:00.1,0:00:00.4", "s,0:00:00.7,0:00:00.9", "a,0:00:00.3,0:00:00.5",
         "d,0:00:00.6,0:00:00.8"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TABLES)
def test_tables_of_any_kind_say_what_was_held(how: str, tmp_path: Path) -> None:
    film = save_film(tmp_path / "in" / "a.mp4", shades(10))
    name, lines = TABLES[how]
    write(film.with_name(name), lines)
    recording, _ = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert keys_of(recording) == ["".join(k for k in "wsad" if k in held) for held in HELD]
    assert np.abs(np.array(reds(recording)) - 8 * np.arange(10)).max() <= 3
    assert recording.frame_time_ns.tolist() == [100_000_000 * number for number in range(10)]
    assert set(recording.label_origin.tolist()) == {Origin.HUMAN}
    assert not recording.header.are_stills


def test_changes_between_pictures_are_kept_to_the_nanosecond(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["time,key,event", "0.123456,w,press", "0.7,w,release"])
    recording, _ = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert [(row["time_ns"], row["code"], row["value"]) for row in recording.events] == [
        (123_456_000, "up", 1.0), (700_000_000, "up", 0.0),
    ]  # fmt: skip
    told = head_labels(recording, "drive", KEYS)
    assert told.at(np.array([123_455_999, 123_456_000])).tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(("rate", "shown"), [("5", [0, 2, 4, 6, 8]), ("20", [n // 2 for n in range(20)])])
def test_pictures_are_taken_by_time(rate: str, shown: list[int], tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), TABLES["a row a change"][1])
    recording, noted = only(tmp_path / "out", "video", film, rate=rate, **STILL)
    assert np.abs(np.array(reds(recording)) - 8 * np.array(shown)).max() <= 3
    assert recording.header.rate_hz == float(rate)
    assert [line for line in noted if "shown 2 times each; --rate 10" in line] == [
        line for line in noted if line.startswith("pictures: ")
    ]


def test_a_rate_that_varies_is_followed(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(4), times=[0, 0.1, 0.5, 0.6])
    write(film.with_suffix(".csv"), ["frame,w,s,a,d", "0,0,0,0,0", "1,1,0,0,0", "2,0,0,1,0", "3,0,0,0,1"])
    recording, _ = only(tmp_path / "out", "video", film, **STILL)
    assert [round(red / 8) for red in reds(recording)] == [0, 1, 1, 1, 1, 2, 3, 3]
    assert keys_of(recording) == ["", "w", "w", "w", "w", "a", "d", "d"]


def test_rows_that_cannot_be_used_are_counted_and_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), [
        "frame,keys", "0,w", "1,w+ctrl", "2,w", "2,w", "3,a", "3,d", "6,x", "5,w", "4,a,", "half,w",
        "8,w", "12,w",
    ])  # fmt: skip
    recording, noted = only(tmp_path / "out", "video", film, **STILL)
    assert keys_of(recording) == ["w", "w", "w", "a", "w", "w"]
    for said in (
        "line 5: a moment that has a row already, which says the same",
        "line 7: a moment that has a row already, which says something else",
        'line 8: "x" is no key or class of race',
        "line 10: of 3 columns, not 2",
        'line 11: "half" is no number',
        "1 rows behind its end: the video has 10 pictures",
        "0:00.400 to 0:00.400, 1 pictures: the table says nothing of them",
        "0:00.600 to 0:00.700, 2 pictures: the table says nothing of them",
        "key w, held in 7 rows: read as w",
    ):
        assert said in noted, said


def test_unknown_keys_and_odd_changes_are_counted(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), [
        "time,key,event", "0.1,w,press", "0.2,Key.esc,press", "0.2,Key.esc,release", "0.3,w,wheel", "soon,w,up",
        "0.5,w,release",
    ])  # fmt: skip
    recording, noted = only(tmp_path / "out", "video", film, **STILL)
    assert keys_of(recording) == ["", "w", "w", "w", "w", "", "", "", "", ""]
    assert '2 rows, the first line 3: "Key.esc", no key of race' in noted
    assert 'line 5: "wheel" is neither press nor release' in noted
    assert 'line 6: "soon" is no time' in noted


REFUSED: dict[str, tuple[list[str], dict[str, str], type[Exception], str]] = {
    "no table": ([], {}, Mismatch, r"has no table of keys beside it: a\.csv, a\.jsonl.*--set table=FILE"),
    "columns of no meaning": (
        ["x,y", "1,2"],
        {},
        Mismatch,
        r"columns x, y, of which none says what was held in race",
    ),
    "rows of another rate": (
        ["w", *["1"] * 30],
        {},
        Mismatch,
        r"30 rows without times.*10 pictures.*table_rate=30",
    ),
    "only a head": (["time,w"], {}, Damaged, "has no row that can be used"),
    "no table of text": (["\0\0"], {}, Damaged, "it is no text"),
    "a column that is not there": (
        ["t,w", "0,1"],
        {"columns": "time:zeit"},
        NotFound,
        'column of .*a.csv is called "zeit"',
    ),
    "a kind of column that is none": (
        ["t,w", "0,1"],
        {"columns": "zeit:t"},
        NotFound,
        'kind of column is called "zeit"',
    ),
    "a meaning that is none": (["t,w", "0,1"], {"keys": "w:jump"}, NotFound, '"jump"'),
    "an offset that is none": (
        ["t,w", "0,1"],
        {"offset": "later"},
        BadValue,
        "offset=later is no number of seconds",
    ),
    "a crop outside": (
        ["t,w", "0,1", "0.1,0"],
        {"crop": "30,30,10,10", **STILL},
        BadValue,
        "lies outside the video",
    ),
    "times of another life": (
        ["t,w", "0,1", "9e15,1"],
        {},
        Mismatch,
        "s apart, from 0 to 9e.15, and its video 1 s",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_a_sentence(what: str, tmp_path: Path) -> None:
    lines, options, error, sentence = REFUSED[what]
    film = save_film(tmp_path / "a.mp4", shades(10))
    if lines:
        write(film.with_suffix(".csv"), lines)
    with pytest.raises(error, match=sentence):
        run(tmp_path / "out", "video", film, **options)


def test_rows_of_another_rate_are_taken_where_it_is_said(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["w", *"011" * 10])
    recording, _ = only(tmp_path / "out", "video", film, table_rate="30", rate="30", **STILL)
    assert keys_of(recording) == ["", "w", "w"] * 10


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_columns_of_any_language_and_encoding_are_said(encoding: str, tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["Zeit;Taste;Änderung", "0.1;hoch;1", "0.3;hoch;0", "0.3;ß;1"], encoding)
    options = {"columns": "time:Zeit,key:Taste,change:Änderung", "keys": "hoch:w"}
    recording, noted = only(tmp_path / "out", "video", film, **options, **STILL)
    assert keys_of(recording) == ["", "w", "w", *[""] * 7]
    assert 'line 4: "ß", no key of race' in noted


def test_what_keys_were_taken_for_is_written_mended_and_given_again(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["time,key,event", "0.1,w,press", '0.2,"x,y",press', "0.3,w,release"])
    saved = tmp_path / "keys.csv"
    (first,) = films.find_films(PLAYED, film, {"save_keys": str(saved), **STILL})
    assert first.says == ("Keys of a.csv: w (1) is w; no key of race: x,y (1).",)
    assert saved.read_text() == 'theirs,ours\nw,w\n"x,y",\n'
    saved.write_text('theirs,ours\nw,\n"x,y",a\n')
    recording, noted = only(tmp_path / "out", "video", film, game=PLAYED, keys_file=str(saved), **STILL)
    assert keys_of(recording) == ["", "", *["a"] * 8]
    assert not [line for line in noted if "no key of" in line], "what is said to mean nothing is not lost"
    with pytest.raises(BadValue, match="is there already"):
        run(tmp_path / "out", "video", film, save_keys=str(saved), **STILL)


def test_an_import_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "PART_S", 1)
    film = save_film(tmp_path / "in" / "a.mp4", shades(30))
    write(film.with_suffix(".csv"), ["time,key,event", "0.95,w,press", "1.25,w,release", "2.1,a,press"])
    found = list(films.find_films(PLAYED, film, STILL))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(
            films_imported(
                [found[0], replace(found[1], fill=lambda f, p: found[1].fill(f, stop))], tmp_path / "out"
            )
        )
    assert [(row.name, row.outcome) for row in run(tmp_path / "out", "video", film, game=PLAYED, **STILL)] == [
        ("in-a-001", "already there"), ("in-a-002", "imported"), ("in-a-003", "imported"),
    ]  # fmt: skip
    parts = [open_recording(tmp_path / "out" / f"in-a-00{number}") for number in (1, 2, 3)]
    assert [part.length for part in parts] == [10, 10, 10]
    assert keys_of(parts[1]) == ["w", "w", "w", *[""] * 7]
    assert [int(part.frame_time_ns[0]) for part in parts] == [0, NS_PER_S, 2 * NS_PER_S]
    assert [round(reds(part)[0] / 8) for part in parts] == [0, 10, 20]
    assert {row.outcome for row in run(tmp_path / "out", "video", film, game=PLAYED, **STILL)} == {"already there"}
    assert {row.outcome for row in run(tmp_path / "out", "video", film, game=PLAYED, offset="0.1")} == {
        "imported anew"
    }


def films_imported(found: Any, home: Path) -> Any:
    from playhead.storage.importing import import_all

    return import_all(found, home)


def test_a_table_that_ends_early_leaves_parts_out_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "PART_S", 1)
    film = save_film(tmp_path / "in" / "a.mp4", shades(30))
    write(film.with_suffix(".csv"), ["frame,w,s,a,d", *(f"{n},1,0,0,0" for n in range(10, 20))])
    rows = run(tmp_path / "out", "video", film, **STILL)
    assert [row.outcome for row in rows] == ["left out", "imported", "left out"]
    assert re.search(r"a\.csv says nothing of a\.mp4 from 0:02\.000 on", rows[2].reason)


def test_a_folder_of_videos_and_one_without_a_table(tmp_path: Path) -> None:
    for name in ("b", "a"):
        save_film(tmp_path / "in" / f"{name}.mp4", shades(10))
    write(tmp_path / "in" / "a.mp4.csv", ["w", *"1" * 10])
    rows = run(tmp_path / "out", "video", tmp_path / "in", skip=True, **STILL)
    assert [(row.name, row.outcome) for row in rows] == [("in-a-001", "imported"), ("in-b", "skipped")]
    with pytest.raises(BadValue, match="is of one video"):
        run(tmp_path / "out", "video", tmp_path / "in", table="t.csv")
    with pytest.raises(NotFound, match="no video and no folder"):
        run(tmp_path / "out", "video", tmp_path / "out")


def test_a_crop_is_cut_out(tmp_path: Path) -> None:
    halves = [np.concatenate([picture(0, 32, 16), picture(200, 32, 16)], axis=1)] * 10
    film = save_film(tmp_path / "a.mp4", halves)
    write(film.with_suffix(".csv"), ["w", *"1" * 10])
    recording, noted = only(tmp_path / "out", "video", film, crop="18,0,12,32", **STILL)
    assert min(reds(recording)) > 190
    assert "10 pictures: scaled from 12x32 to 16x16" in noted


def driven(count: int, hold: int = 7) -> np.ndarray:
    """Return keys as somebody holds them, for a while each. (T, 4) in the order w, s, a, d."""
    random = np.random.default_rng(7)
    held = np.zeros((count, 4), int)
    for key in range(4):
        held[:, key] = np.repeat(random.random(-(-count // hold)) < 0.35, hold)[:count]
        held[:, key] = np.roll(held[:, key], random.integers(hold))
    held[:, 1] &= 1 - held[:, 0]
    held[:, 3] &= 1 - held[:, 2]
    return held


@pytest.mark.parametrize("shift_s", [0.0, 0.7, -1.3])
def test_the_offset_between_keys_and_pictures_is_measured_and_corrected(shift_s: float, tmp_path: Path) -> None:
    held = driven(600)
    film = save_film(tmp_path / "a.mp4", steered(held), rate=20)
    rows = [f"{n / 20 - shift_s:.4f}," + ",".join(map(str, row)) for n, row in enumerate(held)]
    write(film.with_suffix(".csv"), ["time,w,s,a,d", *rows])
    recording, noted = only(tmp_path / "out", "video", film, rate="20")
    (said,) = [line for line in noted if line.startswith("times of the keys: moved by")]
    assert abs(float(said.split()[6]) - shift_s) <= 1 / 20, said
    frame = np.round(recording.frame_time_ns * 20 / NS_PER_S).astype(int)
    near = [np.mean(recording.labels["drive"] == np.roll(held, by, 0)[frame]) for by in (-1, 0, 1)]
    assert max(near) == 1.0


def test_times_that_do_not_come_out_even_are_no_offset(tmp_path: Path) -> None:
    held = driven(600)  # a thirtieth of a second is no whole number of nanoseconds
    shown = [*steered(held)]
    film = save_film(tmp_path / "a.mp4", [*shown[1:], shown[-1]], rate=30)  # each shows what is held with it
    write(film.with_suffix(".csv"), ["frame,w,s,a,d",
          *(f"{n}," + ",".join(map(str, row)) for n, row in enumerate(held))])  # fmt: skip
    recording, noted = only(tmp_path / "out", "video", film, rate="30")
    assert any(line.startswith("times of the keys: moved by +0.000 s") for line in noted), noted
    assert np.array_equal(recording.labels["drive"], held)


def test_where_the_offset_is_uncertain_nothing_is_corrected(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", steered(driven(600)), rate=20)
    chance = driven(600, hold=11)[::-1]
    write(film.with_suffix(".csv"), ["time,w,s,a,d",
          *(f"{n / 20}," + ",".join(map(str, row)) for n, row in enumerate(chance))])  # fmt: skip
    recording, noted = only(tmp_path / "out", "video", film, rate="20")
    assert any("times of the keys: moved by 0 s: no lag stands out" in line for line in noted)
    assert "no lag stands out" in recording.header.notes
    assert np.array_equal(recording.labels["drive"], chance)


def test_clocks_that_run_apart_are_not_taken_for_an_offset() -> None:
    held = driven(1200).astype(float)
    moved = np.cumsum(np.random.default_rng(0).normal(size=(1200, 3)) * 0.01, 0)
    late = np.concatenate([held[:600], np.roll(held, 9, 0)[600:]])
    moved[1:, 0] += late[:-1, 0]
    moved[1:, 1] += late[:-1, 2]
    told = measure_offset(held, moved, NS_PER_S // 20)
    assert not told.is_certain
    assert "its halves differ" in told.why


def test_times_may_begin_anywhere_also_before_zero(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["time,keys", *(f"{n / 8 - 1e10:.3f},w" for n in range(8))])
    recording, noted = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert set(keys_of(recording)) == {"w"}
    assert any("its times begin at -10000000000.000 s" in line for line in noted)


def test_a_table_of_many_different_rows_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rows, "KEPT", 3)
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(
        film.with_suffix(".csv"),
        ["frame,keys", *(f"{n},{'+'.join(held) or 'none'}" for n, held in enumerate(HELD))],
    )
    recording, _ = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert keys_of(recording) == ["".join(k for k in "wsad" if k in held) for held in HELD]


@pytest.mark.parametrize("head", ["frame,keys", "time,key,event"])
def test_a_column_that_is_none_of_keys_is_said_before_it_is_read_whole(head: str, tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(
        film.with_suffix(".csv"),
        [head, *(f"{n},q{n},down"[: None if "event" in head else -5] for n in range(6000))],
    )
    with pytest.raises(Damaged, match=r"a\.csv names more than 5,000 keys, as q0, q1, q2"):
        run(tmp_path / "out", "video", film, game=PLAYED, **STILL)


def test_reasons_that_quote_their_rows_are_bounded(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["frame,w", "0,1", *(f"x{n},1" for n in range(3000))])
    _, noted = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert sum("is no number" in line for line in noted) == 1000
    assert "2,000 rows, the first line 1003: for other reasons of the kind" in noted


def test_a_column_that_stands_twice_is_said(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["w,w", *["1,0"] * 10])
    recording, noted = only(tmp_path / "out", "video", film, game=PLAYED, **STILL)
    assert set(keys_of(recording)) == {"w"}
    assert "column w: a column before it is called so too" in noted


def test_keys_that_cannot_be_saved_are_a_sentence(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", shades(10))
    write(film.with_suffix(".csv"), ["w", *["1"] * 10])
    with pytest.raises(DeviceFailed, match=r"keys\.csv cannot be written: No such file.*--save-keys FILE"):
        run(tmp_path / "out", "video", film, game=PLAYED, **STILL, save_keys=str(tmp_path / "no" / "keys.csv"))
    with pytest.raises(BadValue, match="is there already"):
        run(tmp_path / "out", "video", film, game=PLAYED, **STILL, save_keys=str(tmp_path))
