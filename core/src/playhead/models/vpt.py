"""Sizes of inverse_dynamics: the published model, and shares of it. Free of torch, for recipes of games.

Source:  Baker et al. 2022, Video PreTraining: the released inverse dynamics model, 482,330,046 parameters.
"""

from __future__ import annotations

from typing import Any

_WIDTHS = {"first": 128, "dense": 256, "width": 4096, "heads": 32, "head_size": 128, "inner": 16384}
_STACKS = (256, 512, 512)
UNREAD = 4096 * 4096 + 2 * 4096  # parameters of its last layer, whose answer nothing reads; it is left out here


def vpt_options(by: int = 1, layers: int = 2) -> dict[str, Any]:
    """Return the options of the published network, every width divided, with so many blocks of attention."""
    return {
        "scene_size": [128, 128],
        "stacks": [channels // by for channels in _STACKS],
        "layers": layers,
        **{name: width // by for name, width in _WIDTHS.items()},
    }


def original_options() -> dict[str, Any]:
    """Return those of the reference system: an eighth of the paper's widths, one block, grey pictures.

    Its broken residual is mended: what attention says is added to what it was asked about, not this to itself.
    Source:  the annex of its report; the paper's text has 64, 128 and 128 channels, of which the first 16 times 8.
    """
    return {**vpt_options(8, layers=1), "grey": True, "stacks": [8, 16, 16], "first": 16}
