"""Tests a network can fail although its scores look fine: the same answer to everything, an input that is the
answer, predictions that do not depend on the picture.

Shape legend: N windows, T frames of a window, H, W, C picture, A label columns, O outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.windows import WindowIndex
from playhead.evaluation.metrics import PRIMARY, measure_title, score_head
from playhead.evaluation.offline import as_predictions, batch_of, judged_frames, read_windows, shown_input
from playhead.evaluation.predictions import FloatArray
from playhead.evaluation.verdicts import Verdict
from playhead.inputs import FRAMES
from playhead.models.constant_input import COLLAPSED_BELOW, constant_inputs
from playhead.models.predictor import Predictor
from playhead.models.run import Run

Inputs = Mapping[str, npt.NDArray[Any]]
Predict = Callable[[Inputs], Mapping[str, FloatArray]]

LEAK_CORRELATION = 0.98  # an input this correlated with the label is the label
LEAK_WINDOWS = 5000  # a linear fit of a few inputs needs no more
SHUFFLE_WINDOWS, FEWEST_SHUFFLED = 512, 32  # of many positions fewer say as much
LEAST_FALL = 0.05  # of a score: less is what random windows differ by
LEAK_R2 = 0.95  # as are inputs that determine it linearly to this degree


def constant_input_test(predict: Predict, inputs: Inputs, pictures: str = FRAMES, *, seed: int = 0) -> Verdict:
    """Check that white, black, noise and a real window do not all get the same answer.

    Shapes:  inputs are named arrays of N real windows; the middle one is compared with three in which `pictures`
             says nothing. The spread of an output is its largest difference between any two of the four.
    """
    window = {name: values[len(values) // 2] for name, values in inputs.items()}
    shown = {"real": window[pictures], **constant_inputs(window[pictures], seed=seed)}
    predictions = predict(
        {
            name: np.stack(list(shown.values())) if name == pictures else np.stack([values] * len(shown))
            for name, values in window.items()
        }
    )
    spreads = {head: float(np.ptp(predictions_NO, axis=0).max()) for head, predictions_NO in predictions.items()}
    collapsed = [head for head, spread in spreads.items() if not spread >= COLLAPSED_BELOW]
    listing = ", ".join(f"{head} {spread:.3f}" for head, spread in spreads.items())
    if collapsed:
        sentence = (
            f"Collapsed: white, black, noise and a real picture get the same answer from "
            f"{', '.join(collapsed)} (largest difference: {listing}; at least {COLLAPSED_BELOW} is asked)."
        )
    else:
        sentence = f"White, black, noise and a real picture get different answers (largest difference: {listing})."
    return Verdict(name="constant input", passed=not collapsed, sentence=sentence)


def leak_test(columns: Mapping[str, FloatArray], labels: Mapping[str, FloatArray]) -> Verdict:
    """Check that no input but the pictures is the label, or determines it linearly.

    Shapes:  columns name inputs (N, T) or (N,); labels name heads (N, A).
    """
    if not columns:
        return Verdict(name="leak", passed=True, sentence="The network sees only pictures: no input can leak.")
    table_NF = np.concatenate([_two_dimensional(values) for values in columns.values()], axis=1)
    names = [name for name, values in columns.items() for _ in range(_two_dimensional(values).shape[1])]
    found, strongest = [], (0.0, "", "")
    for head, label_NA in labels.items():
        for column in range(label_NA.shape[1]):
            label_N = label_NA[:, column].astype(np.float64)
            for name, values_N in zip(names, table_NF.T, strict=True):
                strength = abs(_correlation(values_N, label_N))
                strongest = max(strongest, (strength, name, head))
                if strength >= LEAK_CORRELATION:
                    found.append(f"input {name} is column {column} of {head} (correlation {strength:.3f})")
            r2 = _linear_r2(table_NF, label_N)
            if r2 >= LEAK_R2:
                found.append(f"the inputs together determine column {column} of {head} (R2 {r2:.3f})")
    if found:
        sentence = "Leak: " + "; ".join(dict.fromkeys(found)) + ". Train without that input."
        return Verdict(name="leak", passed=False, sentence=sentence)
    sentence = f"No input equals or determines the label: the strongest correlation is {strongest[0]:.2f}"
    return Verdict(
        name="leak",
        passed=True,
        sentence=f"{sentence} ({strongest[1]} with {strongest[2]})." if strongest[1] else sentence + ".",
    )


def _two_dimensional(values: FloatArray) -> FloatArray:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def _correlation(a_N: FloatArray, b_N: FloatArray) -> float:
    a_N, b_N = a_N - a_N.mean(), b_N - b_N.mean()
    size = math.sqrt(float((a_N**2).sum() * (b_N**2).sum()))
    return float((a_N * b_N).sum()) / size if size > 0 else 0.0


def _linear_r2(table_NF: FloatArray, label_N: FloatArray) -> float:
    """Return how much of a label a linear function of the inputs explains; 0 when there is too little to say."""
    count, features = table_NF.shape
    spread = float(((label_N - label_N.mean()) ** 2).sum())
    if spread == 0 or count < 10 * (features + 1):
        return 0.0
    design_NF = np.column_stack([table_NF, np.ones(count)])
    fitted_N = design_NF @ np.linalg.lstsq(design_NF, label_N, rcond=None)[0]
    return 1.0 - float(((label_N - fitted_N) ** 2).sum()) / spread


@dataclass(frozen=True, kw_only=True)
class Shuffled:
    """What a head scores as it is, and with some inputs shuffled among the windows."""

    head: str
    measure: str
    score: float
    shuffled: float
    lower_is_better: bool

    @property
    def fall(self) -> float:
        """How much worse it became, as a share of the score."""
        fall = (self.shuffled - self.score) if self.lower_is_better else (self.score - self.shuffled)
        return fall / abs(self.score) if self.score else 0.0

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"{self.measure} of {self.head} goes from {self.score:.3f} to {self.shuffled:.3f}"


def shuffle_verdict(told: Shuffled) -> Verdict:
    """Say whether a score fell when the pictures were shuffled among the windows, as it must."""
    passed = bool(told.fall > LEAST_FALL)
    uses = "the network looks at them" if passed else "the network does not use them"
    sentence = f"With the pictures shuffled among the windows, {told}: {uses}."
    return Verdict(name="shuffled pictures", passed=passed, sentence=sentence)


def history_verdict(history: Shuffled, pictures: Shuffled | None) -> Verdict:
    """Say whether a score lives on what was before more than on the pictures: then the network copies itself.

    Source:  Sentdex/pygta5, f2a858c: networks with histories had low losses, copied the last action and drove in
             circles.
    """
    passed = pictures is None or history.fall <= max(LEAST_FALL, pictures.fall)
    sentence = f"With what was before shuffled among the windows, {history}"
    if pictures is not None:
        which = "less than" if passed else "more than"
        sentence += f", {which} with the pictures shuffled ({pictures.shuffled:.3f})"
    then = "" if passed else " It copies what was done: train without that input, or with fewer moments of it."
    return Verdict(name="shuffled history", passed=bool(passed), sentence=f"{sentence}.{then}")


def sanity_verdicts(predictor: Predictor, run: Run, index: WindowIndex, *, seed: int = 0) -> list[Verdict]:
    """Run every sanity check that this run's inputs allow, on windows spread over the index."""
    verdicts = []
    shuffled = max(FEWEST_SHUFFLED, SHUFFLE_WINDOWS // len(run.recipe.positions_s))
    spread_N = np.unique(np.linspace(0, len(index) - 1, min(len(index), shuffled)).astype(np.int64))
    pictures = shown_input(run)
    if pictures:
        few = read_windows(run, index, spread_N[len(spread_N) // 2 :][:1])
        verdicts.append(constant_input_test(predictor.predict_batch, few, pictures, seed=seed))
    rows = np.linspace(0, len(index) - 1, min(len(index), LEAK_WINDOWS)).astype(np.int64)
    inputs = run.recipe.named_inputs
    known = rows[np.logical_and.reduce([index.known[name][rows] for name in run.schema])]
    columns = {name: index.numbers(name, known) for name, one in inputs.items() if not one.is_pictures}
    verdicts.append(leak_test(columns, {name: index.labels[name][known] for name in run.schema}))
    if len(spread_N) > 1:
        verdicts += _shuffle_verdicts(predictor, run, index.take(spread_N), seed)
    return verdicts


def _shuffle_verdicts(predictor: Predictor, run: Run, some: WindowIndex, seed: int) -> list[Verdict]:
    """Answer the same windows with their own inputs and with those of others: pictures, and what was before."""
    inputs = run.recipe.named_inputs
    pictures = {name for name, one in inputs.items() if one.is_pictures}
    history = {name for name, one in inputs.items() if not one.is_pictures and one.offsets_s[0] < 0}
    real = _scores(predictor, run, some, set(), seed)
    # Where all labels are alike any answer is as good with other pictures: that says nothing.
    telling = [name for name in run.schema if len(np.unique(some.labels[name], axis=0)) > 1]
    told = {
        what: _shuffled(run, telling, real, _scores(predictor, run, some, names, seed)) if names else []
        for what, names in (("pictures", pictures), ("history", history))
    }
    verdicts = [shuffle_verdict(one) for one in told["pictures"]]
    beside: Sequence[Shuffled | None] = told["pictures"] or [None] * len(telling)
    return verdicts + [history_verdict(one, other) for one, other in zip(told["history"], beside, strict=False)]


def _shuffled(
    run: Run, telling: Sequence[str], real: Mapping[str, float], shuffled: Mapping[str, float]
) -> list[Shuffled]:
    return [
        Shuffled(
            head=name, measure=measure_title(PRIMARY[run.schema[name].kind]), score=real[name],
            shuffled=shuffled[name], lower_is_better=run.schema[name].kind == "axes",
        )
        for name in telling
    ]  # fmt: skip


def _scores(
    predictor: Predictor, run: Run, some: WindowIndex, shuffled: Set[str], seed: int
) -> dict[str, float]:  # fmt: skip
    """Return the score of each head on windows that have some of their inputs from others."""
    judged, said = judged_frames(some), {name: list[npt.NDArray[Any]]() for name in run.schema}
    order = np.random.default_rng(seed).permutation(len(some))
    for start in range(0, len(some), batch_of(run)):
        place = np.arange(start, min(start + batch_of(run), len(some)))
        inputs = read_windows(run, some, place)
        if shuffled:
            others = read_windows(run, some, order[place])
            inputs |= {name: others[name] for name in shuffled}
        for name, values in predictor.predict_batch(inputs).items():
            said[name].append(values)
    predictions = as_predictions(run, judged, {name: np.concatenate(parts) for name, parts in said.items()})
    return {
        name: score_head(known.heads[name], known.time_ns_N, known.segments).summary[PRIMARY[head.kind]]
        for name, head in run.schema.items()
        for known in (predictions.known(name),)
    }
