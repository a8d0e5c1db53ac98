"""How long a thread that has computed waits for the processor while it sends, by the turns that it asks for.

    python benchmarks/turns.py [--seconds 60] [--busy 4] [--same-session]   (Linux; for who may not go first)

A thread computes for some milliseconds, as a network does, then works .3 ms, wakes another process by a socket and
works .15 ms, as pressing a key does. Beside it are busy processes, by default each in a session of its own as if
started in another terminal: Linux shares the processor among sessions first. All ways take turns, so that the
machine is as busy for each.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import socket
import threading
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from playhead import threads

SHORT_NS, USUAL_NS, LONG_NS = 100_000, 3_000_000, 100_000_000
PICTURE = np.ones((256, 256), np.float32)
NAP_S = 2e-5
Times = tuple[int, int, int]  # before, when it was sent, after; in ns


def spin(in_own_session: bool) -> None:
    if in_own_session:
        os.setsid()
    while True:
        pass


def serve(end: socket.socket, in_own_session: bool) -> None:
    """Do a little for each message, as an X server does."""
    if in_own_session:
        os.setsid()
    while end.recv(64):
        sum(range(300))


def work(microseconds: int) -> None:
    """Use so much processor time."""
    end_ns = time.thread_time_ns() + 1000 * microseconds
    while time.thread_time_ns() < end_ns:
        pass


class Ways:
    """What a thread may do before it sends, by name."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._wanted: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._sent: queue.SimpleQueue[int] = queue.SimpleQueue()
        threading.Thread(target=self._send_when_wanted, daemon=True).start()
        self.named: dict[str, Callable[[], Times]] = {
            "nothing": lambda: self._timed(self._press),
            "turns as usual, asked for": lambda: self._in_turns(USUAL_NS),
            "short turns (as played)": lambda: self._in_turns(SHORT_NS),
            "short turns, asked for again": lambda: self._in_turns(SHORT_NS, again=True),
            "long turns": lambda: self._in_turns(LONG_NS),
            "a nap, then short turns": lambda: self._in_turns(SHORT_NS, nap_s=NAP_S),
            "a thread of short turns sends": lambda: self._timed(self._have_sent),
        }

    def _press(self, again: bool = False, nap_s: float = 0.0) -> int:
        if nap_s:
            time.sleep(nap_s)
        work(150)
        if again:
            threads._set_turn(SHORT_NS)
        work(150)
        self._end.send(b"a key")
        sent_ns = time.perf_counter_ns()
        work(150)
        return sent_ns

    def _in_turns(self, turn_ns: int, **how: float) -> Times:
        before_ns = threads._set_turn(turn_ns)
        try:
            return self._timed(lambda: self._press(**how))
        finally:
            threads._set_turn(before_ns)

    def _timed(self, press: Callable[[], int]) -> Times:
        return time.perf_counter_ns(), press(), time.perf_counter_ns()

    def _send_when_wanted(self) -> None:
        threads._set_turn(SHORT_NS)
        while True:
            self._wanted.get()
            self._sent.put(self._press())

    def _have_sent(self) -> int:
        self._wanted.put(None)
        return self._sent.get()


def measure(ways: Ways, seconds: float) -> dict[str, list[tuple[float, float]]]:
    """Return of each way how long it took until sent, and altogether. Units: milliseconds."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways.named}
    random, end_s = np.random.default_rng(0), time.monotonic() + seconds
    while time.monotonic() < end_s:
        for name in random.permutation(list(ways.named)):
            time.sleep(0.02)
            for _ in range(3):
                np.matmul(PICTURE, PICTURE)
            began_ns, sent_ns, after_ns = ways.named[name]()
            taken[name].append(((sent_ns - began_ns) / 1e6, (after_ns - began_ns) / 1e6))
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--busy", type=int, default=4)
    parser.add_argument("--same-session", action="store_true")
    asked = parser.parse_args()
    here, there = socket.socketpair()
    apart = not asked.same_session
    beside = [multiprocessing.Process(target=spin, args=(apart,), daemon=True) for _ in range(asked.busy)]
    beside.append(multiprocessing.Process(target=serve, args=(there, apart), daemon=True))
    for process in beside:
        process.start()
    try:
        taken = measure(Ways(here), asked.seconds)
    finally:
        for process in beside:
            process.kill()
    print(f"{asked.busy} busy processes, {'the same session' if asked.same_session else 'sessions of their own'}:")
    for name, times in taken.items():
        sent, pressed = np.percentile(np.array(times), [50, 90, 99], axis=0).T
        told = "  ".join(f"{what} {p50:.2f} {p90:.2f} {p99:.2f}" for what, (p50, p90, p99)
                         in (("until sent", sent), ("act", pressed)))  # fmt: skip
        print(f"{name:30} p50, p90, p99 {told}  ({len(times)})")


if __name__ == "__main__":
    main()
