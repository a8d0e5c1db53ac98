"""Where the features of what a network has learned lie, so that something it has never seen can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from playhead.errors import Damaged

# Added to the spread, as a share of its mean: directions that training never uses count, but not without bound.
RIDGE = 0.05
NEIGHBOUR = 5  # the distance to the fifth nearest of what was learned: the nearest alone may be a stray one


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureBank:
    """Class means of features, two spreads (within the classes, and of everything), and the directions of all.

    Legend:  C classes met in training, F features, B pictures, N windows learned from.
    Shapes:  mean_CF (C, F); inverse_FF (F, F) inverse covariance within classes; centre_F (F,) and
             centre_inverse_FF (F, F) of all together; class_C (C,) the numbers of the classes; unit_NF
             (N, F) features of length 1, none in what was saved by earlier versions.
    """

    class_C: Tensor
    mean_CF: Tensor
    inverse_FF: Tensor
    centre_F: Tensor
    centre_inverse_FF: Tensor
    unit_NF: Tensor

    @classmethod
    def of(cls, features_NF: Tensor, class_N: Tensor) -> FeatureBank:
        """Remember these features of N windows and their classes."""
        exact_NF = features_NF.double()
        classes, place_N = torch.unique(class_N, return_inverse=True)
        mean_CF = torch.stack([exact_NF[place_N == place].mean(0) for place in range(len(classes))])
        centre_F = exact_NF.mean(0)
        return cls(
            class_C=classes,
            mean_CF=mean_CF.float(),
            inverse_FF=_inverse_spread(exact_NF - mean_CF[place_N]),
            centre_F=centre_F.float(),
            centre_inverse_FF=_inverse_spread(exact_NF - centre_F),
            unit_NF=normalize(exact_NF).float(),
        )

    def distances(self, features_BF: Tensor) -> Tensor:
        """Return the squared distance to each class, in units of the spread within classes. Shape (B, C).

        Source:  Lee et al. 2018, Mahalanobis distance of features.
        """
        away_BCF = features_BF[:, None] - self.mean_CF
        return torch.einsum("bcf,fg,bcg->bc", away_BCF, self.inverse_FF, away_BCF)

    def relative_distance(self, features_BF: Tensor) -> Tensor:
        """Return how much nearer features are to everything at once than to any class; high for the unseen (B,).

        Source:  Ren et al. 2021, relative Mahalanobis distance: what all pictures share does not count.
        """
        away_BF = features_BF - self.centre_F
        to_all_B = torch.einsum("bf,fg,bg->b", away_BF, self.centre_inverse_FF, away_BF)
        return self.distances(features_BF).amin(1) - to_all_B

    @property
    def has_neighbours(self) -> bool:
        """Whether `to_neighbours` can be asked."""
        return len(self.unit_NF) >= NEIGHBOUR

    def to_neighbours(self, features_BF: Tensor) -> Tensor:
        """Return the distance to the NEIGHBOURth nearest of what was learned, by direction. Shape (B,).

        Source:  Sun et al. 2022, neighbours of normalised features.
        """
        alike_BN = normalize(features_BF.double()) @ self.unit_NF.double().T
        nth_B = alike_BN.topk(NEIGHBOUR, 1).values[:, -1]
        return (2 - 2 * nth_B).clamp(min=0).sqrt()

    def to_tensors(self) -> dict[str, Tensor]:
        """Return what a file holds."""
        return {
            "classes": self.class_C,
            "means": self.mean_CF,
            "inverse_spread": self.inverse_FF,
            "centre": self.centre_F,
            "centre_inverse_spread": self.centre_inverse_FF,
            "directions": self.unit_NF,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> FeatureBank:
        """Rebuild a bank from `to_tensors`. Raises Damaged for tensors that do not fit one another."""
        _check_fit(tensors)
        return cls(
            class_C=tensors["classes"],
            mean_CF=tensors["means"],
            inverse_FF=tensors["inverse_spread"],
            centre_F=tensors["centre"],
            centre_inverse_FF=tensors["centre_inverse_spread"],
            unit_NF=tensors.get("directions", torch.empty(0, len(tensors["centre"]))),
        )


def _check_fit(tensors: Mapping[str, Tensor]) -> None:
    classes, means = tensors.get("classes"), tensors.get("means")
    if classes is None or means is None or classes.ndim != 1 or means.ndim != 2 or len(classes) != len(means):
        raise Damaged("The features of the run cannot be read: no classes with their means. Train again.")
    size = means.shape[1]
    square = (size, size)
    wanted = {"inverse_spread": square, "centre": (size,), "centre_inverse_spread": square}
    found = {name: tuple(tensors[name].shape) for name in wanted if name in tensors}
    directions = tensors.get("directions")
    if found != wanted or (directions is not None and (directions.ndim != 2 or directions.shape[1] != size)):
        raise Damaged(f"The features of the run cannot be read: they do not fit means of {size}. Train again.")


def _inverse_spread(away_NF: Tensor) -> Tensor:
    """Return the inverse covariance of deviations (N, F), as float32 (F, F)."""
    spread_FF = away_NF.T @ away_NF / max(1, len(away_NF))
    ridge = RIDGE * spread_FF.diagonal().mean() + 1e-12
    inverse_FF: Tensor = torch.linalg.inv(spread_FF + ridge * torch.eye(len(spread_FF), dtype=spread_FF.dtype))
    return inverse_FF.float()
