"""Features of each frame to features of the window: temporal readers."""

from __future__ import annotations

from torch import Tensor, nn

LstmState = tuple[Tensor, Tensor]  # hidden and cell, (1, B, outputs) each


class LstmReader(nn.Module):
    """One LSTM layer over the window, starting from nothing each time; its last output is the window's.

    Fed frame by frame with the state before, `read` says the same as over all frames together.
    Shapes:  forward takes (B, T, inputs) and returns (B, outputs).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, outputs, batch_first=True)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window, oldest frame first."""
        return self.read(features_BTF)[0]

    def read(self, features_BTF: Tensor, state: LstmState | None = None) -> tuple[Tensor, LstmState]:
        """Read on from a state; return the last output and the state after it."""
        outputs_BTF, after = self.lstm(features_BTF, state)
        last: Tensor = outputs_BTF[:, -1]
        return last, after


class StackReader(nn.Module):
    """The features of all frames side by side through one layer; the plain choice for windows of one frame."""

    def __init__(self, inputs: int, outputs: int, length: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Flatten(1), nn.Linear(inputs * length, outputs), nn.ReLU())

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window."""
        joined: Tensor = self.layer(features_BTF)
        return joined
