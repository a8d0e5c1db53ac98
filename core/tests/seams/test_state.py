"""A network that remembers: fed frame by frame it answers as over a window, and forgets where all begins anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from brightside import GAME, load_plugins
from doubles import MemoryRecording, bright_side_drives

from playhead.capture import CapturedFrame
from playhead.errors import BadValue, Mismatch
from playhead.evaluation.closed_loop import evaluate_closed_loop
from playhead.evaluation.config import config_of
from playhead.evaluation.evaluate import EvaluationJob, evaluate
from playhead.evaluation.policies import evaluated_policies
from playhead.models import ModelSpec
from playhead.models.conv_lstm import ConvLstm, build
from playhead.models.engine import TorchEngine
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.observing import Observer
from playhead.playing.policy import RunPolicy
from playhead.playing.states import States
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

TINY: dict[str, Any] = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8, "stateful": True}
MS = 1_000_000


def remembering(**options: Any) -> ConvLstm:
    torch.manual_seed(1)
    inputs = ("frames", "speed")
    return build(ModelSpec(schema=GAME.schema, frame=GAME.frame, regions=GAME.regions, length=5, inputs=inputs,
                           options={**TINY, **options})).eval()  # fmt: skip


def windows(count: int = 2, length: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (count, length, *GAME.frame.shape), dtype=np.uint8)
    return {"frames": frames, "speed": rng.normal(20, 10, (count, length)).astype(np.float32)}


def step(inputs: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: value[:, number : number + 1] for name, value in inputs.items()}


@pytest.mark.parametrize("frames_each", [1, 2, 3])
def test_fed_frame_by_frame_it_answers_as_over_the_whole_window(frames_each: int) -> None:
    network = remembering(frames_each=frames_each)
    predictor, inputs = Predictor(network, GAME.schema), windows()
    state = None
    for number in range(5):
        logits, state = predictor.engine.step(predictor.prepare(step(inputs, number)), state)
        until = {name: value[:, : number + 1] for name, value in inputs.items()}
        whole = predictor.engine.predict(predictor.prepare(until))
        np.testing.assert_allclose(logits["drive"], whole["drive"], atol=1e-5)


def test_each_of_several_windows_has_a_state_of_its_own() -> None:
    predictor, inputs = Predictor(remembering(), GAME.schema), windows()
    together, alone = None, None
    for number in range(3):
        prepared = predictor.prepare(step(inputs, number))
        both, together = predictor.engine.step(prepared, together)
        one, alone = predictor.engine.step({name: value[1:] for name, value in prepared.items()}, alone)
    np.testing.assert_allclose(both["drive"][1:], one["drive"], atol=1e-5)


def test_a_state_goes_on_through_a_swap_of_weights() -> None:
    network, other = remembering(), remembering()
    with torch.no_grad():
        other.heads.layers["drive"].bias += 1.0
    engine, inputs = TorchEngine(network), windows(1)
    prepared = [Predictor(network, GAME.schema).prepare(step(inputs, number)) for number in range(2)]
    _, state = engine.step(prepared[0], None)
    expected, _ = engine.step(prepared[1], state)
    engine.swap(other.state_dict())
    answered, _ = engine.step(prepared[1], state)
    np.testing.assert_allclose(answered["drive"], expected["drive"] + 1.0, atol=1e-5)


def test_a_network_without_states_steps_over_windows() -> None:
    network = remembering(stateful=False)
    predictor, inputs = Predictor(network, GAME.schema), windows()
    prepared = predictor.prepare(inputs)
    logits, _ = predictor.engine.step(prepared, None)
    np.testing.assert_array_equal(logits["drive"], predictor.engine.predict(prepared)["drive"])
    assert not network.is_stateful
    with pytest.raises(BadValue, match="carries no state"):
        remembering(reader="stack")


class TestStates:
    def states(self, at: list[int]) -> States:
        states = States(stride_s=0.25, rate_hz=10)
        for time_ms in at:
            states.add(time_ms * MS, f"after {time_ms}")
        return states

    def test_a_frame_follows_upon_the_one_a_stride_before(self) -> None:
        assert self.states([0, 100, 200, 300]).before(450 * MS) == "after 200"
        assert self.states([0, 100, 200, 300]).before(400 * MS) == "after 200", "of two equally near the newer"
        assert self.states([0]).before(100 * MS) is None, "nearer than half a stride is another row of frames"

    def test_a_dropped_frame_forgets_nothing_and_a_pause_everything(self) -> None:
        assert self.states([0, 100]).before(480 * MS) == "after 100"
        assert self.states([0, 100]).before(510 * MS) is None

    def test_no_more_is_kept_than_a_stride_back(self) -> None:
        assert len(self.states(list(range(0, 10_000, 100)))._kept) == 4


def lessons() -> list[MemoryRecording]:
    return [replace_speed(bright_side_drives(GAME, seed=seed)) for seed in range(4)]


def replace_speed(lesson: MemoryRecording) -> MemoryRecording:
    return replace(lesson, telemetry={"steps": np.arange(lesson.length, dtype=np.float32)})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = Recipe(length=3, stride_s=0.1, steps=2, batch_size=8, model_options=TINY)
    out = tmp_path_factory.mktemp("runs") / "brightside" / "default" / "one"
    return train(TrainingJob(game=GAME, recipe=recipe, recordings=lessons(), out=out, plugins=load_plugins()))


def captured(number: int, *, from_ms: int = 0) -> CapturedFrame:
    frame_HWC = np.random.default_rng(number).integers(0, 256, GAME.frame.shape, dtype=np.uint8)
    return CapturedFrame(frame_HWC=frame_HWC, time_ns=(from_ms + 100 * number) * MS, number=number)


def said(policy: RunPolicy | Observer, frames: list[CapturedFrame]) -> Any:
    for one in frames:
        policy.decide(one)
    return policy.predictions["drive"]


def test_it_is_trained_evaluated_and_plays(run: Run) -> None:
    found = evaluate(EvaluationJob(game=GAME, run=run, plugins=load_plugins(), recordings=lessons()))
    assert found.predictions is not None
    policies = evaluated_policies(GAME, run, ["network"])
    table = evaluate_closed_loop(GAME, load_plugins(), policies, [1], config_of(GAME))
    assert table.episodes[0].measures["steps"] > 0


def test_a_policy_remembers_until_it_begins_anew(run: Run) -> None:
    new = [RunPolicy.of(run, load_plugins(), GAME, rate_hz=10) for _ in range(4)]
    frames = [captured(number) for number in range(6)]
    remembered, fresh = said(new[0], frames), said(new[1], frames[-1:])
    assert not np.allclose(remembered, fresh), "what was before counts"
    said(new[2], frames[:-1])
    new[2].reset({})
    np.testing.assert_allclose(said(new[2], frames[-1:]), fresh, atol=1e-6)
    np.testing.assert_allclose(said(new[3], [*frames[:-1], captured(5, from_ms=2000)]), fresh, atol=1e-6)


def test_it_answers_as_over_all_frames_since_it_began(run: Run) -> None:
    frames = [captured(number) for number in range(6)]
    policy = RunPolicy.of(run, load_plugins(), GAME, rate_hz=10)
    predictor = Predictor.of(run, load_plugins())
    whole = predictor.decide({"frames": np.stack([one.frame_HWC for one in frames])})
    np.testing.assert_allclose(said(policy, frames), whole["drive"], atol=1e-5)
    observer = Observer.of(run, load_plugins(), GAME, rate_hz=10)
    np.testing.assert_allclose(said(observer, frames), whole["drive"], atol=1e-5)
    observer.reset({})
    assert not np.allclose(said(observer, frames[-1:]), whole["drive"])


def test_what_was_no_number_is_not_remembered(run: Run) -> None:
    policy, broken = RunPolicy.of(run, load_plugins(), GAME, rate_hz=10), captured(1)
    expected = said(RunPolicy.of(run, load_plugins(), GAME, rate_hz=10), [captured(0), captured(2)])
    policy.decide(captured(0))
    bias = policy.predictor.network.heads.layers["drive"].bias  # type: ignore[union-attr, index]
    with torch.no_grad():
        kept = bias.clone()
        bias.fill_(float("nan"))
        assert policy.decide(broken) == {}
        bias.copy_(kept)
    np.testing.assert_allclose(said(policy, [captured(2)]), expected, atol=1e-6)
    with pytest.raises(Mismatch):
        RunPolicy.of(run, load_plugins(), GAME, rate_hz=20)
