"""A detector learns where squares are, is kept, judged, exported and opened again; what does not fit is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import small_game

from playhead.errors import BadValue, Damaged, Mismatch, NotFound, NothingToTrain
from playhead.evaluation.job import EvaluationJob
from playhead.game import Frame
from playhead.home import Home
from playhead.models import EngineSpec
from playhead.models.boxes import FIELDS, boxes_of, column_of
from playhead.models.catalogue import RunCatalogue
from playhead.models.detector import HEAT, SIDES, Finder, found_boxes
from playhead.models.export import export_run
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.schema import RecordingHeader
from playhead.training.box_targets import detection_loss, targets_of
from playhead.training.detection import Detection
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe

GAME = replace(small_game(), frame=Frame(width=64, height=48, rate_hz=10))
SIZE = GAME.needed_frame.width, GAME.needed_frame.height
RECIPE = Recipe(
    training="detection", model="detector", length=1, steps=300, batch_size=16, lr=1e-2, warmup_steps=10,
    model_options={"classes": ["bright", "dark"], "channels": [8, 16, 24], "dilations": [1, 2]}, val_share=0.34,
)  # fmt: skip


class Squares:
    """A recording of a bright and a dark square that jump about, told in its telemetry."""

    def __init__(self, seed: int, frames: int = 100, *, tells: bool = True) -> None:
        random = np.random.default_rng(seed)
        self.name, self.place, self.length = f"squares-{seed}", "memory", frames
        header = RecordingHeader.of(GAME, device="world", driver="script", rate_hz=10)
        self.header = replace(header, seed=seed)
        self.frame_time_ns = np.arange(frames, dtype=np.int64) * 100_000_000
        width, height = SIZE
        self._frames = random.integers(90, 110, (frames, height, width, 3), dtype=np.uint8)
        rows_TNF = np.full((frames, 3, len(FIELDS)), np.nan)
        for frame in range(frames):
            for number, level in enumerate((255, 0)):
                side = int(random.integers(10, 20))
                x, y = int(random.integers(0, width - side)), int(random.integers(0, height - side))
                self._frames[frame, y : y + side, x : x + side] = level
                corners = np.array([x, y, x + side, y + side]) / (*SIZE, *SIZE)
                rows_TNF[frame, number] = [number, *corners]
            if random.random() < 0.3:
                rows_TNF[frame] = rows_TNF[frame, ::-1]  # boxes come in any order
        self.telemetry: dict[str, Any] = {"speed": np.zeros(frames, np.float32)}
        if tells:
            self.telemetry |= {
                column_of(n, name): rows_TNF[:, n, at].astype(np.float32)
                for n in range(3) for at, name in enumerate(FIELDS)
            }  # fmt: skip

    def read_frame_into(self, index: int, out_HWC: np.ndarray) -> None:
        out_HWC[...] = self._frames[index]


def job_for(folder: Path, recordings: list[Any], **more: Any) -> TrainingJob:
    changes = {name: more.pop(name) for name in ("steps", "model", "model_options") if name in more}
    recipe = replace(RECIPE, **changes)
    return TrainingJob(
        game=GAME, recipe=recipe, recipe_name="boxes", out=folder, plugins=Plugins(), recordings=recordings, **more
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("home") / "runs" / GAME.name / "boxes" / "one"
    return Detection().train(job_for(folder, [Squares(seed) for seed in (1, 2, 3)]))


def test_it_finds_what_it_learned_in_drives_kept_apart(trained: Run) -> None:
    assert [one["name"] for one in trained.data["recordings"] if one["validation_windows"]] == ["squares-2"]
    assert trained.metrics["ap50"]["bright"] > 0.6
    assert trained.metrics["ap50"]["dark"] > 0.6
    again = Run.open(trained.path)
    assert again.detects
    assert not again.plays
    kept = EvaluationJob(game=GAME, run=again, plugins=Plugins(), recordings=[Squares(2)])
    judged = Detection().evaluate(kept).to_json()
    assert judged["ap50"] == trained.metrics["ap50"]
    assert judged["boxes"] == {"bright": 100, "dark": 100}
    with pytest.raises(BadValue, match="no recording"):
        Detection().evaluate(replace(kept, recordings=[]))


def test_it_is_found_as_a_detector_and_never_taken_to_play(trained: Run) -> None:
    runs = RunCatalogue(home=Home(path=trained.path.parents[3], why="a test"), game=GAME)
    assert runs.detector().name == trained.name
    assert runs.detector("boxes").name == trained.name
    with pytest.raises(Mismatch, match="finds boxes"):
        runs.player("boxes")
    with pytest.raises(LookupError, match="no run that plays"):
        runs.latest(plays=True)


def test_exported_it_finds_the_same(trained: Run) -> None:
    export_run(trained, Plugins())
    picture = np.empty((1, *GAME.needed_frame.shape), np.uint8)
    Squares(5).read_frame_into(0, picture[0])
    ours, theirs = (
        Finder.of(trained, Plugins(), EngineSpec(name=name, device="cpu"), least=0.3).find(picture)[0]
        for name in ("torch", "onnx")
    )
    assert len(ours) >= 2
    assert theirs.corners_N4 == pytest.approx(ours.corners_N4, abs=1e-4)
    with pytest.raises(Mismatch, match="must be the frame"):
        Finder.of(trained, Plugins()).find(picture[:, 1:])


def test_what_it_should_answer_is_read_back_as_the_boxes_it_is_made_of() -> None:
    wanted = boxes_of(np.array([[0, 0.1, 0.2, 0.4, 0.6], [1, 0.55, 0.5, 0.95, 0.9]]))
    places = (SIZE[1] + 7) // 8, (SIZE[0] + 7) // 8
    targets = targets_of([wanted], 2, places, SIZE)
    heat = np.where(targets[HEAT][0].numpy() == 1, 9.0, -9.0).astype(np.float32)
    x, y = np.arange(places[1]) + 0.5, (np.arange(places[0]) + 0.5)[:, None]
    left, top, right, bottom = targets[SIDES][0].numpy()
    sides = np.log(np.maximum(np.stack([x - left, y - top, right - x, bottom - y]), 1e-3)).astype(np.float32)
    read = found_boxes(heat, sides, SIZE, 0.5)
    order = np.argsort(read.classes_N)
    assert read.classes_N[order].tolist() == [0, 1]
    assert read.corners_N4[order] == pytest.approx(wanted.corners_N4, abs=1e-3)
    import torch

    right_answer = {HEAT: torch.from_numpy(heat)[None], SIDES: torch.from_numpy(sides)[None]}
    wrong_answer = {HEAT: -right_answer[HEAT], SIDES: right_answer[SIDES] + 1}
    assert float(detection_loss(right_answer, targets)[0]) < 0.05
    assert float(detection_loss(wrong_answer, targets)[0]) > 5


@pytest.mark.parametrize(("heat", "side"), [(9.0, np.nan), (9.0, 1e30), (9.0, -1e30), (np.nan, 0.0), (-1e30, 0.0)])
def test_answers_that_are_no_numbers_or_too_large_are_no_boxes_outside(heat: float, side: float) -> None:
    heat_KHW, sides_4HW = (np.full((n, 6, 8), v, np.float32) for n, v in ((2, heat), (4, side)))
    found = found_boxes(heat_KHW, sides_4HW, SIZE, 0.5)
    assert ((found.corners_N4 >= 0) & (found.corners_N4 <= 1)).all()
    assert (found.corners_N4[:, 2:] > found.corners_N4[:, :2]).all()


def test_a_detector_is_no_network_of_heads(trained: Run) -> None:
    heads = {"training": "supervised"}
    keys = replace(
        trained, recipe=replace(RECIPE, **heads), network=replace(trained.network, schema=GAME.learnable)
    )
    with pytest.raises(Damaged, match="answers heat, sides, not what is learned"):
        keys.load_model(Plugins())


def test_a_detector_is_named_by_no_folder(trained: Run) -> None:
    runs = RunCatalogue(home=Home(path=trained.path.parents[3], why="a test"), game=GAME)
    with pytest.raises(NotFound, match="No run"):
        runs.detector(str(trained.path))


def test_what_cannot_be_learned_is_a_sentence(tmp_path: Path) -> None:
    silent = Squares(4, tells=False)
    with pytest.raises(Mismatch, match="squares-4 tells no boxes"):
        Detection().train(job_for(tmp_path / "a", [silent]))
    with pytest.raises(NothingToTrain, match=r"boxes=16"):
        Detection().train(job_for(tmp_path / "b", [silent], skip_bad=True))
    with pytest.raises(BadValue, match="finds no boxes"):
        Detection().train(job_for(tmp_path / "c", [Squares(1)], model="conv_stack", model_options={}))
    with pytest.raises(BadValue, match=r"model\.classes"):
        Detection().train(job_for(tmp_path / "d", [Squares(1)], model_options={"classes": ["a", "a"]}))
    for dilations in ([0], [60_000]):
        with pytest.raises(BadValue, match=r"model\.dilations"):
            Detection().train(job_for(tmp_path / "e", [Squares(1)], model_options={"dilations": dilations}))
