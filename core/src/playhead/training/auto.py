"""The recipe "auto": what a game's picture, its labels and its recordings suggest. docs/learning.md says why.

It is the default of a game that states none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from playhead.agreement import COMMON, HELD
from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.errors import PlayheadError
from playhead.events import Origin
from playhead.game import Game
from playhead.labelling import head_labels
from playhead.labels import Axes, Keys
from playhead.training.recipe import Recipe

NAME = "auto"
PIXELS = 16_800  # of the picture a network sees: 113x148 of a console's 160x210
BASE = Recipe(
    length=3,
    model="conv_stack",
    model_options={
        "channels": [16, 32, 64], "strides": [4, 2, 2], "features": 128, "keypoints": 16, "changes": True,
        "hidden": 128, "scene_pixels": PIXELS,
    },
    augment={"move": {"shift": 0.03, "zoom": 0.0}},
    augment_on="auto",
    cache_mb=2000,
)  # fmt: skip
# Numbers, as of axes, follow which way small things lie and move: LunarLander's axes .15 without this, .87 with
# looks, .92 with both, CarRacing's shares .68, .96 with looks. Keys held or not follow places: Pong .82 without
# looks, .28 with them.
OF_NUMBERS = {"looks": 16, "points_alone": True}
APART_S = 0.06  # from frame to frame, or as far as they are: how something moved a moment ago
TAP_S = 0.25  # a person's key that is held no longer at a time is tapped
OVER_S = 0.3  # over which a tapped key's share is learned
IN_PART = 0.25  # of the time: from here on a key's state at a frame is not what it is until the next frame
ROUNDS = 18  # through the frames: Enduro .73 after 12, .81 after 18, CarRacing .95 and .96; more overfit
LEAST_STEPS = 500
RARE = 0.02  # of the time: keys that are held less are hardly learned as they come (Breakout's fire: .003)
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
    steps = steps_for(sum(recording.length for recording in recordings)) if recordings else BASE.steps
    recipe = replace(BASE, stride_s=max(APART_S, round(1 / min(rates_hz), 3)), steps=steps)
    said = [
        f"three frames {recipe.stride_s:g} s apart and how they change, moved by up to 3 %, seen by convolutions "
        "and as 16 keypoints"
    ]
    found = [held_otherwise(game, recording) for recording in recordings[:LOOKED_AT]]
    tapped, in_part = (
        sorted(set().union(*(getattr(one, kind) for one in found))) for kind in ("tapped", "in_part")
    )
    held = {key: float(np.mean([one.held.get(key, 0.0) for one in found])) for one in found for key in one.held}
    rare = sorted(key for key, share in held.items() if 0 < share < RARE)
    over_s = OVER_S if tapped else round(1 / min(rates_hz), 3)
    keys = {key for head in game.labels.values() if isinstance(head, Keys) for key in head.names}
    for names, are in ((tapped, "tapped"), (in_part, "held for parts of the time between frames")):
        if names:
            so = ", pressed for it" if keys & {*names} else ""
            said.append(f"{', '.join(names)} {are}: learned as the share of the coming {over_s:g} s{so}")
    if rare:
        recipe = replace(recipe, balance="rare")
        said.append(f"{', '.join(rare)} hardly ever held: drawn more often")
    if tapped or in_part or any(isinstance(head, Axes) for head in game.labels.values()):
        recipe = replace(recipe, model_options={**recipe.model_options, **OF_NUMBERS})
        said[0] += ", with what is there"
    if tapped or in_part:
        pressed = [name for name in sorted({*tapped, *in_part}) if name in keys]
        recipe = replace(recipe, label_over_s=over_s, controller={"proportional": pressed} if pressed else {})
    return recipe, f"Recipe {NAME}: {'; '.join(said)}; {recipe.steps:,} steps."


def steps_for(frames: int) -> int:
    """Return the steps after which so many frames are learned, and not yet learned by heart."""
    wanted = round(ROUNDS * frames / BASE.batch_size, -2)
    return int(min(max(wanted, LEAST_STEPS), BASE.steps))


@dataclass(frozen=True, kw_only=True)
class HeldOtherwise:
    """Names of what frames show badly of a recording: keys that a person taps, keys and axes held in part.

    A person's tap could as well have come a moment later. What is held for parts of the time between two frames is
    at a frame what it is not until the next. `held` are the shares of frames at which keys are held.
    """

    tapped: frozenset[str] = frozenset()
    in_part: frozenset[str] = frozenset()
    held: Mapping[str, float] = field(default_factory=dict)


def held_otherwise(game: Game, recording: Source) -> HeldOtherwise:
    """Return what of a recording is learned as a share of time."""
    tapped, in_part, held = set[str](), set[str](), dict[str, float]()
    try:
        times_ns = np.asarray(recording.frame_time_ns[: recording.length], dtype=np.int64)
        if len(times_ns) < 2:
            return HeldOtherwise()
        apart_ns = np.diff(times_ns)
        is_next = (apart_ns > 0) & (apart_ns <= 2 * np.median(apart_ns))  # without a pause between
        from_ns, until_ns = times_ns[:-1][is_next], times_ns[1:][is_next]
        by_person = (recording.label_origin == Origin.HUMAN).mean() >= 0.5
        for name, head in game.labels.items():
            is_state = isinstance(head, Keys) or (isinstance(head, Axes) and not head.deltas)
            if not is_state or name not in recording.labels:
                continue
            told = head_labels(recording, name, head)
            held_TA, at_NA, until_next_NA = told.at(times_ns), told.at(from_ns), told.mean(from_ns, until_ns)
            for column, label in enumerate(head.names):
                held_T = held_TA[:, column] >= HELD
                held |= {label: float(held_T.mean())} if isinstance(head, Keys) else {}
                if by_person and isinstance(head, Keys) and _is_tapped(held_T, times_ns / NS_PER_S):
                    tapped.add(label)
                elif _is_in_part(at_NA[:, column], until_next_NA[:, column]):
                    in_part.add(label)
    except PlayheadError:  # damaged ones are said where they are opened to be learned from
        return HeldOtherwise()
    return HeldOtherwise(tapped=frozenset(tapped), in_part=frozenset(in_part), held=held)


def _is_tapped(held_T: np.ndarray, times_s: np.ndarray) -> bool:
    changes = np.flatnonzero(np.diff(np.concatenate([[False], held_T, [False]]).astype(np.int8)))
    began, ended = changes[::2], np.minimum(changes[1::2], len(times_s) - 1)
    if len(began) < 5 or held_T.mean() < COMMON:
        return False
    return float(np.median(times_s[ended] - times_s[began])) <= TAP_S


def _is_in_part(at_N: np.ndarray, until_next_N: np.ndarray) -> bool:
    if len(at_N) == 0:
        return False
    held = float(np.maximum(np.abs(at_N), np.abs(until_next_N)).mean())
    return held >= COMMON and float(np.abs(at_N - until_next_N).mean()) > IN_PART * held
