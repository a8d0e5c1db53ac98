"""Recordings that lie in a bucket: read, kept, copied, and every way in which the bucket fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bucket import Bucket, bucket

from playhead.cli import run
from playhead.errors import BadValue, Damaged, DeviceFailed, NotFound, PlayheadError
from playhead.home import Home
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.storage.blocks import KeptBlocks
from playhead.storage.catalogue import Catalogue
from playhead.storage.check import check_recording
from playhead.storage.copying import copy_recording
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.places import Places
from playhead.storage.reader import open_recording

__all__ = ["bucket"]

FAR = "s3://bucket/data"
Recorded = Callable[..., Path]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Catalogue(Home(tmp_path / "home", "test"), Plugins).places


def far_copy(places: Places, folder: Path) -> str:
    return copy_recording(folder, places.located(FAR)).place


def test_it_reads_as_from_a_folder(places: Places, recorded: Recorded, bucket: Bucket) -> None:
    folder = recorded(260)
    far, near = places.open(far_copy(places, folder)), open_recording(folder)
    far.check_rows()
    assert (far.name, far.length, far.header) == (near.name, near.length, near.header)
    assert np.array_equal(far.read_frames([0, 255, -1]), near.read_frames([0, 255, -1]))
    assert np.array_equal(far.events, near.events)
    assert np.array_equal(far.labels["gear"], near.labels["gear"])
    with pytest.raises(BadValue, match="lies in no folder"):
        _ = far.path


def test_what_was_read_is_fetched_once_and_checked(
    places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path
) -> None:
    folder = recorded(260)
    url = far_copy(places, folder)
    assert not (tmp_path / "home/cache").exists()  # a copy is read back from where it went
    expected = open_recording(folder).read_frames(range(260))

    def frames_and_requests() -> tuple[bool, int]:
        recording = Catalogue(Home(tmp_path / "home", "test"), Plugins).places.open(url)
        _ = recording.picture_checksums
        before = bucket.asked["GET"]
        same = np.array_equal(recording.read_frames(range(260)), expected)
        return same, bucket.asked["GET"] - before

    assert frames_and_requests() == (True, 3 + 2)  # three documents to know it by, two files of pictures
    assert frames_and_requests() == (True, 3)
    for kept in (tmp_path / "home/cache").iterdir():
        data = bytearray(kept.read_bytes())
        data[len(data) // 2] ^= 1
        kept.write_bytes(data)
    assert frames_and_requests() == (True, 3 + 2)

    other = recorded(260, seed=5).rename(folder.with_name("other"))
    for path in other.rglob("*"):
        if path.is_file():
            bucket.objects[f"data/{folder.name}/{path.relative_to(other).as_posix()}"] = path.read_bytes()
    assert frames_and_requests() == (True, 3 + 2)  # another recording under the same address


def test_the_oldest_blocks_go_first(tmp_path: Path) -> None:
    blocks, fetched = KeptBlocks(tmp_path / "cache", 40_000), []

    def read(number: int) -> bytes:
        def fetch() -> bytes:
            fetched.append(number)
            return bytes([number]) * 9_996

        return blocks.read(f"{number}", 10, 3, fetch)

    for number in range(20):
        assert read(number) == bytes([number]) * 3
        size = sum(path.stat().st_size for path in (tmp_path / "cache").iterdir())
        assert size <= 40_000
        os.utime(tmp_path / "cache" / str(number), (number, number))
    assert fetched == list(range(20))
    assert read(19) == bytes([19]) * 3
    assert len(fetched) == 20
    read(0)
    assert fetched[-1] == 0


SHARED = """
import sys
from pathlib import Path
from playhead.storage.blocks import KeptBlocks
blocks = KeptBlocks(Path(sys.argv[1]), 200_000)
for round in range(300):
    number = (round * int(sys.argv[2])) % 40
    want = bytes([number]) * 9_000
    assert blocks.read(f"b{number}", 0, 9_000, lambda: want) == want
"""


def test_two_processes_share_what_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SHARED, str(tmp_path / "cache")]
    both = [subprocess.Popen([*command, step], stderr=subprocess.PIPE, text=True) for step in ("7", "11")]
    assert [process.communicate(timeout=120)[1] for process in both] == ["", ""]
    left = list((tmp_path / "cache").iterdir())
    assert sum(path.stat().st_size for path in left) <= 200_000
    assert not [path for path in left if path.name.startswith(".")]


def test_nothing_is_kept_where_nothing_may_be(
    recorded: Recorded, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    url = far_copy(places, recorded(20))
    monkeypatch.setenv("PLAYHEAD_CACHE_MB", "0")
    none = Catalogue(Home(tmp_path / "home", "test"), Plugins).places
    assert none.open(url).read_frames([3]).any()
    assert not (tmp_path / "home/cache").exists()
    monkeypatch.setenv("PLAYHEAD_CACHE_MB", "much")
    with pytest.raises(BadValue, match="PLAYHEAD_CACHE_MB=much is no size"):
        Catalogue(Home(tmp_path / "home", "test"), Plugins).places.open(url)


def test_a_copy_is_whole_or_not_there(places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path) -> None:
    folder, put = recorded(600), []

    def stop_after(done: int, total: int) -> None:
        put.append(done)
        if len(put) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_recording(folder, places.located(FAR), stop_after)
    (listed,) = Catalogue(Home(tmp_path / "home", "test"), Plugins).recordings("pong", [FAR])
    assert listed.holds_nothing
    assert "still being copied there" in listed.problems[0]
    written = bucket.asked["PUT"]
    copied = copy_recording(folder, places.located(FAR))
    assert bucket.asked["PUT"] - written == copied.files - 20
    assert check_recording(places.to_check(copied.place)) == []

    put.clear()
    with pytest.raises(KeyboardInterrupt):
        copy_recording(places.to_check(copied.place), tmp_path / "back", stop_after)
    assert [path for path in (tmp_path / "back").iterdir() if not path.name.startswith(".")] == []
    read = bucket.asked["GET"]
    copy_recording(places.to_check(copied.place), tmp_path / "back")
    assert bucket.asked["GET"] - read < 2 * copied.files
    assert [path.name for path in (tmp_path / "back").iterdir()] == [folder.name]
    assert check_recording(tmp_path / "back" / folder.name) == []


def test_layers_are_read_from_afar_and_copied_when_they_are_new(
    places: Places, recorded: Recorded, bucket: Bucket
) -> None:
    folder = recorded(20)
    url = far_copy(places, folder)
    rows = LayerRows(labels={"a": np.ones((20, 1), int)}, origins={"a": 2})
    write_layer(open_recording(folder), "again", {"a": Keys("x")}, [rows])
    assert copy_recording(folder, places.located(FAR)).files > 0
    assert copy_recording(folder, places.located(FAR)).files == 0
    far = places.open(url)
    assert far.layers["again"].labels["a"].sum() == 20
    assert check_recording(places.to_check(url)) == []
    with pytest.raises(BadValue, match="lies in no folder"):
        write_layer(far, "more", {"a": Keys("x")}, [rows])


def test_a_layer_that_is_on_its_way_is_no_layer_yet(
    places: Places, recorded: Recorded, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded(20)
    url = far_copy(places, folder)
    rows = LayerRows(labels={"a": np.ones((20, 1), int)}, origins={"a": 2})
    for name in ("again", "more"):
        write_layer(open_recording(folder), name, {"a": Keys("x")}, [rows])
    copy_recording(folder, places.located(FAR))
    del bucket.objects[f"data/{folder.name}/layers/more/zarr.json"]  # the last file that comes
    assert list(places.open(url).layers) == ["again"]
    assert all(problem.is_note for problem in check_recording(places.to_check(url)))
    copy_recording(folder, places.located(FAR))
    assert list(places.open(url).layers) == ["again", "more"]


def test_a_list_without_end_is_given_up(
    places: Places, recorded: Recorded, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_copy(places, recorded(20))
    monkeypatch.setattr("playhead.storage.remote._LISTED_S", 0.5)
    bucket.lists_without_end = True
    with pytest.raises(DeviceFailed, match=r"cannot be listed: its list had not ended after 0.5 s"):
        Catalogue(Home(Path("nowhere"), "test"), Plugins).recordings("pong", [FAR])


def test_a_damaged_one_is_to_be_copied_here_before_it_is_repaired(
    places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recorded(20)
    url = far_copy(places, folder)
    key = f"data/{folder.name}/frames/c/0/0/0/0"
    bucket.objects[key] = bucket.objects[key][:-1] + b"?"
    assert run(["data", "check", url, "--home", str(tmp_path / "home")]) == 1
    told = capsys.readouterr().err
    assert f"playhead data copy {url} FOLDER; playhead data repair FOLDER/{folder.name}" in told


def test_what_was_written_is_read_back(places: Places, recorded: Recorded, bucket: Bucket) -> None:
    folder = recorded(20)
    bucket.keeps_less = True
    with pytest.raises(Damaged, match="does not hold what was written"):
        copy_recording(folder, places.located(FAR))
    assert f"data/{folder.name}/zarr.json" not in bucket.objects
    bucket.keeps_less = False
    assert check_recording(places.to_check(far_copy(places, folder))) == []


def test_what_is_not_copied(places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path) -> None:
    folder, other = recorded(20), recorded(21)
    far_copy(places, folder)
    assert copy_recording(folder, places.located(FAR)).was_there
    with pytest.raises(BadValue, match="is of pong, not of snake"):
        copy_recording(folder, places.located(FAR), game="snake")
    with pytest.raises(BadValue, match="is another recording"):
        copy_recording(other.rename(tmp_path / folder.name), places.located(FAR))
    hurt = recorded(20)
    picture = hurt / "frames/c/0/0/0/0"
    picture.write_bytes(picture.read_bytes()[:-1] + b"?")
    with pytest.raises(Damaged, match="Repair it first"):
        copy_recording(hurt, places.located(FAR))
    assert f"data/{hurt.name}/zarr.json" not in bucket.objects
    with pytest.raises(Damaged, match="would be damaged"):
        copy_recording(hurt, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    for hostile in ("../../over", "a:b/over", "frames/c\\over"):
        bucket.objects[f"data/{folder.name}/{hostile}"] = b""
        with pytest.raises((Damaged, DeviceFailed), match="cannot be"):
            copy_recording(places.to_check(f"{FAR}/{folder.name}"), tmp_path / "there")
        del bucket.objects[f"data/{folder.name}/{hostile}"]
    assert not list(tmp_path.rglob("*over"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3://buckett/data", r"There is no s3://buckett/data: no such bucket or folder\."),
        ("s3://bucket/nothing", r"There is nothing at s3://bucket/nothing\."),
        ("s33://bucket/data", r'No storage is called "s33"\. Did you mean "s3"\?'),
        ("s3://key:secret@bucket/data", r"takes no keys and no questions.*type: s3://bucket/data"),
        ("https://host/data?token=1", r"takes no keys and no questions.*type: https://host/data"),
        ("s3://key%3Asecret%40bucket/data", r"takes no keys and no questions.*type: s3://bucket/data"),
        ("https://key:secret@[host/data", r"https://\[host/data is no address: Invalid IPv6 URL\."),
        (
            "s3://key:secret@buc\nket/data",
            r"s3://buc\\nket/data is no address: it holds a character that is not seen",
        ),
        ("s3://", r"s3:// names no bucket and no folder\."),
    ],
)
def test_an_address_of_nothing(places: Places, bucket: Bucket, tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(PlayheadError, match=sentence):
        Catalogue(Home(tmp_path / "home", "test"), Plugins).recordings("pong", [url])
    with pytest.raises(PlayheadError, match=sentence) as told:
        places.open(url)
    assert "secret" not in str(told.value)


def test_a_bucket_that_fails_is_a_sentence(places: Places, recorded: Recorded, bucket: Bucket) -> None:
    url = far_copy(places, recorded(20))
    bucket.refuses = True
    with pytest.raises(DeviceFailed, match=f"{url} cannot be read: access was refused"):
        places.open(url)
    bucket.refuses = False
    recording = places.open(url)
    bucket.cuts_after = 100
    with pytest.raises(DeviceFailed, match=f"{url} cannot be read: ") as lost:
        recording.read_frames([0])
    assert "\n" not in str(lost.value)
    bucket.cuts_after = None
    assert recording.read_frames([0]).any()
    bucket.sends_more = 1
    with pytest.raises(
        DeviceFailed,
        match=r"cannot be read: more was sent of .*zarr.json than the [\d,]+ bytes that were asked for",
    ):
        places.open(url)
    bucket.sends_more = 0
    hurt = bucket.objects["data/" + recording.name + "/frames/c/0/0/0/0"]
    bucket.objects["data/" + recording.name + "/frames/c/0/0/0/0"] = hurt[:2000] + b"?" + hurt[2001:]
    with pytest.raises(Damaged, match="FOLDER, and there playhead data repair"):
        places.open(url)


def test_a_folder_that_is_not_there_is_said_by_its_address_too(places: Places, tmp_path: Path) -> None:
    catalogue = Catalogue(Home(tmp_path / "home", "test"), Plugins)
    gone = (tmp_path / "gone").as_uri()
    with pytest.raises(NotFound, match=r"There is no folder .*gone"):
        catalogue.recordings("pong", [gone])
    with pytest.raises(NotFound, match=r"There is no folder .*gone"):
        catalogue.find_places([gone])


def test_a_reason_holds_no_password(places: Places, monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and nobody listens there
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://key:secret@127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(DeviceFailed, match=f"{FAR}/r1 cannot be read: .*127") as lost:
            places.open(f"{FAR}/r1")
    assert "secret" not in str(lost.value)


def test_a_recording_is_read_over_plain_http(places: Places, recorded: Recorded, bucket: Bucket) -> None:
    folder = recorded(20)
    far_copy(places, folder)
    web = places.open(f"{bucket.endpoint}/bucket/data/{folder.name}")
    web.check_rows()
    assert np.array_equal(web.read_frames(range(20)), open_recording(folder).read_frames(range(20)))
    with pytest.raises(NotFound, match="There is nothing at"):
        places.open(f"{FAR}/gone")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("record", "gta5", "--home", "s3://bucket/home"), "is an address. Recordings are made in a folder"),
        (("data", "trim", f"{FAR}/r1"), f"{FAR}/r1 cannot be trimmed: that is done in a folder of this machine."),
        (("data", "repair", f"{FAR}/r1"), f"Copy it here first: playhead data copy {FAR}/r1 FOLDER"),
        (("data", "copy", f"{FAR}/r1", "s33://bucket"), 'Did you mean "s3"?'),
        (("data", "copy", "nowhere", FAR), 'No recording is called "nowhere"'),
    ],
)
def test_what_is_done_in_folders_only(
    words: tuple[str, ...], sentence: str, places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    far_copy(places, recorded(5).rename(tmp_path / "r1"))
    assert run(list(words)) == 1
    err = capsys.readouterr().err
    assert sentence in err
    assert "Traceback" not in err
    assert not (tmp_path / "s3:").exists()


def test_obstore_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, places: Places) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(NotFound, match=r'pip install "playhead\[objects\]"'):
        places.open("s3://bucket/data/r1")


def test_names_from_a_bucket_are_components(
    places: Places, recorded: Recorded, bucket: Bucket, tmp_path: Path
) -> None:
    far_copy(places, recorded(20))
    for hostile in ("data/con/zarr.json", "data/a:b/zarr.json", "data/.hidden/zarr.json", "data/README.txt"):
        bucket.objects[hostile] = b"{}"
    listed = Catalogue(Home(tmp_path / "home", "test"), Plugins).recordings("pong", [FAR])
    assert {info.name: info.holds_nothing for info in listed} == {"2026-11-21-1": False, "README.txt": True}
