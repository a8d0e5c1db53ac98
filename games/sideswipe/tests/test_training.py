"""Training on pictures of the garage: parts that share no loadout, weights equal to the bit, no hidden leak."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from playhead.data.groups import groups_of
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import NothingToTrain
from playhead.evaluation.held_out import held_out_index
from playhead.events import Origin
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import Loadout
from playhead_sideswipe.world import Garage

ROTATIONS = (0, 2, 5, 7)
SHORT = {"steps": 3, "eval_every": 3, "batch_size": 16, "warmup_steps": 1, "feature_windows": 32}


def record(folder: Path, bodies: tuple[str, ...] = BODIES, hats: int = 8) -> Recording:
    """Take pictures of a few loadouts of each body."""
    header = RecordingHeader(
        game=SIDESWIPE.to_json(), schema=SIDESWIPE.schema, frame=SIDESWIPE.frame, rate_hz=10, device="world",
        driver="test", columns={"loadout": "S64", "x_rotation": "int64"},
    )  # fmt: skip
    garage, time_ns = Garage(), 0
    with RecordingWriter(folder, header) as writer:
        for loadout in (Loadout(body=body, hat=hat, wheel=hat) for body in bodies for hat in range(hats)):
            for rotation in ROTATIONS:
                time_ns += 100_000_000
                writer.append(
                    garage.draw(loadout, rotation, seed=time_ns % 2**31), time_ns,
                    {"car": np.array([loadout.model])}, Origin.SCRIPT,
                    columns={"loadout": loadout.key, "x_rotation": rotation},
                )  # fmt: skip
    garage.close()
    return open_recording(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("home") / "pictures")


def trained(pictures: Recording, out: Path, recipe: str = "default", **changes: object) -> Run:
    chosen: Recipe = replace(SIDESWIPE.recipes[recipe], **{**SHORT, **changes})  # type: ignore[arg-type]
    return train(
        TrainingJob(game=SIDESWIPE, recipe=chosen, recordings=[pictures], out=out, plugins=Plugins.installed())
    )


@pytest.mark.parametrize("recipe", ["default", "small", "original"])
def test_training_twice_gives_the_same_weights_to_the_bit(
    pictures: Recording, tmp_path: Path, recipe: str
) -> None:
    runs = [trained(pictures, tmp_path / name, recipe) for name in ("a", "b")]
    for file in ("model.safetensors", "features.safetensors"):
        first, second = (load_file(run.path / file) for run in runs)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)


def loadouts_of(index: WindowIndex) -> set[str]:
    return set(groups_of(index, "loadout").tolist())


def test_no_loadout_is_in_two_parts_unless_pictures_are_split_one_by_one(
    pictures: Recording, tmp_path: Path
) -> None:
    everything = WindowIndex.of([pictures], SIDESWIPE.schema, WindowSpec())
    run = trained(pictures, tmp_path / "apart", steps=1)
    tested = held_out_index(run, [pictures])
    assert len(tested) == run.data["test_windows"] == 3 * len(ROTATIONS)
    kept = set(zip(tested.recording_N.tolist(), tested.frames_NT[:, 0].tolist(), strict=True))
    others = everything.take(np.array([(0, frame) not in kept for frame in range(len(everything))]))
    assert not loadouts_of(tested) & loadouts_of(others)
    leaking = trained(pictures, tmp_path / "leaking", steps=1, split_by="frame")
    tested = held_out_index(leaking, [pictures])
    assert len(tested) == round(0.1 * len(everything))
    assert len(loadouts_of(tested)) > 3


def test_a_body_that_was_not_recorded_is_named(tmp_path: Path) -> None:
    pictures = record(tmp_path / "pictures", BODIES[:3], hats=4)
    with pytest.raises(NothingToTrain, match=r"shows breakout \(car: octane .*playhead record sideswipe"):
        trained(pictures, tmp_path / "run")
    only_one = record(tmp_path / "one", BODIES[:1], hats=4)
    with pytest.raises(NothingToTrain, match="shows aftershock or werewolf or breakout"):
        trained(only_one, tmp_path / "run")
    assert not (tmp_path / "run").exists()
