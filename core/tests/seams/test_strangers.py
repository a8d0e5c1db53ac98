"""A game of a stranger: plain objects with only what they must have, telemetry that begins late, own networks.

Recorded, learned, measured and played, and live: what a sink was given teaches the network that plays meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import playhead
from playhead import cli
from playhead.devices import open_device
from playhead.errors import BadValue, PluginError
from playhead.playing.policy import RunPolicy
from playhead.playing.session import play
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

YARD = '''
import numpy as np
import torch
from torch import nn

from playhead.capabilities import Capabilities, provides
from playhead.capture import CapturedFrame
from playhead.conversions import keys_choice_conversions
from playhead.game import Device, Frame, Game, World
from playhead.hookspecs import hookimpl
from playhead.inputs import Input, spaced
from playhead.labels import Choice, Keys
from playhead.models.network import Network
from playhead.training.recipe import Recipe


class Yard:
    """No class of playhead: a dot, its clock, and `reset`, which is all that an episode must have."""

    def __init__(self):
        self.time_ns, self.held = 0, set()
        self.reset()

    def reset(self, *, seed=None, options=None):
        self.x, self.steps = 8.0 + (seed or 0) % 8, 0

    def now_ns(self):
        return self.time_ns

    def sleep_until(self, time_ns):
        while self.time_ns < time_ns:
            self.time_ns += 50_000_000
            self.steps += 1
            self.x = (self.x + ("d" in self.held) - ("a" in self.held) + 1) % 32


class Screen:
    telemetry_names = ("speed",)

    def __init__(self, yard):
        self.episodes, self.looks = yard, 0

    def look(self):
        picture_HWC = np.zeros((24, 32, 3), np.uint8)
        picture_HWC[:, : int(self.episodes.x)] = 255
        self.looks += 1
        told = {"speed": self.episodes.x} if self.episodes.steps > 3 else {}
        return CapturedFrame(
            frame_HWC=picture_HWC, time_ns=self.episodes.time_ns, number=self.looks, telemetry=told
        )

    def close(self):
        pass


class Keyboard:
    def __init__(self, yard):
        self.yard = yard

    def send(self, code, value):
        (self.yard.held.add if value else self.yard.held.discard)(code)

    def release_all(self):
        self.yard.held.clear()

    def close(self):
        pass


def yard_of(session):
    def made():
        session.clock = Yard()
        return session.clock

    return session.share("yard", made)


@provides(Capabilities(lockstep=True, episodes=True))
def screen(session):
    return Screen(yard_of(session))


class Expert:
    def __init__(self, yard):
        self.yard = yard

    def decide(self):
        return {"a": float(self.yard.x > 16), "d": float(self.yard.x < 12)}


class Frozen(Network):
    """A part that never learns and needs no gradients, beside numbers of which nothing can be cached."""

    frozen = ("back",)

    def __init__(self, spec):
        super().__init__(spec)
        self.back = nn.Conv2d(3, 4, 4, 4)
        numbers = spec.named_inputs["speed"].steps
        outputs = {name: head.outputs for name, head in spec.schema.heads}
        self.heads = nn.ModuleDict({name: nn.Linear(4 + numbers, size) for name, size in outputs.items()})

    def cacheable(self, name, pictures):
        with torch.no_grad():
            return {"seen": self.back(pictures["frames"].float().div(255).permute(0, 3, 1, 2)).mean((2, 3))}

    def features(self, inputs):
        seen = inputs["seen"][:, -1]
        return torch.cat([seen, inputs["speed"]], 1)

    def answer(self, inputs):
        features = self.features(inputs)
        return {name: head(features) for name, head in self.heads.items()}


KEYS = Keys("a", "d", opposites=(("a", "d"),))
HELD = {"none": frozenset(), "a": frozenset("a"), "d": frozenset("d")}
QUICK = {"batch_size": 8, "steps": 2, "warmup_steps": 1, "eval_every": 2, "val_share": 0.5, "workers": 1}
SMALL = {"channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
CREW = {
    "frames": Input("frames"), "past": Input("actions", spaced(-0.5, -0.05, 0.05)),
    "speed": Input("speed", spaced(-0.45, 0, 0.05)),
}
GAME = Game(
    name="yard", title="Yard", devices={"yard": Device(capture="yard", input="yard")},
    frame=Frame(width=32, height=24, rate_hz=20), labels={"drive": KEYS}, controls={"a": "a", "d": "d"},
    conversions=keys_choice_conversions("yard", KEYS, Choice(*HELD), HELD, heads=("drive", "classes")),
    world=World(policies={"expert": Expert}, expert="expert"),
    recipes={
        "default": Recipe(length=1, model_options=SMALL, **QUICK),
        "crew": Recipe(inputs=CREW, model="frozen", heads=("classes", "drive"), allow_empty=True, **QUICK),
        "labeller": Recipe(inputs={"frames": Input("frames", spaced(-0.2, 0.2, 0.05))}, positions="every",
                           model_options=SMALL, **QUICK),
    },
)


@hookimpl
def playhead_games():
    return [GAME]


@hookimpl
def playhead_captures():
    return {"yard": screen}


@hookimpl
def playhead_inputs():
    return {"yard": lambda session: Keyboard(yard_of(session))}


@hookimpl
def playhead_models():
    return {"frozen": Frozen}
'''


@pytest.fixture
def home(installed: Callable[[str, str], Path]) -> Path:
    home = installed("yard", YARD)
    playhead.record("yard", episodes=2, seconds=3, workers=1)
    return home


def test_plain_objects_and_late_telemetry_go_all_the_way(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "yard", "--recipe", "crew", "--name", "one"]) == 0, capsys.readouterr().err
    for command in ("evaluate --episodes 1 --seconds 1 --workers 1", "play --seconds 2"):
        name, *options = command.split()
        code = cli.run([name, "yard", "--run", "one", *options])
        said = capsys.readouterr()
        assert code == 0, said.err
    assert "On 4 frames the answer was no number" in said.err, "until it was told, nothing was pressed"


def test_what_looks_into_the_future_is_measured_by_labels(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "yard", "--recipe", "labeller", "--name", "one"]) == 0
    assert cli.run(["evaluate", "yard"]) == 0
    assert "Nothing is driven: Run yard/labeller/one answers for the moment at +0.2 s" in capsys.readouterr().err
    for command in (["play", "yard"], ["evaluate", "yard", "--on", "yard"]):
        assert cli.run(command) == 1
        assert "playhead evaluate yard --run yard/labeller/one --on none" in capsys.readouterr().err
    assert cli.run(["train", "yard", "--recipe", "crew", "--set", "heads=drive", "--from", "one"]) == 1
    assert "has another network: model=conv_lstm, here frozen;" in capsys.readouterr().err


class Buffer:
    """What a live system learns from."""

    def __init__(self) -> None:
        self.frames: list[tuple[Any, Any]] = []

    def append(self, frame_HWC: Any, time_ns: int, labels: Any, *rest: Any, **more: Any) -> None:
        self.frames.append((frame_HWC.copy(), np.array(labels["drive"])))

    def close(self) -> None:
        """Keep all."""

    def batches(self, **more: Any) -> Iterator[dict[str, Any]]:
        rng = np.random.default_rng(0)
        while True:
            frames, labels = zip(
                *(self.frames[place] for place in rng.integers(0, len(self.frames), 4)), strict=True
            )
            yield {"frames": np.stack(frames)[:, None], "labels": {"drive": np.stack(labels)}, **more}


def test_what_a_sink_was_given_teaches_the_network_that_plays_meanwhile(home: Path) -> None:
    buffer, plugins = Buffer(), Plugins.installed()
    playhead.record("yard", seconds=1, sink=["home", buffer])
    assert buffer.frames[0][1].dtype == np.uint8, "labels as a recording has them"
    run = playhead.train("yard", batches=buffer.batches(), steps=2)
    policy = RunPolicy.of(run, plugins, plugins.game("yard"), rate_hz=20)
    played: list[Any] = []

    def drive() -> None:
        with open_device(plugins, plugins.game("yard"), "yard", options={"seed": 3}) as device:
            played.append(play(device, policy, duration_s=5))

    player = threading.Thread(target=drive)
    player.start()
    playhead.train(
        "yard", batches=buffer.batches(), steps=4, start_from=run,
        on_step=lambda step, network: policy.swap({name: v.clone() for name, v in network.state_dict().items()}),
    )  # fmt: skip
    player.join()
    assert played[0].report.decided == 100
    assert policy.unanswered == 0


BAD: list[tuple[dict[str, Any], str]] = [
    ({"mask": {"drive": np.ones((3, 1), bool)}}, r"mask of drive in a batch is \(3, 1\); \(4,\)"),
    ({"labels": {"drive": np.zeros((4, 3))}}, r"labels of drive in a batch are \(4, 3\); \(windows, 2\)"),
    ({"frames": np.zeros((4, 1, 10, 10, 3), np.uint8)}, r"it has pictures of \(10, 10, 3\)"),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD)
def test_a_batch_that_cannot_be_is_a_sentence(home: Path, wrong: dict[str, Any], sentence: str) -> None:
    buffer = Buffer()
    playhead.record("yard", seconds=1, sink=buffer)
    with pytest.raises(BadValue, match=sentence):
        playhead.train("yard", batches=buffer.batches(**wrong), steps=2)


def test_what_is_no_number_in_a_batch_is_not_known(home: Path) -> None:
    labels = {"drive": np.full((4, 2), np.nan, np.float32)}
    batch = {"frames": np.zeros((4, 1, 24, 32, 3), np.uint8), "labels": labels}
    run = playhead.train("yard", batches=[batch] * 2, steps=2)
    assert run.metrics["steps"] == 2


@pytest.mark.parametrize("inputs", [("frames", "frames"), ("frames", "mask")])
def test_inputs_have_names_of_their_own(inputs: tuple[str, ...]) -> None:
    with pytest.raises(BadValue, match=r"inputs\.NAME="):
        Recipe(inputs=inputs)


def test_what_plain_objects_answer_wrongly_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import yard_game

    monkeypatch.setattr(yard_game.Expert, "decide", lambda self: {"a": "much"})
    with pytest.raises(
        PluginError, match=r"policy expert decided \{'a': 'much'\} \(.*line \d+\); it must say code -> finite"
    ):
        playhead.record("yard", seconds=1, workers=1)
    monkeypatch.setattr(yard_game.Screen, "look", lambda self: 5)
    with pytest.raises(PluginError, match="A capture gives 5; `look` must return a CapturedFrame"):
        playhead.record("yard", seconds=1, workers=1)
