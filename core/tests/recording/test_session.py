"""What a drive leaves in its recording: true times, true labels, true origins; however it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from derived import derive_labels

from playhead.capture import CapturedFrame
from playhead.capture.desktop import Box
from playhead.control.drivers import Action, HumanDriver
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, DeviceFailed, StorageFull
from playhead.events import PLAYED, TEACHER, Event, Origin
from playhead.game import Game
from playhead.labels import Axes
from playhead.recording.action_noise import ActionNoise, ActionNoiseSettings
from playhead.recording.session import RecordingRequest, SegmentSummary, record
from playhead.storage.reader import Recording, open_recording
from playhead.storage.writer import RecordingWriter

MS = 1_000_000
Maker = Callable[..., Any]


class Acting:
    """Does what a table says for the number of the frame; a network by default."""

    def __init__(
        self, action: Callable[[int], Action], origin: Origin = Origin.MODEL, decide_hz: float = 0.0
    ) -> None:
        self.action, self.origin, self.decide_hz = action, origin, decide_hz

    def decide(self, captured: CapturedFrame) -> Action:
        return self.action(captured.number)


def left_and_right(number: int) -> dict[str, float]:
    return {"key w": 1.0, "key a" if number % 2 else "key d": 0.5}


def request(driver: Any, **changes: Any) -> RecordingRequest:
    return RecordingRequest(driver=driver, driver_name="tested", **{"duration_s": 2.0, **changes})


def recorded(fake: Any, folder: Path, what: RecordingRequest, **changes: Any) -> tuple[Recording, SegmentSummary]:
    summary = record(fake.device, lambda: folder, what, **changes)
    return open_recording(folder), summary


def events_of(recording: Recording) -> list[Event]:
    return [
        Event(time_ns=int(row["time_ns"]), code=_text(row["code"]), value=float(row["value"]),
              origin=Origin(int(row["origin"])), device=_text(row["device"]))
        for row in recording.events
    ]  # fmt: skip


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def check_labels(recording: Recording, game: Game) -> None:
    """The labels written frame by frame are those that the events give afterwards."""
    derived = derive_labels(
        events_of(recording), recording.frame_time_ns, game.schema, game.controls,
        device=recording.header.label_device,
    )  # fmt: skip
    for name, labels_TA in derived.items():
        assert np.array_equal(recording.labels[name], labels_TA), name


def test_a_driver_is_recorded_with_its_keys_as_labels(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    recording, summary = recorded(fake, tmp_path / "one", request(Acting(left_and_right, Origin.SCRIPT), seed=7))
    assert (summary.recording.frames, summary.report.ending) == (20, "time")
    assert recording.frame_time_ns.tolist() == [number * 100 * MS for number in range(20)]
    assert recording.labels["drive"][:3].tolist() == [[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1]]
    assert set(recording.label_origin.tolist()) == {Origin.SCRIPT}
    assert recording.header.label_device == PLAYED
    assert recording.header.seed == 7
    assert recording.telemetry["speed"][:3].tolist() == [2.0, 3.0, 4.0]
    first = events_of(recording)[:3]
    assert [(event.time_ns, event.code, event.value) for event in first] == [
        (0, "key w", 1.0), (0, "key d", 1.0), (50 * MS, "key d", 0.0),
    ]  # fmt: skip
    check_labels(recording, game)


def test_a_lesson_stores_teacher_labels_and_model_events(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    pupil = Acting(lambda number: {"key s": 1.0})
    teacher = Acting(left_and_right, Origin.SCRIPT)
    recording, _ = recorded(fake, tmp_path / "one", request(pupil, teacher=teacher))
    assert recording.header.label_device == TEACHER
    assert recording.labels["drive"][:2].tolist() == [[1, 0, 0, 1], [1, 1, 0, 0]]
    assert set(recording.label_origin.tolist()) == {Origin.SCRIPT}
    events = events_of(recording)
    played = {(event.code, event.origin) for event in events if event.device == PLAYED}
    taught = {(event.code, event.origin) for event in events if event.device == TEACHER}
    assert played == {("key s", Origin.MODEL)}
    assert taught == {("key w", Origin.SCRIPT), ("key a", Origin.SCRIPT), ("key d", Origin.SCRIPT)}
    assert {code for _, code, _ in fake.input.sent} == {"key s"}, "the teacher's keys must not reach the game"
    check_labels(recording, game)


def test_the_teacher_drives_its_share_of_whole_seconds(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    pupil, teacher = Acting(lambda number: {"key s": 1.0}), Acting(lambda number: {"key w": 1.0}, Origin.SCRIPT)
    mixed = request(pupil, teacher=teacher, beta=0.3, seed=5, duration_s=300)
    recording, _ = recorded(fake, tmp_path / "one", mixed)
    assert (recording.labels["drive"] == [1, 0, 0, 0]).all(), "labels are the teacher's, whoever drives"
    played = [event for event in events_of(recording) if event.device == PLAYED]
    presses = [event for event in played if event.value]
    assert {event.time_ns % (1000 * MS) for event in presses} == {0}, "control changes hands on whole seconds"
    rows = derive_labels(played, recording.frame_time_ns, game.schema, game.controls)["drive"]
    assert 0.2 < rows[:, 0].mean() < 0.4
    assert {event.origin for event in presses if event.code == "key w"} == {Origin.SCRIPT}


def test_action_noise_never_enters_the_labels(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    expert = Acting(lambda number: {"key w": 1.0}, Origin.SCRIPT, decide_hz=80)
    noise = ActionNoise(game, seed=2, settings=ActionNoiseSettings(every_s=0.5))
    recording, _ = recorded(fake, tmp_path / "one", request(expert, action_noise=noise, duration_s=60))
    assert recording.header.label_device == TEACHER
    assert (recording.labels["drive"] == [1, 0, 0, 0]).all()
    played = {event.code for event in events_of(recording) if event.device == PLAYED}
    assert {"key a", "key d"} <= played
    check_labels(recording, game)


def test_a_person_is_heard_and_nothing_is_sent(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    presses = [
        (120, "key w", 1.0),
        (301, "key w", 0.0),
        (550, "key a", 1.0),
        (600, "key a", 0.0),
        (700, "f9", 1.0),
    ]
    fake.input.heard = [
        Event(time_ns=ms * MS, code=code, value=value, origin=Origin.HUMAN) for ms, code, value in presses
    ]
    recording, _ = recorded(fake, tmp_path / "one", request(HumanDriver(), duration_s=1.0))
    assert recording.labels["drive"][:, 0].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert recording.labels["drive"][:, 1].tolist() == [0] * 10, (
        "a tap between two frames is an event, not a label"
    )
    assert [event.time_ns // MS for event in events_of(recording)] == [120, 301, 550, 600, 700]
    assert set(recording.label_origin.tolist()) == {Origin.HUMAN}
    assert fake.input.sent == []
    check_labels(recording, game)


def test_wrong_keys_beside_a_person_are_nobodys(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    fake.input.heard = [
        Event(time_ns=ms * MS, code=code, value=float(ms % 700 == 0), origin=Origin.HUMAN)
        for ms in range(0, 118_000, 350)
        for code in ("key w" if ms % 1400 < 700 else "key a",)
    ]
    presses = list(fake.input.heard)
    noise = ActionNoise(game, seed=2, settings=ActionNoiseSettings(every_s=1.0), keys_only=True)
    recording, _ = recorded(fake, tmp_path / "one", request(HumanDriver(), action_noise=noise, duration_s=120))
    events = events_of(recording)
    assert recording.header.label_device == PLAYED
    assert [event for event in events if event.origin is Origin.HUMAN] == presses
    ours = [event for event in events if event.origin is Origin.NONE]
    assert len(ours) > 60
    held: dict[str, int] = {}
    disturbed = np.zeros(recording.length, bool)
    times_ns = recording.frame_time_ns
    for event in ours:
        if event.value:
            held[event.code] = event.time_ns
            assert not person_holds(presses, event), "what a person holds is not pressed"
        else:
            begin_ns = held.pop(event.code)
            against = {"key w": "key s", "key s": "key w", "key a": "key d", "key d": "key a"}.get(event.code, "")
            met = [one for one in presses if one.value and begin_ns < one.time_ns < event.time_ns]
            assert all(event.time_ns - one.time_ns < 25 * MS for one in met if one.code in (event.code, against))
            first = np.searchsorted(times_ns, begin_ns, side="right") - 1
            last = np.searchsorted(times_ns, event.time_ns, side="left") - 1
            disturbed[first : last + 1] = True
    assert not held, "everything is let go of"
    assert 0.1 < disturbed.mean() < 0.6
    assert set(recording.label_origin[disturbed].tolist()) == {Origin.NONE}
    assert (recording.label_origin == Origin.NONE).mean() < disturbed.mean() + 0.1
    undisturbed = recording.label_origin == Origin.HUMAN
    alone = derive_labels(presses, times_ns, game.schema, game.controls)["drive"]
    assert np.array_equal(recording.labels["drive"][undisturbed], alone[undisturbed])
    check_nothing_of_it_is_learned(recording, game, ours)


def person_holds(presses: list[Event], event: Event) -> bool:
    mine = [one for one in presses if one.code == event.code and one.time_ns <= event.time_ns]
    return bool(mine and mine[-1].value)


def check_nothing_of_it_is_learned(recording: Recording, game: Game, ours: list[Event]) -> None:
    index = WindowIndex.of([recording], game.schema, WindowSpec(latency_s=0.05, label_over_s=0.7))
    assert len(index) > 100
    start_ns = recording.frame_time_ns[index.frame_N] + 50 * MS
    for press, release in zip(ours[::2], ours[1::2], strict=True):
        assert (press.code, press.value, release.value) == (release.code, 1.0, 0.0)
        assert not ((start_ns < release.time_ns) & (start_ns + 700 * MS > press.time_ns)).any()


def test_an_event_heard_late_still_labels_its_frame(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()
    late = Event(time_ns=195 * MS, code="key w", value=1.0, origin=Origin.HUMAN)
    fake.capture.before_look = lambda number: fake.input.heard.append(late) if number == 4 else None
    recording, _ = recorded(fake, tmp_path / "one", request(HumanDriver(), duration_s=0.6))
    # Looks are counted from the first, before the loop: look 4 is frame 3, which is when frame 2 gets its label.
    assert recording.labels["drive"][:, 0].tolist() == [0, 0, 1, 1, 1, 1]


def test_a_captured_window_is_described(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()
    box = Box(left=-5, top=27, width=800, height=600)
    fake.capture.window = SimpleNamespace(box=lambda: box, scale=1.5, title="Toy")
    recording, _ = recorded(fake, tmp_path / "one", request(Acting(left_and_right)))
    told = {"left": -5, "top": 27, "width": 800, "height": 600, "scale": 1.5, "title": "Toy"}
    assert dict(recording.header.window) == told


def test_padding_is_counted_in_frames(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()
    recording, _ = recorded(
        fake, tmp_path / "one", request(Acting(left_and_right), padding_s=1.5, scenario="stuck")
    )
    assert recording.header.padding_frames == 15
    assert recording.header.scenario == "stuck"


def ctrl_c(fake: Any) -> Mapping[str, Any]:
    def interrupt(number: int) -> None:
        if number == 8:
            raise KeyboardInterrupt

    fake.capture.before_look = interrupt
    return {}


def flag(fake: Any) -> Mapping[str, Any]:
    return {"stop": lambda: fake.clock.now_ns() >= 700 * MS}


@pytest.mark.parametrize("leave", [ctrl_c, flag])
def test_stopping_ends_a_recording_normally(fake_device: Maker, tmp_path: Path, game: Game, leave: Any) -> None:
    fake = fake_device()
    recording, summary = recorded(fake, tmp_path / "one", request(Acting(left_and_right)), **leave(fake))
    assert summary.report.ending == "stopped"
    assert recording.is_complete
    assert len(recording.frame_time_ns) == 7
    assert fake.input.is_free
    check_labels(recording, game)


def test_a_device_that_fails_keeps_what_was_recorded(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()

    def fail(number: int) -> None:
        if number == 8:
            raise DeviceFailed("the window was closed")

    fake.capture.before_look = fail
    with pytest.raises(DeviceFailed, match="closed"):
        record(fake.device, lambda: tmp_path / "one", request(Acting(left_and_right)))
    assert len(open_recording(tmp_path / "one").frame_time_ns) == 7
    assert fake.input.is_free


def test_a_device_that_shows_nothing_leaves_no_recording(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device(ends_after=0)
    with pytest.raises(DeviceFailed, match="before it began"):
        record(fake.device, lambda: tmp_path / "one", request(Acting(left_and_right)))
    assert not (tmp_path / "one").exists()


def test_stopping_before_the_first_frame_leaves_no_recording(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()
    summary = record(fake.device, lambda: tmp_path / "one", request(Acting(left_and_right)), stop=lambda: True)
    assert summary.recording.frames == 0
    assert not (tmp_path / "one").exists()


def test_nobody_is_heard_where_no_keyboard_is(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device()
    fake.input.hears = False
    with pytest.raises(BadValue, match="--driver expert"):
        record(fake.device, lambda: tmp_path / "one", request(HumanDriver()))


def test_action_noise_beside_a_person_wants_keys_that_arrive(
    fake_device: Maker, tmp_path: Path, game: Game
) -> None:
    fake, noise = fake_device(), ActionNoise(game, seed=1)
    fake.input.sends = False
    with pytest.raises(BadValue, match=r"Nothing can be pressed .* Leave --action-noise out"):
        record(fake.device, lambda: tmp_path / "one", request(HumanDriver(), action_noise=noise))
    with pytest.raises(BadValue, match="takes no --teacher"):
        request(HumanDriver(), action_noise=noise, teacher=Acting(left_and_right))
    with pytest.raises(BadValue, match="no keys to press wrongly"):
        ActionNoise(
            replace(game, labels={"wheel": Axes("steer")}, controls={"steer": "x"}), seed=1, keys_only=True
        )


def test_a_minute_at_80_hz_with_late_frames(fake_device: Maker, tmp_path: Path) -> None:
    fake = fake_device(rate_hz=80)

    def sleepy(number: int) -> dict[str, float]:
        if number == 100:
            fake.clock.advance(0.06)
        return left_and_right(number)

    recording, summary = recorded(fake, tmp_path / "one", request(Acting(sleepy, Origin.SCRIPT), duration_s=60))
    assert summary.recording.dropped == summary.report.dropped == 3
    assert len(recording.frame_time_ns) == 60 * 80 - 3


def test_a_picture_shown_twice_is_stored_once(fake_device: Maker, tmp_path: Path, game: Game) -> None:
    fake = fake_device()
    fake.capture.shows_again = {4, 5}
    recording, summary = recorded(fake, tmp_path / "one", request(Acting(left_and_right), duration_s=1.0))
    assert summary.report.captured == 10
    assert (np.diff(recording.frame_time_ns) // MS).tolist() == [100, 100, 300, 100, 100, 100, 100]
    check_labels(recording, game)


def test_a_full_disk_releases_every_key_and_keeps_what_was_written(
    fake_device: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = fake_device()
    append, frames = RecordingWriter.append, []

    def until_full(writer: RecordingWriter, *row: Any, **more: Any) -> None:
        if len(frames) == 6:
            raise StorageFull("The disk is full.")
        frames.append(row)
        append(writer, *row, **more)

    monkeypatch.setattr(RecordingWriter, "append", until_full)
    with pytest.raises(StorageFull):
        record(fake.device, lambda: tmp_path / "one", request(Acting(left_and_right)))
    assert fake.input.sent
    assert fake.input.is_free
    assert len(open_recording(tmp_path / "one").frame_time_ns) == 6
