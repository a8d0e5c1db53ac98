"""The speed at the lower left, by its digits: those that the stand-in world draws, or others that are named.

The files are made by `playhead calibrate crew2 --on world --truth speed_mps --episodes 5`, as it is and with
`--set arguments.width=960 --set arguments.height=540`, the size of the world's window.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from playhead.reading.digits import SizedReader
from playhead.reading.digits import open_reader as open_digits

OF_THE_WORLD = ("speed-270.safetensors", "speed-540.safetensors")


def open_reader(options: Mapping[str, Any]) -> SizedReader:
    """Return the reader of the speed; the option "digits" names files of digits learned elsewhere."""
    own = [str(files("playhead_crew2") / "digits" / name) for name in OF_THE_WORLD]
    return open_digits({"digits": own, **options})
