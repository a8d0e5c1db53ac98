"""Is there a desktop that playhead can see, with the rights to do so?"""

from __future__ import annotations

import os
import sys

from playhead.capture.desktop import open_desktop
from playhead.doctor.finding import Finding

NAME = "display"


def check_display(*, is_needed: bool) -> Finding:
    """Open the desktop and count its windows. Raises: NoWindow where there is none."""
    desktop = open_desktop()
    try:
        count = len(desktop.windows())
    finally:
        desktop.close()
    where = "the desktop of Windows" if sys.platform == "win32" else f"X11 display {os.environ.get('DISPLAY', '')}"
    windows = "1 window" if count == 1 else f"{count} windows"
    return Finding(
        name=NAME, status="ok", says=f"{where}, {windows}", value=count, unit="windows", is_needed=is_needed
    )
