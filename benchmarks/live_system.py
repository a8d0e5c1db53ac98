"""How the live system flows, survives and scales: python benchmarks/live_system.py flow|survival|...

flow       samples/s of one collector and of two, and batches/s of the trainer live beside the same from memory
survival   each part killed so many times at random moments: how long it took to be back, what was used twice
everything all processes killed at once so many times: what the same command finds again
nodes      a Ray of two nodes on this machine: what a collector on each of them sent
scale      so many collectors that send recorded samples again: sets/s and samples/s that are taken, memory
learning   live runs of so many minutes by each balancing: what they answer, how far they drive
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import pickle
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

PARTS = {"PlayerRoom": "player", "CollectorRoom": "collector 0", "TrainerRoom": "trainer", "PageRoom": "page"}
SMALL = ["--size=96x72", "--rate=10", "--buffer=40", "--patience=60", "--set=batch_size=8", "--set=eval_every=50"]


def facts(port: int) -> dict[str, Any]:
    """Return what the page tells of the parts; nothing while it is being made again."""
    with (
        suppress(OSError, ValueError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/facts", timeout=20) as answer,
    ):
        told: dict[str, Any] = json.load(answer)["parts"]
        return told
    return {}


def row(told: dict[str, Any], part: str, name: str) -> float:
    """Return a number that a part tells."""
    return float(dict(told.get(part, {}).get("rows", [])).get(name, 0))


@contextmanager
def running(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a live system that has come to its first batch; yield its process and the port of its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "playhead", "live", "gta5", "--name", "one", "--home", str(home)]
    with (home / "said").open("a") as said:
        process = subprocess.Popen(
            [*command, f"--port={port}", *options], stdout=said, stderr=said, text=True, process_group=0
        )
    try:
        wait(lambda: row(facts(port), "trainer", "batch") >= 1 or process.poll() is not None, 1800)
        if process.poll() is not None:
            raise SystemExit((home / "said").read_text())
        yield process, port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(300)


def wait(until: Callable[[], object], most_s: float) -> float:
    """Wait for something to be so, and return for how long. Units: seconds; infinite where it never was."""
    began_s = time.monotonic()
    while not until():
        if time.monotonic() - began_s > most_s:
            return float("inf")
        time.sleep(0.1)
    return time.monotonic() - began_s


def flow(asked: argparse.Namespace) -> dict[str, Any]:
    """Measure rates over some seconds, with one collector and with two."""
    told: dict[str, Any] = {}
    for collectors in (1, 2):
        with (
            tempfile.TemporaryDirectory() as home,
            running(Path(home), *SMALL, f"--collectors={collectors}") as (_, port),
        ):
            names = [f"collector {number}" for number in range(collectors)]
            before, began_s = facts(port), time.monotonic()
            time.sleep(asked.seconds)
            after, took_s = facts(port), time.monotonic() - began_s
            came = sum(row(after, name, "samples") - row(before, name, "samples") for name in names)
            batches = row(after, "trainer", "batch") - row(before, "trainer", "batch")
            told[f"{collectors} collectors"] = {"samples/s": came / took_s, "batches/s": batches / took_s,
                                                "busy": dict(after["trainer"]["rows"])["busy"]}  # fmt: skip
    told["linear"] = told["2 collectors"]["samples/s"] / max(1e-9, 2 * told["1 collectors"]["samples/s"])
    return told | {"trainer from memory, batches/s": from_memory(asked)}


def recorded(home: Path, **asked: Any) -> tuple[Any, list[Any], dict[str, float]]:
    """Return a live run, the sets of two drives of its collector, and what a second of these drives cost."""
    from playhead.live.asked import LiveOptions, settings_asked
    from playhead.live.collector import Collector
    from playhead.live.settings import Live
    from playhead.sessions.place import Place

    place = Place.of("gta5", home, None, False)
    options = {"size": "96x72", "rate": 10, "buffer": 40, "patience": 60, "depth": 2,
               "settings": {"batch_size": 8, "eval_every": 50}}  # fmt: skip
    live = Live.of(settings_asked(place, LiveOptions(name="one", **{**options, **asked})), place.plugins)
    collector = Collector(live, 0, home=place.home)
    began_s = time.process_time()
    sets = [one for drive in range(2) for one in collector.sets_of(drive)]
    driven_s = collector.status.frames / live.settings.rate_hz
    samples = sum(len(one.samples) for one in sets)
    cost_s = (time.process_time() - began_s) / driven_s
    return live, sets, {"processor s of a driven s": cost_s, "samples of a driven s": samples / driven_s}


def stored(live: Any, folder: Path) -> Any:
    """Return a store for a live run."""
    from playhead.live.store import SampleStore, StoreSettings

    return SampleStore(folder, StoreSettings(
        game=live.game, schema=live.schema, spec=live.spec, names=live.buffers, size=live.settings.buffer
    ))  # fmt: skip


def from_memory(asked: argparse.Namespace) -> float:
    """Return the batches a second of the same training where the batches lie in memory."""
    from playhead.home import Home
    from playhead.live.trainer import Trainer

    with tempfile.TemporaryDirectory() as folder:
        live, sets, _ = recorded(Path(folder))
        store = stored(live, Path(folder) / "live" / "buffer")
        for number in range(20):
            for one in sets:
                store.take(replace(one, name=f"{one.name}-{number}"))
        batches = [batch for _ in range(5) if (batch := store.draw(8)) is not None]
        trainer = Trainer(live, store, Home(Path(folder), "benchmark"))
        trainer._batches = lambda: itertools.takewhile(  # type: ignore[method-assign]
            lambda batch: not trainer.leave.is_set(), itertools.cycle(batches)
        )
        thread = threading.Thread(target=trainer.run)
        thread.start()
        wait(lambda: trainer.status.batch >= 5, 600)
        before, began_s = trainer.status.batch, time.monotonic()
        time.sleep(asked.seconds)
        rate = (trainer.status.batch - before) / (time.monotonic() - began_s)
        trainer.leave.set()
        thread.join()
        return rate


class Followed:
    """What is to be known of a live run from its beginning on, though its parts die: read as it comes.

    The ledger is written anew at each start of the trainer: every file of it is read to its end.
    """

    def __init__(self, home: Path, port: int) -> None:
        self._file, self._port = home / "live/gta5/one/buffer/used", port
        self._opened = self._file.open()
        self.twice = self.swaps = 0
        self._drawn: set[str] = set()
        self._before = 0.0
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._follow, self._count)]
        for thread in self._threads:
            thread.start()

    def _follow(self) -> None:
        """Hold each file of the ledger open until it is replaced, so that nothing of it is missed."""
        while not self._ends.wait(0.05):
            if self._file.stat().st_ino != os.fstat(self._opened.fileno()).st_ino:
                self._read()
                self._opened = self._file.open()
        self._read()

    def _read(self) -> None:
        """Count what is in a file twice, or is of a set that was gone before it: 0 stands for all of that set."""
        lines = [line.rpartition(" ") for line in self._opened.read().splitlines()]
        gone = {name for name, _, number in lines if number == "0"}
        drawn = [f"{name} {number}" for name, _, number in lines if number != "0"]
        self.twice += (
            len(drawn) - len(set(drawn)) + sum(name in gone for name, _, number in lines if number != "0")
        )
        self._drawn.update(drawn)
        self._opened.close()

    def _count(self) -> None:
        """Add up the swaps of one player after another."""
        while not self._ends.wait(0.5):
            told = facts(self._port)
            now = row(told, "player", "swaps") if "player" in told else self._before
            self.swaps += int(now - self._before if now >= self._before else now)
            self._before = now

    def end(self) -> dict[str, int]:
        """Return what was counted."""
        self._ends.set()
        for thread in self._threads:
            thread.join()
        return {"samples used": len(self._drawn), "used twice": self.twice, "swaps, each looked at": self.swaps}


def survival(asked: argparse.Namespace) -> dict[str, Any]:
    """Kill each part so many times, and say how long it took to be back, and what the trainer did meanwhile."""
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, running(Path(name), *SMALL, "--swap=always") as (live, port):
        home = Path(name)
        diary = home / "live/gta5/one/diary.jsonl"
        followed = Followed(home, port)
        for kind, part in PARTS.items():
            before = row(facts(port), "trainer", "samples used")
            back_s = [
                killed(home, process_of(live.pid, kind), part, number) for number in range(1, asked.times + 1)
            ]
            told[part] = {
                "killed": asked.times, "back after s, median": statistics.median(back_s), "longest": max(back_s),
            }  # fmt: skip
            if part in ("player", "collector 0"):
                told[part]["samples learned meanwhile"] = row(facts(port), "trainer", "samples used") - before
            print(json.dumps({part: told[part]}), file=sys.stderr, flush=True)
        told |= followed.end()
        told["weights refused"] = len(re.findall("not those that were sent", diary.read_text()))
        told["batch"] = row(facts(port), "trainer", "batch")
    return told


def killed(home: Path, process: int, part: str, number: int) -> float:
    """Kill a part for the so-manieth time at a random moment, and return after how long it was back."""
    diary, said = home / "live/gta5/one/diary.jsonl", f"The {part} died"
    time.sleep(random.uniform(0, 5))
    os.kill(process, signal.SIGKILL)
    return wait(lambda: diary.read_text().count(said) >= number, 300)


def everything(asked: argparse.Namespace) -> dict[str, Any]:
    """Kill all processes of a live run at once so many times, and say what the same command finds again."""
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        diary = home / "live/gta5/one/diary.jsonl"
        for _ in range(asked.times):
            with running(home, *SMALL) as (process, port):
                time.sleep(random.uniform(asked.seconds / 2, asked.seconds))
                before = facts(port)["trainer"]
                for one in [process.pid, *processes_of(process.pid)]:
                    os.kill(one, signal.SIGKILL)
                process.wait()
            began_s = time.monotonic()
            with running(home, *SMALL):
                to_first_s = time.monotonic() - began_s
            said = diary.read_text()
            held, refill_s = re.findall(r"refilled with ([\d,]+) samples in ([\d.]+) s", said)[-1]
            batch = re.findall(r"goes on from batch ([\d,]+)", said)[-1]
            told.append({
                "killed at batch": dict(before["rows"])["batch"], "goes on from": int(batch.replace(",", "")),
                "buffers held": sum(before["fill"].values()), "refilled": int(held.replace(",", "")),
                "refilled in s": float(refill_s), "first batch after s": to_first_s,
            })  # fmt: skip
            print(json.dumps(told[-1]), file=sys.stderr, flush=True)
    return {"least share refilled": min(one["refilled"] / one["buffers held"] for one in told), "times": told}


def processes_of(live: int) -> list[int]:
    """Return all processes of a live run: what it started, and what that started."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(file.read_text().rpartition(")")[2].split()[1]) == live:
                found.append(int(file.parent.name))
    return [*found, *(grandchild for one in found for grandchild in processes_of(one))]


def process_of(live: int, kind: str) -> int:
    """Return the process of a part, once there is one."""
    while True:
        for number in processes_of(live):
            if is_part(number, kind):
                return number
        time.sleep(0.2)


def is_part(process: int, kind: str) -> bool:
    """Whether a process is that of a part: Ray calls it by the class that lives in it."""
    with suppress(OSError):
        return f"::{kind}".encode() in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def nodes(asked: argparse.Namespace) -> dict[str, Any]:
    """Run a live system on two nodes of a Ray, and say which process of which node drove, and what came of it."""
    from playhead.home import Home
    from playhead.live.cluster import prepared_environment

    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        home = Home.find(Path(name))
        os.environ.update(prepared_environment(home))
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 4, "include_dashboard": False, "temp_dir": f"{name}/ray"}
        cluster = Cluster(initialize_head=True, head_node_args=node)
        try:
            second = cluster.add_node(num_cpus=4, temp_dir=f"{name}/ray")
            options = [*SMALL, "--collectors=2", f"--address={cluster.address}"]
            with running(Path(name), *options) as (_, port):
                parts = ("collector 0", "collector 1")
                wait(lambda: all(row(facts(port), one, "samples") for one in parts), 600)
                told = facts(port)
                there = raylet_of(second)
                return {
                    "samples": {one: row(told, one, "samples") for one in parts},
                    "collectors on the second node": [
                        one for one in processes_of(there) if is_part(one, "CollectorRoom")
                    ],
                    "trainer and player there": [
                        one
                        for one in processes_of(there)
                        for kind in ("TrainerRoom", "PlayerRoom")
                        if is_part(one, kind)
                    ],
                    "batch": row(told, "trainer", "batch"),
                }
        finally:
            cluster.shutdown()


def raylet_of(node: Any) -> int:
    """Return the process by which a node starts others."""
    return int(node.all_processes["raylet"][0].process.pid)


def scale(asked: argparse.Namespace) -> dict[str, Any]:
    """Have as many threads as collectors send recorded sets again, and count what taking and drawing them costs.

    Processor time is counted, which other programs on this machine do not change.
    """
    with tempfile.TemporaryDirectory() as folder:
        live, sets, told = recorded(Path(folder), size=asked.size, rate=asked.rate, buffer=asked.buffer)
        learned = [one for one in sets if not one.is_held_out] or [replace(one, is_held_out=False) for one in sets]
        store, left = stored(live, Path(folder) / "live" / "buffer"), itertools.count()
        sent = [pickle.dumps(one, protocol=5) for one in learned]

        def send(number: int) -> None:
            while (turn := next(left)) < asked.sets:
                one = pickle.loads(sent[turn % len(sent)])  # as it comes from another process
                store.take(replace(one, name=f"{number}-again-{turn}"))

        began_s, wall_s = time.process_time(), time.monotonic()
        threads = [threading.Thread(target=send, args=(number,)) for number in range(asked.collectors)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s, wall_s = time.process_time() - began_s, time.monotonic() - wall_s
        stored_bytes = sum(file.stat().st_size for file in store.folder.rglob("*") if file.is_file())
        held, per_set = sum(store.fill().values()), sum(len(one.samples) for one in learned) / len(learned)
        began_s, used = time.process_time(), store.used
        while store.draw(live.recipe.batch_size) is not None:
            pass
        drew_s = (time.process_time() - began_s) / max(1, store.used - used)
        return told | {
            "collectors": asked.collectors, "sets": asked.sets, "samples a set": per_set,
            "bytes a sample, sent": sum(map(len, sent)) / len(sent) / per_set,
            "bytes a sample, on the disk": stored_bytes / max(1, held),
            "processor ms a sample taken": 1000 * took_s / store.taken,
            "processor ms a sample drawn": 1000 * drew_s,
            "samples/s": store.taken / wall_s,
            "memory MB": int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024,
        }  # fmt: skip


def learning(asked: argparse.Namespace) -> dict[str, Any]:
    """Let live runs learn, and measure what they learned."""
    from live_learning import learning as learn

    return learn(asked)


def main() -> None:
    """Print one measurement as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*MEASURED])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--collectors", type=int, default=64)
    parser.add_argument("--sets", type=int, default=400, help="of scale: that are sent in all")
    learns = parser.add_argument_group("learning")
    learns.add_argument("--minutes", type=float, default=30.0)
    learns.add_argument("--balance", nargs="+", default=["v3"], help="none v1 v2 v3 v4: one run each")
    learns.add_argument("--seeds", type=int, default=1, help="runs of each balancing")
    learns.add_argument("--size", default="240x180")
    learns.add_argument("--rate", type=float, default=10.0)
    learns.add_argument("--buffer", type=int, default=1000, help="samples an output")
    learns.add_argument("--episodes", type=int, default=12, help="unseen towns that the last network drives")
    learns.add_argument("--held-out", type=int, default=8, help="drives of the expert that are answered")
    learns.add_argument("--port", type=int, default=8642)
    learns.add_argument("--home", type=Path, help="keep everything there; what is there goes on")
    asked = parser.parse_args()
    print(json.dumps(MEASURED[asked.what](asked), indent=1))


MEASURED = {
    "flow": flow,
    "survival": survival,
    "everything": everything,
    "nodes": nodes,
    "scale": scale,
    "learning": learning,
}


if __name__ == "__main__":
    main()
