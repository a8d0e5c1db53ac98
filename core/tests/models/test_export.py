"""A run in ONNX answers as PyTorch does, by windows and by frames; what does not fit it is a sentence."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from brightside import GAME, load_plugins
from doubles import bright_side_drives

from playhead.cli import run as run_command
from playhead.cli.context import Desk
from playhead.decoding import digest
from playhead.errors import BadValue, Damaged, Mismatch, NotFound
from playhead.models import EngineSpec, export, int8, openvino_engine
from playhead.models.export import Found, compare, export_run, noise
from playhead.models.exported import FILE, FOLDER, Exported
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.models.run_file import FileSeal
from playhead.sessions.benchmarking import EngineRow, recommended
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

TINY: dict[str, Any] = {"channels": [4, 4], "features": 8, "hidden": 8}
KINDS: dict[str, dict[str, Any]] = {
    "windows": {"model_options": TINY},
    "keypoints": {"model": "conv_stack", "model_options": {**TINY, "keypoints": 2, "looks": 2}},
    "backbone": {
        "model": "backbone",
        "model_options": {"backbone": "mobilenetv3_small_050", "weights": "none", "size": [32, 32], "hidden": 8},
    },
    "remembers": {"model_options": {**TINY, "stateful": True}, "positions": "every"},
}
ENGINES = ("onnx", "openvino")


def trained(folder: Path, **more: Any) -> Run:
    recipe = Recipe(length=3, stride_s=0.1, steps=3, warmup_steps=1, batch_size=8, **more)
    lessons = [bright_side_drives(GAME, seed=seed, count=40) for seed in range(3)]
    plugins = load_plugins()
    return train(TrainingJob(game=GAME, recipe=recipe, recordings=lessons, out=folder, plugins=plugins))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("exported") / "runs/toy/default"
    made = {name: trained(folder / name, **more) for name, more in KINDS.items()}
    for run in made.values():
        export_run(run, load_plugins())
    return made


@pytest.fixture
def run(runs: dict[str, Run], tmp_path: Path) -> Run:
    copy = tmp_path / "runs/toy/default/windows"
    shutil.copytree(runs["windows"].path, copy)
    return Run.open(copy)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_answer_as_torch_does(runs: dict[str, Run], kind: str, engine: str) -> None:
    ours, theirs = (Predictor.of(runs[kind], load_plugins(), EngineSpec(name=name)) for name in ("torch", engine))
    for count in (1, 5):
        windows = noise(ours.network, count)
        wanted, said = ours.predict_batch(windows), theirs.predict_batch(windows)
        np.testing.assert_allclose(said["drive"], wanted["drive"], atol=1e-5)
    assert np.ptp(said["drive"]) > 0.01


def in_8_bits(run: Run, **more: Any) -> Exported:
    network = run.load_model(load_plugins())
    return export_run(run, load_plugins(), noise(network, 80), int8=True, **more)


@pytest.mark.parametrize("engine", ["onnx-int8", "openvino-int8"])
@pytest.mark.parametrize("kind", ["windows", "keypoints"])
def test_graphs_in_8_bits_answer_nearly_as_torch_does(
    runs: dict[str, Run], kind: str, engine: str, tmp_path: Path
) -> None:
    copy = tmp_path / f"runs/toy/default/{kind}"
    shutil.copytree(runs[kind].path, copy)
    run = Run.open(copy)
    exported = in_8_bits(run)
    told = exported.told.int8
    assert told is not None
    assert (told.calibrated_on, told.windows) == (40, 40)
    assert told.same_answers >= 0.995
    assert 0 < told.largest_difference < 0.5
    ours, theirs = (Predictor.of(run, load_plugins(), EngineSpec(name=name)) for name in ("torch", engine))
    windows = noise(ours.network, 3)
    wanted, said = ours.predict_batch(windows)["drive"], theirs.predict_batch(windows)["drive"]
    np.testing.assert_allclose(said, wanted, atol=0.05)
    assert not np.array_equal(said, wanted)


def test_layers_that_round_too_much_stay_as_they_are(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["windows"]
    graph = Exported.of(run).read("window")
    network = run.load_model(load_plugins())
    prepared = network.prepare_windows(noise(network, 8))

    def compared(data: bytes) -> tuple[float, float]:
        return (1.0 if count_8_bits(data) == 5 else 0.9), float(len(data))

    layers = count_8_bits(int8.quantised(graph, prepared, lambda data: (1.0, 0.0), least_same=1.0).data)
    made = int8.quantised(graph, prepared, compared, least_same=1.0)
    assert count_8_bits(made.data) == 5 == layers - len(made.left_out)
    with pytest.raises(Mismatch, match=r"at most 90.0% of the windows, and 99.5% is wanted.*engine onnx"):
        int8.quantised(graph, prepared, lambda data: (0.9, 1.0), least_same=0.995)


def count_8_bits(data: bytes) -> int:
    """Return how many layers of a graph have weights in 8 bits."""
    import onnx

    graph = onnx.load_model_from_string(data).graph
    weights = {one.name for one in graph.initializer if one.data_type == onnx.TensorProto.INT8}
    return sum(node.op_type == "DequantizeLinear" and node.input[0] in weights for node in graph.node)


def test_what_cannot_be_in_8_bits_says_so(runs: dict[str, Run], run: Run) -> None:
    with pytest.raises(BadValue, match="remembers"):
        in_8_bits(runs["remembers"])
    with pytest.raises(BadValue, match="--recordings"):
        export_run(run, load_plugins(), int8=True)
    with pytest.raises(NotFound, match=r"not exported in 8 bits\. Export it: playhead export toy .*--int8"):
        Predictor.of(run, load_plugins(), EngineSpec(name="onnx-int8"))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_remembers_is_asked_frame_by_frame(runs: dict[str, Run], engine: str) -> None:
    ours, theirs = (
        Predictor.of(runs["remembers"], load_plugins(), EngineSpec(name=name)) for name in ("torch", engine)
    )
    frames = noise(ours.network, 7)["frames"][:, 0]  # longer than any window it learned from
    state: Any = None
    mine: Any = None
    for frame in frames:
        wanted, mine = ours.step({"frames": frame[None]}, mine)
        said, state = theirs.step({"frames": frame[None]}, state)
        np.testing.assert_allclose(said["drive"], wanted["drive"], atol=1e-5)
    anew, _ = theirs.step({"frames": frames[-1][None]}, None)
    assert np.abs(anew["drive"] - said["drive"]).max() > 1e-4


def test_an_export_says_what_it_was_compared_on(run: Run) -> None:
    told = Exported.of(run).told
    assert told.windows == 6
    assert told.largest_difference < 1e-4
    assert told.same_answers == 1.0
    assert told.graphs["window"].outputs == ["drive"]


def test_a_graph_that_answers_something_else_is_not_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(run.path / FOLDER)
    monkeypatch.setattr(export, "MOST_DIFFERENT", -1.0)
    with pytest.raises(Mismatch, match="answers something else than PyTorch"):
        export_run(run, load_plugins())
    assert not (run.path / FOLDER).exists()


def test_numbers_that_are_none_are_a_difference(run: Run) -> None:
    predictor = Predictor.of(run, load_plugins())
    right = predictor.engine

    class Broken:
        def predict(self, prepared: Any) -> Any:
            return {name: value * np.nan for name, value in right.predict(prepared).items()}

    found = compare(predictor.network, Broken(), noise(predictor.network, 4))
    assert np.isnan(found.largest)
    assert compare(predictor.network, right, noise(predictor.network, 4)) == Found(4, 0.0, 1.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_was_not_exported_says_what_to_type(run: Run, engine: str) -> None:
    shutil.rmtree(run.path / FOLDER)
    with pytest.raises(NotFound, match="playhead export toy --run toy/default/windows"):
        Predictor.of(run, load_plugins(), EngineSpec(name=engine))


def changed_graph(folder: Path) -> None:
    data = bytearray((folder / "window.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "window.onnx").write_bytes(data)


def changed_export(folder: Path) -> None:
    file = folder / FILE
    file.write_text(file.read_text().replace('"windows": 6', '"windows": 7'))


def no_graph(folder: Path) -> None:
    (folder / "window.onnx").unlink()


def resealed(folder: Path, **change: Any) -> None:
    raw = json.loads((folder / FILE).read_text())
    raw.pop("digest")
    version = raw.pop("format_version")
    raw |= change
    (folder / FILE).write_text(json.dumps({**raw, "format_version": version, "digest": digest(raw)}))


def another_run(folder: Path) -> None:
    resealed(folder, weights={"model.safetensors": {"size": 1, "sha256": "0" * 64}})


def elsewhere(folder: Path) -> None:
    raw = json.loads((folder / FILE).read_text())
    raw["graphs"]["window"]["file"] = "../../secret.onnx"
    resealed(folder, graphs=raw["graphs"])


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (changed_graph, Damaged, "was changed since it was exported"),
        (changed_export, Damaged, "its digest is another one"),
        (no_graph, Damaged, "has lost its"),
        (another_run, Mismatch, "made of other weights"),
        (elsewhere, Damaged, "cannot be read"),
    ],
)
def test_what_does_not_match_the_run_is_refused(run: Run, change: Any, kind: Any, sentence: str) -> None:
    change(run.path / FOLDER)
    with pytest.raises(kind, match=sentence) as refused:
        Predictor.of(run, load_plugins(), EngineSpec(name="onnx"))
    assert "playhead export toy" in str(refused.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_never_reads_another_file(
    run: Run, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    (tmp_path / "secret").write_bytes(b"0" * 4096)
    monkeypatch.chdir(tmp_path)
    folder = run.path / FOLDER
    model = onnx.load_model_from_string((folder / "window.onnx").read_bytes())
    tensor = next(tensor for tensor in model.graph.initializer if tensor.data_type == tensor.FLOAT)
    tensor.data_location = tensor.EXTERNAL
    for key, value in {"location": "secret", "offset": "0", "length": str(len(tensor.raw_data))}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    tensor.ClearField("raw_data")
    data = model.SerializeToString()
    (folder / "window.onnx").write_bytes(data)
    raw = json.loads((folder / FILE).read_text())
    raw["graphs"]["window"]["seal"] = msgspec.to_builtins(FileSeal.of(data))
    resealed(folder, graphs=raw["graphs"])
    with pytest.raises(Damaged, match="takes numbers from another file"):
        Predictor.of(run, load_plugins(), EngineSpec(name=engine))


def test_windows_of_another_length_and_other_weights_are_refused(run: Run) -> None:
    predictor = Predictor.of(run, load_plugins(), EngineSpec(name="onnx"))
    with pytest.raises(Mismatch, match="cannot answer this"):
        predictor.predict_batch({"frames": noise(predictor.network, 2)["frames"][:, :2]})
    with pytest.raises(BadValue, match="for good"):
        predictor.engine.swap(dict(predictor.network.state_dict()))


@pytest.mark.parametrize(("engine", "library"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
def test_an_engine_that_is_not_installed_says_what_to_install(
    run: Run, engine: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(openvino_engine, "_core", openvino_engine._core.__wrapped__)
    with pytest.raises(BadValue, match=rf"pip install 'playhead\[{engine}\]'"):
        Predictor.of(run, load_plugins(), EngineSpec(name=engine))


def test_ctrl_c_is_heard_when_an_engine_has_gone(run: Run) -> None:
    opened = [Predictor.of(run, load_plugins(), EngineSpec(name="openvino"))]
    ending = threading.Thread(target=lambda: (opened.clear(), gc.collect()))
    ending.start()
    ending.join()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_exporting_without_its_libraries_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "NEEDED", ("torch", "no_such_library"))
    with pytest.raises(BadValue, match=r"no_such_library must be installed: pip install 'playhead\[onnx\]'"):
        export_run(run, load_plugins())


def test_the_command_exports_and_evaluate_takes_the_engine(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "plugins", load_plugins())
    home = run.path.parents[3]
    shutil.rmtree(run.path / FOLDER)
    assert run_command(["export", "toy", "--home", str(home)]) == 0
    out, err = capsys.readouterr()
    assert "The same answer in 100.0% of 6 windows" in out
    assert "--engine onnx" in err
    scores = []
    for engine in ("torch", "onnx"):
        asked = ["--episodes", "2", "--seconds", "2", "--workers", "1", "--json", "--drivers", "network"]
        assert run_command(["evaluate", "toy", *asked, "--engine", engine, "--home", str(home)]) == 0
        scores.append(json.loads(capsys.readouterr().out)["network"])
    assert scores[0] == scores[1]
    assert run_command(["evaluate", "toy", "--engine", "onx", "--home", str(home)]) == 1
    assert 'Did you mean "onnx"?' in capsys.readouterr().err


def test_bench_says_which_engine_to_take(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(Desk, "plugins", load_plugins())
    home = str(run.path.parents[3])
    asked = ["bench", "toy", "--decisions", "30", "--home", home]
    assert run_command([*asked, "--episodes", "3", "--seconds", "1", "--workers", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_name = {row["engine"]: row for row in found["rows"]}
    assert next(iter(by_name)) == "torch"
    assert {"torch", "onnx", "openvino"} <= {name for name, row in by_name.items() if row["p50_ms"] > 0}
    assert by_name["onnx"]["score"]["mean"] == by_name["torch"]["score"]["mean"]
    quickest = min((row for row in found["rows"] if row["found"]), key=lambda row: row["p50_ms"])
    assert found["recommended"] == quickest["engine"]
    shutil.rmtree(run.path / FOLDER)
    assert run_command(asked) == 0
    out, err = capsys.readouterr()
    assert "Take torch here" in out
    assert "onnx: Run toy/default/windows was not exported" in err


def test_only_an_engine_that_answers_the_same_is_recommended() -> None:
    rows = [
        EngineRow(engine=name, p50_ms=p50_ms, found=Found(100, 0.1, same))
        for name, p50_ms, same in (("torch", 9.0, 1.0), ("quick", 1.0, 0.9), ("good", 3.0, 0.996))
    ]
    assert recommended([*rows, EngineRow(engine="gone", because="Not here.")]) == "good"
    assert recommended(rows[1:2]) == "torch"
