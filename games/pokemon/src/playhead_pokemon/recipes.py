"""How its networks are trained: one that sees which buttons were pressed, and one that plays.

The first is an inverse dynamics model: it sees what comes after a press, and labels videos (docs/labelling.md).
"""

from __future__ import annotations

from dataclasses import replace

from playhead.inputs import Input
from playhead.models.vpt import original_options, vpt_options
from playhead.training.recipe import Recipe

CONSOLE_HZ = 16_777_216 / 280_896  # a Game Boy Advance: its clock, and the ticks of a picture


def frames_of(count: int, ahead: int, rate_hz: float = CONSOLE_HZ) -> dict[str, Input]:
    """Return so many frames in a row, the last ones `ahead` of the moment of their window."""
    return {"frames": Input("frames", tuple((ahead + 1 - count + n) / rate_hz for n in range(count)))}


# Three pictures over a third of a second: a text that is typed, a step that is made.
DEFAULT = Recipe(
    model="conv_stack",
    model_options={"channels": [16, 32, 64], "strides": [4, 2, 2], "keypoints": 16},
    length=3,
    stride_s=0.15,
    steps=1500,
)

# Where the player stands, in this game and in those it is in the spirit of: which way is in a few of its pixels.
MIDDLE = [104, 56, 32, 32]

# Plays by what it remembers: its state is carried from frame to frame (docs/runs.md); it learns by two seconds.
# Most of the time nothing is pressed, which says little: labels near a change count for more, and windows of rare
# buttons are drawn more often. When a person taps is a matter of chance and no moment is likelier than not, so
# buttons are pressed for the share that the answer says; by a half alone nothing is ever pressed.
PLAYER = Recipe(
    model="conv_lstm",
    model_options={
        "scene_pixels": 4320, "crops": {"middle": MIDDLE}, "channels": [16, 32, 64], "strides": [4, 2, 2],
        "changes": True, "features": 128, "hidden": 192, "stateful": True,
    },
    length=32,
    stride_s=1 / 15,
    positions="every",
    balance="rare",
    balance_options={"least": 0.1},
    change_weight=4.0,
    lr=2e-3,
    batch_size=16,
    steps=2000,
    controller={"proportional": ["a", "b", "start", "right", "left", "up", "down"]},
    cache_mb=2000,
)  # fmt: skip

# A second of frames, read from both ends; each is answered. A step takes 16 frames and keys are read at its ends.
# A frame is seen with those 4 and 1 before it and the one after it; convolutions over time find what a tap does.
IDM = Recipe(
    model="conv_lstm",
    model_options={
        "scene_pixels": 4320, "crops": {"middle": MIDDLE}, "channels": [16, 32, 64], "strides": [4, 2, 2],
        "frames_before": [4, 1], "frames_after": [1], "changes": True, "features": 128, "hidden": 128,
        "time_blocks": 5,
    },
    inputs=frames_of(64, ahead=32),
    positions="every",
    balance="presses",
    lr=2e-3,
    batch_size=8,
    steps=5000,
    cache_mb=2000,
)  # fmt: skip

# The same network where nothing is known of what comes: what seeing the future is worth.
CAUSAL = replace(IDM, inputs=frames_of(64, ahead=0), model_options={**IDM.model_options, "frames_after": None})

# The reference system's: a quarter of the pictures, in grey, one of nine classes, windows of four seconds.
ORIGINAL = replace(
    IDM,
    model="inverse_dynamics",
    model_options=original_options(),
    inputs=frames_of(64, ahead=32, rate_hz=15),
    heads=("key",),
    balance="none",
    lr=3e-4,
)

# The published network and shares of it, a window of a step at a time; an eighth is by name one of the game's, the
# others are for machines that bear them: playhead.train("pokemon", recipe=VPT["vpt-2"]).
VPT = {
    name: replace(
        IDM,
        model="inverse_dynamics",
        model_options=vpt_options(by),
        inputs=frames_of(128, ahead=64),
        accumulate=8,
        lr=3e-4,
        precision="bf16-mixed",
    )
    for name, by in {"vpt": 1, "vpt-2": 2, "vpt-4": 4, "vpt-8": 8}.items()
}
