"""Named training settings as Python values. Free of torch, so that a game can state its recipes for nothing."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from playhead.decoding import convert, setting_value
from playhead.errors import LISTED, BadValue, not_found
from playhead.inputs import (
    Input,
    check_input_names,
    check_inputs,
    check_no_answer,
    check_offsets,
    laid_in,
    main_input,
    named_inputs,
    read_inputs,
    read_positions,
)
from playhead.training.settings import NoSettings, parsed, types_of


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a run is trained. Variants by `dataclasses.replace`, trials by --set."""

    training: str = "supervised"  # training method, by name
    method: Mapping[str, Any] = field(default_factory=dict)  # settings of that method's own, as method.NAME=VALUE
    model: str = "conv_lstm"  # network, by name
    model_options: Mapping[str, Any] = field(default_factory=dict)  # of that network, as model.hidden=64
    heads: tuple[str, ...] = ()  # label heads to learn, also derived ones; empty: all that are recorded
    layer: str = ""  # the label layer whose heads are learned instead of those that were recorded; "": none
    inputs: tuple[str, ...] | Mapping[str, Input] = ("frames",)  # sources alone, or each with its times by a name

    length: int = 3  # frames in a window, of inputs that are sources alone
    stride_s: float = 0.25  # seconds between the frames of a window
    positions: Literal["now", "every"] | tuple[float, ...] = (
        "now"  # moments that are answered: now, every frame of the window, or seconds from now
    )
    latency_s: float = 0.0  # the label is the state this long after the frame it is for
    latency_range_s: float = 0.0  # to both sides of latency_s, never before the frame: drawn for each window
    label_over_s: float = 0.0  # 0: the state at that moment; else its mean (longest class) over so many seconds

    batch_size: int = 64  # windows in a step
    accumulate: int = 1  # parts that the windows of a step are learned in, one after another: less memory
    steps: int = 3000  # optimiser steps
    patience: int = 0  # validations without a lower loss after which training ends; 0: never before its steps
    lr: float = 1.5e-3  # peak learning rate of AdamW
    final_lr: float = 0.0  # learning rate at the end of the cosine; the least that a plateau lowers it to
    schedule: Literal["cosine", "plateau"] = "cosine"  # how lr falls: over all steps, or when validation stays
    plateau_factor: float = 0.2  # of a plateau: by this
    plateau_patience: int = 3  # after so many validations without a lower loss
    warmup_steps: int = 100  # steps of linear rise from 0
    weight_decay: float = 0.01  # on parameters of two and more dimensions
    betas: tuple[float, float] = (0.9, 0.999)  # of AdamW: how long gradients and their squares are remembered
    clip_norm: float = 1.0  # gradient norm; 0: no clipping
    l1: float = 0.0  # times the sum of the sizes of all kernels but those of the heads, added to the loss
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"  # of the numbers of a training

    balance: str = "none"  # how windows are drawn, by name: one of those below, or the game's own
    balance_options: Mapping[str, Any] = field(default_factory=dict)  # of that, as balance.rarest=0.02
    new_share: float = 0.5  # with --from: share drawn from recordings the run has not seen; 0: as they come
    loss_weights: Mapping[str, float] = field(default_factory=dict)  # head -> weight of its loss; 0: not learned
    class_weight_power: float = 0.0  # 0: all classes count alike in the loss; 1: inverse to how often they occur
    change_weight: float = 1.0  # what labels within two positions of a change count for in the loss; others: 1
    augment: Mapping[str, Any] = field(default_factory=dict)  # changes to pictures and how often: augment.flip=0.5
    augment_on: Literal["frames", "views", "auto"] = "frames"  # or the picture a network sees, or that if but one
    origins: tuple[str, ...] = ("human", "script")  # whose labels are trusted; "HEAD:model": in that head
    val_share: float = 0.1  # share of the recordings kept for validation
    test_share: float = 0.0  # share kept for a test that neither training nor validation ever sees
    split_by: str = "recording"  # or a tag or column, whose values stay in one part; "frame": nothing is
    leave_out: str = ""  # recordings: tag=value: they make the test; return<400, of a measure: they are not used
    allow_empty: bool = False  # learn although some class of a choice never occurs
    allow_collapse: bool = False  # learn on although the answers are the same whatever is seen
    eval_every: int = 500  # steps between validations
    keep: Literal["last", "best"] = "last"  # the weights that play: validation loss does not rank policies

    feature_windows: int = 0  # of training, whose features the run remembers, to tell what it has never seen

    controller: Mapping[str, Any] = field(
        default_factory=dict
    )  # how its answers become presses, as controller.threshold=0.4
    guard: Mapping[str, Any] = field(default_factory=dict)  # what may change these presses, over the game's own
    workers: int = 2  # decoding threads
    cache_mb: int = 700  # memory for frames as the network sees them, so that each is decoded once
    threads: int = 2  # of torch, which wait asleep: beside other programs two are as quick as one
    seed: int = 1337  # of first weights, of what is drawn, and of the split

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            _check_range(name, getattr(self, name), least, most)
        for beta in self.betas:
            _check_range("betas", beta, 0.0, _BELOW_1)
        for head, weight in self.loss_weights.items():
            _check_range(f"loss_weights.{head}", weight, 0, _LARGEST)
        for name in ("val_share", "test_share"):
            if not 0 <= getattr(self, name) < 1:
                raise BadValue(f"{name}={getattr(self, name):g} is not a share from 0 to below 1. Try {name}=0.1.")
        check_inputs(self.named_inputs)
        check_input_names(self.inputs)
        check_offsets("positions", self.positions_s)
        _check_once("heads", self.heads)
        if not isinstance(self.positions, str):
            _check_once("positions", [f"{position:g}" for position in self.positions])
        check_no_answer(self.named_inputs, self.positions_s, min(self.latencies_s))

    @property
    def named_inputs(self) -> dict[str, Input]:
        """All inputs by name."""
        return named_inputs(self.inputs, self.length, self.stride_s)

    @property
    def looks(self) -> str:
        """What a window looks at, in words."""
        if isinstance(self.inputs, Mapping):
            return ", ".join(f"{name}: {one}" for name, one in self.inputs.items())
        return f"{self.length} frames {self.stride_s:g} s apart" if self.length > 1 else "a frame"

    @property
    def window_s(self) -> float:
        """The time that a window takes with its labels."""
        offsets_s = [0.0, *self.positions_s, *(o for one in self.named_inputs.values() for o in one.offsets_s)]
        return max(offsets_s) - min(offsets_s) + max(self.latencies_s) + self.label_over_s

    @property
    def latencies_s(self) -> tuple[float, ...]:
        """How long after its frame a label may be in training, evenly spread."""
        if not self.latency_range_s:
            return (self.latency_s,)
        first_s, last_s = max(0.0, self.latency_s - self.latency_range_s), self.latency_s + self.latency_range_s
        return tuple(first_s + (last_s - first_s) * number / (_LATENCIES - 1) for number in range(_LATENCIES))

    @property
    def positions_s(self) -> tuple[float, ...]:
        """Where in a window labels are wanted: seconds from its moment."""
        if self.positions == "every":
            inputs = self.named_inputs
            return inputs[main_input(inputs)].offsets_s
        return (0.0,) if isinstance(self.positions, str) else self.positions

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as plain data."""
        data: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Rebuild a recipe from `to_json`.

        Raises:  NotFound for a setting this version does not know, Damaged for a value that cannot be.
        """
        known = types_of(cls)
        for name in data:
            if name not in known:
                raise not_found("setting of a recipe", name, known)
        return convert(dict(data), cls, where="A recipe")


_LATENCIES = 5  # of a range: a label table each, .02 to .1 s apart as ranges are
_BELOW_1 = math.nextafter(1, 0)
_ABOVE_0 = math.nextafter(0, 1)
_LARGEST = 1e38  # of a number with a fraction: the network's own numbers go no further
# What a setting may be, so that no file and no mistyped zero takes a machine's memory.
RANGES: dict[str, tuple[float, float]] = {
    "length": (1, 1000), "stride_s": (0, 3600), "latency_s": (0, 3600), "latency_range_s": (0, 3600),
    "label_over_s": (0, 3600),
    "batch_size": (1, 65_536), "accumulate": (1, 65_536), "steps": (1, 10**9), "patience": (0, 10**9),
    "plateau_factor": (_ABOVE_0, 1), "plateau_patience": (1, 10**9), "lr": (_ABOVE_0, _LARGEST),
    "final_lr": (0, _LARGEST),
    "warmup_steps": (0, 10**9), "weight_decay": (0, _LARGEST), "clip_norm": (0, _LARGEST), "l1": (0, _LARGEST),
    "new_share": (0, 1), "class_weight_power": (0, 100), "change_weight": (_ABOVE_0, 1000),
    "eval_every": (1, 10**9),
    "feature_windows": (0, 1_000_000), "workers": (1, 256), "cache_mb": (0, 1_000_000), "threads": (1, 1024),
    "seed": (0, 2**63 - 1),
}  # fmt: skip


def allowed() -> dict[str, str]:
    """Say of every setting that has bounds what it may be."""
    ends = {name: _bounds(*ends) for name, ends in RANGES.items()}
    return {**ends, "betas": "0 to below 1", "val_share": "0 to below 1", "test_share": "0 to below 1"}


def _bounds(least: float, most: float) -> str:
    is_above = least == _ABOVE_0
    low = "above 0" if is_above else f"from {least:g}"
    return low if most >= 10**9 else f"{'above 0' if is_above else f'{least:g}'} to {most:,.0f}"


def _check_once(name: str, values: Sequence[str]) -> None:
    twice = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        once = ",".join(dict.fromkeys(values))
        raise BadValue(f"{name}={','.join(values)} names {twice} twice. Take --set {name}={once}.")


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if least <= value <= most:  # neither holds of NaN
        return
    if value != value:  # NaN; of a whole number of hundreds of digits math knows nothing
        raise BadValue(f"{name}={value} is no number.")
    if value <= 0 < least:
        raise BadValue(f"{name}={value} must be above 0.")
    if value < 0:
        raise BadValue(f"{name}={value} cannot be negative.")
    raise BadValue(f"{name}={value} is more than the {most:g} that it may be.")


def with_settings(recipe: Recipe, settings: Mapping[str, str], own: type = NoSettings) -> Recipe:
    """Return the recipe with `--set name=value` texts applied, each parsed by the field's type.

    A dotted name reaches into a mapping: `augment.flip=0.2`, `model_options.hidden=64`, and into one within that.
    An input is `inputs.past=actions@-3:-0.05:0.05` (see `Input.parse`), or given by its parts. What no recipe
    knows is a setting of its training method, whose own are `own`; `method.NAME` means these alone.
    Raises:  NotFound for an unknown setting, BadValue for a text that does not fit its type.
    """
    shared, theirs = types_of(Recipe), types_of(own)
    laid: dict[str, Any] = {}
    for name, text in settings.items():
        outer, _, inner = name.partition(".")
        if outer == "inputs" or name == "positions":
            there = laid.get(outer, recipe.named_inputs if inner else None)
            laid[outer] = laid_in(there, inner.split("."), setting_value(text)) if inner else setting_value(text)
            continue
        if inner and f"{outer}_options" in shared:  # balance.rarest, model.hidden
            outer, name = f"{outer}_options", f"{outer}_options.{inner}"
        if outer in shared and not (outer == "method" and inner):
            there = {known: getattr(recipe, known) for known in shared}
            recipe = dataclasses.replace(recipe, **{outer: _changed(there, shared, name, text)})
            continue
        of, plain, known = f"the training method {recipe.training}", inner, list(theirs)
        if outer != "method":
            of, plain, known = f"a recipe or of {of}" if theirs else "a recipe", name, [*shared, *theirs]
        outer = plain.partition(".")[0]
        if outer not in theirs:
            raise not_found(f"setting of {of}", outer, known, then=LISTED)
        changed = _changed(recipe.method, theirs, plain, text)
        recipe = dataclasses.replace(recipe, method={**recipe.method, outer: changed})
    read = {"inputs": read_inputs, "positions": read_positions}  # when all their parts are known
    return dataclasses.replace(recipe, **{name: read[name](value) for name, value in laid.items()})


def _changed(values: Mapping[str, Any], kinds: Mapping[str, Any], name: str, text: str) -> Any:
    """Return the setting that `name` is of, or lies in, with a text in its place."""
    outer, _, inner = name.partition(".")
    if not inner:
        return parsed(outer, setting_value(text), kinds[outer])
    origin = typing.get_origin(kinds[outer])
    if not (isinstance(origin, type) and issubclass(origin, Mapping)):
        raise BadValue(f"{outer} is one value and has no {inner}: --set {outer}={text}.")
    inside = typing.get_args(kinds[outer])
    value = parsed(name, setting_value(text), inside[1] if inside else Any)
    return laid_in(values.get(outer, {}), inner.split("."), value)
