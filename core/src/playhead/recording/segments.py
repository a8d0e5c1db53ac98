"""A session of recordings on a device that hears people: a pause ends one recording, going on begins the next.

So neighbouring frames always belong together, and nothing that a person does in a pause is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from playhead.control.authority import ControlAuthority
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.loop import Watcher, never
from playhead.control.waiting import wait_for_control
from playhead.devices import OpenDevice
from playhead.errors import DeviceFailed
from playhead.recording.session import RecordingRequest, SegmentSummary, record
from playhead.recording.sinks import SinkOpener, Sinks
from playhead.storage.writer import RecordingWriter

KEPT = "What was recorded is kept."


def record_segments(
    device: OpenDevice,
    into: SinkOpener | Callable[[], Path],
    request: RecordingRequest,
    authority: ControlAuthority | None,
    *,
    watchers: Sequence[Watcher] = (),
    stop: Callable[[], bool] = never,
    began: Callable[[RecordingWriter | Sinks], object] = lambda writer: None,
) -> list[SegmentSummary]:
    """Record until the time is up, the window closes or somebody stops it, in as many recordings as it takes.

        wait for control -> record until it is lost -> wait -> record ...

    `request.duration_s` counts what is recorded, not the pauses. Without an authority, as in a world in memory,
    there is one recording. Raises: as `record`; what was recorded is kept.
    """
    if authority is None:
        return [record(device, into, request, watchers=watchers, stop=stop, began=began)]
    made: list[SegmentSummary] = []
    names: list[str] = []

    def begun(writer: RecordingWriter | Sinks) -> None:
        names.append(writer.name)
        began(writer)

    try:
        for summary in _segments(device, into, request, authority, watchers, stop, begun):
            made.append(summary)
    except DeviceFailed:
        ended = [name for name, summary in zip(names, made, strict=False) if summary.frames]
        is_within = len(names) > len(made)  # a recording, which the sentence itself says is kept
        if ended:
            kept = "before is kept, too" if is_within else "until now is kept"
            authority.say(f"What was recorded {kept}: {', '.join(ended)}.")
        raise
    return [summary for summary in made if summary.frames] or made[:1]


def _segments(
    device: OpenDevice, into: SinkOpener | Callable[[], Path], request: RecordingRequest,
    authority: ControlAuthority, watchers: Sequence[Watcher], stop: Callable[[], bool],
    began: Callable[[RecordingWriter | Sinks], object],
) -> Iterator[SegmentSummary]:  # fmt: skip
    """Yield one recording after another."""
    left_s = request.duration_s
    while left_s > 0 and wait_for_control(device, authority, stop, KEPT):
        if isinstance(device.input, HotkeyFilter):
            device.input.begin()
        authority.begin()
        summary = record(
            device,
            into,
            replace(request, duration_s=left_s),
            guard=authority,
            watchers=watchers,
            stop=lambda: stop() or authority.is_broken,
            label_origin=authority.label_origin,
            began=began,
        )
        left_s -= summary.report.elapsed_s
        if summary.report.ending == "stopped":
            summary.report.because = authority.breach
        yield summary
        if summary.report.ending == "episode":
            authority.tell_end(KEPT)
        if summary.report.ending != "stopped":
            return
