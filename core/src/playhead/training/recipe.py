"""Named training settings as Python values. Free of torch, so that a game can state its recipes for nothing."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from playhead.errors import BadValue, not_found


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a run is trained. Variants by `dataclasses.replace`, trials by --set."""

    training: str = "supervised"  # training method, by name
    model: str = "conv_lstm"  # network, by name
    model_options: Mapping[str, Any] = field(default_factory=dict)  # plain data for the network's builder
    heads: tuple[str, ...] = ()  # label heads to learn; empty: all
    inputs: tuple[str, ...] = ("frames",)  # "frames" and telemetry columns, as named inputs of the network

    length: int = 3  # frames in a window
    stride_s: float = 0.25  # seconds between the frames of a window
    latency_s: float = 0.0  # the label is the state this long after the last frame
    label_over_s: float = 0.0  # 0: the state at that moment; else its mean over this many seconds

    batch_size: int = 64  # windows
    steps: int = 3000  # optimiser steps
    lr: float = 1.5e-3  # peak learning rate of AdamW
    final_lr: float = 0.0  # learning rate at the end of the cosine
    warmup_steps: int = 100  # steps of linear rise from 0
    weight_decay: float = 0.01  # on parameters of two and more dimensions
    betas: tuple[float, float] = (0.9, 0.999)
    clip_norm: float = 1.0  # gradient norm; 0: no clipping
    l1: float = 0.0  # times the sum of the sizes of all kernels but those of the heads, added to the loss
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"

    balance: Literal["none", "labels", "changes"] = "none"  # how windows are drawn
    new_share: float = 0.5  # with --from: share drawn from recordings the run has not seen; 0: as they come
    class_weight_power: float = 0.0  # 0: all classes count alike in the loss; 1: inverse to how often they occur
    augment: Mapping[str, Any] = field(default_factory=dict)  # augmentation -> probability, or {"share", options}
    augment_on: Literal["frames", "views"] = "frames"  # whole frames, or the small picture a network sees of each
    origins: tuple[str, ...] = ("human", "script")  # whose labels are trusted
    val_share: float = 0.1  # share of the recordings kept for validation
    test_share: float = 0.0  # share kept for a test that neither training nor validation ever sees
    split_by: str = "recording"  # or a column whose values stay in one part; "frame": nothing is kept together
    allow_empty: bool = False  # learn although some class of a choice never occurs
    eval_every: int = 500  # steps between validations
    keep: Literal["last", "best"] = "last"  # the weights that play: validation loss does not rank policies

    feature_windows: int = 0  # of training, whose features the run remembers, to tell what it has never seen

    controller: Mapping[str, Any] = field(default_factory=dict)  # settings the run plays with
    workers: int = 2  # decoding threads
    cache_mb: int = 700  # memory for frames as the network sees them, so that each is decoded once
    threads: int = 1  # of torch; more only while nothing else wants the cores
    seed: int = 1337

    def __post_init__(self) -> None:
        for name in _ABOVE_ZERO:
            if getattr(self, name) <= 0:
                raise BadValue(f"{name}={getattr(self, name)} must be above 0.")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise BadValue(f"{name}={getattr(self, name)} cannot be negative.")
        for name in ("val_share", "test_share"):
            if not 0 <= getattr(self, name) < 1:
                raise BadValue(f"{name}={getattr(self, name):g} is not a share from 0 to below 1. Try {name}=0.1.")

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as plain data."""
        data: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Rebuild a recipe from `to_json`. Raises NotFound for a setting this version does not know."""
        recipe = cls()
        for name, value in data.items():
            recipe = dataclasses.replace(recipe, **{name: _parsed(name, value)})
        return recipe


_ABOVE_ZERO = ("length", "batch_size", "steps", "lr", "eval_every", "workers", "threads")
_NOT_NEGATIVE = (
    "stride_s", "latency_s", "label_over_s", "final_lr", "warmup_steps", "weight_decay", "clip_norm", "new_share",
    "class_weight_power", "cache_mb", "l1", "feature_windows",
)  # fmt: skip
_TYPES = typing.get_type_hints(Recipe)


def with_settings(recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """Return the recipe with `--set name=value` texts applied, each parsed by the field's type.

    A dotted name reaches into a mapping: `augment.flip=0.2`, `model_options.hidden=64`.
    Raises:  NotFound for an unknown setting, BadValue for a text that does not fit its type.
    """
    for name, text in settings.items():
        outer, _, inner = name.partition(".")
        if outer not in _TYPES:
            raise not_found("setting of a recipe", outer, _TYPES)
        if inner:
            value: Any = {**getattr(recipe, outer), inner: _loaded(text)}
        else:
            value = _parsed(name, _loaded(text))
        recipe = dataclasses.replace(recipe, **{outer: value})
    return recipe


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _parsed(name: str, value: Any) -> Any:
    """Return `value` as the type of field `name`, or raise BadValue naming both."""
    if name not in _TYPES:
        raise not_found("setting of a recipe", name, _TYPES)
    wanted = _TYPES[name]
    origin = typing.get_origin(wanted)
    if origin is Literal:
        if value in typing.get_args(wanted):
            return value
        raise BadValue(f"{name}={value} is not one of {', '.join(typing.get_args(wanted))}.")
    if origin is tuple:
        items = value if isinstance(value, (list, tuple)) else str(value).split(",")
        return tuple(typing.get_args(wanted)[0](item) for item in items)
    if origin is not None and issubclass(origin, Mapping):
        if isinstance(value, Mapping):
            return dict(value)
        raise BadValue(f"{name}={value} is not a mapping. Give one entry as {name}.NAME=VALUE.")
    return _plain(name, value, wanted)


def _plain(name: str, value: Any, wanted: type | types.UnionType) -> Any:
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted is str:
        return str(value)
    if wanted is bool:
        if isinstance(value, bool):
            return value
        raise BadValue(f"{name}={value} is neither true nor false.")
    raise BadValue(f"{name}={value} is not {'a whole number' if wanted is int else 'a number'}.")
