"""How the live system flows, survives and scales: python benchmarks/live_system.py flow|survival|scale.

flow       samples/s of one collector and of two, and batches/s of the trainer live beside the same from memory
survival   each part killed so many times at random moments: how long it took to be back, what was used twice
scale      so many collectors that send recorded samples again: sets/s and samples/s that are taken, memory
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import socket
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


def recorded(home: Path) -> tuple[Any, list[Any]]:
    """Return a live run and the sets of a drive of its collector, held out or not."""
    from playhead.live.collector import Collector
    from playhead.live.session import LiveOptions, _asked
    from playhead.live.settings import Live
    from playhead.sessions.place import Place

    place = Place.of("gta5", home, None, False)
    options = LiveOptions(name="one", size="96x72", rate=10, buffer=40, patience=60, depth=2,
                          settings={"batch_size": 8, "eval_every": 50})  # fmt: skip
    live = Live.of(_asked(place, options), place.plugins)
    collector = Collector(live, 0, home=place.home)
    return live, [one for drive in range(2) for one in collector.sets_of(drive)]


def stored(live: Any, folder: Path) -> Any:
    """Return a store for a live run."""
    from playhead.live.store import SampleStore, StoreSettings

    return SampleStore(folder, StoreSettings(
        game=live.game, schema=live.schema, spec=live.spec, names=live.buffers, size=live.settings.buffer
    ))  # fmt: skip


def from_memory(asked: argparse.Namespace) -> float:
    """Return the batches a second of the same training where the batches lie in memory."""
    import itertools

    from playhead.home import Home
    from playhead.live.trainer import Trainer

    with tempfile.TemporaryDirectory() as folder:
        live, sets = recorded(Path(folder))
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


def survival(asked: argparse.Namespace) -> dict[str, Any]:
    """Kill each part so many times, and say how long it took to be back."""
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, running(Path(name), *SMALL, "--swap=always") as (_, port):
        home = Path(name)
        diary = home / "live/gta5/one/diary.jsonl"
        for kind, part in PARTS.items():
            back_s = []
            for number in range(1, asked.times + 1):
                time.sleep(random.uniform(0, 5))
                os.kill(process_of(home, kind), signal.SIGKILL)
                said = f"The {part} died"
                back_s.append(wait(lambda said=said, number=number: diary.read_text().count(said) >= number, 300))
            told[part] = {"killed": asked.times, "back after s, longest": max(back_s)}
        lines = [
            line for line in (home / "live/gta5/one/buffer/used").read_text().splitlines() if line[-2:] != " 0"
        ]
        told["samples used twice"] = len(lines) - len(set(lines))
        told["weights refused"] = len(re.findall("not those that were sent", diary.read_text()))
        told["batch"] = row(facts(port), "trainer", "batch")
    return told


def process_of(home: Path, kind: str) -> int:
    """Return the process of a part, once there is one."""
    while True:
        found = subprocess.run(["pgrep", "-f", f"^ray::.*{kind}"], capture_output=True, text=True).stdout.split()
        for number in map(int, found):
            with suppress(OSError):
                if f"PLAYHEAD_HOME={home}".encode() in Path(f"/proc/{number}/environ").read_bytes():
                    return number
        time.sleep(0.2)


def scale(asked: argparse.Namespace) -> dict[str, Any]:
    """Have threads send recorded sets again, as collectors would, and measure what the store takes."""
    with tempfile.TemporaryDirectory() as folder:
        live, sets = recorded(Path(folder))
        learned = [one for one in sets if not one.is_held_out] or [replace(one, is_held_out=False) for one in sets]
        store, ends, counts = (
            stored(live, Path(folder) / "live" / "buffer"),
            threading.Event(),
            [0] * asked.collectors,
        )

        def send(number: int) -> None:
            while not ends.is_set():
                one = learned[counts[number] % len(learned)]
                store.take(replace(one, name=f"{number}-again-{counts[number]}"))
                counts[number] += 1

        threads = [threading.Thread(target=send, args=(number,)) for number in range(asked.collectors)]
        for thread in threads:
            thread.start()
        time.sleep(asked.seconds)
        ends.set()
        for thread in threads:
            thread.join()
        sample_bytes = sum(file.stat().st_size for file in store.folder.rglob("*") if file.is_file())
        held = sum(store.fill().values())
        return {
            "collectors": asked.collectors, "sets/s": sum(counts) / asked.seconds,
            "samples/s": store.taken / asked.seconds, "bytes a sample": sample_bytes / max(1, held),
            "memory MB": int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024,
        }  # fmt: skip


def main() -> None:
    """Print one measurement as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["flow", "survival", "scale"])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--collectors", type=int, default=64)
    asked = parser.parse_args()
    measured = {"flow": flow, "survival": survival, "scale": scale}[asked.what](asked)
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
