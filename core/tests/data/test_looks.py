"""Takes that look unlike those before are said: another camera, a menu, another window; no ordinary variety."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from doubles import MemoryRecording, recording, small_game

from playhead.data.looks import odd_looks

GAME = small_game()
WINDOW = {"width": 800, "height": 600}


def take(name: str, look: int, *, kind: str = "drive", **header: Any) -> MemoryRecording:
    """A drive over ground that changes under a sky; or with another camera, in a menu, in other colours."""
    rng = np.random.default_rng(look)
    frames = np.zeros((40, *GAME.frame.shape), np.uint8)
    height = frames.shape[1] // (6 if kind == "camera" else 2)
    frames[:, :height] = (150, 190, 230)
    for number in range(40):
        frames[number, height:] = rng.integers(40, 110, (frames.shape[1] - height, 1, 1))
    if kind == "menu":
        frames //= 4
    if kind == "colours":
        frames[..., 2] = 255 - frames[..., 2]
    header = {"seed": None, "window": WINDOW, **header}
    return recording(GAME, {"drive": np.zeros((40, 4), np.uint8)}, name=name, frames_THWC=frames, **header)


@pytest.mark.parametrize("kind", ["camera", "menu", "colours"])
@pytest.mark.parametrize("before", [1, 2, 6])
def test_a_take_that_looks_unlike_those_before_is_said(kind: str, before: int) -> None:
    takes = [take(f"r{number}", number) for number in range(before)]
    said = odd_looks([*takes, take("odd", 90, kind=kind), take("next", 91), take("again", 92, kind=kind)])
    assert list(said) == ["odd"], "what was seen once is known from then on"
    assert "looks unlike those before" in said["odd"]


def test_ordinary_takes_worlds_and_other_devices_are_not_said() -> None:
    assert odd_looks([take(f"r{number}", number) for number in range(8)]) == {}
    assert odd_looks([take("a", 1, seed=1), take("b", 2, kind="menu", seed=2)]) == {}
    assert odd_looks([take("a", 1), replace_device(take("b", 2, kind="menu"))]) == {}
    assert odd_looks([]) == {}


def replace_device(one: MemoryRecording) -> MemoryRecording:
    return replace(one, header=replace(one.header, device="phone"))


def test_another_size_of_the_window_is_said_once() -> None:
    wide = {"width": 1280, "height": 720}
    said = odd_looks([take("a", 1), take("b", 2, window=wide), take("c", 3, window=wide)])
    assert said == {"b": "its window is 1280x720, that of a was 800x600"}
