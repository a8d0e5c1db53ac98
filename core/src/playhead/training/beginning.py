"""What a network begins with: heads that answer what is right most often, colours by what the game looks like.

A head that begins at 0 learns how often each key is held through its features. Most of these are the same in every
window, and pushing that common part is quicker than moving a bias: it grows until an LSTM saturates, for good.

Shape legend: K labels that are known, A label columns, O outputs of a head.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from playhead.data.assembly import Batch
from playhead.data.augment import Augmenter
from playhead.data.augment.geometry import mirrored
from playhead.data.balancing import Drawing
from playhead.data.sampling import draw_rows
from playhead.data.windows import WindowIndex
from playhead.labels import Choice, Head, Keys
from playhead.models import Colours
from playhead.models.heads import Heads
from playhead.models.network import Network
from playhead.training.job import TrainingJob
from playhead.training.losses import nearest_delta

SAMPLED = 16_384  # windows whose labels are looked at: a share of .01 is known to a tenth of itself
RAREST = 1e-3  # a class or key that is rarer begins as if it were not
LEAST_SCALE = 8.0  # of a channel: of one that hardly changes the noise is not to fill the network's range


def best_constant(head: Head, labels_KA: Tensor, weight_O: Tensor | None = None) -> Tensor:
    """Return the logits (O,) that answer labels best where nothing is seen, classes weighted as in the loss."""
    rarest = max(RAREST, 0.5 / len(labels_KA))
    if isinstance(head, Keys):
        logits_O = labels_KA.mean(0).clamp(rarest, 1 - rarest).logit()
        return logits_O if weight_O is None else logits_O + weight_O.log()
    if isinstance(head, Choice):
        logits_O = _log_shares(labels_KA[:, 0].long(), head.outputs, rarest)
        return logits_O if weight_O is None else logits_O + weight_O.log()
    if head.deltas:
        columns = nearest_delta(head, labels_KA).T
        return torch.cat([_log_shares(column_K, len(head.deltas), rarest) for column_K in columns])
    return labels_KA.mean(0).clamp(-1, 1)


def _log_shares(class_K: Tensor, classes: int, rarest: float) -> Tensor:
    return (torch.bincount(class_K, minlength=classes) / len(class_K)).clamp(min=rarest).log()


def begin(
    job: TrainingJob, network: Network, labels: Mapping[str, Tensor], weights: Mapping[str, Tensor],
    seen: Iterable[Batch],
) -> None:  # fmt: skip
    """Have a network that has learned nothing begin with what its labels (K, A) say and pictures `seen` are like.

    Of one that goes on from a run only heads that it does not know begin so: heads of ours, wherever they are.
    """
    known = job.start_from.schema if job.start_from is not None else ()
    logits = {
        name: best_constant(head, labels[name], weights.get(name))
        for name, head in job.schema.items()
        if name not in known and len(labels[name])
    }
    for module in network.modules():
        if isinstance(module, Heads):
            module.begin_at(logits)
    if job.start_from is None and network.takes_colours:
        colours = colours_of(seen, network.spec.frame.channels)
        if colours is not None:
            network.standardise(colours)


def drawn_labels(
    index: WindowIndex, drawn: Drawing, seed: int, augmenter: Augmenter | None = None
) -> dict[str, Tensor]:
    """Return the known labels of windows as a training draws them, by head (K, A), at all positions.

    Those that are mirrored with their pictures are mirrored here as often. What else a change to pictures makes of
    labels is not known without them.
    """
    size = min(SAMPLED, 8 * len(drawn.weight_M))
    part_B, rows_B = np.divmod(next(draw_rows(drawn.weight_M, size, 1, seed)), len(index))
    labels, _, mask = index.labelled(rows_B)
    for part, head in enumerate(drawn.alone):
        mask[head] = mask[head] & (part_B == part)[:, None]
    found = {name: torch.from_numpy(values_BLA).float() for name, values_BLA in labels.items()}
    generator = torch.Generator().manual_seed(seed)
    for step, share in augmenter.augmentations if augmenter is not None else ():
        if step.mirrors:
            is_chosen_B = (torch.rand(len(rows_B), generator=generator) < share) & step.accepts(found)
            for name, values_BLA in mirrored(index.schema, found).items():
                found[name][is_chosen_B] = values_BLA[is_chosen_B]
    return {name: values_BLA[torch.from_numpy(mask[name])] for name, values_BLA in found.items()}


def known_labels(batch: Batch, name: str) -> Tensor:
    """Return the known labels of a head in a batch (K, A), at all positions."""
    labels = batch["labels"][name]
    labels_KA: Tensor = labels.reshape(-1, labels.shape[-1])
    if name in batch.get("mask", {}):
        labels_KA = labels_KA[batch["mask"][name].reshape(-1)]
    return labels_KA.float().cpu()


def colours_of(batches: Iterable[Batch], channels: int) -> Colours | None:
    """Return what all pictures (B, T, H, W, C) among the inputs of batches are like; None without any."""
    pixels, changes = Moments(channels), Moments(channels)
    for batch in batches:
        for value in batch.values():
            if isinstance(value, Tensor) and value.dtype == torch.uint8 and value.shape[-1] == channels:
                pixels.add(value)
                changes.add(value.short().diff(dim=1))
    if not pixels.count:
        return None
    means, scales = pixels.told()
    return Colours(means=means, scales=scales, changes=changes.told()[1] if changes.count else ())


class Moments:
    """Means and deviations of the channels of pictures that come a few at a time."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self._sums_C, self._squares_C = torch.zeros(channels).double(), torch.zeros(channels).double()

    def add(self, pictures: Tensor) -> None:
        """Take more pictures (..., C)."""
        pixels_NC = pictures.reshape(-1, pictures.shape[-1]).double()
        self.count += len(pixels_NC)
        self._sums_C += pixels_NC.sum(0).cpu()
        self._squares_C += pixels_NC.square().sum(0).cpu()

    def told(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return means and scales of all there were."""
        means_C = self._sums_C / self.count
        scales_C = (self._squares_C / self.count - means_C.square()).clamp(min=0).sqrt().clamp(min=LEAST_SCALE)
        return tuple(means_C.tolist()), tuple(scales_C.tolist())
