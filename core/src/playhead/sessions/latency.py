"""The measured delay: taken by train, kept by play, and said when a run assumed less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead.errors import NotFound
from playhead.names import quoted
from playhead.sessions.place import Place

if TYPE_CHECKING:
    from playhead.control.timing import LoopReport
    from playhead.models.run import Run
    from playhead.storage.reader import Recording

AUTO = "auto"
ENOUGH = 20  # decisions whose median is worth keeping


def measured_latency(place: Place, recordings: Sequence[Recording]) -> float:
    """Return the delay measured for the device that most recordings were made on, and say so.

    Units:   seconds.
    Raises:  NotFound when nothing was measured for it, with what to type.
    """
    from playhead.doctor.machine import delay_of

    ((device, _),) = Counter(recording.header.device for recording in recordings).most_common(1)
    delay = delay_of(place.home, place.game.name, device, place.say)
    if delay is None:
        raise NotFound(_nothing_measured(place, device))
    place.say(
        f"Labels are those of {1000 * delay.delay_s:.1f} ms after each frame, as {delay.by} measured on {device}."
    )
    return delay.delay_s


def _nothing_measured(place: Place, device: str) -> str:
    """Say what to do; what another machine measured may be meant, where one plays and another trains."""
    from playhead.doctor.machine import delays_elsewhere, machine_file, this_machine

    on = f" --on {quoted(device)}" if device in place.game.devices else ""
    elsewhere = delays_elsewhere(place.home, place.game.name, device)
    known = ", ".join(f"{1000 * delay.delay_s:.1f} ms on {machine}" for machine, delay in elsewhere.items())
    seconds = next((f"{delay.delay_s:.3f}" for delay in elsewhere.values()), "0.05")
    return (
        f"No delay of {place.game.name} on {device} was measured on this machine ({this_machine()}), says "
        f"{machine_file(place.home)}. {f'Measured elsewhere: {known}. ' if known else ''}"
        f"Measure it: playhead doctor {place.game.name}{on}. Or give it: --latency {seconds}."
    )


def warn_before(place: Place, device: str, run: Run) -> bool:
    """Say so when what was measured last is slower than the run was trained for; whether it was said."""
    from playhead.doctor.machine import delay_of

    delay = delay_of(place.home, place.game.name, device, place.say)
    return delay is not None and _warn(place, run, delay.delay_s, f"as {delay.by} measured")


def keep_after(place: Place, device: str, run: Run, report: LoopReport, *, was_said: bool) -> None:
    """Keep the delay of a drive on a real device, and say so when it was slower than the run was trained for."""
    from playhead.doctor.machine import Delay, remember

    if report.decided < ENOUGH or not report.age:
        return
    sections_ms = {"capture": report.age["p50_ms"]} | {
        name: report.sections[section]["p50_ms"] for section, name in (("decide", "network"), ("act", "key"))
    }
    delay = Delay(delay_s=sum(sections_ms.values()) / 1000, sections_ms=sections_ms, by="play")
    remember(place.home, place.game.name, device, delay, place.say)
    if not was_said:
        _warn(place, run, delay.delay_s, "in this drive")


def _warn(place: Place, run: Run, delay_s: float, whence: str) -> bool:
    """A press that comes half a frame later than in training is in the next frame as often as not."""
    if delay_s <= run.latency_s + 0.5 / run.rate_hz:
        return False
    place.say(
        f"Warning: from look to press it takes {1000 * delay_s:.1f} ms {whence}; run {run.name} was trained for "
        f"{1000 * run.latency_s:.1f} ms. Close other programs, or train for it: "
        f"playhead train {place.game.name} --latency auto."
    )
    return True
