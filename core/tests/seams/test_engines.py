"""What asks a network is an engine behind one call; behind its preparation a network is pure tensors."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from brightside import GAME, load_plugins
from click.testing import CliRunner
from doubles import bright_side_drives
from torch import Tensor, nn

from playhead.capture import CapturedFrame
from playhead.errors import BadValue, Mismatch, NotFound
from playhead.evaluation.closed_loop import evaluate_closed_loop
from playhead.evaluation.config import config_of
from playhead.evaluation.evaluate import EvaluationJob, evaluate
from playhead.evaluation.policies import evaluated_policies
from playhead.hookspecs import hookimpl
from playhead.models import EngineSpec, ModelSpec, conv_lstm, conv_stack
from playhead.models.compiled_engine import CompiledEngine
from playhead.models.engine import TorchEngine
from playhead.models.heads import Heads
from playhead.models.network import Network
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.playing.policy import RunPolicy
from playhead.plugins import Plugins
from playhead.threads import one_thread_each
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import build_network, train

TINY: dict[str, Any] = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
SPEC = ModelSpec(schema=GAME.schema, frame=GAME.frame, regions=GAME.regions, length=3, options=TINY)
QUICK = Recipe(length=3, stride_s=0.1, steps=4, eval_every=2, batch_size=8, model_options=TINY)


def pictures(seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (2, 3, *GAME.frame.shape), dtype=np.uint8)


def lessons() -> list[Any]:
    return [bright_side_drives(GAME, seed=seed) for seed in range(4)]


def job_of(out: Path, recipe: Recipe = QUICK, plugins: Plugins | None = None, **more: Any) -> TrainingJob:
    return TrainingJob(game=GAME, recipe=recipe, recordings=lessons(), out=out / "runs" / "toy" / "d" / "one",
                       plugins=plugins or load_plugins(), **more)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(job_of(tmp_path_factory.mktemp("engines")))


class Captured(CompiledEngine):
    """Captures graphs as for CUDA, and computes them here."""

    compiler, devices = "eager", ("cpu",)


def unbreakable(*_: Any) -> Any:
    raise RuntimeError("no kernel for this\nand a long story")


class TestCompiled:
    @pytest.mark.parametrize("build", [conv_lstm.build, conv_stack.build])
    def test_it_answers_as_torch_does(self, build: Any) -> None:
        network = build(SPEC)
        prepared = network.prepare_windows({"frames": pictures()})
        for engine in (Captured(network), TorchEngine(network)):
            answered = engine.predict(prepared)
        np.testing.assert_allclose(Captured(network).predict(prepared)["drive"], answered["drive"], atol=1e-5)

    def test_it_goes_on_frame_by_frame(self) -> None:
        network = conv_lstm.build(replace(SPEC, length=1, options={**TINY, "stateful": True}))
        prepared = network.prepare_windows({"frames": pictures()[:, :1]})
        compiled, plain = Captured(network), TorchEngine(network)
        state = other = None
        for _ in range(3):
            (answer, state), (wanted, other) = compiled.step(prepared, state), plain.step(prepared, other)
            np.testing.assert_allclose(answer["drive"], wanted["drive"], atol=1e-5)

    def test_without_cuda_it_says_what_to_take(self) -> None:
        with pytest.raises(BadValue, match=r"compiled needs CUDA.*Take torch or onnx"):
            CompiledEngine(conv_stack.build(SPEC), "cpu")

    def test_what_cannot_be_compiled_is_said(self) -> None:
        class Failing(Captured):
            compiler: Any = staticmethod(unbreakable)

        network = conv_stack.build(SPEC)
        with pytest.raises(BadValue, match=r"cannot compile this network here: .*no kernel for this"):
            Failing(network).predict(network.prepare_windows({"frames": pictures()}))


class TestTracing:
    @pytest.mark.filterwarnings("ignore:The tensor attributes")  # of nn.LSTM, while it is exported
    @pytest.mark.parametrize("build", [conv_lstm.build, conv_stack.build])
    def test_what_is_exported_answers_other_pictures_otherwise(self, build: Any) -> None:
        network = build(SPEC).eval()
        first, second = (
            {name: torch.from_numpy(value) for name, value in self.prepared(network, pictures(seed)).items()}
            for seed in (0, 1)
        )
        moved: Any = torch.export.export(network, (first,)).module()
        with torch.no_grad():
            assert not torch.allclose(moved(first)["drive"], moved(second)["drive"])
            torch.testing.assert_close(moved(second)["drive"], network(second)["drive"])

    def prepared(self, network: Network, frames: Any) -> Mapping[str, Any]:
        return Predictor(network, GAME.schema).prepare({"frames": frames})


class Counting(TorchEngine):
    """An engine of somebody else's: it counts what it is asked."""

    asked = 0

    def predict(self, prepared: Mapping[str, Any]) -> Any:
        Counting.asked += 1
        return super().predict(prepared)


@hookimpl
def playhead_engines() -> dict[str, Any]:
    return {"counting": Counting}


class TestNamedEngines:
    def plugins(self) -> Plugins:
        plugins = load_plugins()
        plugins.add("engines", SimpleNamespace(playhead_engines=playhead_engines))
        return plugins

    def test_it_is_evaluated_and_drives_with_an_engine_of_a_plugin(self, run: Run) -> None:
        engine, before = EngineSpec(name="counting"), Counting.asked
        job = EvaluationJob(game=GAME, run=run, plugins=self.plugins(), recordings=lessons(), engine=engine)
        ours = evaluate(job).predictions
        theirs = evaluate(replace(job, engine=EngineSpec())).predictions
        assert ours is not None
        assert theirs is not None
        np.testing.assert_array_equal(ours.heads["drive"].predictions_NO, theirs.heads["drive"].predictions_NO)
        assert Counting.asked > before
        before = Counting.asked
        policies = evaluated_policies(GAME, run, ["network"], engine=engine)
        table = evaluate_closed_loop(GAME, self.plugins(), policies, [1], config_of(GAME))
        assert Counting.asked - before >= table.episodes[0].measures["steps"] / 2

    def test_an_unknown_engine_or_device_is_a_sentence(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(NotFound, match='Did you mean "counting"'):
            Predictor.of(run, self.plugins(), EngineSpec(name="countin"))
        with pytest.raises(BadValue, match="auto, cpu, cuda"):
            Predictor.of(run, load_plugins(), EngineSpec(device="tpu"))
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(BadValue, match=r"There is no CUDA here: .* Take --device cpu"):
            Predictor.of(run, load_plugins(), EngineSpec(device="cuda"))
        assert Predictor.of(run, load_plugins(), EngineSpec(device="auto")).engine.device == "cpu"

    @pytest.mark.parametrize("command", ["play", "evaluate", "doctor", "record", "train"])
    def test_the_commands_take_a_device(self, command: str) -> None:
        from playhead.cli import cli

        shown = CliRunner().invoke(cli, [command, "--help"])
        assert "--device [auto|cpu|cuda" in shown.output


class Two(Network):
    """Two numbers that must be of the same weights; between reading them something else may happen."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.first, self.second = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(4))
        self.between = lambda: None

    def answer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        read = self.first.clone()
        self.between()
        return {"drive": torch.stack([read, self.second]).mean(0)[None]}


class TestSwapping:
    def test_weights_change_between_two_answers_and_never_within_one(self) -> None:
        network, frames = Two(SPEC), {"frames": pictures()[:1]}
        engine = TorchEngine(network)
        ones = {name: torch.ones(4) for name in ("first", "second")}
        swapping = threading.Thread(target=engine.swap, args=(ones,))

        def between() -> None:
            swapping.start()
            swapping.join(0.2)
            assert swapping.is_alive(), "it waits until the answer is given"

        network.between = between
        assert engine.predict(frames)["drive"].tolist() == [[0.0] * 4]
        swapping.join()
        network.between = lambda: None
        assert engine.predict(frames)["drive"].tolist() == [[1.0] * 4]

    def test_weights_of_another_network_are_refused_and_those_in_use_stay(self) -> None:
        engine = TorchEngine(Two(SPEC))
        with pytest.raises(Mismatch, match="no weights for second"):
            engine.swap({"first": torch.ones(4)})
        with pytest.raises(Mismatch, match=r"of shape .* Hand in tensors of this very network"):
            engine.swap({"first": torch.ones(4), "second": torch.ones(5)})
        with pytest.raises(BadValue, match="swapped in has 1 for first"):
            engine.swap({"first": 1})
        assert engine.predict({"frames": pictures()[:1]})["drive"].tolist() == [[0.0] * 4]


class TestThreads:
    def test_they_are_set_by_a_session_and_by_nothing_else(self, run: Run) -> None:
        before = torch.get_num_threads(), cv2.getNumThreads()
        try:
            torch.set_num_threads(2)
            cv2.setNumThreads(2)
            Predictor.of(run, load_plugins())
            assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, 2)
            with one_thread_each():
                assert (torch.get_num_threads(), cv2.getNumThreads()) == (1, 1)
            with one_thread_each(networks=False):
                assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, 1)
            assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, 2)
        finally:
            torch.set_num_threads(before[0])
            cv2.setNumThreads(before[1])


class Backbone(nn.Module):
    """A backbone that is not learned; it counts the pictures that go through."""

    seen = 0

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 5, stride=5)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, pictures_NHWC: Tensor) -> Tensor:
        Backbone.seen += len(pictures_NHWC)
        maps: Tensor = self.norm(self.layer(pictures_NHWC.permute(0, 3, 1, 2) / 255.0))
        return maps.mean((2, 3))


class OnTop(Network):
    """Learns only what is on top of its backbone."""

    frozen = ("backbone",)
    asked: list[bool] = []  # noqa: RUF012  whether each of them was asked for pretrained weights

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        OnTop.asked.append(spec.pretrained)
        self.backbone = Backbone()
        if spec.pretrained:
            nn.init.constant_(self.backbone.layer.weight, 0.01)
        self.heads = Heads(spec.schema, 4 * spec.length)

    def cacheable(self, name: str, pictures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {"maps": self.backbone(pictures["frames"])}

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return inputs["maps"].flatten(1)


def playhead_models() -> dict[str, Any]:
    return {"on_top": OnTop}


class TestFrozenParts:
    RECIPE = replace(QUICK, model="on_top", model_options={}, workers=1)

    def plugins(self) -> Plugins:
        plugins = load_plugins()
        plugins.add("on_top", SimpleNamespace(playhead_models=hookimpl(playhead_models)))
        return plugins

    def test_pretrained_weights_are_asked_for_once_and_a_frozen_part_is_kept_once(self, tmp_path: Path) -> None:
        OnTop.asked.clear()
        run = train(job_of(tmp_path, self.RECIPE, self.plugins()))
        assert OnTop.asked.count(True) == 1
        opened = Run.open(run.path)
        last, best = (opened.load_model(self.plugins(), best=best) for best in (False, True))
        again = train(job_of(tmp_path / "again", self.RECIPE, self.plugins(), start_from=opened))
        resumed = job_of(tmp_path / "resumed", self.RECIPE, self.plugins(), resume=SimpleNamespace())
        build_network(resumed)
        assert OnTop.asked.count(True) == 1, "a run brings its own, and so does a checkpoint"
        for network in (last, best, again.load_model(self.plugins())):
            assert (network.backbone.layer.weight == 0.01).all()  # type: ignore[union-attr]
            assert network.backbone.norm.num_batches_tracked == 0  # type: ignore[union-attr]
        names = {file.name for file in run.path.glob("*.safetensors")}
        assert names == {"model.safetensors", "best.safetensors", "frozen.safetensors"}
        sizes = {name: (run.path / name).stat().st_size for name in names}
        assert sizes["frozen.safetensors"] > 1000 > sizes["model.safetensors"] == sizes["best.safetensors"]
        policy = RunPolicy.of(opened, self.plugins(), GAME, rate_hz=10)
        policy.swap({name: value for name, value in best.state_dict().items() if not best.is_frozen(name)})

    def test_an_epoch_after_the_first_does_not_run_the_backbone(self, tmp_path: Path) -> None:
        Backbone.seen = 0
        run = train(job_of(tmp_path, replace(self.RECIPE, steps=40, eval_every=20), self.plugins()))
        learned = run.data["train_windows"] + run.data["validation_windows"]
        assert 40 * self.RECIPE.batch_size > learned, "more than an epoch"
        assert Backbone.seen <= 4 * 60, "no picture goes through twice"
        policy = RunPolicy.of(run, self.plugins(), GAME, rate_hz=10)
        assert policy.decide(CapturedFrame(frame_HWC=pictures()[0, 0], time_ns=0, number=0)) is not None

    def test_a_picture_that_could_change_cannot_be_kept(self, tmp_path: Path) -> None:
        with pytest.raises(BadValue, match=r"keeps what its frozen part .* augment_on=frames"):
            train(
                job_of(tmp_path, replace(self.RECIPE, augment_on="views", augment={"colour": 1.0}), self.plugins())
            )

    def test_what_is_cached_is_answered_like_the_pictures(self) -> None:
        network = OnTop(SPEC)
        network.freeze()
        network.train()
        assert not network.backbone.training
        frames = pictures()
        whole = network({"frames": torch.from_numpy(frames)})["drive"]
        kept = network.prepare_to_learn("frames", frames.reshape(6, *GAME.frame.shape))["maps"]
        torch.testing.assert_close(network.answer({"maps": torch.from_numpy(kept).view(2, 3, 4)})["drive"], whole)


class TestTelemetryAlone:
    """A network that sees no picture is built, trained, evaluated and plays."""

    @pytest.mark.parametrize("model", ["conv_lstm", "conv_stack"])
    def test_it_learns_from_numbers_and_drives_by_them(self, tmp_path: Path, model: str) -> None:
        recipe = replace(QUICK, model=model, inputs=("bright",), workers=1)
        drives = [replace(one, telemetry={"bright": one.frames_THWC.mean((1, 2, 3))}) for one in lessons()]
        run = train(replace(job_of(tmp_path, recipe), recordings=drives))
        found = evaluate(EvaluationJob(game=GAME, run=run, plugins=load_plugins(), recordings=drives))
        assert found.predictions is not None
        assert "bright" in run.spec.inputs
        policy = RunPolicy.of(run, load_plugins(), GAME, rate_hz=10)
        told = CapturedFrame(frame_HWC=pictures()[0, 0], time_ns=0, number=0, telemetry={"bright": 90.0})
        assert set(policy.decide(told)) == {"w", "a", "s", "d"}
        with pytest.raises(Mismatch, match='wants the telemetry "bright"'):
            policy.decide(CapturedFrame(frame_HWC=pictures()[0, 0], time_ns=10**9, number=1))
