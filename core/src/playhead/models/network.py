"""What playhead asks of a network: named inputs to named heads, and one preparation for training and playing.

frames -> prepare (numpy) -> pictures -> [cacheable, of each frame alone] -> features -> heads -> logits
                              `forward` begins here, pure tensors: it can be traced and exported
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from playhead.errors import LISTED, BadValue, Mismatch, not_found
from playhead.inputs import FRAMES, view_key
from playhead.models import Colours, ModelSpec
from playhead.models.encoders import Encoder
from playhead.models.heads import Heads
from playhead.models.views import SCENE
from playhead.quantities import is_finite

FrameArray = npt.NDArray[np.uint8]
Arrays = dict[str, npt.NDArray[Any]]
State = dict[str, Tensor]

CACHED_AT_ONCE = 32  # frames that go through a frozen part together: what lies between its layers takes memory


class Network(nn.Module):
    """A network of a given spec.

    Subclasses define `features` and the module `heads`, and `prepare` if they do not want whole frames.
    `frozen` names modules whose weights never change: they are kept once beside all weights of a run. What they
    make of single frames, `cacheable` says: while nothing else changes a frame it is computed once a training.
    `answer_weights` are what each of `answers_to_learn` counts for in the loss; empty: all alike, in the mean.
    `is_stateful` says that `step` remembers: such a network plays frame by frame, any other window by window.
    """

    heads: nn.Module
    frozen: tuple[str, ...] = ()
    answer_weights: tuple[float, ...] = ()
    is_stateful = False

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.options: dict[str, Any] = dict(spec.options)  # all of them, for the run to keep
        self.colours: Colours | None = None  # likewise

    @property
    def answers(self) -> tuple[str, ...]:
        """What `answer` has: logits of every head, by itself."""
        return tuple(self.spec.schema)

    @property
    def takes_colours(self) -> bool:
        """Whether pictures are to be standardised by what they look like: where encoders of ours see them."""
        return any(isinstance(module, Encoder) for module in self.modules())

    def standardise(self, colours: Colours) -> None:
        """Look at pictures by what they are like from now on."""
        self.colours = colours
        for module in self.modules():
            if isinstance(module, Encoder):
                module.standardise(colours)

    def prepare(self, frames_NHWC: FrameArray) -> Mapping[str, FrameArray]:
        """Cut from frames what the network looks at: named uint8 pictures (N, height, width, channels).

        Called with whole frames by the loader's threads in training and by the predictor in playing, so the
        two cannot differ. Must be a pure function of its argument.
        """
        return {"frames": frames_NHWC}

    def prepare_input(self, name: str, frames_NHWC: FrameArray) -> Mapping[str, FrameArray]:
        """Cut from the frames of one input of pictures what the network looks at; by itself the same from all."""
        return self.prepare(frames_NHWC)

    def prepare_windows(self, inputs: Mapping[str, npt.NDArray[Any]]) -> Arrays:
        """Return the inputs of windows with the pictures that are among them prepared, frame by frame.

        Shapes:  pictures (B, T, H, W, C) uint8, each view of them then (B, T, ...).
        """
        prepared = dict(inputs)
        for name, source in self.spec.named_inputs.items():
            if source.is_pictures and name in inputs:
                frames_BTHWC = prepared.pop(name)
                shape = frames_BTHWC.shape[:2]
                views = self.prepare_input(name, frames_BTHWC.reshape(-1, *frames_BTHWC.shape[2:]))
                prepared |= {
                    view_key(name, v): value.reshape(*shape, *value.shape[1:]) for v, value in views.items()
                }
        return prepared

    def cacheable(self, name: str, pictures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Make of the prepared pictures (N, ...) of an input what never changes while the network learns.

        `features` gets it in their place, as (B, T, ...), by the names given here. By itself a network has nothing
        of the kind.
        """
        return pictures

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at (B, features) for what `cacheable` gives, and the other inputs."""
        raise NotImplementedError

    def answer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits (B, outputs) of every head: what `heads` makes of `features`."""
        logits: dict[str, Tensor] = self.heads(self.features(inputs))
        return logits

    def answers_to_learn(self, inputs: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        """Return what is judged in training: logits as of `answer`, then those of parts that answer alone."""
        return [self.answer(inputs)]

    def forward(self, prepared: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits of every head.

        Shapes:  prepared holds the pictures of `prepare` as (B, T, height, width, channels) uint8 and telemetry
                 (B, T) float32. Returns head -> (B, outputs).
        """
        return self.answer(self.inputs_of(prepared))

    def inputs_of(self, prepared: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return what `answer` takes: with a frozen part, what that makes of prepared pictures."""
        if not self.has_cacheable:
            return prepared
        inputs = dict(prepared)
        for name, one in self.spec.named_inputs.items():
            if not one.is_pictures:
                continue
            views = {view: inputs.pop(key) for key, view in self._view_keys(name, prepared).items()}
            made = self.cacheable(name, {view: value.flatten(0, 1) for view, value in views.items()})
            shape = next(iter(views.values())).shape[:2] if views else ()
            inputs |= {view_key(name, v): value.reshape(*shape, *value.shape[1:]) for v, value in made.items()}
        return inputs

    def _view_keys(self, name: str, prepared: Mapping[str, Tensor]) -> dict[str, str]:
        """Return which prepared pictures are of an input: what each is called, and which view it is."""
        if name != FRAMES:
            keys = [key for key in prepared if key == name or key.startswith(f"{name}/")]
            return {key: key[len(name) + 1 :] or FRAMES for key in keys}
        others = [other for other in self.spec.named_inputs if other != FRAMES]
        return {key: key for key in prepared if not any(key == o or key.startswith(f"{o}/") for o in others)}

    def initial_state(self, batch: int) -> State:
        """Return what `step` begins with, for so many windows at once; only a stateful network has any."""
        return {}

    def step(self, prepared: Mapping[str, Tensor], state: State) -> tuple[dict[str, Tensor], State]:
        """Return the logits and the state after the frame(s) `prepared`, shaped as for `forward`.

        A stateful network gets windows of one frame, and answers as `forward` does over all of them together.
        """
        return self(prepared), state

    @property
    def has_cacheable(self) -> bool:
        """Whether `cacheable` makes anything."""
        return type(self).cacheable is not Network.cacheable

    def prepare_to_learn(self, name: str, frames_NHWC: FrameArray) -> Mapping[str, npt.NDArray[Any]]:
        """Return what `answer` wants of frames: what a cache keeps of each of them while the network learns."""
        pictures = self.prepare_input(name, frames_NHWC)
        if not self.has_cacheable:
            return pictures
        device = next(self.parameters()).device
        parts: dict[str, list[npt.NDArray[Any]]] = {}
        with torch.inference_mode():
            for start in range(0, len(frames_NHWC), CACHED_AT_ONCE):
                some = {view: value[start : start + CACHED_AT_ONCE] for view, value in pictures.items()}
                tensors = {view: torch.as_tensor(value, device=device) for view, value in some.items()}
                for view, value in self.cacheable(name, tensors).items():
                    parts.setdefault(view, []).append(value.cpu().numpy())
        return {view: np.concatenate(part) for view, part in parts.items()}

    def is_frozen(self, name: str) -> bool:
        """Whether a weight of this name belongs to a part that never learns."""
        return any(name == part or name.startswith(f"{part}.") for part in self.frozen)

    def freeze(self) -> None:
        """Let nothing change the frozen parts: neither gradients nor, in training, means over batches."""
        for part in self.frozen:
            self.get_submodule(part).requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Network:
        """Set whether it learns; a frozen part never does."""
        super().train(mode)
        for part in self.frozen:
            self.get_submodule(part).eval()
        return self

    def kernels(self) -> list[Tensor]:
        """Return the weights that an L1 penalty is for: kernels of layers, those of the heads left out."""
        learned = [(name, weight) for name, weight in self.named_parameters() if not self.is_frozen(name)]
        return [weight for name, weight in learned if weight.ndim >= 2 and not name.startswith("heads.")]

    def attribution_layers(self) -> Mapping[str, nn.Module]:
        """Return by view the layer that heat maps come from: an encoder's own, else the last convolution.

        Each module in `encoders` is a view; without any, all is one view of the whole frame.
        """
        encoders = dict(self.named_children()).get("encoders")
        views = dict(encoders.items()) if isinstance(encoders, nn.ModuleDict) else {SCENE: self}
        found = {}
        for name, view in views.items():
            own = [module.attributed for module in view.modules() if isinstance(module, Encoder)]
            layers = own or [module for module in view.modules() if isinstance(module, nn.Conv2d)]
            if layers:
                found[name] = layers[-1]
        return found

    def answer_layer(self, head: str) -> nn.Module:
        """Return the layer that makes a head's logits of features: the head's in Heads, else the last that fits.

        Raises:  Mismatch when there is none.
        """
        for module in self.modules():
            if isinstance(module, Heads) and head in module.layers:
                return module.layers[head]
        outputs = self.spec.schema[head].outputs
        fitting = [m for m in self.modules() if isinstance(m, nn.Linear) and m.out_features == outputs]
        if not fitting:
            raise Mismatch(
                f"{type(self).__name__} has no linear layer of {outputs} outputs that could answer {head}. "
                "Give it a method answer_layer(head)."
            )
        return fitting[-1]


def check_answers_once(who: str, spec: ModelSpec) -> None:
    """Raise BadValue where labels are wanted at several positions of a window, for who answers once."""
    if len(spec.positions_s) > 1:
        raise BadValue(
            f"{who} answers once a window, and {len(spec.positions_s)} positions are wanted. "
            "Take --set model=conv_lstm, or --set positions=now."
        )


MOST_OPTION = 2**24  # of a whole number
MOST_SIDE = 4096  # of a whole number in a list: channels, sides in pixels
MOST_LISTED = 64


def check_options(model: str, options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known options overlaid with those given, each of the type of what is known, and not too large.

    Raises:  NotFound for one that the model lacks, BadValue for one that cannot be.
    """
    for name, value in options.items():
        if name not in known:
            raise not_found(f"option of the model {model}", name, known, then=LISTED)
        if not _is_like(value, known[name]):
            usual = json.dumps(known[name]).replace(" ", "")
            raise BadValue(
                f"model_options.{name}={value!r} cannot be; {model} has {usual} by itself, which one would type "
                f"as --set 'model.{name}={usual}'."
            )
    return {**known, **options}


def _is_like(value: Any, usual: Any) -> bool:
    """Whether an option is of the kind of the usual one, and no larger than any machine bears."""
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int):
        return isinstance(value, int) and 0 <= value <= MOST_OPTION
    if isinstance(usual, float):
        return isinstance(value, (int, float)) and is_finite(value)
    if isinstance(usual, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) > MOST_LISTED:
            return False
        return all(map(_is_side, value)) or not all(map(_is_side, usual))
    if isinstance(usual, Mapping):
        return isinstance(value, Mapping) and len(value) <= MOST_LISTED
    if usual is None and isinstance(value, (list, tuple)) and len(value) <= MOST_LISTED:
        return all(isinstance(item, str) or _is_side(item) for item in value)
    return value is None or isinstance(value, str)


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_SIDE


def symlog(telemetry: Tensor) -> Tensor:
    """Return telemetry of any unit and size within a few units of 0: the logarithm of 1 + its size, signed."""
    return telemetry.sign() * telemetry.abs().log1p()


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers are learned."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
