"""The recipe "auto": what a game's picture, its labels and its recordings suggest. docs/learning.md says why.

It is the default of a game that states none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playhead.agreement import states
from playhead.data.source import Source
from playhead.errors import PlayheadError
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import Keys
from playhead.training.recipe import Recipe

NAME = "auto"
PIXELS = 16_800  # of the picture a network sees: 113x148 of a console's 160x210
BASE = Recipe(
    length=3,
    model="conv_stack",
    model_options={
        "channels": [16, 32, 64], "strides": [4, 2, 2], "features": 128, "features_dropout": 0.5,
        "keypoints": 16, "looks": 16, "hidden": 128, "scene_pixels": PIXELS,
    },
    augment={"move": {"shift": 0.03, "zoom": 0.0}},
    augment_on="auto",
    cache_mb=2000,
)  # fmt: skip
APART_S = 0.06  # from frame to frame, or as far as they are: how something moved a moment ago
TAP_S = 0.25  # a person's key that is held no longer at a time is tapped
OVER_S = 0.3  # over which a tapped key's share is learned
LOOKED_AT = 20  # recordings


def is_asked(game: Game, named: str) -> bool:
    """Whether this name means a recipe that is chosen here."""
    return named not in game.recipes and named in (NAME, "default")


def default_of(game: Game) -> Recipe:
    """Return a game's default recipe, before anything is recorded."""
    return game.recipes.get("default") or recipe_for(game, ())[0]


def recipe_for(game: Game, recordings: Sequence[Source]) -> tuple[Recipe, str]:
    """Return a recipe and, in a sentence, what was chosen for this game."""
    rates_hz = [recording.header.rate_hz for recording in recordings] or [game.needed_frame.rate_hz]
    recipe = replace(BASE, stride_s=max(APART_S, round(1 / min(rates_hz), 3)))
    said = [
        f"three frames {recipe.stride_s:g} s apart, moved by up to 3 %, seen by convolutions and as 16 keypoints"
    ]
    tapped = sorted({key for recording in recordings[:LOOKED_AT] for key in tapped_keys(game, recording)})
    if tapped:
        recipe = replace(recipe, label_over_s=OVER_S, controller={"proportional": tapped})
        said.append(f"{', '.join(tapped)} tapped: learned as the share of the coming {OVER_S:g} s, pressed for it")
    return recipe, f"Recipe {NAME}: {'; '.join(said)}."


def tapped_keys(game: Game, recording: Source) -> list[str]:
    """Return the keys that a person tapped in a recording: held often, and mostly not for long at a time."""
    try:
        times_s = recording.frame_time_ns / 1e9
        if len(times_s) < 2 or (recording.label_origin == Origin.HUMAN).mean() < 0.5:
            return []
        found = []
        for name, head in game.labels.items():
            if isinstance(head, Keys) and name in recording.labels:
                held_TA = states(head, recording.labels[name])
                found += [
                    key for key, held_T in zip(head.names, held_TA.T, strict=True) if _is_tapped(held_T, times_s)
                ]
    except PlayheadError:  # damaged ones are said where they are opened to be learned from
        return []
    return found


def _is_tapped(held_T: np.ndarray, times_s: np.ndarray) -> bool:
    changes = np.flatnonzero(np.diff(np.concatenate([[False], held_T, [False]]).astype(np.int8)))
    began, ended = changes[::2], np.minimum(changes[1::2], len(times_s) - 1)
    if len(began) < 5 or held_T.mean() < 0.05:
        return False
    return float(np.median(times_s[ended] - times_s[began])) <= TAP_S
