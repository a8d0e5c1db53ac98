"""The default network: small convolutions over views of each frame, an LSTM over the window, a layer a head.

    frame -> scene, made smaller -> convolutions -\\    /-> LSTM over the window -\\
          -> each region as it is -> convolutions -+-> -> convolutions over time --+-> heads
    telemetry ------------------------------------/                                /
    inputs with other times -> a layer, or convolutions and an LSTM --------------/

The convolutions see each frame with the one before it: how fast things move is plain in the pixels and nearly
lost in the features. (48,000 frames of streets, 1,000 steps: validation loss .325, each frame alone .333.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playhead.errors import BadValue, not_found
from playhead.inputs import Input, columns_of, main_input, nearest_to, view_key
from playhead.models import ModelSpec
from playhead.models.encoders import ConvEncoder, outputs_of
from playhead.models.heads import Heads
from playhead.models.named import NamedModules
from playhead.models.network import FrameArray, Network, State, check_answers_once, check_options, symlog
from playhead.models.readers import LstmReader, PictureReader, StackReader, TimeConvolutions, beside
from playhead.models.views import SCENE, View, views_of
from playhead.regions import Region

OPTIONS: dict[str, object] = {
    "scene_pixels": 4800,  # the whole frame is made this small, keeping its shape: 80x60 of 240x180
    "scene_size": None,  # or exactly this (width, height)
    "regions": None,  # names of regions seen at full resolution; None: all of the game
    "crops": {},  # name -> (x, y, width, height) of further parts seen at full resolution: the road far ahead
    "fold": 1,  # squares of so many pixels become channels first
    "channels": (8, 16, 32, 64),  # of the convolutions
    "strides": None,  # of each, which looks at 2 x stride - 1 pixels; 2 where none is stated
    "features": 96,  # of each view and frame
    "hidden": 96,  # of the reader
    "frames_each": 2,  # an encoder sees a frame of the window together with so many less one before it
    "frames_before": None,  # or with those so many frames before it: [4, 1]
    "frames_after": None,  # and with those so many after it
    "changes": False,  # whether of the frames before it is seen how they differ from those behind them
    "reader": "lstm",  # or "stack"
    "time_blocks": 0,  # residual convolutions over time beside the LSTM: what lasts a frame or two, as a tap
    "dropout": 0.0,  # share of the reader's outputs
    "stateful": False,  # played frame by frame, the reader going on from the frame before; needs reader "lstm"
}
FARTHEST = 64  # frames between two that are seen together
MOST_BLOCKS = 8  # over time: the last one reaches 256 frames either way


class ConvLstm(Network):
    """Small convolutions over views of each frame, an LSTM over the window, a layer a head. Options: OPTIONS."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        options = check_options("conv_lstm", spec.options, OPTIONS)
        regions = chosen_regions(spec, options["regions"]) | cropped(spec, options["crops"])
        views = views_of(spec.frame, regions, options["scene_pixels"], options["scene_size"])
        self.seen = seen_together(options)
        self.main = main_input(spec.named_inputs)
        main = spec.named_inputs[self.main]
        self.views = views if main.is_pictures else []
        self.options = options
        self.encoders = NamedModules({
            view.name: ConvEncoder((view.height, view.width), spec.frame.channels, len(self.seen), options)
            for view in self.views
        })  # fmt: skip
        numbers = {name: one for name, one in spec.named_inputs.items() if not one.is_pictures}
        self.telemetry = tuple(name for name, one in numbers.items() if one.offsets_s == main.offsets_s)
        columns = sum(columns_of(numbers[name], spec.schema) for name in self.telemetry)
        self.reader = _reader(options, outputs_of(self.encoders) + columns, spec)
        self.over_time = _over_time(options, outputs_of(self.encoders) + columns, self.reader)
        self.others = tuple(n for n in spec.named_inputs if n != self.main and n not in self.telemetry)
        self.readers = nn.ModuleList(
            _other_reader(spec, spec.named_inputs[n], views[0], options) for n in self.others
        )
        self.is_stateful = options["stateful"]
        if self.is_stateful and (not isinstance(self.reader, LstmReader) or self.reader.lstm.bidirectional):
            raise BadValue(
                "This reader carries no state: only lstm does, where it looks back alone. Leave stateful out."
            )
        if self.is_stateful and (self.over_time is not None or max(self.seen) > 0):
            raise BadValue(
                "Frame by frame nothing is known of what comes, nor of features before. With stateful take "
                "--set model.time_blocks=0, and no model.frames_after."
            )
        self.dropout = nn.Dropout(options["dropout"])
        read = self.reader.outputs + (self.over_time.outputs if self.over_time is not None else 0)
        self.heads = Heads(spec.schema, read + options["features"] * len(self.others))

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Cut every view from the frames."""
        return {view.name: view.cut(frames_NHWC) for view in self.views}

    def prepare_input(self, name: str, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Cut every view from the main input's frames, from those of others the whole picture."""
        return {view.name: view.cut(frames_NHWC) for view in (self.views if name == self.main else self.views[:1])}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, features), (B, L, features) where several positions are answered."""
        features_BTF = self.encode(inputs)
        read: Tensor = self.reader(features_BTF)
        if self.over_time is not None:
            assert isinstance(self.reader, LstmReader)
            read = torch.cat([read, self.reader.at_steps(self.over_time(features_BTF))], dim=-1)
        joined: Tensor = self.dropout(beside(read, self._read_others(inputs)))
        return joined

    def _read_others(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """Return what is read of the inputs with other times, (B, features) each."""
        return [
            reader(inputs[view_key(name, SCENE)] if isinstance(reader, PictureReader) else symlog(inputs[name]))
            for name, reader in zip(self.others, self.readers, strict=True)
        ]

    def initial_state(self, batch: int) -> State:
        """Return a reader that has read nothing, and no frame before the first."""
        state = {name: torch.zeros(1, batch, self.options["hidden"]) for name in ("hidden", "cell")}
        before, channels = -min(self.seen), self.spec.frame.channels
        for view in self.views:
            shape = (batch, before, view.height, view.width, channels)
            state[f"before/{view.name}"] = torch.zeros(shape, dtype=torch.uint8)
        return {**state, "has_begun": torch.zeros(batch, dtype=torch.bool)}

    def step(self, prepared: Mapping[str, Tensor], state: State) -> tuple[dict[str, Tensor], State]:
        """Read one more frame. Without `stateful` it answers a window, as every network."""
        if not self.is_stateful:
            return super().step(prepared, state)
        pictures, after = dict(prepared), {"has_begun": torch.ones_like(state["has_begun"])}
        for view in self.views:
            before, key = state[f"before/{view.name}"], view_key(self.main, view.name)
            seen, after[f"before/{view.name}"] = with_remembered(prepared[key], before, state["has_begun"])
            pictures[key] = seen[:, :, [before.shape[1] + offset for offset in self.seen]]
        features_B1F = self.encode(pictures, has_past=True)
        assert isinstance(self.reader, LstmReader)
        read, (after["hidden"], after["cell"]) = self.reader.read(features_B1F, (state["hidden"], state["cell"]))
        return self.heads(self.dropout(beside(read, self._read_others(prepared)))), after

    def encode(self, inputs: Mapping[str, Tensor], *, has_past: bool = False) -> Tensor:
        """Return the features of each frame (B, T, features): all views and the telemetry side by side.

        Each frame is joined with those before it, where it does not have them already.
        """
        parts: list[Tensor] = []
        for name, encoder in self.encoders.items():
            pictures = inputs[view_key(self.main, name)]
            if has_past:
                parts.append(encoder(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2]))
            else:
                assert isinstance(encoder, ConvEncoder)
                parts.append(encoder.over(pictures, frames_seen(self.seen, pictures.shape[1], pictures.device)))
        for name in self.telemetry:
            parts.append(symlog(inputs[name]).reshape(*inputs[name].shape[:2], -1))
        return torch.cat(parts, dim=2)


def seen_together(options: Mapping[str, Any]) -> tuple[int, ...]:
    """Return which frames are seen with each, as how far behind it they are, the oldest first. Raises BadValue."""
    before, after = options["frames_before"], options["frames_after"] or []
    if before is None:
        before = range(1, options["frames_each"])
    for far in (*before, *after):
        if not isinstance(far, int) or not 0 < far <= FARTHEST:
            raise BadValue(
                f"A frame is seen with those 1 to {FARTHEST} frames from it, and {far} is none of these."
            )
    return tuple(sorted({0, *after, *(-far for far in before)}))


def frames_seen(offsets: Sequence[int], length: int, device: torch.device) -> Tensor:
    """Return which frames of a window are seen with each (P, T); beyond its ends stand the frames there."""
    offsets_P = torch.tensor(offsets, device=device)
    return (torch.arange(length, device=device) + offsets_P[:, None]).clamp(0, length - 1)


def with_remembered(pictures_B1HWC: Tensor, before_BPHWC: Tensor, has_begun_B: Tensor) -> tuple[Tensor, Tensor]:
    """Join one frame with those remembered from before it, as `frames_seen` says of a window.

    Before the first frame stands that frame itself. Shapes:  returns (B, 1, P + 1, H, W, C) and what to
    remember then, (B, P, H, W, C).
    """
    begun = has_begun_B.view(-1, 1, 1, 1, 1)
    seen = torch.cat([torch.where(begun, before_BPHWC, pictures_B1HWC), pictures_B1HWC], dim=1)
    return seen[:, None], seen[:, 1:]


def chosen_regions(spec: ModelSpec, names: str | Sequence[str] | None) -> dict[str, Region]:
    """Return the regions of these names, all of the game for None. Raises NotFound."""
    if names is None:
        return dict(spec.regions)
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in spec.regions:
            raise not_found("region", name, spec.regions)
    return {name: spec.regions[name] for name in chosen}


def cropped(spec: ModelSpec, crops: Mapping[str, Sequence[int]]) -> dict[str, Region]:
    """Return the parts of the frame an option names. Raises BadValue for one that lies outside."""
    found = {}
    for name, sides in crops.items():
        if len(sides) != 4 or name in spec.regions:
            raise BadValue(f"The crop {name}={sides} needs x, y, width and height, and a name of its own.")
        x, y, width, height = (int(side) for side in sides)
        found[name] = Region(x=x, y=y, width=width, height=height)
        if not found[name].fits(spec.frame.width, spec.frame.height):
            raise BadValue(f"The crop {name} lies outside the {spec.frame.width}x{spec.frame.height} frame.")
    return found


def _reader(options: Mapping[str, Any], inputs: int, spec: ModelSpec) -> LstmReader | StackReader:
    kind, outputs = options["reader"], options["hidden"]
    offsets_s = spec.named_inputs[main_input(spec.named_inputs)].offsets_s
    if kind == "lstm":
        # Counted from the end: a window that has grown longer still ends now.
        steps = [nearest_to(offsets_s, position_s) - len(offsets_s) for position_s in spec.positions_s]
        return LstmReader(inputs, outputs, steps, looks_ahead=offsets_s[-1] > max(spec.positions_s[0], 0))
    if kind == "stack":
        check_answers_once("the reader stack", spec)
        return StackReader(inputs, outputs, spec.length)
    raise not_found("temporal reader", kind, ["lstm", "stack"])


def _over_time(
    options: Mapping[str, Any], inputs: int, reader: LstmReader | StackReader
) -> TimeConvolutions | None:
    """Return convolutions over time, where they are asked for. Raises BadValue beside a reader without times."""
    if not options["time_blocks"]:
        return None
    if not isinstance(reader, LstmReader):
        raise BadValue("model.time_blocks needs the reader lstm beside it: take --set model.reader=lstm.")
    if options["time_blocks"] > MOST_BLOCKS:
        raise BadValue(f"model.time_blocks={options['time_blocks']} cannot be: it is {MOST_BLOCKS} at most.")
    looks_ahead = reader.lstm.bidirectional
    return TimeConvolutions(inputs, options["hidden"], options["time_blocks"], looks_ahead=looks_ahead)


def _other_reader(spec: ModelSpec, one: Input, scene: View, options: Mapping[str, Any]) -> nn.Module:
    """Return what reads an input with times of its own: (B, features) of its pictures or numbers."""
    features = options["features"]
    if not one.is_pictures:
        numbers = one.steps * columns_of(one, spec.schema)
        return nn.Sequential(nn.Flatten(1), nn.Linear(numbers, features), nn.ReLU())
    size = (scene.height, scene.width)
    encoder = ConvEncoder(size, spec.frame.channels, 1, options)
    return PictureReader(encoder, features)


def build(spec: ModelSpec) -> ConvLstm:
    """Build the network for a spec."""
    return ConvLstm(spec)
