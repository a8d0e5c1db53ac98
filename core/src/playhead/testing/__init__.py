"""What plugin authors test their games with: `GameContract`, and a fake window with a fake person at the keys."""

from playhead.testing.contract import GameContract
from playhead.testing.fakes import FAKES, FakeCapture, FakeInput, on_fakes

__all__ = ["FAKES", "FakeCapture", "FakeInput", "GameContract", "on_fakes"]
