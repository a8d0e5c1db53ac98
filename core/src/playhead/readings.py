"""Numbers that a game shows on its screen and tells nowhere else, as data. Free of pixels and heavy imports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playhead.errors import BadValue
from playhead.quantities import is_finite
from playhead.references import Reference, stated


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A number read off a region of every picture and told as telemetry; NaN where it cannot be read.

    `reader` is called with the `options` and returns a Reader (playhead/reading).
    Units:  `scale` is the telemetry's unit in that of the screen (kilometres an hour as metres a second: 1 / 3.6),
            all that follows is in the telemetry's: from `least` to `most` can be, `most_a_second` is the fastest
            change; what is unlikelier than `confidence` is not believed; the last number stands in for `holds_s`.
    """

    region: str
    reader: Reference = "playhead.reading.digits:open_reader"
    scale: float = 1.0
    least: float = 0.0
    most: float = math.inf
    most_a_second: float = math.inf
    confidence: float = 0.5
    holds_s: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reader", stated(self.reader))
        is_range = is_finite(self.least) and self.least < self.most
        is_positive = is_finite(self.scale) and self.scale > 0 and self.most_a_second > 0
        is_share = 0 <= self.confidence <= 1 and 0 <= self.holds_s < math.inf
        if not (is_range and is_positive and is_share):
            raise BadValue(
                f"A reading of {self.region} needs least below most, a scale and most_a_second above 0, a "
                f"confidence of 0 to 1 and holds_s of 0 or more: {self}."
            )


def confidence_of(name: str) -> str:
    """Return the telemetry that says how sure a reading is, 0 to 1."""
    return f"{name}_confidence"
