"""How networks for Grand Theft Auto V are trained: our default, a quick one, and the original's settings.

Source:  EduardR02/GTA-V-LSTM, 341a22b (49cf8bc where said): windows of 3 frames 0.25 s apart.
"""

from __future__ import annotations

from dataclasses import replace

from playhead.training.recipe import Recipe

# For the stand-in world, whose expert taps keys: a label is the share of the coming 0.3 s that a key is held, and
# all keys are pressed for a share of the interval. (Thresholds instead were measured in a prototype: a driving
# score of .36 against .585. Shares of 0.1 s, which learn each tap by heart, drove a little worse.)
# What comes towards the car is a pixel or two in the scene made small, so the road ahead is seen as it is too: 12
# unseen towns, 72,500 frames, 1,500 steps each: driving score .82 with it, .67 without, .33 against .75 car hits.
# Those steps start anew on all recordings: going on from the run that drove some of them, for as long in all, left
# .41. More than 1,500 do not help: after one and a half rounds through the data the validation loss rises.
AHEAD = [72, 58, 96, 48]  # x, y, width, height at 240x180

# Where other cars are, and what is there, is found by keypoints, in all frames at once. 53,500 frames of a demo,
# 1,500 steps, 32 unseen towns: driving score .755 [.643, .842] and .28 car hits; convolutions over each frame and
# the one before it and an LSTM, 0.25 s apart: .546 [.424, .662] and .72. The validation loss says the contrary
# (.403, .379).
KEYPOINTS = {"channels": [16, 32, 64], "strides": [4, 2, 2], "keypoints": 16, "looks": 16}

DEFAULT = Recipe(
    model="conv_stack",
    model_options={**KEYPOINTS, "crops": {"ahead": AHEAD}},
    length=3,
    stride_s=0.2,
    label_over_s=0.3,
    steps=1500,
    controller={"proportional": ["w", "a", "s", "d"], "cap": 1.0},
)

# For the rounds in between, whose networks only have to show where they go wrong: half the time a step and frame.
QUICK = replace(DEFAULT, model_options=KEYPOINTS, steps=400)

# What the live system learns by itself: pedals and wheel as axes, without an end, small enough for two cores.
SMALL = replace(
    QUICK,
    heads=("pedals", "steer"),
    batch_size=32,
    steps=1_000_000,
    lr=1e-3,
    schedule="plateau",
    plateau_patience=1000,
    eval_every=250,
)

# Finds cars, for the guard: learned from recordings whose telemetry tells boxes (--set arguments.boxes=16).
DETECTOR = Recipe(
    training="detection",
    model="detector",
    model_options={"classes": ["car"], "channels": [12, 24, 32]},
    length=1,
    batch_size=16,
    steps=900,
    lr=3e-3,
    val_share=0.15,
)

# What the original did, as closely as our networks allow. What differs:
# - Its encoder is DINOv2-base, frozen, on 252x182 pixels; ours is small, convolutional and learned. So its inputs
#   are larger here than by default, and its 384 hidden numbers of the LSTM are kept.
# - It trained at 16 bits on a GPU: --set precision=16-mixed.
# - It split the last 5 % of all frames off for validation; here it is 5 % of the recordings, never parts of one.
# - Its cosine ended at 25,000 steps and training went on to 60,000 at the lowest rate; here it ends there.
# - It predicted 8 times a second, so labels were 10 frames of 80 a second late: 0.125 s (49cf8bc: 5 times and
#   16 frames, 0.2 s: --set latency_s=0.2).
ORIGINAL = Recipe(
    model_options={"scene_size": [126, 91], "hidden": 384},  # half of its 252x182
    length=3,
    stride_s=0.25,
    latency_s=10 / 80,
    batch_size=64,
    steps=25_000,
    lr=2e-4,
    final_lr=5e-6,
    warmup_steps=400,
    weight_decay=0.05,
    betas=(0.9, 0.995),
    clip_norm=0.0,
    augment={"flip": 0.2, "diagonal_warp": 0.2, "colour": 0.5},
    val_share=0.05,
    eval_every=500,
    seed=1337,
)
