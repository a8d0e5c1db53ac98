"""A session of recordings on a device that hears people: a pause ends one recording, going on begins the next.

So neighbouring frames always belong together, and nothing that a person does in a pause is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from playhead.clock import NS_PER_S
from playhead.control.hotkeys import HotkeyFilter
from playhead.control.listener import Listener
from playhead.control.loop import Watcher, never
from playhead.control.wheel import Wheel
from playhead.devices import OpenDevice
from playhead.errors import DeviceFailed
from playhead.recording.session import Take, TakeSummary, record
from playhead.storage.writer import RecordingWriter

ASK_HZ = 20  # how often a pause asks whether it is over
KEPT = "What was recorded is kept."


def record_takes(
    device: OpenDevice,
    new_folder: Callable[[], Path],
    take: Take,
    wheel: Wheel | None,
    *,
    watchers: Sequence[Watcher] = (),
    stop: Callable[[], bool] = never,
    began: Callable[[RecordingWriter], object] = lambda writer: None,
) -> list[TakeSummary]:
    """Record until the time is up, the window closes or somebody stops it, in as many recordings as it takes.

        wait for the wheel -> record until it is let go -> wait -> record ...

    `take.duration_s` counts what is recorded, not the pauses. Without a wheel, as in a world in memory, there is
    one recording. Raises: as `record`; what was recorded is kept.
    """
    if wheel is None:
        return [record(device, new_folder, take, watchers=watchers, stop=stop, began=began)]
    made: list[TakeSummary] = []
    names: list[str] = []

    def begun(writer: RecordingWriter) -> None:
        names.append(writer.name)
        began(writer)

    try:
        for summary in _takes(device, new_folder, take, wheel, watchers, stop, begun):
            made.append(summary)
    except DeviceFailed:
        if names:
            wheel.say(f"What was recorded until now is kept: {', '.join(names)}.")
        raise
    return [summary for summary in made if summary.recording.frames] or made[:1]


def _takes(
    device: OpenDevice, new_folder: Callable[[], Path], take: Take, wheel: Wheel, watchers: Sequence[Watcher],
    stop: Callable[[], bool], began: Callable[[RecordingWriter], object],
) -> Iterator[TakeSummary]:  # fmt: skip
    """Yield one recording after another."""
    left_s = take.duration_s
    while left_s > 0 and _wait(device, wheel, stop):
        if isinstance(device.input, HotkeyFilter):
            device.input.begin()
        wheel.begin()
        summary = record(
            device,
            new_folder,
            replace(take, duration_s=left_s),
            guard=wheel,
            watchers=watchers,
            stop=lambda: stop() or not wheel.check(),
            label_origin=wheel.label_origin,
            began=began,
        )
        left_s -= summary.report.elapsed_s
        if summary.report.ending == "stopped":
            summary.report.because = wheel.breach
        yield summary
        if summary.report.ending == "episode":
            wheel.tell_end(KEPT)
        if summary.report.ending != "stopped":
            return


def _wait(device: OpenDevice, wheel: Wheel, stop: Callable[[], bool]) -> bool:
    """Wait until somebody drives; say no when it is over instead. A game may close its window and open another.

    What is held then is asked: a key may have been pressed, or let go, where nobody was heard.
    """
    listener = Listener(device, wheel)
    while not stop():
        now_ns = device.clock.now_ns()
        wheel.may_send(now_ns, listener.listen())
        if wheel.is_open:
            wheel.may_send(now_ns, listener.listen_anew())
        if wheel.is_over:
            return False
        if wheel.who == "closed" and device.capture.look() is None:
            wheel.tell_end(KEPT)
            return False
        if wheel.is_open:
            return True
        device.clock.sleep_until(now_ns + NS_PER_S // ASK_HZ)
    return False
