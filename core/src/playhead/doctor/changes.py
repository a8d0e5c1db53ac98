"""Do the frames really change? A menu, a frozen game and a capture that sees black all look like a working one."""

from __future__ import annotations

from playhead.doctor.finding import Finding
from playhead.doctor.watching import DARK, Sample

NAME = "changes"


def check_changes(sample: Sample) -> Finding:
    """Count the pictures that differ from the one before."""
    changes_hz = sample.pictures / max(sample.elapsed_s, 1e-9)
    if sample.pictures:
        says = f"{changes_hz:.1f} new pictures/s"
        return Finding(name=NAME, status="ok", says=says, value=changes_hz, unit="pictures/s")
    if sample.brightest < DARK:
        says = "everything is black"
        then = "Play in a window and not in exclusive full screen; unlock the screen."
    else:
        says = f"the same picture for {sample.elapsed_s:.1f} s"
        then = "Leave the menu or the pause, let something move, and try again."
    return Finding(name=NAME, status="not ok", says=says, value=0.0, unit="pictures/s", then=then)
