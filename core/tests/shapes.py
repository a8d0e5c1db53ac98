"""A game of pictures without controls: a square, a disc or a cross in front of noise, with a hat that hides it now
and then, and columns that say so. A star is no class."""

from __future__ import annotations

import numpy as np
from doubles import MemoryRecording

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S
from playhead.devices import DeviceSession
from playhead.events import Origin
from playhead.game import Device, Frame, Game, Reference
from playhead.hookspecs import hookimpl
from playhead.labels import Choice
from playhead.plugins import Plugins
from playhead.storage.schema import RecordingHeader

SHAPE = Choice("square", "disc", "cross")
UNSEEN_SHAPES = ("star", "ring")
HATS, TURNS = 4, 5
HIDING_HAT = 3
HEIGHT, WIDTH = 24, 48
COLUMNS = {"uuid": "S8", "outfit": "S16", "shape": "S8", "hat": "int64", "turn": "int64", "tint": "float32"}

GAME = Game(
    name="shapes",
    title="Shapes",
    devices={"memory": Device(capture="shapes", input="none")},
    frame=Frame(width=WIDTH, height=HEIGHT, rate_hz=10),
    labels={"shape": SHAPE},
    collectors={"drawer": "shapes:nothing"},
)


def nothing() -> None:
    """No collector that could run: its name alone matters."""


def picture(shape: str, hat: int, turn: int, seed: int) -> np.ndarray:
    """Draw a shape; under the hat that hides, nothing tells which it is."""
    random = np.random.default_rng(seed)
    frame = random.integers(30, 90, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    dy, dx = y - 12, x - 14 - 5 * turn
    masks = {
        "square": (np.abs(dy) < 7) & (np.abs(dx) < 7),
        "disc": dy**2 + dx**2 < 56,
        "cross": (np.abs(dy) + np.abs(dx) < 10) & ((np.abs(dy) < 3) | (np.abs(dx) < 3)),
        "star": (np.abs(dy) == np.abs(dx)) & (np.abs(dy) < 9),
        "ring": (dy**2 + dx**2 < 80) & (dy**2 + dx**2 > 40),
    }
    if hat != HIDING_HAT:
        frame[masks[shape]] = 220
    frame[1:4, 2 + 8 * hat : 8 + 8 * hat] = 150
    return frame


def pictures(
    shapes: tuple[str, ...] = SHAPE.names, *, name: str = "pictures", count: int = 240, seed: int = 0,
    driver: str = "drawer", scenario: str = "",
) -> MemoryRecording:  # fmt: skip
    """Make a recording in which shapes, hats and turns change by chance."""
    random = np.random.default_rng(seed)
    shown = random.choice(np.array(shapes), count)
    hats, turns = random.integers(0, HATS, count), random.integers(0, TURNS, count)
    frames = np.stack([
        picture(shape, hat, turn, 1000 * seed + number)
        for number, (shape, hat, turn) in enumerate(zip(shown, hats, turns, strict=True))
    ])  # fmt: skip
    is_class = np.isin(shown, SHAPE.names)
    numbers = [SHAPE.names.index(shape) if shape in SHAPE.names else 0 for shape in shown]
    return MemoryRecording(
        header=RecordingHeader(
            game=GAME.to_json(), schema=GAME.schema, frame=GAME.frame, rate_hz=10, device="memory", driver=driver,
            scenario=scenario, columns=COLUMNS,
        ),
        name=name,
        frames_THWC=frames,
        frame_time_ns=np.arange(count, dtype=np.int64) * (NS_PER_S // 10),
        labels={"shape": np.array(numbers, dtype=np.uint16)[:, None]},
        label_origin=np.where(is_class, int(Origin.SCRIPT), int(Origin.NONE)).astype(np.uint8),
        columns={
            "uuid": np.array([f"{number:08d}" for number in range(count)]),
            "outfit": np.array([f"{shape}-{hat}" for shape, hat in zip(shown, hats, strict=True)]),
            "shape": shown,
            "hat": hats,
            "turn": turns,
            "tint": random.random(count).astype(np.float32),
        },
    )  # fmt: skip


class Shapes:
    """A capture that shows a shape after the other, without end."""

    def __init__(self, session: DeviceSession) -> None:
        self._clock, self._looks = session.clock, 0
        self._pictures = pictures(count=20, seed=5).frames_THWC

    def look(self) -> CapturedFrame:
        self._looks += 1
        picture_HWC = self._pictures[self._looks % len(self._pictures)]
        return CapturedFrame(frame_HWC=picture_HWC, time_ns=self._clock.now_ns(), number=self._looks)

    def close(self) -> None:
        """Nothing to close."""


@hookimpl
def playhead_captures() -> dict[str, Reference]:
    return {"shapes": "shapes:Shapes"}


@hookimpl
def playhead_games() -> list[Game]:
    return [GAME]


def load_plugins() -> Plugins:
    """Return playhead's own plugins and this game."""
    import shapes

    return Plugins([("shapes", shapes)], strict=True)
