"""Who joins a live run and who is refused; what is said where nobody is. Ray itself is a fake here."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from live.lessons import GAME
from live.test_running import live_run, settings, trained

from playhead import __version__
from playhead.errors import BadValue, DeviceFailed, Mismatch, PlayheadError
from playhead.live import cluster, joining
from playhead.live.cluster import check_answers, host_of, is_loopback, prepared_environment, why_not
from playhead.live.joining import Joined, JoinOptions, here, keep_run
from playhead.live.player import Player
from playhead.live.welcome import check_newcomer
from playhead.models.run import Run
from playhead.sessions.place import Place

ADDRESS = "127.0.0.1:6379"


def place(home: Path) -> Place:
    return Place.of(GAME, home, None, None)


@pytest.mark.parametrize("text", ["", "127.0.0.1", ":6379", "here:port", "here:0", "here:70000", "a:1\x1b[2J"])
def test_an_address_that_is_none_is_said(text: str) -> None:
    with pytest.raises(BadValue, match=r"is no address. Give HOST:PORT") as raised:
        host_of(text)
    assert "\x1b" not in str(raised.value)


def test_an_address_that_nobody_answers_on_is_said_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(DeviceFailed, match=f"Nobody answers at 127.0.0.1:{port}"):
            check_answers(f"127.0.0.1:{port}")
        free.listen()
        check_answers(f"127.0.0.1:{port}")


def test_ray_listens_elsewhere_only_where_the_address_is_elsewhere(tmp_path: Path) -> None:
    at = place(tmp_path)
    assert is_loopback(ADDRESS)
    assert is_loopback("[::1]:6379")
    assert not is_loopback("10.0.0.5:6379")
    assert prepared_environment(at.home)["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in prepared_environment(at.home, is_loopback=False)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            "AuthenticationError: invalid token",
            "does not let this home in: AuthenticationError: invalid token. Copy",
        ),
        ("Version mismatch: The cluster was started with:\n Ray: 2.1", "runs other versions of Ray or Python"),
        (
            "Failed to connect",
            "127.0.0.1:6379 does not let this home in: Failed to connect. Copy its file ray-token",
        ),
    ],
)
def test_what_ray_says_becomes_a_sentence(told: str, says: str) -> None:
    assert says in why_not(RuntimeError(told), ADDRESS)


def test_newcomers_of_another_game_or_version_are_refused() -> None:
    check_newcomer(settings(), "toy", __version__)
    with pytest.raises(Mismatch, match=r"is one of toy, not of gta5. Name its game: playhead live collect toy"):
        check_newcomer(settings(), "gta5", __version__)
    with pytest.raises(Mismatch, match=r"and here is 9\.9\. Install the same: pip install playhead=="):
        check_newcomer(settings(), "toy", "9.9")


def asking(home: Path, monkeypatch: pytest.MonkeyPatch, answers: Any) -> Joined:
    """Somebody who has joined: the trainer is a fake whose calls answer, or raise what is an error."""

    def asked(*given: Any) -> Any:
        if isinstance(answers, Exception):
            raise answers
        return answers

    trainer = SimpleNamespace(welcome=SimpleNamespace(remote=asked))
    monkeypatch.setattr(joining, "other", lambda name: trainer)
    ray = SimpleNamespace(get=lambda ref, timeout: ref)
    return Joined(place(home), JoinOptions(address=ADDRESS), ray, Event())


def test_what_the_trainer_raised_comes_through_and_a_missing_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    within = RuntimeError("ray::TrainerRoom.welcome() ...")
    within.cause = Mismatch("The live run one is one of toy.")  # type: ignore[attr-defined]  # as Ray has it
    with pytest.raises(PlayheadError, match=r"is one of toy"):
        asking(tmp_path, monkeypatch, within).ask("welcome", "gta5", "1")
    with pytest.raises(
        DeviceFailed, match=r"Ray runs at 127.0.0.1:6379, and no live run in it. Begin one: playhead"
    ):
        asking(tmp_path, monkeypatch, ValueError("no actor of that name")).ask("welcome", "toy", "1")
    assert asking(tmp_path, monkeypatch, "hello").ask("welcome", "toy", "1") == "hello"


def test_two_live_runs_in_one_ray_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> Any:
        raise ValueError(f"no actor {name}")

    monkeypatch.setattr(cluster, "other", none)
    cluster.check_free(ADDRESS)
    monkeypatch.setattr(cluster, "other", lambda name: object())
    with pytest.raises(BadValue, match=r"A live run is at 127.0.0.1:6379 already"):
        cluster.check_free(ADDRESS)


def test_whoever_joins_drives_on_a_device_of_its_own(tmp_path: Path) -> None:
    at, asked = place(tmp_path), settings(options={"arguments": {"traffic": 3}})
    assert here(asked, at, JoinOptions(address=ADDRESS)) == asked
    changed = here(asked, at, JoinOptions(address=ADDRESS, options={"seed": 1}))
    assert changed.options == {"arguments": {"traffic": 3}, "seed": 1}


def test_a_run_that_was_fetched_opens_elsewhere(tmp_path: Path) -> None:
    first = trained(tmp_path, live_run(), 3)
    files = {file.name: file.read_bytes() for file in first.folder.glob("*") if file.is_file()}
    (tmp_path / "elsewhere").mkdir()
    keep_run(tmp_path / "elsewhere", files)
    assert Run.open(tmp_path / "elsewhere").schema == Run.open(first.folder).schema
    player = Player(live_run(), tmp_path / "elsewhere")
    assert first.newest is not None
    player.offer(first.newest)
