"""A drive in memory, samples cut from it, and stores of them: what tests of the live system share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from doubles import DRIVE, small_game

from playhead.clock import NS_PER_S
from playhead.conversions import axis_conversions
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.events import Event, Origin
from playhead.game import Game
from playhead.inputs import Input
from playhead.live.drives import MemoryDrive
from playhead.live.samples import Cutter, Sample, SampleSet, window_spec
from playhead.live.store import SampleStore, StoreSettings
from playhead.storage.schema import RecordingHeader

RATE_HZ = 10
INPUTS = {
    "frames": Input("frames", (-0.2, -0.1, 0.0)),
    "past": Input("actions", (-0.4, -0.3)),
    "speed": Input("speed", (-0.3, 0.0)),
}
SPEC = WindowSpec(label_over_s=0.3, inputs=INPUTS)


def live_game() -> Game:
    game = small_game()
    made = axis_conversions("toy", DRIVE, "steer", "steer", more="d", less="a", of="drive")
    pedals = axis_conversions("toy", DRIVE, "pedals", "pedals", more="w", less="s", of="drive")
    return replace(game, conversions=(*made, *pedals))


GAME = live_game()
SCHEMA = GAME.learnable.only(("steer", "pedals"))


def drive(count: int = 60, seed: int = 1) -> MemoryDrive:
    """A drive whose keys change often and whose pictures say which frame they are."""
    header = replace(
        RecordingHeader.of(GAME, device="world", driver="test", rate_hz=RATE_HZ), seed=seed, telemetry=("speed",)
    )
    made, rng = MemoryDrive(header), np.random.default_rng(seed)
    held: dict[str, float] = {}
    for number in range(count):
        time_ns = number * NS_PER_S // RATE_HZ
        for code in "wasd":
            value = float(rng.random() < 0.4)
            if value != held.get(code, 0.0):
                made.add_events([Event(time_ns=time_ns, code=code, value=value, origin=Origin.SCRIPT)])
                held[code] = value
        row = np.array([held.get(code, 0.0) for code in "wasd"], np.uint8)
        frame_HWC = np.full((24, 32, 3), number * 4 % 256, np.uint8)
        made.append(frame_HWC, time_ns, {"drive": row}, Origin.SCRIPT, {"speed": float(number)}, 0)
    return made


def index_of(one: Any, spec: WindowSpec = SPEC) -> WindowIndex:
    from playhead.data.relabelled import relabelled

    source = relabelled(one, SCHEMA, GAME.conversions)
    return WindowIndex.of([source], SCHEMA, window_spec(spec))


def samples(one: MemoryDrive, spec: WindowSpec = SPEC) -> list[Sample]:
    index = index_of(one, spec)
    cutter = Cutter(one, index)
    buffers = ("steer", "pedals")
    return [replace(cutter.cut(row), buffer=buffers[row % 2], bin=str(row)) for row in range(len(index))]


def sample_set(seed: int = 1, *, count: int = 60, **more: Any) -> SampleSet:
    one = drive(count, seed)
    return SampleSet(name=f"0-test-{seed}", header=one.header, samples=samples(one), **more)


def store(folder: Path, *, size: int = 20, **more: Any) -> SampleStore:
    settings = StoreSettings(game=GAME, schema=SCHEMA, spec=SPEC, names=("steer", "pedals"), size=size, **more)
    return SampleStore(folder / "run" / "buffer", settings)
