"""A collector, a store, a trainer and a player on a world of two keys, in threads: the live system without Ray."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live.lessons import GAME, INPUTS, SCHEMA, SPEC, sample_set

from playhead.errors import BadValue, Damaged
from playhead.home import Home
from playhead.inputs import Input
from playhead.live.collector import Kinds
from playhead.live.curves import FOLDER
from playhead.live.settings import Live, LiveSettings, read_settings, size_of, write_settings
from playhead.live.store import SampleStore, StoreSettings
from playhead.live.trainer import Trainer
from playhead.live.weights import Weights
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

RECIPE = Recipe(
    model="conv_stack", model_options={"channels": [4], "strides": [4], "scene_pixels": 0},
    inputs={**INPUTS, "frames": Input("frames", (-0.1, 0.0))}, heads=("steer", "pedals"), label_over_s=0.3,
    batch_size=4, steps=1000, eval_every=2, warmup_steps=1,
)  # fmt: skip


def settings(**more: Any) -> LiveSettings:
    given: dict[str, Any] = {
        "game": "toy", "name": "one", "device": "world", "width": 32, "height": 24, "rate_hz": 10.0,
        "recipe_name": "small", "recipe": RECIPE.to_json(), "buffer": 20, "checkpoint_every": 3,
    }  # fmt: skip
    return LiveSettings(**{**given, **more})


def live_run(**more: Any) -> Live:
    return Live.of(settings(**more), Plugins.installed().with_game(GAME))


def filled(folder: Path, live: Live, sets: int = 3) -> SampleStore:
    made = SampleStore(
        folder / "live" / "buffer",
        StoreSettings(game=live.game, schema=live.schema, spec=live.spec, names=live.buffers, size=20),
    )
    made.take(sample_set(99, is_held_out=True))
    for seed in range(1, sets + 1):
        made.take(sample_set(seed))
    return made


def trained(folder: Path, live: Live, until: int, **more: Any) -> Trainer:
    """Train until a batch is reached, fed as long as it goes on; leave it."""
    store = filled(folder, live)
    trainer = Trainer(live, store, Home(folder, "test"), **more)
    thread = threading.Thread(target=trainer.run)
    thread.start()
    for seed in range(100, 400):
        if trainer.status.batch >= until or not thread.is_alive():
            break
        store.take(sample_set(seed, count=20))
        time.sleep(0.1)
    trainer.leave.set()
    thread.join(60)
    store.close()
    return trainer


def test_a_trainer_learns_keeps_checkpoints_and_goes_on_where_it_was(tmp_path: Path) -> None:
    handed: list[Weights] = []
    live, said = live_run(), list[str]()
    first = trained(tmp_path, live, 4, hand_out=handed.append, hand_out_every_s=0.0, say=said.append)
    batch = first.status.batch
    assert batch >= 4
    assert first.status.by_output.keys() == first.status.errors.keys() == {"steer", "pedals"}
    assert [one["step"] for one in first.validations][:2] == [2, 4]
    run = Run.open(first.folder)
    assert run.schema == live.schema
    assert run.load_model(live.plugins) is not None
    assert handed[-1].batch == batch
    assert set(handed[-1].tensors()) == {name for name, _ in run.load_model(live.plugins).named_parameters()}
    second = trained(tmp_path, live, batch + 2, say=said.append)
    assert f"The trainer goes on from batch {batch:,}." in said
    assert second.status.batch >= batch + 2


def test_a_checkpoint_of_another_model_line_is_said_and_kept(tmp_path: Path) -> None:
    first = trained(tmp_path, live_run(), 2)
    before = {file: file.read_bytes() for file in (first.folder / "checkpoint").iterdir()}
    wider = {**RECIPE.to_json(), "model_options": {**RECIPE.model_options, "channels": [8]}}
    live = live_run(recipe=wider)
    with pytest.raises(BadValue, match="A training goes on as it began: model_options was"):
        Trainer(live, filled(tmp_path, live), Home(tmp_path, "test")).run()
    assert {file: file.read_bytes() for file in (first.folder / "checkpoint").iterdir()} == before


def test_the_published_curves_are_written(tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c  # noqa: F401  # the format is tensorboardX's own

    one = trained(tmp_path, live_run(), 2)
    (file,) = (one.folder / FOLDER).rglob("events*")
    data, tags = file.read_bytes(), set[str]()
    while data:
        length = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + length])
        tags |= {value.tag for value in event.summary.value}
        data = data[16 + length :]
    outputs = {f"ModelOutputs.{n}_{what}" for n in ("steer", "pedals") for what in ("loss", "mean_absolute_error")}
    assert tags == {"loss", "learning_rate", *outputs}


def test_weights_that_are_not_what_was_sent_are_refused(tmp_path: Path) -> None:
    import torch

    network = torch.nn.Linear(3, 2)
    good = Weights.of(network, 7)
    assert torch.equal(good.tensors()["bias"], network.bias)
    torn = replace(good, data=good.data[:-4])
    with pytest.raises(Damaged, match="after batch 7 are not those that were sent"):
        torn.tensors()
    changed = bytearray(good.data)
    changed[-1] ^= 1
    with pytest.raises(Damaged):
        replace(good, data=bytes(changed)).tensors()


def test_the_settings_of_a_run_are_kept_and_read_strictly(tmp_path: Path) -> None:
    folder = tmp_path / "toy" / "one"
    write_settings(folder, settings())
    assert read_settings(folder) == settings()
    (folder / "live.json").write_text('{"game": "toy", "width": -3}')
    with pytest.raises(Damaged, match=r"live\.json"):
        read_settings(folder)


@pytest.mark.parametrize(("latest", "says"), [(-0.04, "past holds the answer"), (0.1, "into the future")])
def test_a_history_that_holds_the_answer_or_what_comes_is_refused_by_its_frames(latest: float, says: str) -> None:
    name, source = ("past", "actions") if latest < 0 else ("speed", "speed")
    inputs = {**RECIPE.named_inputs, name: Input(source, (-0.5, latest))}
    with pytest.raises(BadValue, match=says):
        live_run(recipe=replace(RECIPE, inputs=inputs).to_json())
    assert live_run(recipe=replace(RECIPE, inputs={**inputs, name: Input(source, (-0.5, -0.06))}).to_json())


def test_combinations_without_end_are_refused() -> None:
    edges = [-1 + number / 100 for number in range(201)]
    with pytest.raises(BadValue, match="--balance v3"):
        live_run(balance="v1", edges={"steer": edges, "pedals": edges})


def test_a_buffer_that_holds_less_than_a_batch_takes_is_refused() -> None:
    with pytest.raises(BadValue, match="A batch takes 2 samples from each buffer, and one of 2 gives"):
        live_run(buffer=2)


def test_bins_of_an_unknown_output_are_refused() -> None:
    with pytest.raises(BadValue, match="There are bins for brake"):
        live_run(edges={"brake": [0.0, 1.0]})


def test_the_first_strategy_has_one_buffer_and_the_others_one_an_output() -> None:
    assert live_run(balance="v1").buffers == ("all",)
    assert live_run(balance="v3").buffers == tuple(SCHEMA)
    assert live_run().spec.label_over_s == SPEC.label_over_s


@pytest.mark.parametrize("text", ["480", "x270", "0x10", "480x", "480x270x3", "99999x10"])
def test_a_size_that_is_none_is_said(text: str) -> None:
    with pytest.raises(BadValue, match="--size 480x270"):
        size_of(text)


def test_kinds_of_drives_that_bring_about_what_is_wished_for_come_more_often() -> None:
    kinds = Kinds(["regular", "turns"], may_disturb=True, seed=1)
    drawn = []
    for _ in range(400):
        kind = kinds.choose()
        drawn.append(kind)
        kinds.brought(kind, 20 if kind.scenario == "turns" else 0, 10.0)
    late = drawn[200:]
    assert np.mean([kind.scenario == "turns" for kind in late]) > 0.7
    assert any(kind.scenario == "regular" for kind in late), "every kind is tried again now and then"
