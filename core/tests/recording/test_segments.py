"""A person's session: every pause ends a recording and begins the next, and each begins with what is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import HOTKEYS, FakeWindow, pressed

from playhead.control.authority import ControlAuthority
from playhead.control.drivers import HumanDriver
from playhead.control.hotkeys import HotkeyFilter
from playhead.errors import DeviceFailed
from playhead.events import HOTKEY, Event
from playhead.home import claim_folder
from playhead.recording.segments import record_segments
from playhead.recording.session import RecordingRequest
from playhead.storage.reader import Recording, open_recording

MS = 1_000_000
Maker = Callable[..., Any]


class Person:
    """A fake device, a person who presses to order, and the recordings that came of it."""

    def __init__(self, fake: Any, folder: Path, *events: Event) -> None:
        self.fake, self.folder = fake, folder
        self.window = FakeWindow()
        self.said: list[str] = []
        fake.input.heard = list(events)
        filtered = HotkeyFilter(fake.input, HOTKEYS)
        self.device = replace(fake.device, input=filtered)
        self.authority = ControlAuthority("human", HOTKEYS, window=self.window, say=self.said.append)
        self.at: list[tuple[int, Callable[[], None]]] = []
        sleep_until = fake.clock.sleep_until

        def slept(time_ns: int) -> None:
            sleep_until(time_ns)
            while self.at and self.at[0][0] * MS <= fake.clock.now_ns():
                self.at.pop(0)[1]()

        fake.clock.sleep_until = slept

    def record(self, seconds: float = float("inf"), **changes: Any) -> list[Recording]:
        request = RecordingRequest(driver=HumanDriver(), driver_name="human", duration_s=seconds)
        self.made = record_segments(
            self.device, lambda: claim_folder(self.folder), request, self.authority, **changes
        )
        return [open_recording(summary.recording.path) for summary in self.made]


def times_ms(recording: Recording) -> list[int]:
    return (recording.frame_time_ns // MS).tolist()


def test_a_pause_ends_a_recording_and_going_on_begins_the_next(fake_device: Maker, tmp_path: Path) -> None:
    hotkeys = pressed((250, "f9", 1.0), (255, "f9", 0.0), (720, "f8", 1.0), (1150, "f9", 1.0), (1340, "f9", 1.0))
    person = Person(fake_device(), tmp_path, *hotkeys, *pressed((1650, "f10", 1.0)))
    recordings = person.record()
    assert [times_ms(recording)[0] for recording in recordings] == [0, 750, 1350]
    for recording in recordings:
        assert recording.is_complete
        assert (np.diff(times_ms(recording)) == 100).all(), "a recording never jumps"
    assert [len(recording) for recording in recordings] == [4, 5, 4]
    assert [text.split(",")[0] for text in person.said] == ["You drive. F9 pauses"] + [
        "Paused",
        "You drive. F9 pauses",
    ] * 2
    assert not person.fake.input.sent


def test_a_key_held_over_a_pause_is_held_in_the_next_recording(fake_device: Maker, tmp_path: Path) -> None:
    keys = [(150, "key w", 1.0), (160, "key a", 1.0), (250, "f9", 1.0), (400, "key a", 0.0), (450, "key d", 1.0)]
    later = [(500, "f8", 1.0), (760, "key w", 0.0), (950, "f10", 1.0)]
    first, second = Person(fake_device(), tmp_path, *pressed(*keys, *later)).record()
    assert first.labels["drive"].tolist() == [[0, 0, 0, 0]] * 2 + [[1, 1, 0, 0]] * 2
    assert second.labels["drive"][:3].tolist() == [[1, 0, 0, 1]] * 3
    told = [(int(row["time_ns"]) // MS, row["code"]) for row in second.events][:2]
    assert told == [(150, "key w"), (450, "key d")], "with the times at which they were really pressed"
    assert second.labels["drive"][3:].tolist() == [[0, 0, 0, 1]] * (len(second) - 3)


def test_a_mark_is_an_event_of_its_own(fake_device: Maker, tmp_path: Path) -> None:
    keys = pressed((130, "f7", 1.0), (140, "f7", 0.0), (150, "key w", 1.0))
    (recording,) = Person(fake_device(), tmp_path, *keys).record(0.5)
    told = [(int(row["time_ns"]) // MS, row["device"], row["code"]) for row in recording.events]
    assert told == [(130, HOTKEY, "mark"), (150, "played", "key w")]


def test_the_length_counts_what_is_recorded(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((300, "f9", 1.0), (5000, "f9", 1.0)))
    recordings = person.record(1.0)
    assert sum(len(recording) for recording in recordings) == 10
    assert person.made[-1].report.ending == "time"


@pytest.mark.parametrize(
    ("happens", "undone", "says"),
    [
        (("focused", False), ("focused", True), "is not in focus"),
        (("minimised", True), ("minimised", False), "minimised"),
    ],
)
def test_without_the_window_nothing_is_recorded(
    fake_device: Maker, tmp_path: Path, happens: Any, undone: Any, says: str
) -> None:
    person = Person(fake_device(), tmp_path, *pressed((1550, "f10", 1.0)))
    person.at = [(400, lambda: setattr(person.window, *happens)), (900, lambda: setattr(person.window, *undone))]
    first, second = person.record()
    assert times_ms(first) == [0, 100, 200, 300]
    assert times_ms(second)[0] == 900
    assert says in person.said[1]
    assert "so nothing is recorded" in person.said[1]
    assert "go on" in person.said[1]


def test_a_closed_window_ends_the_session_and_keeps_what_was_recorded(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(ends_after=6), tmp_path)
    person.at = [(400, lambda: setattr(person.window, "closed", True))]
    (recording,) = person.record()
    assert recording.is_complete
    assert times_ms(recording) == [0, 100, 200, 300]
    assert [text.split(",")[0] for text in person.said] == [
        "You drive. F9 pauses",
        '"Toy" is gone',
        '"Toy" was closed',
    ]
    assert "What was recorded is kept" in person.said[-1]


def test_a_game_that_is_started_again_is_another_recording(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((1250, "f10", 1.0)))
    person.at = [
        (300, lambda: setattr(person.window, "closed", True)),
        (800, lambda: person.window.__dict__.update(closed=False, handle=2)),
    ]
    first, second = person.record()
    assert (times_ms(first)[-1], times_ms(second)[0]) == (200, 850), "a new window is looked at twice"
    # Even when nobody saw it go.
    quick = Person(fake_device(), tmp_path / "quick", *pressed((1250, "f10", 1.0)))
    quick.at = [(300, lambda: setattr(quick.window, "handle", 2))]
    assert [times_ms(recording)[0] for recording in quick.record()] == [0, 300]


def test_a_game_that_is_back_before_the_next_frame_is_another_recording(
    fake_device: Maker, tmp_path: Path
) -> None:
    person = Person(fake_device(), tmp_path, *pressed((1250, "f10", 1.0)))

    def restart(number: int) -> None:  # after the loop asked whether to stop, before it asks the guard
        if person.fake.clock.now_ns() == 300 * MS:
            person.window.handle = 2

    person.fake.capture.before_look = restart
    first, second = person.record()
    assert (times_ms(first)[-1], times_ms(second)[0]) == (300, 400)
    assert [summary.report.because for summary in person.made] == ['"Toy" was closed', ""]


def test_stopping_in_a_pause_ends_the_session(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((250, "f9", 1.0), (700, "f10", 1.0)))
    assert len(person.record()) == 1
    person = Person(fake_device(), tmp_path / "other", *pressed((250, "f9", 1.0)))
    assert len(person.record(stop=lambda: person.fake.clock.now_ns() > 900 * MS)) == 1


def test_a_device_that_fails_in_the_second_recording_keeps_both(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((250, "f9", 1.0), (500, "f8", 1.0)))

    def fail(number: int) -> None:
        if person.fake.clock.now_ns() > 900 * MS:
            raise DeviceFailed("the keyboard was unplugged")

    person.fake.capture.before_look = fail
    with pytest.raises(DeviceFailed, match="unplugged") as raised:
        person.record()
    names = [folder.name for folder in sorted(tmp_path.iterdir())]
    assert str(raised.value).endswith(f"What was recorded until now is kept: {names[1]}.")
    assert [len(open_recording(tmp_path / name)) for name in names] == [4, 5]
    assert person.said[-1] == f"What was recorded before is kept, too: {names[0]}."


def test_a_device_that_fails_in_a_pause_names_what_was_recorded(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((250, "f9", 1.0)))

    def fail() -> None:
        raise DeviceFailed("the display went away")

    person.at = [(600, fail)]
    with pytest.raises(DeviceFailed, match=r"went away$"):
        person.record()
    (kept,) = tmp_path.iterdir()
    assert person.said[-1] == f"What was recorded until now is kept: {kept.name}."


def test_why_each_recording_ended_is_told(fake_device: Maker, tmp_path: Path) -> None:
    person = Person(fake_device(), tmp_path, *pressed((250, "f9", 1.0), (500, "f8", 1.0), (1250, "f10", 1.0)))
    person.at = [
        (700, lambda: setattr(person.window, "focused", False)),
        (900, lambda: setattr(person.window, "focused", True)),
    ]
    person.record()
    assert [summary.report.because for summary in person.made] == ["of a pause", '"Toy" lost the focus', ""]
    assert person.authority.is_over
