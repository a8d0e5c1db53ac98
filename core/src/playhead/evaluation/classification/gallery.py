"""Pictures that a head of classes is judged by: its mistakes, where it looks, what is out of distribution.

Shape legend: N windows, B windows shown, T frames of a window, H, W, C picture, O classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.data.ood import kinds_of
from playhead.data.windows import WindowIndex
from playhead.evaluation.classification.activations import Asked
from playhead.evaluation.classification.error_slices import MOST_VALUES, columns_of, value_text
from playhead.evaluation.classification.study import OodStudy, mistaken
from playhead.evaluation.offline import read_windows, shown_input
from playhead.evaluation.pictures import Example, FrameArray, HeatRow, encode, side_by_side
from playhead.evaluation.predictions import FloatArray
from playhead.labels import Choice
from playhead.models.attribution import class_heat_maps
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.overlay import with_heat

RowArray = npt.NDArray[np.int64]

MISTAKES_SHOWN = 48
OOD_SHOWN = 12
SURE_EACH, WRONG_EACH = 1, 1  # pictures of each class that are shown with their heat: right ones and mistakes
TOLD, LONGEST = 12, 24  # columns said below a picture, and letters of a text that is still short


def mistake_examples(run: Run, asked: Asked, name: str, head: Choice) -> list[Example]:
    """Show windows that were answered wrongly, those it was surest of first, by what was taken for what."""
    rows = mistaken(asked, name)[:MISTAKES_SHOWN]
    true_N, said_N = asked.truth(name), asked.likely(name).argmax(1)
    captions = [
        f"{head.names[true_N[row]]} taken for {head.names[said_N[row]]}, {asked.likely(name)[row].max():.0%} sure"
        for row in rows
    ]
    return _examples(run, asked, rows, captions)


def ood_examples(
    run: Run, asked: Asked, name: str, head: Choice, study: OodStudy
) -> tuple[Sequence[Example], Sequence[Example]]:
    """Show windows of no class: those taken most surely for a class, and those rejected most surely."""
    score_N, said_N = study.detection.ood_N, asked.likely(name).argmax(1)
    order, kinds = np.argsort(-score_N, kind="stable"), kinds_of(asked.index, name)
    shown = []
    for rows in (_of_each_kind(order, kinds), _of_each_kind(order[::-1], kinds)):
        captions = [
            f"{kinds[row]}, {'kept' if score_N[row] >= study.detection.threshold else 'rejected'}: "
            f"{head.names[said_N[row]]} {asked.likely(name)[row].max():.0%}, score {score_N[row]:.2f}"
            for row in rows
        ]
        shown.append(_examples(run, asked, rows, captions))
    return shown[0], shown[1]


def _of_each_kind(order: RowArray, kinds: Sequence[str]) -> RowArray:
    """Take from the front of an order as many of each kind, so that one kind does not fill the gallery."""
    each = max(1, round(OOD_SHOWN / len(set(kinds))))
    counts: dict[str, int] = {}
    taken = []
    for row in order.tolist():
        counts[kinds[row]] = counts.get(kinds[row], 0) + 1
        if counts[kinds[row]] <= each:
            taken.append(row)
    return np.array(taken[: max(OOD_SHOWN, len(set(kinds)))], dtype=np.int64)


def _examples(run: Run, asked: Asked, rows: RowArray, captions: Sequence[str]) -> list[Example]:
    if not shown_input(run) or not len(rows):
        return []
    told = _told_columns(asked.index, tuple(run.schema))
    frames_BTHWC = read_windows(run, asked.index, rows)[shown_input(run)]
    return [
        Example(
            picture=encode(side_by_side(frames_THWC)),
            caption=caption,
            place=place(asked.index, int(row)),
            details=[(column, value_text(values_N[row])) for column, values_N in told.items()],
        )
        for row, frames_THWC, caption in zip(rows.tolist(), frames_BTHWC, captions, strict=True)
    ]


def place(index: WindowIndex, row: int) -> str:
    """Say which window this is: its recording and the number of its last frame."""
    return f"{index.recordings[index.recording_N[row]].name} {index.frame_N[row]}"


def _told_columns(index: WindowIndex, heads: Sequence[str]) -> Mapping[str, npt.NDArray[Any]]:
    """Return the columns worth saying: short ones of few values, not the same everywhere, not what it shows."""
    columns = columns_of(index, leave_out=frozenset(heads))
    told = {name: values_N for name, values_N in columns.items() if _is_told(values_N)}
    return dict(list(told.items())[:TOLD])


def _is_told(values_N: npt.NDArray[Any]) -> bool:
    if not (values_N != values_N[0]).any():
        return False
    if values_N.dtype.kind in "iuf":
        return True
    is_short = max(map(len, values_N.tolist())) <= LONGEST
    return is_short and len(np.unique(values_N)) <= min(MOST_VALUES, len(values_N) // 2)


def heat_rows(predictor: Predictor, run: Run, asked: Asked, name: str, head: Choice) -> list[HeatRow]:
    """Show for each class a picture it is surest of and its surest mistake, with the heat of all that occur."""
    rows = _heat_choice(asked, name, head)
    if not shown_input(run) or not len(rows):
        return []
    inputs = read_windows(run, asked.index, rows)
    heat_OBHW = class_heat_maps(predictor, run.spec, inputs, name)
    true_N, likely_NC = asked.truth(name), asked.likely(name)
    there = np.union1d(true_N, likely_NC.argmax(1)).astype(np.int64)
    return [
        _heat_row(
            inputs[shown_input(run)][number, -1],
            dict(zip(there.tolist(), heat_OBHW[there, number], strict=True)),
            head,
            likely_NC[row],
            int(true_N[row]),
            place(asked.index, row),
        )
        for number, row in enumerate(rows.tolist())
    ]


def _heat_row(
    frame_HWC: FrameArray, heats: dict[int, FloatArray], head: Choice, likely_C: FloatArray, true: int, where: str
) -> HeatRow:
    said = int(likely_C.argmax())
    outcome = "right" if said == true else f"taken for {head.names[said]}"
    return HeatRow(
        picture=encode(frame_HWC),
        caption=f"{head.names[true]}, {outcome}; {where}",
        true=head.names[true],
        heats=[
            (head.names[one], float(likely_C[one]), encode(with_heat(frame_HWC, heat_HW)))
            for one, heat_HW in heats.items()
        ],
    )


def _heat_choice(asked: Asked, name: str, head: Choice) -> RowArray:
    true_N, likely_NC = asked.truth(name), asked.likely(name)
    wrong = mistaken(asked, name)
    chosen: list[int] = []
    for number in range(len(head.names)):
        right_N = (true_N == number) & (likely_NC.argmax(1) == number)
        # The middle of those it is right about is more typical than the surest, which are all the same picture.
        order = np.argsort(-likely_NC[:, number], kind="stable")
        right = order[right_N[order]]
        chosen += right[len(right) // 2 :][:SURE_EACH].tolist()
        chosen += wrong[true_N[wrong] == number][:WRONG_EACH].tolist()
    return np.array(chosen, dtype=np.int64)
