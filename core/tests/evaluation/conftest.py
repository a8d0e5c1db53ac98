"""A run trained for a moment on the world of brightside.py, and a made-up evaluation of all kinds of heads."""

from __future__ import annotations

import numpy as np
import pytest
from brightside import GAME, load_plugins
from doubles import MemoryRecording, bright_side_drives

from playhead.evaluation.baselines import judge_heads
from playhead.evaluation.pictures import Example, encode
from playhead.evaluation.predictions import HeadPredictions, Predictions
from playhead.evaluation.report import render_page
from playhead.evaluation.results import Evaluation
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Measure
from playhead.labels import Axes, Choice, Keys
from playhead.models.run import Run
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

COUNT = 120
TINY = {"frames_each": 1, "channels": [8, 8, 8, 8], "features": 16, "hidden": 16}


@pytest.fixture(scope="session")
def predictions() -> Predictions:
    random = np.random.default_rng(5)
    held = np.repeat(random.random((COUNT // 6, 4)) > 0.6, 6, axis=0).astype(float)
    classes = np.repeat(random.integers(0, 3, COUNT // 6), 6)[:, None].astype(float)
    steer = np.sin(np.arange(COUNT) / 9)[:, None]
    truths = {"drive": (Keys("w", "a", "s", "d"), held), "kind": (Choice("cat", "dog", "owl"), classes)}
    truths["axes"] = (Axes("steer"), steer)
    said = {
        "drive": np.clip(held + random.normal(0, 0.3, held.shape), 0.01, 0.99),
        "kind": np.eye(3)[classes[:, 0].astype(int)] * 0.6 + 0.4 / 3,
        "axes": steer * 0.9,
    }
    return Predictions(
        heads={
            name: HeadPredictions(
                head=head,
                truth_NA=truth,
                predictions_NO=said[name],
                previous_NA=np.concatenate([truth[:1], truth[:-1]]),
            )
            for name, (head, truth) in truths.items()
        },
        time_ns_N=np.tile(np.arange(COUNT // 2, dtype=np.int64) * 100_000_000, 2),
        recording_N=np.repeat(np.arange(2), COUNT // 2),
        window_N=np.arange(COUNT),
        recordings=("2026-11-21-1", "2026-11-21-2"),
    )


@pytest.fixture(scope="session")
def table() -> ScoreTable:
    random = np.random.default_rng(1)
    means = {"expert": 0.95, "network": 0.7, "always_forward": 0.1}
    episodes = [
        Episode(driver=driver, seed=seed, measures={"score": float(np.clip(random.normal(mean, 0.1), 0, 1))})
        for driver, mean in means.items()
        for seed in range(10)
    ]
    return ScoreTable(episodes=episodes, measures=(Measure(name="score", title="driving score"),))


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    random = np.random.default_rng(2)
    return random.integers(0, 256, (45, 60, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def evaluation(predictions: Predictions, table: ScoreTable, picture: np.ndarray) -> Evaluation:
    example = Example(picture=encode(picture), caption="a <window>", rows=(("w", 1.0, 0.9), ("a", 0.0, 0.2)))
    return Evaluation(
        title="Pong",
        run="pong/default/2026-11-21-1",
        command="playhead evaluate pong",
        facts={"Run": {"recipe": "default"}, "Nothing": {}},
        predictions=predictions,
        heads=judge_heads(predictions, tolerance_s=0.1),
        table=table,
        history=[{"step": k, "train_loss": 1 / k, "loss": 2 / k, "accuracy": 1 - 1 / k} for k in (10, 20)],
        attention=[example],
        best=[example],
        worst=[example],
        clip=encode(picture),
        clip_caption="ten seconds",
    )


@pytest.fixture(scope="session")
def page(evaluation: Evaluation) -> str:
    return render_page(evaluation)


@pytest.fixture(scope="session")
def lessons() -> list[MemoryRecording]:
    return [bright_side_drives(GAME, seed=seed) for seed in range(4)]


@pytest.fixture(scope="session")
def trained(lessons: list[MemoryRecording], tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = Recipe(
        steps=150, eval_every=50, batch_size=8, warmup_steps=2, lr=5e-3, model_options=TINY, stride_s=0.1
    )
    out = tmp_path_factory.mktemp("runs") / "default" / "1"
    job = TrainingJob(game=GAME, recipe=recipe, recordings=lessons, out=out, plugins=load_plugins())
    return train(job)
