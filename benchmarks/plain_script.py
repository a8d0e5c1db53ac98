"""What somebody writes on an afternoon: one frame, a small convolutional network, a softmax over what was held.

No playhead: arrays in, a function from a picture to an action out. `league.py` lets it learn from the same
recordings and drive in the same loop. Shape legend: N frames, A label columns, C combinations that occur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SIZE = 84  # pixels a side, as in DQN; so are the convolutions


def learn(
    frames: Iterable[np.ndarray], labels_NA: np.ndarray, *, steps: int = 2000, seed: int = 0
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what answers a picture (H, W, C) with the combination of keys (or axes, in thirds) that fits best."""
    torch.manual_seed(seed)
    held_CA, target_N = np.unique(np.round(labels_NA), axis=0, return_inverse=True)
    seen = torch.cat([small(frame) for frame in frames])
    target = torch.from_numpy(target_N.reshape(-1))
    net = nn.Sequential(
        nn.Conv2d(seen.shape[1], 16, 8, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(32 * 9 * 9, 256), nn.ReLU(), nn.Linear(256, len(held_CA)),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        drawn = torch.randint(len(seen), (64,))
        loss = F.cross_entropy(net(seen[drawn].float() / 255), target[drawn])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.requires_grad_(False)
    return lambda frame_HWC: held_CA[int(net(small(frame_HWC).float() / 255).argmax())]


def small(frame_HWC: np.ndarray) -> torch.Tensor:
    """Return a picture as (1, C, SIZE, SIZE) uint8."""
    picture = torch.from_numpy(np.ascontiguousarray(frame_HWC)).permute(2, 0, 1)[None].float()
    return F.interpolate(picture, (SIZE, SIZE), mode="area").byte()
