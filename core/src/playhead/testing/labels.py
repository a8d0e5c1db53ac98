"""Labels and predictions of any head, for the contract to try things with, and the check that some are valid."""

from __future__ import annotations

from typing import Any

import numpy as np

from playhead.labels import Axes, Choice, Head, Keys


def random_labels(head: Head, rows: int) -> np.ndarray[Any, Any]:
    """Draw valid labels of a head. Shape (rows, columns)."""
    rng = np.random.default_rng(0)
    if isinstance(head, Choice):
        return rng.integers(0, len(head.names), (rows, 1)).astype(head.dtype)
    if isinstance(head, Keys):
        return rng.integers(0, 2, (rows, head.columns)).astype(head.dtype)
    return rng.uniform(-1, 1, (rows, head.columns)).astype(head.dtype)


def check_labels(head: Head, labels_TA: Any, rows: int, where: str) -> None:
    """Assert that these are valid labels of a head."""
    assert labels_TA.shape == (rows, head.columns), f"{where} gives {labels_TA.shape}, not {(rows, head.columns)}"
    low, high = (-1, 1) if isinstance(head, Axes) else (0, len(head.names) - 1 if isinstance(head, Choice) else 1)
    assert low <= labels_TA.min(), where
    assert labels_TA.max() <= high, where


def random_answer(head: Head, rng: np.random.Generator, trial: int) -> Any:
    """Draw what a network may answer for a head; first the extremes."""
    if isinstance(head, Choice):
        weights = rng.random(head.outputs)
        return (weights / weights.sum()).astype(np.float32)
    if isinstance(head, Keys):
        extremes = {0: 0.0, 1: 1.0, 2: 0.5}
        filled = np.full(head.outputs, extremes.get(trial, 0.0))
        return (filled if trial in extremes else rng.random(head.outputs)).astype(np.float32)
    if head.deltas:
        weights_AD = rng.random((len(head.names), len(head.deltas)))
        return (weights_AD / weights_AD.sum(1, keepdims=True)).ravel().astype(np.float32)
    return rng.uniform(-1, 1, head.outputs).astype(np.float32)
