"""Out-of-distribution scores: how near pictures are to what a network learned, to say "none of my classes" by.

A score is high for what was trained on. None was trained for this: all are read off the network.
Shape legend: N windows, F features, C classes; B, K windows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from playhead.evaluation.classification.activations import Activations
from playhead.evaluation.classification.temperature import log_sum
from playhead.evaluation.predictions import FloatArray
from playhead.models.feature_bank import FeatureBank

BLOCK = 1024  # windows whose distances are computed at once: they are (windows, classes, features)

TITLES = {
    "max_softmax": "largest probability",
    "max_logit": "largest logit",
    "energy": "energy of the logits",
    "class_mean": "distance to the nearest class mean",
    "relative": "distance to the nearest class mean, less that to all pictures",
    "neighbour": "distance to what was learned nearby",
    "together": "largest logit, relative distance and neighbours together",
}
TOGETHER = ("max_logit", "relative", "neighbour")  # each sees something that the others do not


def ood_scores(activations: Activations, bank: FeatureBank | None = None) -> dict[str, FloatArray]:
    """Return every score of every window, high for what is in distribution.

    Distances to classes and to neighbours where the run remembers features.

    Shapes:  each (N,).
    Source:  largest probability: Hendrycks and Gimpel 2017; largest logit: Hendrycks et al. 2022; energy: Liu et
             al. 2020; distance: Lee et al. 2018; relative distance: Ren et al. 2021;
             neighbours of normalised features: Sun et al. 2022.
    """
    logits_NC = activations.logits_NC.astype(np.float64)
    top_N, energy_N = logits_NC.max(1), log_sum(logits_NC)
    # The logarithm of the largest probability: near 1 the probability itself is rounded to 1.
    found = {"max_softmax": top_N - energy_N, "max_logit": top_N, "energy": energy_N}
    if bank is not None:
        blocks = torch.split(torch.from_numpy(activations.features_NF), BLOCK)
        found["class_mean"] = -torch.cat([bank.distances(block).amin(1) for block in blocks]).double().numpy()
        found["relative"] = -torch.cat([bank.relative_distance(block) for block in blocks]).double().numpy()
        if bank.has_neighbours:
            found["neighbour"] = -torch.cat([bank.to_neighbours(block) for block in blocks]).numpy()
    return found


def together(scores: Mapping[str, FloatArray], known: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return scores with the sum of several, each in units of how it spreads over known windows."""
    if not all(name in scores for name in TOGETHER):
        return dict(scores)
    parts = [(scores[name] - known[name].mean()) / max(float(known[name].std()), 1e-12) for name in TOGETHER]
    return {**scores, "together": np.sum(parts, axis=0)}
