"""The training method "detection": pictures and the boxes that their telemetry tells, to a run that finds boxes.

recordings -> boxes told at each frame -> recordings kept apart -> AdamW steps -> average precision -> run folder
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from playhead.data.source import Source, identity, seconds_by_rate
from playhead.errors import BadValue, Mismatch, NotANumber, NothingToTrain
from playhead.judgement import Judgement
from playhead.labels import LabelSchema
from playhead.models.boxes import FIELDS, Boxes, average_precision, boxes_of, boxes_told, column_of
from playhead.models.building import build_network
from playhead.models.detector import Detector, Finder
from playhead.models.engine import TorchEngine, torch_device
from playhead.models.full_memory import saying_what_to_lower
from playhead.models.network import FrameArray, count_parameters
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.stopping import stopped_by_interrupt
from playhead.threads import one_thread_each, torch_threads
from playhead.training.box_targets import detection_loss, targets_of
from playhead.training.job import TrainingJob, check_recording
from playhead.training.method import Method
from playhead.training.module import lr_factor
from playhead.training.numbers import check_gradients, check_weights

if TYPE_CHECKING:
    from playhead.evaluation.evaluate import EvaluationJob

LEAST_SCORE = 0.05  # of a box that counts for average precision
AT_ONCE = 32  # pictures that are asked about together
PRECISION = "ap50"


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """What the method has of its own."""

    flip: float = 0.5  # share of the pictures that are mirrored, with their boxes
    judged_on: int = 1000  # pictures at most, evenly spread, that average precision is measured on

    def __post_init__(self) -> None:
        if not 0 <= self.flip <= 1:
            raise BadValue(f"flip={self.flip:g} is not a share from 0 to 1. Try --set flip=0.5.")
        if self.judged_on < 1:
            raise BadValue(f"judged_on={self.judged_on} must be 1 or more.")


@dataclass
class BoxScores(Judgement):
    """How well a run finds boxes: average precision of each class at an overlap of one half."""

    run: str
    pictures: int
    precision: dict[str, float]
    counts: dict[str, int] = field(default_factory=dict)
    title: str = "Boxes found"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"run": self.run, "pictures": self.pictures, "boxes": self.counts, PRECISION: self.precision}


class Detection(Method[DetectionSettings]):
    """Learns where things are, of recordings whose telemetry tells boxes (box_0_class, box_0_left and so on)."""

    settings = DetectionSettings
    learns_heads = False

    def train(self, job: TrainingJob) -> Run:
        """Train a detector, and return the finished run. Ctrl-C ends it early and keeps what was learned.

        Raises:  Mismatch, NothingToTrain, NotFound or BadValue before anything is learned; NotANumber.
        """
        own = self.own(job.recipe)
        if job.resume is not None or job.batches is not None:
            raise BadValue(
                "The training method detection neither resumes nor takes batches. Train from the start."
            )
        learned, kept = _parted(job, _fitting(job))
        torch.manual_seed(job.recipe.seed)
        network = _network(job)
        began_s = time.monotonic()
        less = f"Take --set batch_size={max(1, job.recipe.batch_size // 2)} or a smaller network, or --device cpu."
        with one_thread_each(networks=False), torch_threads(job.recipe.threads), saying_what_to_lower(less):
            steps = _learn(job, own, network, learned)
            scores = _judged(job.out.name, network, kept, own.judged_on) if kept else None
        rates = seconds_by_rate([*learned, *kept])
        metrics = {"steps": steps, "seconds": round(time.monotonic() - began_s, 1)}
        made = job.run(
            network=NetworkPart(
                schema=LabelSchema(()), frame=job.game.needed_frame, rate_hz=max(rates, key=lambda hz: rates[hz])
            ),
            device=learned[0].header.device,
            parameters=count_parameters(network),
            metrics=metrics | ({PRECISION: scores.precision} if scores else {}),
            data=_data_summary(job, learned, kept),
        )
        return replace(made, recipe=replace(job.recipe, model_options=network.options)).save(network.cpu())

    def evaluate(self, job: EvaluationJob) -> Judgement:
        """Judge by average precision, on the recordings kept from the training, or those that are named."""
        if not job.recordings:
            raise BadValue(f"There is no recording that {job.run.name} was not trained on. {job.then}".rstrip())
        finder = Finder.of(job.run, job.plugins, job.engine, least=LEAST_SCORE)
        own = self.own(job.run.recipe)
        with one_thread_each():
            return _scored(job.run.name, finder, list(job.recordings), own.judged_on)


train = Detection()


def _fitting(job: TrainingJob) -> list[Source]:
    """Return the recordings that fit and tell boxes. Raises Mismatch for the first other one, NothingToTrain."""
    fitting = []
    for recording in job.recordings:
        try:
            check_recording(job, recording)
            if not boxes_told(list(recording.telemetry)):
                raise Mismatch(
                    f"Recording {recording.name} tells no boxes ({column_of(0, FIELDS[1])} and so on). Record "
                    "again where they are told, or leave it out: --skip-bad."
                )
            fitting.append(recording)
        except Mismatch as problem:
            if not job.skip_bad:
                raise
            job.left_out.append(recording.name)
            job.progress.note(f"Left out: {problem}")
    if not any(recording.length for recording in fitting):
        raise NothingToTrain(
            f"No recording of {job.game.name} tells boxes. Make some: playhead record {job.game.name} --set "
            "arguments.boxes=16."
        )
    return sorted(fitting, key=identity)


def _parted(job: TrainingJob, recordings: list[Source]) -> tuple[list[Source], list[Source]]:
    """Return the recordings that are learned from, and those kept apart: evenly spread, whole."""
    count = round(len(recordings) * job.recipe.val_share)
    kept = {int((number + 0.5) * len(recordings) / count) for number in range(count)}
    if len(kept) == len(recordings):
        raise NothingToTrain(f"val_share={job.recipe.val_share:g} leaves no recording to learn from. Record more.")
    learned = [one for number, one in enumerate(recordings) if number not in kept]
    return learned, [one for number, one in enumerate(recordings) if number in kept]


def _network(job: TrainingJob) -> Detector:
    """Build the detector, with the weights of the run that it goes on from."""
    recipe, start_from = job.recipe, job.start_from
    spec = model_spec(job.game.to_json(), LabelSchema(()), job.game.needed_frame, recipe)
    network = build_network(job.plugins, recipe.model, spec)
    if not isinstance(network, Detector):
        raise BadValue(f"model={recipe.model} finds no boxes. Take --set model=detector.")
    if start_from is not None:
        start_from.load_into(network)
    return network


def _learn(job: TrainingJob, own: DetectionSettings, network: Detector, recordings: Sequence[Source]) -> int:
    """Take the recipe's steps, or those until somebody stops it, and return how many."""
    recipe, device = job.recipe, torch_device(job.device)
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), recipe.lr, recipe.betas, weight_decay=recipe.weight_decay)
    mean = 0.0
    with stopped_by_interrupt(job.stop) as stopping:
        for number, (frames_BHWC, boxes) in enumerate(_batches(job, own, recordings), start=1):
            targets = targets_of(
                boxes, len(network.classes), network.places, (frames_BHWC.shape[2], frames_BHWC.shape[1])
            )
            maps = network.answer({network.main: torch.from_numpy(frames_BHWC[:, None]).to(device)})
            loss, _ = detection_loss(maps, {name: value.to(device) for name, value in targets.items()})
            if not bool(loss.isfinite()):
                raise NotANumber(f"Training stopped: the loss was no number at step {number:,}. Lower lr.")
            for group in optimizer.param_groups:
                group["lr"] = recipe.lr * lr_factor(recipe, number - 1)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_norm or float("inf"))
            check_gradients(float(norm), recipe, number)
            optimizer.step()
            mean = float(loss.detach()) if number == 1 else 0.98 * mean + 0.02 * float(loss.detach())
            job.progress.step(number, recipe.steps, mean)
            if stopping.is_set():
                break
    check_weights(network, recipe, number)
    return number


def _batches(
    job: TrainingJob, own: DetectionSettings, recordings: Sequence[Source]
) -> Iterator[tuple[FrameArray, list[Boxes]]]:
    """Yield as many batches as the recipe has steps, of pictures drawn anew each time all were seen."""
    random = np.random.default_rng(job.recipe.seed)
    told = [_boxes_told_by(one) for one in recordings]
    all_rows = [(number, frame) for number, one in enumerate(recordings) for frame in range(one.length)]
    waiting: list[int] = []
    for _ in range(job.recipe.steps):
        while len(waiting) < job.recipe.batch_size:
            waiting += random.permutation(len(all_rows)).tolist()
        rows = [all_rows[row] for row in waiting[: job.recipe.batch_size]]
        del waiting[: job.recipe.batch_size]
        frames_BHWC, boxes = _read(recordings, rows), [told[number][frame] for number, frame in rows]
        for place in np.flatnonzero(random.random(len(rows)) < own.flip):
            frames_BHWC[place] = frames_BHWC[place, :, ::-1]
            boxes[place] = _mirrored(boxes[place])
        yield frames_BHWC, boxes


def _read(recordings: Sequence[Source], rows: Sequence[tuple[int, int]]) -> FrameArray:
    frames_BHWC = np.empty((len(rows), *recordings[0].header.frame.shape), np.uint8)
    for (number, frame), out_HWC in zip(rows, frames_BHWC, strict=True):
        recordings[number].read_frame_into(frame, out_HWC)
    return frames_BHWC


def _boxes_told_by(recording: Source) -> list[Boxes]:
    """Return the boxes of each frame of a recording."""
    count = boxes_told(list(recording.telemetry))
    columns = [recording.telemetry[column_of(number, name)] for number in range(count) for name in FIELDS]
    rows_TN5 = np.stack(columns, axis=1).reshape(-1, count, len(FIELDS))
    return [boxes_of(rows_N5) for rows_N5 in rows_TN5]


def _mirrored(boxes: Boxes) -> Boxes:
    left, top, right, bottom = boxes.corners_N4.T
    return replace(boxes, corners_N4=np.stack([1 - right, top, 1 - left, bottom], axis=1))


def _judged(name: str, network: Detector, recordings: list[Source], at_most: int) -> BoxScores:
    """Measure a network that has just learned."""
    network.eval()
    finder = Finder(network, TorchEngine(network, "cpu"), LEAST_SCORE)
    return _scored(name, finder, recordings, at_most)


def _scored(name: str, finder: Finder, recordings: list[Source], at_most: int) -> BoxScores:
    """Compare the boxes that are found with those that recordings tell."""
    told = [_boxes_told_by(one) for one in recordings]
    rows = [(number, frame) for number, one in enumerate(recordings) for frame in range(one.length)]
    rows = [rows[int(at)] for at in np.unique(np.linspace(0, len(rows) - 1, min(at_most, len(rows))).round())]
    truth, found = [told[number][frame] for number, frame in rows], []
    for first in range(0, len(rows), AT_ONCE):
        found += finder.find(_read(recordings, rows[first : first + AT_ONCE]))
    counts = {
        kind: sum(int((one.classes_N == number).sum()) for one in truth)
        for number, kind in enumerate(finder.classes)
    }
    precision = {
        kind: round(average_precision(found, truth, number), 4) for number, kind in enumerate(finder.classes)
    }
    return BoxScores(run=name, pictures=len(rows), precision=precision, counts=counts)


def _data_summary(job: TrainingJob, learned: Sequence[Source], kept: Sequence[Source]) -> dict[str, Any]:
    """Return what a run keeps of its data, a window a picture."""
    parts = {"train_windows": learned, "validation_windows": kept}
    recordings = [
        {"name": one.name, "frames": one.length, **{part: one.length * (one in of) for part, of in parts.items()}}
        for one in (*learned, *kept)
    ]
    totals = {part: sum(one.length for one in of) for part, of in parts.items()}
    return {
        "recordings": recordings, **totals, "split_by": "recording", "validation": [one.name for one in kept],
        "left_out": list(job.left_out),
    }  # fmt: skip
