"""Windows of noise for any network, and the check that one that remembers keeps its word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from playhead.inputs import ACTIONS, columns_of

if TYPE_CHECKING:
    from playhead.models import ModelSpec
    from playhead.models.predictor import Predictor

Windows = dict[str, npt.NDArray[Any]]


def random_windows(spec: ModelSpec, count: int = 2) -> Windows:
    """Draw windows of noise as a network of this spec takes them, frames whole."""
    rng = np.random.default_rng(0)
    found: Windows = {}
    for name, one in spec.named_inputs.items():
        if one.is_pictures:
            found[name] = rng.integers(0, 256, (count, one.steps, *spec.frame.shape), dtype=np.uint8)
        else:
            columns = (columns_of(one, spec.schema),) if one.source == ACTIONS else ()
            found[name] = rng.random((count, one.steps, *columns), dtype=np.float32)
    return found


def check_steps(predictor: Predictor, windows: Mapping[str, npt.NDArray[Any]], where: str) -> None:
    """Assert that a network that remembers answers frame by frame as over all frames together."""
    spec, state = predictor.network.spec, None
    rows = [name for name, one in spec.stepped_inputs.items() if one.steps < spec.named_inputs[name].steps]
    whole, logits = predictor.engine.predict(predictor.prepare(windows)), Windows()
    for number in range(spec.length):
        now = {n: value[:, number : number + 1] if n in rows else value for n, value in windows.items()}
        logits, state = predictor.engine.step(predictor.prepare(now), state)
    for name, last in logits.items():
        wanted = whole[name][:, -1] if whole[name].ndim == 3 else whole[name]
        assert np.allclose(last, wanted, atol=1e-4), f"{where}: frame by frame {name} is answered otherwise"
