"""How networks that play are trained: cloning from the picture."""

from __future__ import annotations

from playhead.training.recipe import Recipe

# Three pictures over a third of a second: a text that is typed, a step that is made.
DEFAULT = Recipe(
    model="conv_stack",
    model_options={"channels": [16, 32, 64], "strides": [4, 2, 2], "keypoints": 16},
    length=3,
    stride_s=0.15,
    steps=1500,
)
