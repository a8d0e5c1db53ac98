"""How networks for Grand Theft Auto V are trained: our default, and the original's settings.

Source:  EduardR02/GTA-V-LSTM, 341a22b (49cf8bc where said): windows of 3 frames 0.25 s apart.
"""

from __future__ import annotations

from playhead.training.recipe import Recipe

# For the stand-in world, whose expert taps keys: a label is the share of the coming 0.3 s that a key is held, and
# all keys are pressed for a share of the interval. (Thresholds instead were measured in a prototype: a driving
# score of .36 against .585. Shares of 0.1 s, which learn each tap by heart, drove a little worse.)
# Few steps: after one and a half rounds through the data the validation loss rises; more recordings help, more
# steps do not (48,000 frames, each seen alone: .333 after 1,000 steps, .362 after 3,000).
DEFAULT = Recipe(
    length=3,
    stride_s=0.25,
    label_over_s=0.3,
    steps=1000,
    # Gains of the brake: 2 halves the hits of cars, but lets a network with few teacher rounds stand still. (12
    # unseen towns, the demo's network: driving score .34 with it, .50 without. The shipped run has it.)
    controller={"proportional": ["w", "a", "s", "d"], "cap": 1.0},
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
    augment={"flip": 0.2, "playhead_gta5.augment:DiagonalWarp": 0.2, "colour": 0.5},
    val_share=0.05,
    eval_every=500,
    seed=1337,
)
