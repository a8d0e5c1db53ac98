"""A drive of the world of signals.py in a window, recorded from screen and keyboard, and the truth about it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signals import STEPS_HZ

from playhead.events import Event
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.person import Stroke
from playhead.testing.shown import Chauffeur, ShownWorld

SECONDS = 6.5


@dataclass(kw_only=True)
class Truth:
    """What really happened while a recording was made, and the recording."""

    recording: Recording
    strokes: list[Stroke]
    pictures: list[dict[str, Any]]
    keys: list[Event]
    disturbed_ns: list[int]


def record_a_drive(display: VirtualDisplay, environment: Mapping[str, str], folder: Path) -> Truth:
    """Drive for some seconds on a display, recording; move and resize the window on the way."""
    home = folder / "home"
    options = ("--at", "60,50", "--hint", "expert", "--stamp", "--set", "arguments.side_s=0.4")
    with (
        XPerson(display.name) as person,
        ShownWorld.start(display, "signals", folder / "log", *options, environment=environment) as shown,
    ):
        window = shown.window(person)
        window.focus()
        command = [sys.executable, "-m", "playhead", "record", "signals", "--on", "screen", "--home", str(home)]
        recording = run_on(display, command, **environment)
        try:
            eventually("it records", lambda: list(home.glob("recordings/signals/*/frames/c")))
            chauffeur = Chauffeur(display, shown)
            chauffeur.start()
            began = shown.pictures
            disturbed_ns = []
            for share, disturb in ((0.35, lambda: window.move(400, 300)), (0.65, lambda: window.resize(480, 360))):
                wait_for(shown, began, SECONDS * share)
                disturbed_ns.append(shown.lines("picture")[-1]["time_ns"])
                disturb()
            wait_for(shown, began, SECONDS)
            chauffeur.stop()
            wait_for(shown, began, SECONDS + 0.3)
        finally:
            recording.send_signal(signal.SIGINT)
            said = recording.communicate(timeout=WAIT_S)[1]
        assert recording.returncode == 0, said
        (place,) = home.glob("recordings/signals/*")
        return Truth(
            recording=open_recording(place), strokes=chauffeur.strokes, pictures=shown.lines("picture"),
            keys=shown.events(), disturbed_ns=disturbed_ns,
        )  # fmt: skip


def wait_for(shown: ShownWorld, began: int, seconds: float) -> None:
    """Wait until so much time of the world has passed since a picture."""
    first = shown.lines("picture")[began - 1]["step"]
    eventually("the world goes on", lambda: shown.lines("picture")[-1]["step"] >= first + STEPS_HZ * seconds)
