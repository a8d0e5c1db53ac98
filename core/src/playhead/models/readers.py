"""Features of each frame to features of the window: temporal readers."""

from __future__ import annotations

from torch import Tensor, nn


class LstmReader(nn.Module):
    """One LSTM layer over the window, starting from nothing each time; its last output is the window's.

    Shapes:  forward takes (B, T, inputs) and returns (B, outputs).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, outputs, batch_first=True)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window, oldest frame first."""
        states_BTF, _ = self.lstm(features_BTF)
        last: Tensor = states_BTF[:, -1]
        return last


class StackReader(nn.Module):
    """The features of all frames side by side through one layer; the plain choice for windows of one frame."""

    def __init__(self, inputs: int, outputs: int, length: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Flatten(1), nn.Linear(inputs * length, outputs), nn.ReLU())

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Read the window."""
        joined: Tensor = self.layer(features_BTF)
        return joined
