"""PilotNet: five convolutions and three layers over pictures of 200x66, the frames of a window as channels of one.

Source:  Bojarski et al., End to end learning for self-driving cars, 2016; mburakbozbey/pycrew2, d34b2be, whose
         answers follow from the convolutions at once: --set 'model.dense=[]' --set model.dropout=0.1.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from torch import Tensor, nn

from playhead.errors import BadValue
from playhead.inputs import main_input, view_key
from playhead.models import ModelSpec
from playhead.models.encoders import Encoder
from playhead.models.heads import Heads
from playhead.models.named import NamedModules
from playhead.models.network import FrameArray, Network, check_answers_once, check_options
from playhead.models.views import SCENE, views_of

OPTIONS: dict[str, object] = {
    "scene_size": (200, 66),  # (width, height) the whole frame is seen at
    "dense": (100, 50, 10),  # outputs of the layers between convolutions and answers
    "dropout": 0.0,  # share of what the convolutions make that is left out
}
CONVOLVED = ((24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1))  # channels, pixels seen, stride


class PilotEncoder(Encoder):
    """The convolutions, without padding."""

    def __init__(self, size: tuple[int, int], colours: int, pictures: int, dropout: float) -> None:
        super().__init__(colours)
        layers: list[nn.Module] = []
        (height, width), channels = size, colours * pictures
        for after, kernel, stride in CONVOLVED:
            layers += [nn.Conv2d(channels, after, kernel, stride), nn.ReLU(inplace=True)]
            channels, height, width = after, *((side - kernel) // stride + 1 for side in (height, width))
        if min(height, width) < 1:
            raise BadValue(f"model.scene_size={[size[1], size[0]]} is too small for PilotNet: take [200,66].")
        self.convolutions = nn.Sequential(*layers)
        self.end = nn.Sequential(nn.Flatten(1), nn.Dropout(dropout))
        self.outputs = channels * height * width
        self.begin()

    @property
    def attributed(self) -> nn.Module:
        """The last convolution."""
        return self.convolutions[-2]

    def forward(self, pictures_NPHWC: Tensor) -> Tensor:
        """Return the features of what is seen together."""
        centred = (pictures_NPHWC.to(self.means_C.dtype) - self.means_C) / self.scales_C
        features: Tensor = self.end(self.convolutions(centred.permute(0, 1, 4, 2, 3).flatten(1, 2)))
        return features


class PilotNet(Network):
    """All frames of a window as channels of one picture. Its options are in OPTIONS."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.options = options = check_options("pilotnet", spec.options, OPTIONS)
        check_answers_once("pilotnet", spec)
        self.main = main_input(spec.named_inputs)
        if not spec.named_inputs[self.main].is_pictures or len(spec.named_inputs) > 1:
            raise BadValue("pilotnet looks at frames alone. Take --set inputs=frames, or --set model=conv_stack.")
        self.view = views_of(spec.frame, {}, 1, options["scene_size"])[0]
        size = (self.view.height, self.view.width)
        encoder = PilotEncoder(size, spec.frame.channels, spec.length, options["dropout"])
        self.encoders = NamedModules({SCENE: encoder})
        sizes = [encoder.outputs, *options["dense"]]
        layers = [(nn.Linear(before, after), nn.ReLU()) for before, after in itertools.pairwise(sizes)]
        self.dense = nn.Sequential(*itertools.chain(*layers))
        self.heads = Heads(spec.schema, sizes[-1])

    def prepare(self, frames_NHWC: FrameArray) -> dict[str, FrameArray]:
        """Make whole frames as small as they are seen."""
        return {SCENE: self.view.cut(frames_NHWC)}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the heads look at."""
        features: Tensor = self.dense(self.encoders[SCENE](inputs[view_key(self.main, SCENE)]))
        return features


def build(spec: ModelSpec) -> PilotNet:
    """Build the network for a spec."""
    return PilotNet(spec)
