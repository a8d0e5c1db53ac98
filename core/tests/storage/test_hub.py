"""Recordings pushed to a hub and pulled back, and every way in which the hub fails."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hub import REPOSITORY, Hub, hub

from playhead.cli import run
from playhead.labels import Keys
from playhead.storage.check import check_recording
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.reader import open_recording
from playhead.storage.seals import seal

__all__ = ["hub"]

# What the hub's package says to its HTTP library is old; Python shows that to nobody.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
Recorded = Callable[..., Path]
Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between tries


@pytest.fixture
def here(recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two recordings of pong."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path))
    recorded(260)
    recorded(20)
    return tmp_path


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Another home, with nothing in it."""
    return tmp_path / "other"


def push(*words: str) -> int:
    return run(["data", "push", *(words or ("pong",)), REPOSITORY])


def pull(there: Path, *words: str) -> int:
    return run(["data", "pull", REPOSITORY, *words, "--home", str(there)])


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_what_is_pushed_comes_back_the_same(here: Path, there: Path, hub: Hub, capsys: Said) -> None:
    assert push() == 0
    assert pull(there) == 0
    assert files_in(there / "recordings") == files_in(here / "recordings")
    for folder in (there / "recordings/pong").glob("2*"):
        assert not check_recording(folder)
    assert hub.asked["commit"] == 2
    said = capsys.readouterr()
    assert re.search(r"^pong/2026-11-21-1: \d+ files, \d+\.\d KiB, at http", said.out)
    assert said.err == ""


def test_what_is_there_is_neither_sent_nor_fetched_again(here: Path, there: Path, hub: Hub, capsys: Said) -> None:
    assert (push(), pull(there)) == (0, 0)
    before = dict(hub.asked)
    assert (push(), pull(there)) == (0, 0)
    assert (hub.asked["large"], hub.asked["commit"]) == (before["large"], before["commit"])
    assert hub.asked["file"] - before["file"] < 14  # the documents that say that it is the same
    assert capsys.readouterr().out.count("is there already") == 4


def test_one_of_many_and_a_game(here: Path, there: Path, hub: Hub) -> None:
    assert push("2026-11-21-2") == 0
    assert pull(there, "pong/2026-11-21-2") == 0
    assert pull(there, "pong") == 0
    assert [one.name for one in (there / "recordings/pong").glob("2*")] == ["2026-11-21-2"]


def test_a_list_of_many_pages(here: Path, there: Path, hub: Hub) -> None:
    hub.page = 7
    assert (push(), pull(there)) == (0, 0)
    assert files_in(there / "recordings") == files_in(here / "recordings")


def test_a_layer_is_added_later(here: Path, hub: Hub) -> None:
    assert push() == 0
    folder = here / "recordings/pong/2026-11-21-2"
    rows = LayerRows(labels={"a": np.ones((20, 1), int)}, origins={"a": 2})
    write_layer(open_recording(folder), "again", {"a": Keys("x")}, [rows])
    assert push() == 0
    assert any("/layers/again/" in path for path in hub.files or {})


def test_another_recording_of_the_name_stays(
    here: Path, there: Path, hub: Hub, recorded: Recorded, capsys: Said
) -> None:
    assert push("2026-11-21-2") == 0
    kept = dict(hub.files or {})
    other = recorded(21)
    folder = here / "recordings/pong/2026-11-21-2"
    folder.rename(here / "aside")
    other.rename(folder)
    assert push("2026-11-21-2") == 1
    assert "is another recording" in capsys.readouterr().err
    assert hub.files == kept
    before = files_in(folder)
    assert run(["data", "pull", REPOSITORY]) == 1
    assert "is another recording" in capsys.readouterr().err
    assert files_in(folder) == before


def test_a_push_that_breaks_off_goes_on(here: Path, hub: Hub, capsys: Said) -> None:
    hub.refuses_large_after = 1
    assert push("2026-11-21-1") == 1
    assert "does not let this key do that (403)" in capsys.readouterr().err
    assert hub.files == {}  # none of it, or all
    hub.refuses_large_after, sent = None, len(hub.large)
    before = hub.asked["large"]
    assert push("2026-11-21-1") == 0
    assert hub.asked["large"] - before == len(hub.large) - sent


def test_a_pull_that_breaks_off_goes_on(here: Path, there: Path, hub: Hub, capsys: Said) -> None:
    assert push("2026-11-21-1") == 0
    hub.breaks_after = 20_000
    assert pull(there) == 1
    said = capsys.readouterr().err
    assert "What has arrived is kept" in said
    assert not list((there / "recordings/pong").glob("2*"))
    hub.breaks_after = None
    work = there / "recordings/pong/.copying-2026-11-21-1"
    kept = [path for path in work.rglob("*") if path.is_file() and path.name != ".part"]
    before = hub.asked["file"]
    assert kept
    assert pull(there) == 0
    assert hub.asked["file"] - before <= 35 + 2 - len(kept)
    assert files_in(there / "recordings/pong/2026-11-21-1") == files_in(here / "recordings/pong/2026-11-21-1")


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "key is missing or wrong (401)"),
        (403, "(403)"),
        (404, "no such repository"),
        (429, "a pause"),
        (500, "(500)"),
    ],
)
def test_an_answer_that_is_an_error(
    here: Path, there: Path, hub: Hub, status: int, says: str, capsys: Said
) -> None:
    assert push() == 0
    hub.status = status
    capsys.readouterr()
    for failed in (push, lambda: pull(there)):
        assert failed() == 1
        said = capsys.readouterr().err
        assert says in said or "no such repository" in said  # a hub answers 401 and 404 for what is private
        assert "Traceback" not in said
        assert "\x1b" not in said
    assert not there.exists() or not list(there.rglob("zarr.json"))


def test_without_a_key(
    here: Path, hub: Hub, capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    assert push() == 1
    assert "Set HF_TOKEN" in capsys.readouterr().err


def test_a_key_does_not_follow_to_another_server(here: Path, there: Path, hub: Hub) -> None:
    assert push("2026-11-21-2") == 0
    told: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers.get("Authorization"))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        hub.moved_to = f"http://localhost:{other.server_port}/"
        assert pull(there) == 1
        other.shutdown()
    assert told
    assert set(told) == {None}


def test_without_a_network(here: Path, there: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("HF_TOKEN", "key")
        for failed in (push, lambda: pull(there)):
            assert failed() == 1
            assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["frames/c/0/0/0/0", "zarr.json"])
def test_a_changed_bit_is_found(here: Path, there: Path, hub: Hub, name: str, capsys: Said) -> None:
    assert push("2026-11-21-2") == 0
    hub.flips = f"pong/2026-11-21-2/{name}"
    assert pull(there) == 1
    assert "digest does not fit" in capsys.readouterr().err
    assert not list((there / "recordings/pong").glob("2*"))
    hub.flips = ""
    assert pull(there) == 0


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../../zarr.json", "cannot lie here"),
        ("pong/../zarr.json", "cannot lie here"),
        ("CON/one/zarr.json", "cannot lie here"),
        ("/etc/zarr.json", "cannot lie here"),
        ("pong/2026-11-21-2/a /x", "cannot be copied"),
        ("pong/2026-11-21-2/a\x1b[31m", "cannot be copied"),
        ("pong/2026-11-21-2/c:\\x", "cannot be copied"),
    ],
)
def test_a_path_never_leaves_the_home(
    here: Path, there: Path, hub: Hub, path: str, says: str, capsys: Said
) -> None:
    assert push("2026-11-21-2") == 0
    (hub.files or {})[path] = (hub.files or {})["pong/2026-11-21-2/zarr.json"]
    before = {one for one in here.rglob("*") if there not in one.parents}
    assert pull(there) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "\x1b" not in said
    assert {one for one in here.rglob("*") if there not in one.parents} - {there} == before
    assert not list((there / "recordings/pong").glob("2*"))


def test_what_is_hidden_or_lies_beside_is_left(here: Path, there: Path, hub: Hub) -> None:
    assert push("2026-11-21-2") == 0
    for path in ("../../outside/zarr.json", "pong/2026-11-21-2/../../../../outside", "pong/2026-11-21-2/.live/x"):
        (hub.files or {})[path] = b"{}"
    before = files_in(here)
    assert pull(there) == 0
    assert files_in(there / "recordings/pong") == {
        name.removeprefix("recordings/pong/"): data for name, data in before.items() if "-2/" in name
    }
    assert {name for name in files_in(here) if not name.startswith("other/")} == {*before}


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ({"size": 10**15}, "with a size of"),
        ({"size": -1}, "with a size of"),
        ({"size": "many"}, "with a size of"),
        ({"oid": "x"}, "with a digest that is none"),
        ({"path": None}, "is missing"),
        ({"size": 4 * 2**30}, "are free"),
    ],
)
def test_what_it_lists_is_bounded(
    here: Path, there: Path, hub: Hub, listed: dict[str, object], says: str, capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert push("2026-11-21-2") == 0
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 2**30}))
    hub.listed["pong/2026-11-21-2/frames/zarr.json"] = listed
    capsys.readouterr()
    assert pull(there) == 1
    assert says in capsys.readouterr().err
    assert not list(there.rglob("zarr.json"))


def test_another_version_of_the_format(here: Path, there: Path, hub: Hub, capsys: Said) -> None:
    assert push("2026-11-21-2") == 0
    files = hub.files or {}
    document = json.loads(files["pong/2026-11-21-2/zarr.json"])
    document["attributes"]["playhead"]["format_version"] = 999
    files["pong/2026-11-21-2/zarr.json"] = json.dumps(seal(document)).encode()
    capsys.readouterr()
    assert pull(there) == 1
    assert "999" in capsys.readouterr().err
    assert not list((there / "recordings/pong").glob("2*"))


def test_what_is_not_finished_or_damaged_is_not_pushed(here: Path, hub: Hub, capsys: Said) -> None:
    shard = next((here / "recordings/pong/2026-11-21-1/frames/c").rglob("0"))
    data = bytearray(next(one for one in [shard, *shard.rglob("*")] if one.is_file()).read_bytes())
    file = next(one for one in [shard, *shard.rglob("*")] if one.is_file())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert push() == 1
    said = capsys.readouterr()
    assert "2026-11-21-1 is damaged" in said.err
    assert "pong/2026-11-21-2: " in said.out  # the other one had its turn
    assert not any("2026-11-21-1" in path for path in hub.files or {})


@pytest.mark.parametrize("name", ["drives", "me/drives/more", "../drives", "me/..", "a\x1b/b", "me/dri--ves.git"])
def test_what_names_no_repository(here: Path, hub: Hub, name: str, capsys: Said) -> None:
    assert run(["data", "push", "pong", name]) == 1
    said = capsys.readouterr().err
    assert "names no repository" in said
    assert "\x1b" not in said


def test_a_repository_of_something_else(here: Path, there: Path, hub: Hub, capsys: Said) -> None:
    hub.files = {"README.md": b"pictures", "data/train/0.parquet": b"PAR1"}
    assert pull(there) == 1
    assert "holds no recording" in capsys.readouterr().err
    assert push("2026-11-21-2") == 0
    assert pull(there, "pong/other") == 1
    assert 'is called "pong/other"' in capsys.readouterr().err
