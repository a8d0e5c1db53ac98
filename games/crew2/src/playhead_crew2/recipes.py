"""How networks for The Crew 2 are trained: our default, a frozen backbone, the original's, a detector."""

from __future__ import annotations

from dataclasses import replace

from playhead.training.recipe import Recipe

# The road far ahead as it is, wide enough for corners; the horizon of the hood camera is at row 93.
AHEAD = [32, 86, 160, 44]  # x, y, width, height at 224x224

# The expert taps keys: a label is the share of the coming .3 s that a key is held, and keys are pressed for it.
DEFAULT = Recipe(
    model="conv_stack",
    model_options={
        "channels": [16, 32, 64],
        "strides": [4, 2, 2],
        "keypoints": 16,
        "looks": 16,
        "crops": {"ahead": AHEAD},
    },
    length=3,
    stride_s=0.2,
    label_over_s=0.3,
    steps=1500,
    controller={"proportional": ["w", "a", "s", "d"]},
)

# ImageNet's features of each frame, computed once: a step costs what one layer costs.
FROZEN = replace(
    DEFAULT,
    model="backbone",
    model_options={"frozen": True, "grid": [4, 3], "crops": {"ahead": AHEAD}},
    length=2,
)

# The original's networks, as closely as ours allow: single frames, states at that moment, each session in one part
# (the original split neighbouring frames), the lowest validation loss kept. An epoch of four fifths of its 132,913
# pictures had 6,645 steps of 16, which stood still after 8 to 16 epochs. Where it had Adam, and for PilotNet SGD
# with a momentum of .9, here it is AdamW without decay.
EPOCH = 6645

CLASSES = Recipe(
    model="backbone",
    model_options={"backbone": "densenet121", "regions": [], "hidden": 1024, "dropout": 0.0},
    heads=("classes",),
    length=1,
    batch_size=16,
    steps=30 * EPOCH,
    patience=4,
    schedule="plateau",
    lr=1e-3,
    final_lr=1e-6,
    warmup_steps=0,
    weight_decay=0.0,
    class_weight_power=1.0,
    eval_every=EPOCH,
    val_share=0.2,
    keep="best",
)

KEYS = replace(
    CLASSES,
    model_options={"backbone": "mobilenetv2_100", "regions": [], "hidden": 1024, "dropout": 0.1},
    heads=("drive",),
    batch_size=8,
    steps=30 * 2 * EPOCH,
    eval_every=2 * EPOCH,
    patience=10,
    plateau_patience=6,
    class_weight_power=0.0,
)

# Its dense layers were made and never used: dropout, then the answers.
PILOTNET = replace(
    CLASSES,
    model="pilotnet",
    model_options={"dense": [], "dropout": 0.1},
    heads=("drive",),
    patience=10,
    plateau_patience=6,
    class_weight_power=0.0,
)

# What the guard looks with: cars and barriers of the stand-in world, whose drives are recorded with their boxes.
DETECTOR = Recipe(
    training="detection",
    model="detector",
    model_options={"classes": ["car", "barrier"], "channels": [12, 24, 32]},
    length=1,
    batch_size=16,
    steps=900,
    lr=3e-3,
    val_share=0.15,
)
