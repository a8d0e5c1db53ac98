"""What a network is given, by name, and at which moments: pictures, telemetry, past actions, any column.

    Input("frames", (-0.5, -0.25, 0.0))              three pictures, oldest first
    Input("actions", spaced(-3.0, -0.05, 0.05))      sixty steps of what was held before
    Input("cameras/rear", (0.0,))                    one picture of another camera
    Input("speed", (0.0,)), Input("columns/gear")    telemetry, and any other column

A window is at a moment, that of one frame; offsets are seconds from there. Those after it are for labelling:
nobody who plays knows them. Free of numpy, so that a game can state its recipes for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playhead.errors import BadValue, not_found
from playhead.labels import Axes, LabelSchema
from playhead.names import is_name

FRAMES = "frames"  # the device's main picture
ACTIONS = "actions"  # what was held, whoever held it
CAMERAS = "cameras/"  # and a name: a further camera
COLUMNS = "columns/"  # and a name: anything else that is known of each frame
TAKEN = ("labels", "mask", "previous", "rows")  # what else there is in a batch
MOST_OFFSETS = 1000
MOST_INPUTS = 100
MOST_PICTURES = 4 * MOST_OFFSETS  # of a window, from all cameras
MOST_S = 3600.0
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Input:
    """A source, and when it is looked at. Units: offsets_s seconds from the window's moment, rising."""

    source: str = FRAMES
    offsets_s: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets_s", tuple(float(offset) for offset in self.offsets_s))
        check_offsets(f"The input of {self.source}", self.offsets_s)
        if not self.source or self.source in (CAMERAS, COLUMNS):
            raise BadValue(
                f'"{self.source}" is no source of an input. Take frames, cameras/NAME, actions or a column.'
            )

    @classmethod
    def parse(cls, text: str) -> Input:
        """Read `SOURCE@OFFSETS`: offsets with commas between them, or FIRST:LAST:STEP. Without any: at the moment.

        As in `frames@0`, `speed@-1,-0.5,0` and `actions@-3:-0.05:0.05`. Raises BadValue.
        """
        source, _, offsets = text.partition("@")
        return cls(source, read_offsets(offsets) if offsets else (0.0,))

    def __str__(self) -> str:
        """Say it shortly: `actions at 60 moments from -3 to -0.05 s`."""
        first, last = self.offsets_s[0], self.offsets_s[-1]
        if self.steps == 1:
            return self.source if first == 0 else f"{self.source} at {first:+g} s"
        return f"{self.source} at {self.steps} moments from {first:+g} to {last:+g} s"

    @property
    def is_pictures(self) -> bool:
        """Whether it is a camera's."""
        return self.source == FRAMES or self.source.startswith(CAMERAS)

    @property
    def offsets_ns(self) -> tuple[int, ...]:
        """The offsets in nanoseconds."""
        return tuple(round(offset * NS_PER_S) for offset in self.offsets_s)

    @property
    def steps(self) -> int:
        """How many moments it has."""
        return len(self.offsets_s)


def check_offsets(what: str, offsets_s: Sequence[float]) -> None:
    """Raise BadValue unless there are some offsets, not too many, rising, each within an hour."""
    if not 0 < len(offsets_s) <= MOST_OFFSETS:
        raise BadValue(f"{what} has {len(offsets_s):,} offsets, from 1 to {MOST_OFFSETS:,} can be.")
    for offset in offsets_s:
        if not abs(offset) <= MOST_S:
            raise BadValue(f"{what} has the offset {offset:g} s; it must lie within {MOST_S:g} s of the moment.")
    if any(after < before for before, after in pairwise(offsets_s)):
        raise BadValue(f"{what} has offsets that do not rise: {', '.join(f'{o:g}' for o in offsets_s)}.")


def check_inputs(inputs: Mapping[str, Input]) -> None:
    """Raise BadValue unless there are some inputs, and not more than a decision could look at."""
    if not inputs:
        raise BadValue("A network needs some input. Take --set inputs=frames.")
    if len(inputs) > MOST_INPUTS:
        raise BadValue(f"There are {len(inputs):,} inputs, and {MOST_INPUTS} can be. Leave some out.")
    pictures = sum(one.steps for one in inputs.values() if one.is_pictures)
    if pictures > MOST_PICTURES:
        raise BadValue(
            f"The inputs have {pictures:,} pictures at once, and {MOST_PICTURES:,} can be. Give fewer offsets."
        )


def check_input_names(inputs: Sequence[str] | Mapping[str, Input]) -> None:
    """Raise BadValue for two inputs of one name, and for names that a batch cannot have."""
    sources = {name: one.source for name, one in inputs.items()} if isinstance(inputs, Mapping) else {}
    for name in inputs:
        if list(inputs).count(name) > 1:
            raise BadValue(f'Two inputs are called {name}. Name each: --set inputs.NAME="{name}@-0.5,0".')
        if name in TAKEN or (sources.get(name, name) != name and not is_name(name)):
            raise BadValue(
                f'An input cannot be called "{name}". Take a short word that is none of {", ".join(TAKEN)}: '
                "--set inputs.NAME=SOURCE@OFFSETS."
            )


def spaced(first_s: float, last_s: float, step_s: float) -> tuple[float, ...]:
    """Return offsets from the first to the last, both included, `step_s` apart. Raises BadValue."""
    count = (last_s - first_s) / step_s if step_s > 0 else math.nan
    if not 0 <= count < MOST_OFFSETS:
        raise BadValue(
            f"{first_s:g}:{last_s:g}:{step_s:g} are no offsets. Give FIRST:LAST:STEP in seconds, rising."
        )
    return tuple(round(first_s + number * step_s, 9) for number in range(math.floor(count + 1e-6) + 1))


def read_offsets(text: str) -> tuple[float, ...]:
    """Read offsets as a person types them: `-1,-0.5,0` or `-1:0:0.5`. Raises BadValue."""
    try:
        if ":" in text:
            first_s, last_s, step_s = (float(part) for part in text.split(":"))
            return spaced(first_s, last_s, step_s)
        return tuple(float(part) for part in text.split(","))
    except BadValue:
        raise
    except ValueError:
        raise BadValue(f"{text} are no offsets. Give seconds as in -1,-0.5,0 or FIRST:LAST:STEP.") from None


def read_inputs(value: Any) -> tuple[str, ...] | dict[str, Input]:
    """Read inputs as they are typed: names of sources, or by name a text, its parts, or null to leave it out."""
    if isinstance(value, Mapping):
        return {str(name): _read_input(str(name), one) for name, one in value.items() if one is not None}
    return tuple(str(name) for name in (value if isinstance(value, (list, tuple)) else str(value).split(",")))


def _read_input(name: str, value: Any) -> Input:
    if isinstance(value, (str, Input)):
        return Input.parse(value) if isinstance(value, str) else value
    if not isinstance(value, Mapping):
        raise BadValue(
            f"inputs.{name}={value} is no input. Give SOURCE@OFFSETS, as in inputs.{name}=frames@-0.5,0."
        )
    for part in value:
        if part not in ("source", "offsets_s"):
            raise not_found(f"part of inputs.{name}", part, ("source", "offsets_s"))
    return Input(str(value.get("source", name)), _read_times(value.get("offsets_s", 0.0)))


def read_positions(value: Any) -> Any:
    """Read positions as they are typed: now, every, or offsets."""
    return value if value in ("now", "every") else _read_times(value)


def _read_times(value: Any) -> tuple[float, ...]:
    times = value if isinstance(value, (list, tuple)) else [value]
    return read_offsets(value) if isinstance(value, str) else tuple(_number(one) for one in times)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadValue(f"{value} is no time in seconds. Give offsets as in -1,-0.5,0 or FIRST:LAST:STEP.")
    return float(value)


def laid_in(there: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    """Return a mapping with a value laid at a path into it; what stands in the way is replaced."""
    if isinstance(there, Input):
        there = {"source": there.source, "offsets_s": there.offsets_s}
    first, *rest = path
    known = dict(there) if isinstance(there, Mapping) else {}
    return {**known, first: laid_in(known.get(first), rest, value) if rest else value}


def named_inputs(inputs: Sequence[str] | Mapping[str, Input], length: int, stride_s: float) -> dict[str, Input]:
    """Return inputs by name; names alone are sources, looked at `length` times, `stride_s` apart, until now."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    stride_ns = round(stride_s * NS_PER_S)  # whole, so that equal strides are equal at every step
    offsets_s = tuple(-back * stride_ns / NS_PER_S for back in range(length - 1, -1, -1))
    return {name: Input(name, offsets_s) for name in inputs}


def view_key(name: str, view: str) -> str:
    """Return what a view of an input of pictures is called in a batch.

    Those of the input "frames" by themselves; of another one, whole frames by the name of the input.
    """
    if name == FRAMES:
        return view
    return name if view == FRAMES else f"{name}/{view}"


def main_input(inputs: Mapping[str, Input]) -> str:
    """Return the name of the first input of pictures; without any, of the first."""
    return next((name for name, one in inputs.items() if one.is_pictures), next(iter(inputs)))


def nearest_to(offsets_s: Sequence[float], moment_s: float = 0.0) -> int:
    """Return the number of the offset nearest to a moment, by default that of the window."""
    return min(range(len(offsets_s)), key=lambda place: abs(offsets_s[place] - moment_s))


def action_columns(schema: LabelSchema) -> tuple[str, ...]:
    """Return what each column of past actions says: a key held, a class, the value of an axis; `head.name`."""
    return tuple(f"{head_name}.{name}" for head_name, head in schema.items() for name in head.names)


def columns_of(one: Input, schema: LabelSchema) -> int:
    """Return how many numbers an input that is no picture has at each step."""
    return len(action_columns(schema)) if one.source == ACTIONS else 1


def mirrored_actions(schema: LabelSchema) -> tuple[list[int], list[float]]:
    """Return for each column of past actions which one it becomes in the mirrored picture, and its sign there."""
    places: list[int] = []
    signs: list[float] = []
    for head in schema.values():
        begin = len(places)
        partner = {} if isinstance(head, Axes) else {a: b for pair in head.mirror for a, b in (pair, pair[::-1])}
        places += [begin + head.names.index(partner.get(name, name)) for name in head.names]
        signs += [-1.0 if isinstance(head, Axes) and name in head.mirror else 1.0 for name in head.names]
    return places, signs


def check_no_answer(
    inputs: Mapping[str, Input], positions_s: Sequence[float], latency_s: float, interval_s: float = 0.0
) -> None:
    """Raise BadValue for an input of past actions that holds the answer.

    What was held at a moment is told as it was before anything was pressed in answer to that moment's frame. So
    the moment of a label is too late without latency, and whatever is later than its frame always. Where frames
    are `interval_s` apart a moment is that of the nearest one, which may be later.
    """
    earliest_s = min(positions_s)
    for name, one in inputs.items():
        if one.source != ACTIONS:
            continue
        latest_s = one.offsets_s[-1]
        if interval_s:
            latest_s = max(latest_s, math.floor(latest_s / interval_s + 0.5) * interval_s)
        if latest_s > earliest_s or latest_s >= earliest_s + latency_s:
            raise BadValue(
                f"The input {name} holds the answer: its past actions reach to {latest_s:+g} s, and a label is "
                f"what is held at {earliest_s + latency_s:+g} s. Let its offsets end before "
                f"{earliest_s - interval_s / 2:+g} s."
            )


def check_playable(inputs: Mapping[str, Input], positions_s: Sequence[float], who: str) -> None:
    """Raise BadValue for inputs that nobody who plays can know, and for answers to another moment than now."""
    if positions_s[-1] != 0:
        raise BadValue(f"{who} answers for the moment at {positions_s[-1]:+g} s; playing needs that to now.")
    for name, one in inputs.items():
        if one.offsets_s[-1] > 0:
            raise BadValue(
                f"{who} looks into the future: its input {name} reaches to {one.offsets_s[-1]:+g} s. It can label "
                "recordings and be evaluated on them, but nobody who plays knows what comes."
            )
        if one.source.startswith(COLUMNS):
            raise BadValue(
                f"{who} looks at {one.source}, which recordings have and no device tells while playing."
            )
