"""The page over HTTP: what it shows, that a silent part is down, and that it answers on loopback alone."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import browser, changed_tiles, is_red

from playhead.errors import BadValue, DeviceFailed, NotFound
from playhead.live.board import SILENT_S, Board
from playhead.live.convcam import tiles
from playhead.live.diary import FILE, Diary, DiaryTail, Entry, Repeats, read_diary
from playhead.live.player import shown
from playhead.names import visible

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def board() -> Board:
    return Board("playhead live: toy")


@pytest.fixture(scope="module")
def address(board: Board) -> Iterator[str]:
    from playhead.live.page import server_of

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = server_of(board, port)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    with pytest.raises(DeviceFailed, match="Choose another port"):
        server_of(board, port)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def got(url: str, host: str = "") -> Any:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    return urllib.request.urlopen(request, timeout=10)


def test_the_page_is_one_file_that_asks_nobody_else(address: str) -> None:
    with got(address) as answer:
        page = answer.read().decode()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert page.count("<section") == 8
    assert "http" not in page.replace("https://", "http")
    assert "innerHTML" not in page, "what parts tell is text and never markup"


def test_facts_come_as_events_and_pictures_as_a_stream(address: str, board: Board) -> None:
    board.tell("player", {"short": "30 FPS"}, {"hood": b"\xff\xd8one\xff\xd9"})
    with got(f"{address}/events") as answer:
        told = json.loads(answer.readline().decode().removeprefix("data: "))
    assert told["parts"]["player"]["short"] == "30 FPS"
    assert not told["parts"]["player"]["is_down"]
    with got(f"{address}/stream/hood") as answer:
        assert answer.readline() == b"--picture\r\n"
        lines = [answer.readline() for _ in range(3)]
        assert lines == [b"Content-Type: image/jpeg\r\n", b"Content-Length: 7\r\n", b"\r\n"]
        assert answer.read(7) == b"\xff\xd8one\xff\xd9"


@pytest.mark.browser
def test_a_browser_shows_what_changes_what_is_silent_and_what_was_changed(
    address: str, board: Board, tmp_path: Path
) -> None:
    ends, silent = threading.Event(), threading.Event()

    def tell() -> None:
        for number in itertools.count():
            grey = np.full((27, 48, 3), number * 9 % 256, np.uint8)
            pictures = {name: shown(grey) for name in ("chase", "hood", "convcam")}
            board.tell("player", {"short": "on", "rows": [["frames", number]], "drives": [0.1 * number]}, pictures)
            board.tell("trainer", {"rows": [["batch", number]], "history": [[number, 1.0], [number + 1, 0.5]]})
            if not silent.is_set():
                board.tell("collector 0", {"short": "5/s"})
            if ends.wait(0.3):
                return

    telling = threading.Thread(target=tell)
    telling.start()
    try:
        with browser(tmp_path / "profile") as page:
            page.open(address)
            changed_tiles(page)
            assert not is_red(page, "collector 0")
            silent.set()
            page.wait(lambda: is_red(page, "collector 0"), "the silent collector to turn red")
            assert not is_red(page, "player")
            Diary(tmp_path).write("system", "Changed, version 1: <b>steer</b>.")
            for entry in read_diary(tmp_path):
                board.write(entry)
            text = "document.querySelector('#diary ol').innerText"
            page.wait(lambda: "Changed, version 1: <b>steer</b>." in page.say(text), "the change, as text")
    finally:
        ends.set()
        telling.join()


def test_another_host_name_is_refused(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        got(f"{address}/facts", host="evil.example")


def test_a_picture_that_is_not_there_is_not_found(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        got(f"{address}/picture/none")


def test_a_part_that_is_silent_is_down() -> None:
    now_s = [0.0]
    one = Board("x", clock_s=lambda: now_s[0])
    one.tell("collector 0", {"short": "5/s"})
    assert not one.now()["parts"]["collector 0"]["is_down"]
    now_s[0] = SILENT_S + 1
    assert one.now()["parts"]["collector 0"]["is_down"]


def test_numbers_that_are_none_are_no_hindrance() -> None:
    one = Board("x")
    one.tell("trainer", {"loss": float("nan")})
    assert json.dumps(one.now(), allow_nan=False)


def test_nothing_unseen_reaches_the_page() -> None:
    unseen = "a\x1b[31m\u202e\x00"
    board = Board(unseen)
    board.tell(unseen, {"short": unseen, "rows": [[unseen, 1]], unseen: unseen})
    board.write(Entry(utc=unseen, part=unseen, batch=1, said=unseen))
    told = json.dumps(board.now(), ensure_ascii=False)
    assert told.count("a\\\\x1b[31m\\\\u202e\\\\x00") == 9
    assert visible(told) == told


def test_a_port_that_is_none_is_said() -> None:
    from playhead.live.page import server_of

    with pytest.raises(BadValue, match="--port 70000 is no port"):
        server_of(Board("x"), 70_000)


def test_the_diary_keeps_what_was_written_before_a_line_was_torn(tmp_path: Path) -> None:
    one = Diary(tmp_path)
    one.write("trainer", "began", 0)
    one.write("trainer", "died", 7)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"utc": "2026')
    assert [(entry.said, entry.batch) for entry in read_diary(tmp_path)] == [("began", 0), ("died", 7)]
    with pytest.raises(NotFound, match="holds no diary"):
        read_diary(tmp_path / "elsewhere")


def test_the_page_follows_the_end_of_the_diary_alone(tmp_path: Path) -> None:
    tail = DiaryTail(tmp_path, most=1000)
    assert list(tail.read()) == [], "there is none yet"
    one = Diary(tmp_path)
    for number in range(100):
        one.write("trainer", f"batch {number}", number)
    shown = [entry.batch for entry in tail.read()]
    assert shown == list(range(100 - len(shown), 100))
    assert 5 <= len(shown) <= 15
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"utc": "1", "part": "x", "batch": 100')
        file.flush()
        assert list(tail.read()) == []
        file.write(b', "said": "whole"}\n')
    assert [entry.said for entry in tail.read()] == ["whole"]
    (tmp_path / FILE).unlink()
    one.write("trainer", "begun anew", 0)
    assert [entry.said for entry in tail.read()] == ["begun anew"]


def test_what_repeats_itself_is_said_once_and_then_with_its_count() -> None:
    repeats = Repeats()
    said = [repeats.said(f"The set 0-{number:012x}-{number} is refused.") for number in range(1, 1001)]
    assert [number for number, one in enumerate(said, start=1) if one] == [1, 10, 100, 1000]
    assert said[99].endswith("(100 times so far)")
    assert repeats.said("The disk is full.") == "The disk is full."


def test_channels_are_tiled_with_the_strongest_answer_white() -> None:
    channels = np.zeros((5, 2, 3), np.float32)
    channels[1, 0, 2] = 9.0
    picture = tiles(channels)
    assert picture.max() == 255
    assert picture.shape[2] == 1
    scale = picture.shape[1] // 6 if picture.shape[1] % 6 == 0 else picture.shape[1] // 9
    assert (picture == 255).sum() == scale * scale
