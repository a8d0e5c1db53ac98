"""Weights on their way from a trainer to players: bytes with a digest, looked at before they are put in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from playhead.errors import Damaged
from playhead.models.weights import learned_weights, read_tensors, weight_bytes


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The weights after a batch, as a file would hold them."""

    batch: int
    data: bytes
    digest: str

    @classmethod
    def of(cls, network: nn.Module, batch: int) -> Weights:
        """Copy the weights of a network."""
        data = weight_bytes(learned_weights(network))
        return cls(batch=batch, data=data, digest=hashlib.sha256(data).hexdigest())

    def tensors(self) -> Mapping[str, Tensor]:
        """Return them. Raises Damaged for bytes that are not those that were sent."""
        if hashlib.sha256(self.data).hexdigest() != self.digest:
            raise Damaged(f"The weights after batch {self.batch:,} are not those that were sent.")
        return read_tensors(self.data, where=f"The weights after batch {self.batch:,}")
