"""One number that makes a classifier as sure as it is right: the logits divided by a temperature.

It changes no answer. Fitted on windows other than those it is judged on.
Shape legend: N windows, C classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from playhead.evaluation.metrics import Calibration, calibration
from playhead.evaluation.predictions import FloatArray, IntArray

COLDEST, HOTTEST = 0.05, 20.0
STEPS = 60  # of the golden section: the interval shrinks to 1e-11 of itself


@dataclass(frozen=True, kw_only=True, eq=False)
class Temperature:
    """A temperature fitted on some windows, and the calibration of others before and after."""

    value: float
    before: Calibration
    after: Calibration

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        errors = {"error_before": self.before.error, "error_after": self.after.error}
        plain = {name: None if math.isnan(error) else round(error, 6) for name, error in errors.items()}
        return {"temperature": round(self.value, 4), **plain}


def judge_temperature(
    fitted_on: tuple[FloatArray, IntArray] | None, judged_on: tuple[FloatArray, IntArray]
) -> Temperature:
    """Fit a temperature on one set of (probabilities (N, C), classes (N,)) and measure it on another.

    Without a set to fit on, each half of those judged is measured at the temperature of the other half, so that
    all of them are judged, as everywhere else on the page.
    """
    likely_NC, true_N = judged_on
    value = fit_temperature(*(fitted_on or judged_on))
    cooled_NC = tempered(likely_NC, value) if fitted_on else _crossed(likely_NC, true_N)
    return Temperature(value=value, before=_calibrated(likely_NC, true_N), after=_calibrated(cooled_NC, true_N))


def _crossed(likely_NC: FloatArray, true_N: IntArray) -> FloatArray:
    cooled_NC = np.empty_like(likely_NC, dtype=np.float64)
    for first in (0, 1):
        other = fit_temperature(likely_NC[1 - first :: 2], true_N[1 - first :: 2])
        cooled_NC[first::2] = tempered(likely_NC[first::2], other)
    return cooled_NC


def _calibrated(likely_NC: FloatArray, true_N: IntArray) -> Calibration:
    return calibration(likely_NC.max(1, initial=0.0), likely_NC.argmax(1) == true_N)


def fit_temperature(likely_NC: FloatArray, true_N: IntArray) -> float:
    """Return the temperature of the least cross-entropy, between COLDEST and HOTTEST.

    The cross-entropy has one minimum in 1/T, for it is convex there. Source: Guo et al. 2017.
    """
    if len(true_N) == 0:
        return 1.0
    logits_NC = _logits(likely_NC)

    def loss(log_t: float) -> float:
        scaled_NC = logits_NC / math.exp(log_t)
        return float((log_sum(scaled_NC) - scaled_NC[np.arange(len(true_N)), true_N]).mean())

    low, high, golden = math.log(COLDEST), math.log(HOTTEST), (math.sqrt(5) - 1) / 2
    for _ in range(STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def tempered(likely_NC: FloatArray, temperature: float) -> FloatArray:
    """Return probabilities as they are at another temperature."""
    scaled_NC = _logits(likely_NC) / temperature
    answer_NC: FloatArray = np.exp(scaled_NC - log_sum(scaled_NC)[:, None])
    return answer_NC


def _logits(likely_NC: FloatArray) -> FloatArray:
    """Return logits but for a constant a row, which no softmax sees; what was rounded to 0 stays very unlikely."""
    return np.asarray(np.log(np.maximum(likely_NC.astype(np.float64), 1e-38)))


def log_sum(logits_NC: FloatArray) -> FloatArray:
    """Return the logarithm of the sum of the exponentials of each row, which no large logit overflows."""
    top_N = logits_NC.max(1)
    summed: FloatArray = top_N + np.log(np.exp(logits_NC - top_N[:, None]).sum(1))
    return summed
