"""The whole live system on one machine, once, with a Ray of its own: it flows, it survives, it ends in order.

One run serves all tests: to begin it takes longer than anything else here. Run by `tox -e live`. What is waited
for is an event, for as long as a busy machine may take: only what hangs comes to an end by the clock.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browsers import browser, changed_tiles, is_red

pytest.importorskip("ray")

HANGS_S = 900.0  # an idle machine takes a hundredth of it for whatever is waited for
TRIES = 2  # of the start: Ray itself gives its processes 30 s
SOCKETS = "playhead-ray-*"  # in /tmp
SMALL = ["--size=96x72", "--rate=10", "--buffer=40", "--patience=60", "--depth=2", "--swap=always"]


@dataclass
class Running:
    """A live run in a process of its own."""

    process: subprocess.Popen[str]
    home: Path
    port: int
    beside: frozenset[Path]  # sockets of other runs on this machine

    def facts(self) -> dict[str, Any]:
        """What the page tells; nothing while it is being made again."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/facts", timeout=HANGS_S) as answer:
                told: dict[str, Any] = json.load(answer)
        except OSError:
            return {"parts": {}, "pictures": []}
        return told

    def part(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.facts()["parts"].get(name, {})
        return found

    def row(self, part: str, name: str) -> Any:
        return dict(self.part(part).get("rows", [])).get(name, 0)

    def wait(self, until: Callable[[], object], what: str) -> None:
        end_s = time.monotonic() + HANGS_S
        while not until():
            assert self.process.poll() is None, f"the live run ended by itself: {self.said()}"
            assert time.monotonic() < end_s, f"waited {HANGS_S:g} s for {what}: {self.said()}"
            time.sleep(0.5)

    def said(self) -> str:
        return (self.home / "said").read_text()

    def sockets(self) -> set[Path]:
        return {*Path("/tmp").glob(SOCKETS)} - self.beside

    def diary(self) -> list[str]:
        lines = (self.home / "live" / "gta5" / "one" / "diary.jsonl").read_text().splitlines()
        return [json.loads(line)["said"] for line in lines]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def started(home: Path) -> Running:
    port = free_port()
    command = [sys.executable, "-m", "playhead", "live", "gta5", "--name", "one", "--home", str(home)]
    changes = ["--port", str(port), "--set", "eval_every=20", "--set", "batch_size=8"]
    beside = frozenset(Path("/tmp").glob(SOCKETS))
    with (home / "said").open("a") as said:
        process = subprocess.Popen(
            [*command, *SMALL, *changes], stdout=said, stderr=said, text=True, process_group=0
        )
    return Running(process, home, port, beside)


def ended(one: Running) -> None:
    if one.process.poll() is None:
        one.process.send_signal(signal.SIGINT)
        try:
            one.process.wait(HANGS_S)
        except subprocess.TimeoutExpired:
            one.process.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    for left in reversed(range(TRIES)):
        one = started(home)
        try:
            one.wait(lambda one=one: one.part("trainer"), "the parts")
            break
        except AssertionError:
            ended(one)
            if not left:
                raise
    yield one
    ended(one)


def processes(running: Running, kind: str) -> list[int]:
    """The processes of a part: Ray calls them by the class that lives in them."""
    found = subprocess.run(["pgrep", "-f", f"^ray::.*{kind}"], capture_output=True, text=True).stdout.split()
    ours = []
    for number in map(int, found):
        with suppress(OSError):  # of one that has just ended
            environment = Path(f"/proc/{number}/environ").read_bytes()
            ours += [number] if f"PLAYHEAD_HOME={running.home}".encode() in environment else []
    return ours


def test_samples_flow_the_trainer_learns_and_the_player_drives(running: Running) -> None:
    running.wait(lambda: running.row("trainer", "batch") >= 2, "two batches")
    running.wait(lambda: running.row("player", "weights of batch") >= 1, "weights at the player")
    running.wait(lambda: {"hood", "chase", "convcam"} <= {*running.facts()["pictures"]}, "three pictures")


def test_nothing_listens_but_on_loopback(running: Running) -> None:
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout.splitlines()
    mine = {running.process.pid, *_descendants(running.process.pid)}
    ours = [line for line in listening if any(f"pid={number}," in line for number in mine)]
    assert len(ours) > 3, "Ray's own are among them"
    elsewhere = [
        line for line in ours if not line.split()[3].startswith(("127.0.0.1:", "[::1]:", "[::ffff:127.0.0.1]:"))
    ]
    assert not elsewhere


def _descendants(parent: int) -> Iterator[int]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout.split()
    for child in map(int, found):
        yield child
        yield from _descendants(child)


def test_the_token_is_for_its_owner_alone(running: Running) -> None:
    file = running.home / "ray-token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text()) == 64


@pytest.mark.parametrize("kinds", [("Player", "Collector"), ("Trainer", "Page")])
def test_parts_that_are_killed_are_back_and_the_others_go_on(running: Running, kinds: tuple[str, ...]) -> None:
    before = {kind: processes(running, f"{kind}Room") for kind in ("Page", "Player", "Collector", "Trainer")}
    assert all(len(found) == 1 for found in before.values())
    for kind in kinds:
        os.kill(before[kind][0], signal.SIGKILL)
    for kind in kinds:
        name = {"Collector": "collector 0"}.get(kind, kind.lower())
        running.wait(lambda name=name: any(f"The {name} died" in said for said in running.diary()), f"the {name}")
    running.wait(lambda: not running.part("trainer").get("is_down", True), "the trainer")
    for kind, was in before.items():
        assert (processes(running, f"{kind}Room") == was) == (kind not in kinds), "the others are the same"


def test_no_sample_was_used_twice(running: Running) -> None:
    running.wait(lambda: running.row("trainer", "batch") >= 1, "a batch after the trainer came back")
    lines = (running.home / "live/gta5/one/buffer/used").read_text().splitlines()
    assert len(lines) == len(set(lines)) > 8


def address(running: Running) -> str:
    found = re.search(r"--address (\S+)", running.said())
    assert found is not None
    return found[1]


def joining(running: Running, *said: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that joins the live run, as another machine would: with a home of its own."""
    command = [sys.executable, "-m", "playhead", "live", *said, "--home", str(home or running.home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANGS_S)


@pytest.fixture
def elsewhere(running: Running, tmp_path: Path) -> Path:
    """A home that has the token and nothing else."""
    (tmp_path / "ray-token").write_text((running.home / "ray-token").read_text())
    return tmp_path


def test_a_collector_and_a_player_join_from_a_home_of_their_own(running: Running, elsewhere: Path) -> None:
    to = ["gta5", "--address", address(running), "--seconds", "20", "--json"]
    told = joining(running, "collect", *to, home=elsewhere)
    assert told.returncode == 0, told.stderr
    came_to = json.loads(told.stdout)
    assert came_to["drives"] >= 1, told.stderr
    assert {one.name for one in elsewhere.iterdir()} == {"ray-token"}, "samples went to the live run alone"
    told = joining(running, "watch", *to, home=elsewhere)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["drives"], told.stderr


def test_whoever_cannot_join_is_told_so_in_a_sentence(running: Running, elsewhere: Path, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = joining(running, "collect", "gta5", "--address", address(running), home=tmp_path / "stranger")
    assert stranger.returncode == 1
    assert "does not let this home in" in stranger.stderr
    assert "Copy its file ray-token" in stranger.stderr
    nobody = joining(running, "watch", "gta5", "--address", f"127.0.0.1:{free_port()}", home=elsewhere)
    assert nobody.returncode == 1
    assert "Nobody answers at 127.0.0.1" in nobody.stderr
    second = joining(running, "gta5", "--address", address(running), "--port", str(free_port()), home=elsewhere)
    assert second.returncode == 1
    assert f"A live run is at {address(running)} already" in second.stderr


def test_a_second_one_of_the_same_name_is_refused(running: Running) -> None:
    command = [sys.executable, "-m", "playhead", "live", "gta5", "--name", "one", "--home", str(running.home)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=HANGS_S)
    assert second.returncode == 1
    assert "one is running already" in second.stderr


@pytest.mark.browser
def test_a_browser_shows_that_it_lives_who_is_silent_and_what_changed(running: Running, tmp_path: Path) -> None:
    with browser(tmp_path / "profile") as page:
        page.open(f"http://127.0.0.1:{running.port}")
        running.wait(lambda: page.say("Object.keys(document.images).length") == 3, "the pictures")
        changed_tiles(page)
        (collector,) = processes(running, "CollectorRoom")
        os.kill(collector, signal.SIGSTOP)
        page.wait(lambda: is_red(page, "collector 0"), "the stopped collector to turn red")
        os.kill(collector, signal.SIGCONT)
        page.wait(lambda: not is_red(page, "collector 0"), "the collector to be back")
        changed = joining(running, "set", "gta5", "one", "--balance", "v4")
        assert changed.returncode == 0, changed.stderr
        text = "document.querySelector('#diary ol').innerText"
        page.wait(lambda: "Changed, version 1" in page.say(text), "the change in the diary")


def test_it_ends_in_order_with_everything_kept_and_leaves_no_process(running: Running) -> None:
    mine = {*_descendants(running.process.pid)}
    os.killpg(running.process.pid, signal.SIGTERM)  # all of Ray's processes too, as `timeout` and a service do
    assert running.process.wait(HANGS_S) == 0
    assert "Go on: playhead live gta5 --name one" in running.said()
    assert running.diary()[-1].startswith("Ended at batch")
    (run, *_) = sorted((running.home / "runs/gta5/small").glob("one*"))
    assert (run / "run.json").exists()
    assert list((run / "checkpoint").glob("*.json"))
    assert gone(mine)
    assert not running.sockets(), "nor sockets and logs"


def gone(numbers: set[int]) -> bool:
    """Wait until processes have ended."""
    end_s = time.monotonic() + HANGS_S
    while any(Path(f"/proc/{number}").exists() for number in numbers) and time.monotonic() < end_s:
        time.sleep(0.1)
    return time.monotonic() < end_s
