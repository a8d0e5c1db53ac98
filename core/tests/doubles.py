"""Recordings in memory, for tests of what learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capture import FrameArray
from playhead.clock import NS_PER_S
from playhead.events import PLAYED, Event, Origin
from playhead.game import Device, Frame, Game
from playhead.input.hotkeys import Hotkeys
from playhead.labels import Axes, Choice, Head, Keys
from playhead.regions import Region
from playhead.storage.schema import RecordingHeader

EVENTS = np.dtype(
    [("time_ns", np.int64), ("device", "U16"), ("code", "U16"), ("value", np.float32), ("origin", np.uint8)]
)
HOTKEYS = Hotkeys().codes
DRIVE = Keys("w", "a", "s", "d", opposites=(("w", "s"), ("a", "d")), mirror=(("a", "d"),))


def small_game(labels: Mapping[str, Head] | None = None, *, name: str = "toy", rate_hz: float = 10) -> Game:
    heads = labels or {"drive": DRIVE}
    keys = [key for head in heads.values() if not isinstance(head, Choice) for key in head.names]
    return Game(
        name=name,
        title="Toy",
        devices={"world": Device(capture="environment", input="environment")},
        frame=Frame(width=32, height=24, rate_hz=rate_hz),
        labels=heads,
        regions={"map": Region(x=2, y=14, width=8, height=6)},
        controls={key: key for key in keys},
    )


@dataclass
class MemoryRecording:
    """Frames and labels in arrays, with the interface of a recording."""

    header: RecordingHeader
    name: str
    frames_THWC: npt.NDArray[np.uint8]
    frame_time_ns: npt.NDArray[np.int64]
    labels: Mapping[str, npt.NDArray[Any]]
    label_origin: npt.NDArray[np.uint8]
    telemetry: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    events: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0, EVENTS))

    @property
    def place(self) -> str:
        return self.name

    @property
    def length(self) -> int:
        return len(self.frame_time_ns)

    def read_frame_into(self, index: int, out_HWC: FrameArray) -> None:
        out_HWC[...] = self.frames_THWC[index]


def events_of(rows: Sequence[tuple[int, str, float]], device: str = PLAYED) -> npt.NDArray[Any]:
    return np.array([(t, device, code, value, int(Origin.HUMAN)) for t, code, value in rows], EVENTS)


def recording(
    game: Game,
    labels: Mapping[str, npt.NDArray[Any]],
    *,
    name: str = "r1",
    times_ns: npt.NDArray[np.int64] | None = None,
    frames_THWC: npt.NDArray[np.uint8] | None = None,
    origin: Origin | npt.NDArray[np.uint8] = Origin.SCRIPT,
    **header: Any,
) -> MemoryRecording:
    """Make a recording of a game with these labels; frames are noise unless given."""
    count = len(next(iter(labels.values())))
    extra = {key: header.pop(key) for key in ("telemetry", "columns", "events") if key in header}
    told = RecordingHeader(
        game=game.to_json(),
        schema=game.schema,
        frame=game.frame,
        rate_hz=header.pop("rate_hz", game.frame.rate_hz),
        device="world",
        driver="test",
        git_revision="",
        telemetry=tuple(extra.get("telemetry", ())),
    )
    times = times_ns if times_ns is not None else np.arange(count) * round(NS_PER_S / told.rate_hz)
    if frames_THWC is None:
        frames_THWC = np.random.default_rng(count).integers(0, 256, (count, *game.frame.shape), dtype=np.uint8)
    origins = origin if isinstance(origin, np.ndarray) else np.full(count, int(origin), np.uint8)
    return MemoryRecording(
        header=replace(told, **header), name=name, frames_THWC=frames_THWC,
        frame_time_ns=np.asarray(times, np.int64), labels=dict(labels), label_origin=origins, **extra,
    )  # fmt: skip


def bright_side_drives(game: Game, *, seed: int, count: int = 60, name: str = "") -> MemoryRecording:
    """A lesson that can be learned: w is always held, a where the left half is bright, d where the right is."""
    rng = np.random.default_rng(seed)
    left_T = np.repeat(rng.integers(0, 3, count // 5 + 1), 5)[:count]
    frames = rng.integers(60, 100, (count, *game.frame.shape), dtype=np.uint8)
    half = game.frame.width // 2
    frames[left_T == 1, :, :half] += 120
    frames[left_T == 2, :, half:] += 120
    labels = np.stack([np.ones(count), left_T == 1, np.zeros(count), left_T == 2], 1).astype(np.uint8)
    return recording(game, {"drive": labels}, name=name or f"lesson-{seed}", frames_THWC=frames)


def mixed_heads() -> dict[str, Head]:
    """Every kind of head at once."""
    return {
        "drive": DRIVE,
        "gear": Choice("reverse", "first", "second"),
        "wheel": Axes("steer", "pedal", mirror=("steer",)),
        "nudge": Axes("x", deltas=(-0.1, 0.0, 0.1), mirror=("x",)),
    }


@dataclass
class FakeWindow:
    """A window that loses its focus to order."""

    title: str = "Toy"
    focused: bool = True
    minimised: bool = False
    closed: bool = False
    handle: int = 1

    def box(self) -> object | None:
        return None if self.closed else (0, 0, 32, 24)

    def is_focused(self) -> bool:
        return self.focused and not self.minimised and not self.closed

    def is_minimised(self) -> bool:
        return self.minimised


def pressed(*rows: tuple[float, str, float], origin: Origin = Origin.HUMAN) -> list[Event]:
    """Events of a person: (milliseconds, code, value)."""
    return [Event(time_ns=round(ms * 1e6), code=code, value=value, origin=origin) for ms, code, value in rows]
