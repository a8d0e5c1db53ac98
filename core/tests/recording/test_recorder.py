"""What a recorder counts as dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from playhead.capture import CapturedFrame
from playhead.control.loop import Tick
from playhead.events import Event, Origin
from playhead.game import Game
from playhead.recording.recorder import Drops, Recorder


@pytest.mark.parametrize(
    ("numbers", "counted"),
    [
        ([0, 1, 2, 3], [0, 0, 0, 0]),
        ([7, 8, 11, 12], [0, 0, 2, 0]),
        ([0, 0, 2, 3, 3, 5], [0, 0, 0, 0, 0, 0]),
        ([0, 0, 3, 4, 7], [0, 0, 1, 0, 2]),
    ],
)
def test_gaps_are_counted_once_and_rounding_is_forgiven(numbers: Sequence[int], counted: Sequence[int]) -> None:
    drops = Drops()
    assert [drops.take(number) for number in numbers] == counted


class Written:
    def __init__(self) -> None:
        self.dropped: list[int] = []

    def append(
        self, frame_HWC: Any, time_ns: int, labels: Mapping[str, Any], origin: Origin,
        telemetry: Mapping[str, float] | None = None, dropped: int = 0,
    ) -> None:  # fmt: skip
        self.dropped.append(dropped)

    def add_events(self, events: Iterable[Event]) -> None:
        pass


def test_what_loop_and_source_both_miss_is_one_drop(game: Game) -> None:
    writer = Written()
    recorder = Recorder(writer, game, label_origin=lambda taken_ns: Origin.HUMAN)
    for number, late in ((0, 0), (1, 0), (4, 1), (5, 1), (7, 0), (8, 3)):
        frame_HWC = np.zeros(game.frame.shape, np.uint8)
        captured = CapturedFrame(frame_HWC=frame_HWC, time_ns=number * 100 + late, number=number)
        recorder.saw(Tick(captured=captured, events=(), dropped=late))
    recorder.ended(())
    assert writer.dropped == [0, 0, 2, 0, 1, 2]
