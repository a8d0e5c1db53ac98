"""Features of each frame to features of the window: temporal readers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from playhead.models.encoders import Encoder

LstmState = tuple[Tensor, Tensor]  # hidden and cell, (1, B, outputs) each


class LstmReader(nn.Module):
    """One LSTM layer over the window, starting from nothing each time; its outputs at some steps are the window's.

    `looks_ahead` reads from both ends: for windows that know what comes.
    Fed frame by frame with the state before, `read` says the same as the last step over all frames together.
    Shapes:  forward takes (B, T, inputs) and returns (B, outputs), or (B, steps, outputs) of several steps.
    """

    def __init__(
        self, inputs: int, outputs: int, steps: Sequence[int] = (-1,), *, looks_ahead: bool = False
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, outputs, batch_first=True, bidirectional=looks_ahead)
        self.outputs = outputs * (2 if looks_ahead else 1)
        self.steps = list(steps)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window, oldest frame first."""
        states_BTF, _ = self.lstm(features_BTF)
        return self.at_steps(states_BTF)

    def at_steps(self, states_BTF: Tensor) -> Tensor:
        """Return what is at the steps that are the window's."""
        read: Tensor = states_BTF[:, self.steps[0] if len(self.steps) == 1 else self.steps]
        return read

    def read(self, features_BTF: Tensor, state: LstmState | None = None) -> tuple[Tensor, LstmState]:
        """Read on from a state; return the last output and the state after it."""
        outputs_BTF, after = self.lstm(features_BTF, state)
        last: Tensor = outputs_BTF[:, -1]
        return last, after


class TimeConvolutions(nn.Module):
    """Residual convolutions over the frames of a window, each reaching twice as far.

    What lasts a frame or two, as a tap, has a shape over time; an LSTM learns it late (docs/labelling.md).
    Without `looks_ahead` a frame is answered by itself and those before it.
    Source:  Bai et al. 2018, An empirical evaluation of generic convolutional and recurrent networks.
    Shapes:  forward takes (B, T, inputs) and returns (B, T, outputs).
    """

    FRAMES = 5  # that a convolution sees

    def __init__(self, inputs: int, outputs: int, blocks: int, *, looks_ahead: bool) -> None:
        super().__init__()
        self.outputs, self.looks_ahead = outputs, looks_ahead
        self.first = nn.Linear(inputs, outputs)
        self.norms = nn.ModuleList(nn.LayerNorm(outputs) for _ in range(blocks))
        self.dilations = [2 ** max(0, number - 1) for number in range(blocks)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(outputs, outputs, self.FRAMES, dilation=dilation) for dilation in self.dilations
        )
        self.layers = nn.ModuleList(nn.Linear(outputs, outputs) for _ in range(blocks))
        self.last = nn.LayerNorm(outputs)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Look at the window."""
        seen_BTF: Tensor = self.first(features_BTF)
        blocks = zip(self.dilations, self.norms, self.convolutions, self.layers, strict=True)
        for dilation, norm, convolution, layer in blocks:
            padding = (self.FRAMES - 1) * dilation
            behind = padding // 2 if self.looks_ahead else 0
            convolved_BFT = convolution(functional.pad(norm(seen_BTF).transpose(1, 2), (padding - behind, behind)))
            seen_BTF = seen_BTF + layer(torch.relu(convolved_BFT.transpose(1, 2)))
        return torch.relu(self.last(seen_BTF))


class StackReader(nn.Module):
    """The features of all frames side by side through one layer; the plain choice for windows of one frame."""

    def __init__(self, inputs: int, outputs: int, length: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Flatten(1), nn.Linear(inputs * length, outputs), nn.ReLU())
        self.outputs = outputs

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window."""
        joined: Tensor = self.layer(features_BTF)
        return joined


class PictureReader(nn.Module):
    """Pictures of a further input (B, T, H, W, C), each encoded by itself and read by an LSTM to (B, outputs)."""

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.reader = LstmReader(encoder.outputs, outputs)

    def forward(self, pictures_BTHWC: Tensor) -> Tensor:
        """Read the window."""
        features_BTF = self.encoder(pictures_BTHWC.flatten(0, 1)[:, None]).unflatten(0, pictures_BTHWC.shape[:2])
        read: Tensor = self.reader(features_BTF)
        return read


def beside(read: Tensor, parts: Sequence[Tensor]) -> Tensor:
    """Put what was read of other inputs (B, F) beside what was read of the window (B, F) or (B, L, F)."""
    if not parts:
        return read
    if read.ndim == 3:
        parts = [part[:, None].expand(-1, read.shape[1], -1) for part in parts]
    return torch.cat([read, *parts], dim=-1)
