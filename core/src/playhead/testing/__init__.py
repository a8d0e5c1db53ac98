"""What plugin authors test with: `GameContract`, a fake window with a fake person at the keys, and real ones."""

from playhead.testing.contract import GameContract
from playhead.testing.fakes import FAKES, FakeCapture, FakeInput, on_fakes
from playhead.testing.person import Stroke, XPerson
from playhead.testing.waiting import eventually
from playhead.testing.windows import AnyWindow, SeenKey, XWindow

__all__ = [
    "FAKES", "AnyWindow", "FakeCapture", "FakeInput", "GameContract", "SeenKey", "Stroke", "XPerson", "XWindow",
    "eventually", "on_fakes",
]  # fmt: skip
