"""A world in a real window of another process (`playhead world`), and the truth it logs about itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from playhead.events import Event, Origin
from playhead.testing.display import VirtualDisplay, run_on
from playhead.testing.person import Stroke, XPerson
from playhead.testing.waiting import WAIT_S, eventually
from playhead.testing.windows import AnyWindow


@dataclass(kw_only=True)
class ShownWorld:
    """A running `playhead world`. A context manager: leaving it ends the process."""

    process: subprocess.Popen[str]
    log: Path
    _seen_bytes: int = 0
    _rest: bytes = b""
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(
        cls,
        display: VirtualDisplay,
        game: str,
        log: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> ShownWorld:
        """Open a game's world in a window on a display; returns once its first picture can be seen."""
        log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "playhead", "world", game, "--log", str(log), *options]
        shown = cls(process=run_on(display, command, **(environment or {})), log=log)
        try:
            eventually("the world shows itself", shown._has_come)
        except BaseException:
            shown.process.kill()
            raise
        return shown

    def __enter__(self) -> ShownWorld:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _has_come(self) -> bool:
        assert self.process.poll() is None, f"the world ended: {self.process.communicate()[1]}"
        return bool(self.lines("picture"))

    def lines(self, what: str = "") -> list[dict[str, Any]]:
        """Return the log's lines of one kind so far: drive, picture, key, focus or end."""
        with self._reading:
            if self.log.exists():
                self._read()
            known = list(self._lines)
        return [line for line in known if not what or line["what"] == what]

    def _read(self) -> None:
        with self.log.open("rb") as file:
            file.seek(self._seen_bytes)
            new = file.read()
        self._seen_bytes += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        self._lines += [json.loads(line) for line in whole]

    @property
    def pictures(self) -> int:
        """How many pictures were shown so far."""
        return len(self.lines("picture"))

    def window(self, person: XPerson) -> AnyWindow:
        """Return the world's window as a person sees it."""
        return person.window(self.lines("drive")[-1]["handle"])

    def events(self) -> list[Event]:
        """Return the presses and releases that reached the world."""
        return [
            Event(time_ns=line["time_ns"], code=line["code"], value=line["value"], origin=Origin.HUMAN)
            for line in self.lines("key")
        ]

    def held(self) -> set[str]:
        """Return the keys that the world takes for held."""
        held: set[str] = set()
        for event in self.events():
            (held.add if event.value else held.discard)(event.code)
        return held

    def interrupt(self) -> None:
        """Press Ctrl-C in its terminal, so to speak."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> dict[str, Any]:
        """Wait until it has ended, and return what it says of the drive."""
        output, said = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == 0, f"playhead world ended with {self.process.returncode}: {said}"
        assert output, said
        last: dict[str, Any] = self.lines("end")[-1]
        return last


class Chauffeur(threading.Thread):
    """Drives a shown world with real keys, as its log's hints say, until told to stop or the world ends."""

    def __init__(self, display: VirtualDisplay, shown: ShownWorld) -> None:
        super().__init__(daemon=True)
        self._display = display
        self._shown = shown
        self._stopped = threading.Event()
        self.strokes: list[Stroke] = []

    def run(self) -> None:
        """Follow the newest hint."""
        with XPerson(self._display.name) as person:
            held: set[str] = set()
            while not self._stopped.is_set() and self._shown.process.poll() is None:
                pictures = self._shown.lines("picture")
                self._hold(person, held, set(pictures[-1]["hint"]) if pictures else set())
                self._stopped.wait(0.004)
            self._hold(person, held, set())

    def _hold(self, person: XPerson, held: set[str], wanted: set[str]) -> None:
        for code in sorted(held - wanted):
            self.strokes.append(person.stroke(code, 0.0))
        for code in sorted(wanted - held):
            self.strokes.append(person.stroke(code, 1.0))
        held.clear()
        held.update(wanted)

    def stop(self) -> None:
        """Let go of everything and go."""
        self._stopped.set()
        self.join(WAIT_S)


def matched(true: Sequence[Stroke], found: Sequence[Event], tolerance_ns: int) -> int:
    """Return how many strokes were found, each at its time within a tolerance and none twice. All in order."""
    count = 0
    for kind in {(stroke.code, stroke.value) for stroke in true}:
        waiting = [event.time_ns for event in found if (event.code, event.value) == kind]
        for stroke in (stroke for stroke in true if (stroke.code, stroke.value) == kind):
            from_ns, until_ns = stroke.began_ns - tolerance_ns, stroke.done_ns + tolerance_ns
            near = next((time_ns for time_ns in waiting if from_ns <= time_ns <= until_ns), None)
            if near is not None:
                waiting.remove(near)
                count += 1
    return count


def f1(true: Sequence[Stroke], found: Sequence[Event], tolerance_ns: int) -> float:
    """Return the F1 of found events against the true strokes: 1 is all found at their times and nothing else."""
    return 2 * matched(true, found, tolerance_ns) / max(1, len(true) + len(found))
