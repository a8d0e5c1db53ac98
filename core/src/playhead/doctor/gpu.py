"""Is there a GPU that PyTorch can compute on? Training is faster with one; nothing needs it."""

from __future__ import annotations

import os
import shutil

import torch

from playhead.doctor.finding import Finding

NAME = "gpu"
INSTALL = "Install the PyTorch that fits the driver: https://pytorch.org/get-started/locally."


def check_gpu() -> Finding:
    """Multiply two matrices on the GPU and compare with the CPU."""
    if not torch.cuda.is_available():
        return _without()
    name = torch.cuda.get_device_name(0)
    memory = torch.cuda.get_device_properties(0).total_memory / (1 << 30)
    try:
        is_right = _computes_right()
    except RuntimeError as error:
        return _not_ok(f"{name} cannot compute: {str(error).splitlines()[0]}")
    if not is_right:
        return _not_ok(f"{name} computes wrong")
    says = f"{name}, {memory:.0f} GiB; train, play and evaluate use it by themselves"
    return Finding(name=NAME, status="ok", says=says, value=memory, unit="GiB", is_needed=False)


def _computes_right() -> bool:
    ours = torch.rand(256, 256, generator=torch.Generator().manual_seed(1))
    theirs = (ours.cuda() @ ours.cuda()).cpu()
    return bool(torch.allclose(theirs, ours @ ours, rtol=0.01))


def _without() -> Finding:
    if shutil.which("nvidia-smi"):
        return _not_ok("there is an NVIDIA driver, and PyTorch sees no GPU")
    cores = os.cpu_count() or 1
    says = f"none; PyTorch {torch.__version__} computes on {cores} cores"
    return Finding(name=NAME, status="left out", says=says, is_needed=False)


def _not_ok(says: str) -> Finding:
    return Finding(name=NAME, status="not ok", says=says, then=INSTALL, is_needed=False)
