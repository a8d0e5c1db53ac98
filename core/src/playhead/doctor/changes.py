"""Do the frames really change? A menu, a frozen game and a capture that sees black all look like a working one."""

from __future__ import annotations

from playhead.doctor.finding import Finding
from playhead.doctor.watching import DARK, Sample

NAME = "changes"
NEW = 0.6  # of the rate asked: with fewer, most frames show what the one before has shown


def check_changes(sample: Sample, rate_hz: float, *, waits: bool = False) -> Finding:
    """Count the pictures that differ from the one before. A game may stand still, so few are no fatal fault.

    Units:  rate_hz frames a second asked of the device; of a world that waits only none are too few.
    """
    changes_hz = sample.pictures / max(sample.elapsed_s, 1e-9)
    if sample.pictures:
        says = f"{changes_hz:.1f} new pictures/s"
        if waits or changes_hz >= NEW * rate_hz:
            return Finding(name=NAME, status="ok", says=says, value=changes_hz, unit="pictures/s")
        then = (
            f"Unless the game stood still, it draws no more: record with --rate {max(1, round(changes_hz))}, and "
            "the network plays at that rate, too."
        )
        says = f"{says} of {rate_hz:g} asked"
        return Finding(
            name=NAME, status="not ok", says=says, value=changes_hz, unit="pictures/s", then=then, is_needed=False
        )
    if sample.brightest < DARK:
        says = "everything is black"
        then = "Play in a window and not in exclusive full screen; unlock the screen."
    else:
        says = f"the same picture for {sample.elapsed_s:.1f} s"
        then = "Leave the menu or the pause, let something move, and try again."
        if waits:
            then = "Nobody pressed anything: it may wait for a key. Record a drive and look: playhead data show."
    is_needed = not waits or sample.brightest < DARK
    return Finding(
        name=NAME, status="not ok", says=says, value=0.0, unit="pictures/s", then=then, is_needed=is_needed
    )
