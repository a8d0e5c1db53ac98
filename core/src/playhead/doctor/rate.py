"""Does the capture reach the rate asked for, at the size the game has?"""

from __future__ import annotations

from playhead.doctor.finding import Finding
from playhead.doctor.watching import Sample

NAME = "capture"
REACHED = 0.95  # of the rate asked


def check_rate(sample: Sample, rate_hz: float, *, waits: bool) -> Finding:
    """Compare frames seen with frames asked for. A world that waits is never too slow: it is said how fast it is.

    Units:  rate_hz frames a second asked of the device.
    """
    if waits:
        reached_hz = sample.frames / max(sample.wall_s, 1e-9)
        says = f"{reached_hz:.0f} pictures/s from a world that waits, {rate_hz:g} asked"
        return Finding(name=NAME, status="ok", says=says, value=reached_hz, unit="frames/s")
    reached_hz = sample.frames / max(sample.elapsed_s, 1e-9)
    says = f"{reached_hz:.1f} frames/s of {rate_hz:g} asked"
    if reached_hz >= REACHED * rate_hz:
        return Finding(name=NAME, status="ok", says=says, value=reached_hz, unit="frames/s")
    then = f"Make the window smaller, close other programs, or ask for less: --set rate_hz={reached_hz:.0f}."
    return Finding(name=NAME, status="not ok", says=says, value=reached_hz, unit="frames/s", then=then)
