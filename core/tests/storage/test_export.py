"""Recordings go out as videos and sets of others, and come back: the same labels, times and pictures."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow
import pytest
from foreign import RACE, only, reds, run, steered
from pyarrow import parquet

from playhead import cli
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PluginError
from playhead.events import Origin
from playhead.game import Frame, Game
from playhead.labels import Axes, Choice, Keys
from playhead.progress import OnProgress
from playhead.storage.exporters import export_recordings
from playhead.storage.exporters.steady import steadied
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

FRAME = Frame(width=64, height=48, rate_hz=20, quality=95)
KEYS = replace(RACE, frame=FRAME)
MANY = Game(
    name="many", title="Many", frame=FRAME,
    labels={"drive": Keys("w", "a"), "gear": Choice("low", "high"), "wheel": Axes("steer")},
)  # fmt: skip


def quiet(name: str) -> OnProgress:
    return lambda done, total: None


def recorded(folder: Path, game: Game, frames: int = 60, jitter_ns: int = 4_000_000) -> Recording:
    """Record pictures that move, at times that jitter, with labels that change now and then."""
    random = np.random.default_rng(5)
    held = np.repeat(random.random((frames // 6 + 1, 4)) < 0.4, 6, axis=0)[:frames].astype(int)
    header = RecordingHeader.of(game, device="screen", driver="human", rate_hz=20)
    with RecordingWriter(folder, header) as writer:
        for number, picture in enumerate(steered(held)):
            many = {"drive": held[number, :2], "gear": [held[number, 2]], "wheel": [held[number, 3] / 4 - 0.125]}
            labels = {"drive": held[number]} if game is KEYS else many
            labels = {"gear": [held[number, :2].sum()]} if "drive" not in game.labels else labels
            time_ns = 10**9 + number * 50_000_000 + int(random.integers(-jitter_ns, jitter_ns + 1))
            writer.append(picture, time_ns, labels, Origin.HUMAN)
    return open_recording(folder)


def psnr(ours: Recording, theirs: Recording) -> float:
    a, b = (one.read_frames(np.arange(one.length)).astype(float) for one in (ours, theirs))
    return float(10 * np.log10(255**2 / (np.mean((a - b) ** 2) + 1e-9)))


def check_same(ours: Recording, theirs: Recording, least_db: float) -> None:
    assert theirs.length == ours.length
    for name in ours.labels:
        assert np.allclose(theirs.labels[name], ours.labels[name], atol=1e-6), name
    begins = theirs.frame_time_ns - theirs.frame_time_ns[0], ours.frame_time_ns - ours.frame_time_ns[0]
    assert np.abs(begins[0] - begins[1]).max() <= 25_000_000
    assert psnr(ours, theirs) > least_db


@pytest.mark.parametrize("game", [KEYS, MANY], ids=lambda game: game.name)
def test_a_video_comes_back_as_it_was(game: Game, tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", game)
    (done,) = export_recordings([ours], "video", tmp_path / "films", quiet)
    assert done.notes == ("The pictures alone are its upper 48 rows: --crop 0,0,64,48.",)
    theirs, _ = only(tmp_path / "out", "video", done.path, game=game, offset="0", crop="0,0,64,48", rate="20")
    check_same(ours, theirs, 30)


def test_a_video_shows_and_says_what_was_held(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS)
    export_recordings([ours], "video", tmp_path / "films", quiet)
    with av.open(str(tmp_path / "films" / "drive.mp4")) as film:
        bands = [frame.to_ndarray(format="gray")[48:].max() for frame in film.decode(video=0)]
    held = [bool(row.any()) for row in ours.labels["drive"]]
    assert [band > 128 for band in bands] == held
    with av.open(str(tmp_path / "films" / "drive.mp4")) as film:
        texts = [bytes(one)[2:].decode() for one in film.demux(film.streams.subtitles[0]) if one.size > 2]
    srt = (tmp_path / "films" / "drive.srt").read_text().split("\n\n")
    assert [block.splitlines()[2] for block in srt if block.strip()] == texts
    assert texts[0] == " ".join(
        k for k, on in zip("wsad", ours.labels["drive"][held.index(True)], strict=True) if on
    )
    with (tmp_path / "films" / "drive.csv").open() as file:
        assert next(csv.reader(file)) == ["frame", "drive.w", "drive.s", "drive.a", "drive.d"]


def test_what_cannot_be_exported_is_a_sentence(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, frames=6)
    with pytest.raises(NotFound, match=r'format of recordings is called "avi".*lerobot, minari, video'):
        export_recordings([ours], "avi", tmp_path / "films", quiet)
    export_recordings([ours], "video", tmp_path / "films", quiet)
    with pytest.raises(BadValue, match=r"drive\.mp4 is there already"):
        export_recordings([ours], "video", tmp_path / "films", quiet)
    assert not list((tmp_path / "films").glob(".*.part"))


@pytest.fixture(scope="module")
def lerobot(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Recording], Path]:
    """Two drives, and the set that they were exported into."""
    folder = tmp_path_factory.mktemp("lerobot")
    drives = [recorded(folder / name, KEYS, frames) for name, frames in (("one", 40), ("two", 60))]
    done = export_recordings(drives, "lerobot", folder / "set", quiet)
    assert [(one.name, one.frames) for one in done] == [("one", 40), ("two", 60)]
    return drives, folder / "set"


def test_a_lerobot_set_comes_back_as_it_was(lerobot: tuple[list[Recording], Path], tmp_path: Path) -> None:
    drives, folder = lerobot
    rows = run(tmp_path / "out", "lerobot", folder, game=KEYS)
    assert [(row.name, row.outcome) for row in rows] == [("set-0000", "imported"), ("set-0001", "imported")]
    for drive, row in zip(drives, rows, strict=True):
        theirs = open_recording(tmp_path / "out" / row.name)
        assert theirs.header.rate_hz == 20
        check_same(drive, theirs, 30)
    again = run(tmp_path / "out", "lerobot", folder, game=KEYS)
    assert {row.outcome for row in again} == {"already there"}


def test_a_lerobot_set_has_what_its_own_reader_asks_for(lerobot: tuple[list[Recording], Path]) -> None:
    drives, folder = lerobot
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["total_frames"], info["splits"]) == (
        "v3.0", 20, 100, {"train": "0:2"},
    )  # fmt: skip
    assert info["features"]["action"]["names"] == ["drive.w", "drive.s", "drive.a", "drive.d"]
    episodes = parquet.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [(one["dataset_from_index"], one["dataset_to_index"], one["length"]) for one in episodes] == [
        (0, 40, 40), (40, 100, 60),
    ]  # fmt: skip
    assert np.array(episodes[0]["stats/observation.images.main/mean"]).shape == (3, 1, 1)
    data = parquet.read_table(folder / "data/chunk-000/file-001.parquet")
    assert str(data.schema.field("timestamp").type) == "float"
    assert np.allclose(data["timestamp"].to_numpy(), np.arange(60) / 20)
    assert data["index"].to_pylist() == list(range(40, 100))
    true_ns = drives[1].frame_time_ns - drives[1].frame_time_ns[0]
    assert np.allclose(data["frame_time"].to_numpy(), true_ns / 1e9)
    tasks = parquet.read_schema(folder / "meta/tasks.parquet")
    assert json.loads(tasks.metadata[b"pandas"])["index_columns"] == ["task"]
    with av.open(str(folder / "videos/observation.images.main/chunk-000/file-000.mp4")) as film:
        assert [round(float(one.pts * one.time_base), 3) for one in film.decode(video=0)][:3] == [0, 0.05, 0.1]


def change(folder: Path, **values: Any) -> None:
    file = folder / "meta/info.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def other_names(folder: Path, names: Any, shape: int = 4) -> None:
    features = json.loads((folder / "meta/info.json").read_text())["features"]
    change(folder, features=features | {"action": {"dtype": "float32", "shape": [shape], "names": names}})


def without_video(folder: Path, kind: str) -> None:
    features = json.loads((folder / "meta/info.json").read_text())["features"]
    features["observation.images.main"]["dtype"] = kind
    change(folder, features=features)


DATA, EPISODES = "data/chunk-000/file-000.parquet", "meta/episodes/chunk-000/file-000.parquet"


def column(file: Path, name: str, values: Any) -> None:
    table = parquet.read_table(file).drop_columns([name])
    parquet.write_table(table.append_column(name, pyarrow.array(values)), file)


BAD: dict[str, tuple[Callable[[Path], object], type[Exception], str]] = {
    "another version": (lambda f: change(f, codebase_version="v2.1"), Mismatch, r"v2\.1, and v3\.0 is read"),
    "no set": (lambda f: shutil.rmtree(f / "meta"), NotFound, r"no LeRobot set: it has no meta/info\.json"),
    "no JSON": (lambda f: (f / "meta/info.json").write_text("{"), Damaged, r"info\.json cannot be read"),
    "no pictures": (lambda f: without_video(f, "float32"), Mismatch, "has no pictures"),
    "pictures one by one": (lambda f: without_video(f, "image"), Mismatch, "keeps pictures one by one"),
    "no episodes": (lambda f: shutil.rmtree(f / "meta/episodes"), Damaged, "lists no episodes"),
    "names of no key": (lambda f: other_names(f, ["x", "y", "z", "u"]), Mismatch, "z, u, of which none"),
    "more numbers": (lambda f: other_names(f, ["w", "s", "a"], 3), Damaged, "rows of 4 numbers for episode 0"),
    "a torn table": (
        lambda f: os.truncate(f / "data/chunk-000/file-000.parquet", 900), Damaged, "cannot be read as Parquet",
    ),
    "a folder in place of a table": (
        lambda f: [(f / DATA).unlink(), (f / DATA).mkdir()], Damaged, r"file-000\.parquet is no plain file",
    ),
    "lists where numbers are wanted": (
        lambda f: column(f / DATA, "episode_index", [[0, 0]] * 40), Mismatch, "several numbers in episode_index",
    ),
    "an episode of lists": (
        lambda f: column(f / EPISODES, "length", [[40, 1], [60, 1]]), Mismatch, "several numbers in length",
    ),
    "no episodes in the list": (
        lambda f: parquet.write_table(parquet.read_table(f / EPISODES).slice(0, 0), f / EPISODES), Mismatch,
        "lists no episodes",
    ),
    "a camera that leads elsewhere": (
        lambda f: change(f, features={"../../x": {"dtype": "video", "shape": [48, 64, 3]}}), Damaged,
        "whose name leads elsewhere",
    ),
    "a video that is missing": (
        lambda f: next(f.rglob("file-000.mp4")).unlink(), Damaged, "cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_lerobot_set_that_cannot_be_used_is_a_sentence(
    what: str, lerobot: tuple[list[Recording], Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(lerobot[1], tmp_path / "set")
    spoil, error, sentence = BAD[what]
    spoil(folder)
    with pytest.raises(error, match=sentence):
        run(tmp_path / "out", "lerobot", folder, game=KEYS)


def test_actions_without_names_are_told_in_order(lerobot: tuple[list[Recording], Path], tmp_path: Path) -> None:
    folder = shutil.copytree(lerobot[1], tmp_path / "set")
    other_names(folder, {"motors": ["x", "y", "z", "u"]})
    first, _ = run(tmp_path / "out", "lerobot", folder, game=KEYS, keys="w,s,a,d")
    check_same(lerobot[0][0], open_recording(tmp_path / "out" / first.name), 30)


def test_recordings_that_are_not_alike_are_no_set(tmp_path: Path) -> None:
    drives = [recorded(tmp_path / "one", KEYS, 6), recorded(tmp_path / "two", MANY, 6)]
    with pytest.raises(
        Mismatch, match="one and two cannot be one set: they have labels of drive: keys w, s, a, d and"
    ):
        export_recordings(drives, "lerobot", tmp_path / "set", quiet)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine").write_text("")
    with pytest.raises(BadValue, match="set already holds something"):
        export_recordings(drives[:1], "lerobot", tmp_path / "set", quiet)


def test_a_set_whose_writing_fails_is_not_there(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, 6)

    def stop(name: str) -> OnProgress:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_recordings([ours], "lerobot", tmp_path / "set", stop)
    assert [one.name for one in tmp_path.iterdir()] == ["drive"]


def test_a_package_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = recorded(tmp_path / "drive", KEYS, 6)
    for package, to in (("av", "video"), ("pyarrow", "lerobot"), ("h5py", "minari")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(PluginError, match=f"needs the package {package}.*pip install"):
            export_recordings([ours], to, tmp_path / to, quiet)
        monkeypatch.undo()


def test_the_command_exports_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(tmp_path / "home" / "recordings" / "race" / "one", KEYS, 6)
    options = ["--to", "video", "--out", str(tmp_path / "films"), "--home", str(tmp_path / "home")]
    assert cli.run(["data", "export", str(tmp_path / "home" / "recordings" / "race" / "one"), *options]) == 0
    assert "one: 6 pictures, at" in capsys.readouterr().out
    assert sorted(one.suffix for one in (tmp_path / "films").iterdir()) == [".csv", ".mp4", ".srt"]


GEARS = Game(name="gears", title="Gears", frame=FRAME, labels={"gear": Choice("low", "mid", "high")})


@pytest.mark.parametrize("game", [KEYS, MANY, GEARS], ids=lambda game: game.name)
def test_a_minari_set_comes_back_as_it_was(game: Game, tmp_path: Path) -> None:
    drives = [recorded(tmp_path / "one", game, 30), recorded(tmp_path / "two", game, 20)]
    export_recordings(drives, "minari", tmp_path / "set", quiet)
    rows = run(tmp_path / "out", "minari", tmp_path / "set", game=game)
    assert [(row.name, row.outcome) for row in rows] == [("set-0000", "imported"), ("set-0001", "imported")]
    for drive, row in zip(drives, rows, strict=True):
        theirs = open_recording(tmp_path / "out" / row.name)
        check_same(drive, theirs, 60)  # the JPEGs are those that were recorded
        assert theirs.header.rate_hz == 20
    assert {row.outcome for row in run(tmp_path / "out", "minari", tmp_path / "set", game=game)} == {
        "already there"
    }


def test_a_minari_set_is_laid_out_as_its_own_reader_wants_it(tmp_path: Path) -> None:
    import h5py

    export_recordings([recorded(tmp_path / "one", KEYS, 12)], "minari", tmp_path / "set", quiet)
    about = json.loads((tmp_path / "set/data/metadata.json").read_text())
    assert (about["total_episodes"], about["total_steps"], about["minari_version"]) == (1, 12, "0.5.4")
    assert json.loads(about["action_space"]) == {"type": "MultiBinary", "n": 4}
    assert np.shape(json.loads(about["observation_space"])["high"]) == (48, 64, 3)
    with h5py.File(tmp_path / "set/data/main_data.hdf5") as file:
        episode = file["episode_0"]
        assert (len(episode["observations"]), len(episode["actions"]), len(episode["rewards"])) == (13, 12, 12)
        assert episode["truncations"][:].tolist() == [False] * 11 + [True]
        assert episode["observations"][0][:2].tolist() == [0xFF, 0xD8]


def minari_set(folder: Path, observations: Any, actions: Any, **about: Any) -> Path:
    """Write a set as other programs do: with pictures as numbers, and nothing about the game."""
    import h5py

    (folder / "data").mkdir(parents=True)
    with h5py.File(folder / "data/main_data.hdf5", "w") as file:
        episode = file.create_group("episode_0")
        for name, values in (observations if isinstance(observations, dict) else {"": observations}).items():
            episode.create_dataset(f"observations/{name}".rstrip("/"), data=values)
        episode.create_dataset("actions", data=actions)
    space = json.dumps({"type": "Discrete", "n": 9, "start": 0})
    said = {"total_episodes": 1, "data_format": "hdf5", "action_space": space} | about
    (folder / "data/metadata.json").write_text(json.dumps(said))
    return folder


SEVEN = '{"type": "Discrete", "n": 7}'
SEEN = np.stack([np.full((48, 64, 3), 20 * number, np.uint8) for number in range(5)])


def test_a_minari_set_of_others_is_read(tmp_path: Path) -> None:
    folder = minari_set(tmp_path / "set", {"pixels": SEEN, "speed": np.zeros(5)}, np.array([0, 4, 8, 12]))
    recording, noted = only(tmp_path / "out", "minari", folder, game=RACE, pictures="pixels")
    assert recording.labels["drive"].tolist() == [[1, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert "step 3: its action is [12.0], none of 9" in noted
    assert reds(recording) == [0, 20, 40]
    assert np.diff(recording.frame_time_ns).tolist() == [100_000_000] * 2


ODD: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "no pictures": (np.zeros((5, 17)), {}, Mismatch, r"\(5, 17\) of float64: the set has no pictures"),
    "several observations": ({"pixels": SEEN, "speed": np.zeros(5)}, {}, BadValue, "pixels, speed. Say which"),
    "stored otherwise": (SEEN, {"data_format": "arrow"}, Mismatch, "stored as arrow; hdf5 is read"),
    "actions of another game": (
        SEEN, {"action_space": SEVEN}, Mismatch, "no head fits.*--set keys=w",
    ),
    "actions that nobody knows": (SEEN, {"action_space": '{"type": "Box"}'}, Mismatch, "Say what each is"),
    "episodes that are missing": (SEEN, {"total_episodes": 2}, Damaged, "has no episode_1, of 2"),
    "no episodes": (SEEN, {"total_episodes": 0}, Mismatch, "has no episodes"),
    "nothing said of itself": (SEEN, {"total_episodes": "x"}, Damaged, r"metadata\.json cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_a_minari_set_that_cannot_be_used_is_a_sentence(what: str, tmp_path: Path) -> None:
    observations, about, error, sentence = ODD[what]
    folder = minari_set(tmp_path / "set", observations, np.array([0, 4, 8, 1]), **about)
    with pytest.raises(error, match=sentence):
        run(tmp_path / "out", "minari", folder, game=RACE)
    with pytest.raises(NotFound, match="is no Minari set"):
        run(tmp_path / "out", "minari", tmp_path)


def test_nothing_is_written_over_and_nothing_is_left_half(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, frames=6)
    films = tmp_path / "films"
    films.mkdir()
    (films / "drive.csv").write_text("mine")
    with pytest.raises(BadValue, match=r"drive\.csv is there already"):
        export_recordings([ours], "video", films, quiet)
    assert [(one.name, one.read_text()) for one in films.iterdir()] == [("drive.csv", "mine")]
    with pytest.raises(BadValue, match="Two recordings are called drive"):
        export_recordings([ours, ours], "video", tmp_path / "two", quiet)

    def stop(name: str) -> OnProgress:
        return lambda done, total: (_ for _ in ()).throw(KeyboardInterrupt)

    with pytest.raises(KeyboardInterrupt):
        export_recordings([ours], "video", tmp_path / "two", stop)
    assert not list((tmp_path / "two").iterdir())


def test_a_set_goes_where_a_link_leads(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, frames=6)
    (tmp_path / "disk").mkdir()
    (tmp_path / "set").symlink_to(tmp_path / "disk")
    export_recordings([ours], "minari", tmp_path / "set", quiet)
    assert (tmp_path / "set").is_symlink()
    assert (tmp_path / "disk" / "data" / "metadata.json").is_file()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(BadValue, match="already holds something"):
        export_recordings([ours], "minari", tmp_path / "nowhere", quiet)


def test_two_exports_at_once_do_not_delete_one_another(tmp_path: Path) -> None:
    ours = recorded(tmp_path / "drive", KEYS, frames=6)

    def again(name: str) -> OnProgress:
        with pytest.raises(BadValue, match="Another playhead command writes"):
            export_recordings([ours], "minari", tmp_path / "set", quiet)
        return quiet(name)

    export_recordings([ours], "minari", tmp_path / "set", again)
    assert len(only(tmp_path / "out", "minari", tmp_path / "set", game=KEYS)[0].frame_time_ns) == 6


def test_a_gap_is_closed_and_a_dropped_frame_is_filled(tmp_path: Path) -> None:
    header = RecordingHeader.of(KEYS, device="screen", driver="human", rate_hz=20)
    with RecordingWriter(tmp_path / "drive", header) as writer:
        for number, tick in enumerate((0, 1, 2, 4, 5, 10**9, 10**9 + 1)):
            picture = np.full((48, 64, 3), number, np.uint8)
            writer.append(picture, tick * 50_000_000, {"drive": [0, 0, 0, 0]}, Origin.HUMAN)
    steady = steadied(open_recording(tmp_path / "drive"), 20)
    assert steady.frame_T.tolist() == [0, 1, 2, 2, 3, 4, 5, 6]
