"""One drive on one open device into one recording."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.adapters import complete
from playhead.capture import CapturedFrame, check_captured, like
from playhead.clock import SystemClock
from playhead.control.drivers import Driver
from playhead.control.guard import AlwaysSafe, Guard
from playhead.control.loop import Loop, Pace, Watcher, axis_codes, motion_codes, never
from playhead.control.timing import LoopReport
from playhead.devices import OpenDevice, merged
from playhead.errors import BadValue, DeviceFailed, NotFound, PlayheadError
from playhead.events import PLAYED, TEACHER, Origin
from playhead.recording.action_noise import ActionNoise
from playhead.recording.beside import DisturbedPerson, HandsBack
from playhead.recording.dagger import DaggerDriver
from playhead.recording.recorder import Recorder, is_telemetry_name
from playhead.recording.sinks import HOME, SinkOpener, Sinks
from playhead.storage.options import given_options
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter, Summary

if TYPE_CHECKING:
    from playhead.capture.desktop import GameWindow
    from playhead.game import Frame

KEPT_FRAMES = 40  # half a second at 80/s: what the machine may be busy elsewhere; 5 MB at 240x180


@dataclass(frozen=True, kw_only=True)
class RecordingRequest:
    """What is to be recorded, and what the recording says about it.

    With a `teacher`, or `action_noise` on the driver's keys, the labels are the true keys and not the played
    ones. A person's keys go straight into the game: beside them, moments with noise have no label. `beta` is the
    share of the time that the teacher drives itself, as in DAgger.
    Units:  duration_s, padding_s and latency_s seconds on the device's clock.
    """

    driver: Driver
    driver_name: str
    teacher: Driver | None = None
    action_noise: ActionNoise | None = None
    beta: float = 0.0
    duration_s: float = math.inf
    padding_s: float = 0.0
    latency_s: float = 0.0
    scenario: str = ""
    seed: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "driver", complete(Driver, self.driver))
        if self.is_beside and self.teacher is not None:
            raise BadValue("Beside a person --action-noise takes no --teacher. Leave one of them out.")
        if self.duration_s <= 0:
            raise BadValue(f"A recording of {self.duration_s:g} s is none. Ask for more than 0 seconds.")
        if not 0 <= self.beta <= 1:
            raise BadValue(f"A teacher's share (--beta) lies between 0 and 1, not at {self.beta}. Try --beta 0.3.")

    @property
    def is_beside(self) -> bool:
        """Whether there is noise beside a person (beside.py)."""
        return self.action_noise is not None and self.driver.origin is Origin.HUMAN


@dataclass(frozen=True, kw_only=True)
class SegmentSummary:
    """What a stretch without a pause left: the recording, how the loop ran, and the seed, if any.

    `recording` is None where the frames went elsewhere (sinks.py); `frames` are those that got there.
    """

    recording: Summary | None
    report: LoopReport
    seed: int | None = None
    frames: int = 0
    measures: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        told: dict[str, Any] = {"frames": self.frames}
        if self.recording is not None:
            path = self.recording.path
            told = {**vars(self.recording), "path": str(path), "name": path.name}
        return {**told, "seed": self.seed, "measures": dict(self.measures), "loop": self.report.to_json()}


def record(
    device: OpenDevice,
    into: SinkOpener | Callable[[], Path],
    request: RecordingRequest,
    *,
    guard: Guard | None = None,
    watchers: Sequence[Watcher] = (),
    stop: Callable[[], bool] = never,
    label_origin: Callable[[Origin, int], Origin] = lambda decided, taken_ns: decided,
    began: Callable[[RecordingWriter | Sinks], object] = lambda writer: None,
) -> SegmentSummary:
    """Record until the time is up, the episode ends, or somebody stops it; all three are normal ends.

    `into` is opened once something can be seen, so that a device that fails leaves no empty recording; a function
    makes the folder of a recording.
    `label_origin` says whose keys label a frame, given whose decisions would and when it was taken; `began` gets
    the writer.
    Raises:  DeviceFailed when nothing can be seen, StorageFull or DeviceFailed from the disk.
    """
    first, session = _first_frame(device, request), device.session
    driver = _dagger_driver(device, request)
    drives, guard = _disturbed(device, request, driver, guard or AlwaysSafe())
    header = new_header(device, request, first, label_device=TEACHER if driver.is_taught else PLAYED)
    sinks = into if isinstance(into, SinkOpener) else SinkOpener(HOME, into)
    writer = sinks.open(header, drop_when_full=not _waits(device))
    with _said_what_is_kept(writer), writer:
        began(writer)
        recorder = Recorder(
            writer,
            session.game,
            label_device=header.label_device,
            label_origin=lambda taken_ns: label_origin(driver.label_origin, taken_ns),
            telemetry=header.telemetry,
            cameras=header.cameras,
            more_events=driver.take_events,
            annotator=request.driver.annotator,
        )
        report = Loop(
            device=device, driver=drives, pace=_pace(device, request, driver), guard=guard,
            watchers=[recorder, *watchers], stop=stop,
        ).run()  # fmt: skip
        measures = device.measures()
        writer.add_measures(measures)
    kept = _close(writer)
    frames = recorder.frames if kept is None else kept.frames
    return SegmentSummary(recording=kept, report=report, seed=request.seed, frames=frames, measures=measures)


def _first_frame(device: OpenDevice, request: RecordingRequest) -> CapturedFrame:
    """Return the first frame of a device. Raises BadValue where nobody can drive, DeviceFailed without a frame."""
    _check_heard(device, request)
    if request.driver.origin is Origin.HUMAN:
        device.capture.keep(KEPT_FRAMES)  # nobody decides on them here, so they may come late, but all of them
    first = device.capture.look()
    if first is None:
        raise DeviceFailed(f"{device.session.game.name} on {device.session.name} ended before it began.")
    check_captured(first)
    return first


def _disturbed(
    device: OpenDevice, request: RecordingRequest, driver: Driver, guard: Guard
) -> tuple[Driver, Guard]:
    """Return who drives and is asked, with wrong keys beside a person where they are wanted."""
    if request.action_noise is None or not request.is_beside:
        return driver, guard
    hands_back = HandsBack(guard, request.action_noise)
    return DisturbedPerson(driver, request.action_noise, hands_back, device.clock), hands_back


@contextmanager
def _said_what_is_kept(writer: RecordingWriter | Sinks) -> Iterator[None]:
    """Have a sentence about what failed name the recording that holds what was before it, if there is any."""
    try:
        yield
    except BaseException as error:
        with suppress(PlayheadError):  # of the disk, which has been said or is none of what went wrong first
            kept = _close(writer)
            if kept is not None and kept.frames and isinstance(error, PlayheadError):
                error.args = (f"{error} What was recorded until now is kept: {kept.path.name}.",)
        raise


def _close(writer: RecordingWriter | Sinks) -> Summary | None:
    """Return what a recording holds, of which nothing is left where that is nothing."""
    kept = writer.close()
    if kept is not None and kept.frames == 0:
        shutil.rmtree(kept.path)
    return kept


def _dagger_driver(device: OpenDevice, request: RecordingRequest) -> DaggerDriver:
    """Return the driver of a request, with whoever teaches it and the action noise."""
    return DaggerDriver(
        request.driver,
        device.clock,
        rate_hz=device.session.rate_hz,
        teacher=request.teacher,
        action_noise=None if request.is_beside else request.action_noise,
        beta=request.beta,
        seed=request.seed or 0,
        axes=axis_codes(device.session.game),
        motions=motion_codes(device.session.game),
    )


def _pace(device: OpenDevice, request: RecordingRequest, driver: DaggerDriver) -> Pace:
    return Pace(
        rate_hz=device.session.rate_hz,
        decide_hz=driver.decide_hz,
        duration_s=request.duration_s,
        latency_s=request.latency_s,
    )


def _usual_options(device: OpenDevice, scenario: str) -> dict[str, Any]:
    """Return what the game itself opens the device with in a scenario of its world."""
    session = device.session
    with suppress(NotFound):  # a request may name one that the world does not have
        return merged(session.device.options, {"reset": session.game.scenario(scenario).options})
    return dict(session.device.options)


def new_header(
    device: OpenDevice, request: RecordingRequest, first: CapturedFrame, *, label_device: str
) -> RecordingHeader:
    """Say everything about a recording that is about to be made on this device."""
    session = device.session
    annotates, names = request.driver.annotator, device.capture.telemetry_names
    header = RecordingHeader.of(
        session.game, device=session.name, driver=request.driver_name, rate_hz=session.rate_hz
    )
    return replace(
        header,
        label_device=label_device if annotates is None else "",  # no events say what an annotator does
        padding_frames=round(request.padding_s * session.rate_hz),
        scenario=request.scenario,
        seed=request.seed,
        options=given_options(_usual_options(device, request.scenario), session.options),
        tags=dict(request.tags),
        window=_geometry(device.capture.window),
        input=dict(device.input.settings),
        cameras=_cameras(device, first),
        telemetry=tuple(filter(is_telemetry_name, names if names is not None else first.telemetry)),
        columns=dict(annotates.columns) if annotates is not None else {},
        notes=request.notes,
        clock_anchor={"monotonic_ns": device.clock.now_ns(), "utc_ns": time.time_ns()},
    )


def _cameras(device: OpenDevice, first: CapturedFrame) -> Mapping[str, Frame]:
    """Return the further cameras that a device declares, else those of its first frame."""
    declared, main = device.capture.cameras, device.session.game.needed_frame
    if declared is not None:
        return dict(declared)
    return {name: like(main, picture_HWC) for name, picture_HWC in first.cameras.items()}


def _geometry(window: GameWindow | None) -> dict[str, Any]:
    """Say where the captured window was at the beginning; nothing for a source that is no window."""
    box = window.box() if window is not None else None
    return {**asdict(box), "scale": window.scale, "title": window.title} if window is not None and box else {}


def _waits(device: OpenDevice) -> bool:
    """Whether the device's time stands still while the disk is busy: its clock is not the machine's."""
    return not isinstance(device.clock, SystemClock)


def _check_heard(device: OpenDevice, request: RecordingRequest) -> None:
    if request.is_beside and not device.input.sends:
        raise BadValue(f"Nothing can be pressed on the device {device.session.name}. Leave --action-noise out.")
    if request.driver.origin is Origin.HUMAN and not device.input.hears:
        raise BadValue(
            f"Nobody can be heard on the device {device.session.name}. Record another driver (--driver expert), "
            "or name a device with a keyboard (--on)."
        )
