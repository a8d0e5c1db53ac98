"""From a spec to a network: what a recipe or a run asks for is planned without memory first, then built."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import torch

from playhead.errors import BadValue, PlayheadError, PluginError
from playhead.models import ModelSpec
from playhead.models.network import Network
from playhead.models.weights import Shapes, check_shapes, numbers_in, shapes_of
from playhead.plugins import Plugins

MOST_NUMBERS = 500_000_000  # of a network: 2 GB of weights
MOST_VIEW_BYTES = 64 * 2**20  # of what it looks at of one window


def build_network(
    plugins: Plugins, model: str, spec: ModelSpec, *, found: Shapes | None = None, run: str = ""
) -> Network:
    """Build a network; with the shapes `found` in the weights of a run only if it is the one they are of.

    Raises:  NotFound for an unknown model or option, BadValue for options that give no network or one that is
             too large, Mismatch when the weights are of another one.
    """
    planned = plan_network(plugins, model, spec)
    if planned is not None and found is not None:
        check_shapes(planned, found, whose=f"Run {run}")
    network = _built(plugins, model, spec)
    if spec.schema and set(network.answers) != set(spec.schema):
        raise BadValue(
            f"The network {model} answers {', '.join(network.answers)}, not what is learned: "
            f"{', '.join(spec.schema)}. Take another model, or the training method that it is made for."
        )
    network.freeze()
    if spec.colours is not None:
        network.standardise(spec.colours)
    _check_views(network, model, spec)
    return network


def _built(plugins: Plugins, model: str, spec: ModelSpec) -> Network:
    build = plugins.get("model", model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of layers without weights
            network: Network = build(spec)
    except PlayheadError:
        raise
    except Exception as error:  # of a plugin, and of torch: whatever options say that no layer can be
        raise BadValue(f"The network {model} cannot be built with these model_options: {_said(error)}.") from error
    if not isinstance(network, Network):
        raise PluginError(
            f"The network {model} is a {type(network).__name__}, no playhead.models.network.Network."
        )
    return network


def plan_network(plugins: Plugins, model: str, spec: ModelSpec) -> Shapes | None:
    """Return the shapes of a network's weights without any memory for them; None where a network has to be built.

    torch's meta device makes tensors without numbers; drawing the first weights there draws nothing.
    Raises:  as `build_network`, but for what only a network with weights tells.
    """
    planned = _planned(plugins, model, spec)
    if planned is not None and numbers_in(planned) > MOST_NUMBERS:
        raise BadValue(
            f"The network {model} would have {numbers_in(planned):,} numbers, more than the {MOST_NUMBERS:,} that "
            "fit. Lower its model_options."
        )
    return planned


def _planned(plugins: Plugins, model: str, spec: ModelSpec) -> Shapes | None:
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            return shapes_of(_built(plugins, model, replace(spec, pretrained=False)))
    except BadValue as error:
        if "meta" in str(error):  # a plugin's network that reads its own numbers while it is built
            return None
        raise


def _check_views(network: Network, model: str, spec: ModelSpec) -> None:
    """Raise BadValue for a network that looks at more than fits, found out with one black frame."""
    frame_1HWC, size = np.zeros((1, *spec.frame.shape), np.uint8), 0
    for name, one in spec.named_inputs.items():
        if not one.is_pictures:
            continue
        try:
            views = network.prepare_input(name, frame_1HWC)
        except Exception as error:
            raise BadValue(f"The network {model} cannot look at a frame: {_said(error)}.") from error
        size += one.steps * sum(view.nbytes for view in views.values())
    if size > MOST_VIEW_BYTES:
        raise BadValue(f"The network {model} looks at {size:,} bytes a window, at most {MOST_VIEW_BYTES:,} fit.")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")
