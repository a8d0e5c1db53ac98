"""A device says what it can: an emulator of a test's own gets all that a Gymnasium environment gets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from playhead import cli
from playhead.capabilities import Capabilities, capabilities_of, provides, worlds_of
from playhead.devices import DeviceSession, OpenDevice, open_device
from playhead.errors import BadValue
from playhead.game import Device, Frame, Game
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.storage.reader import open_recording

EMULATOR = '''
"""A machine that is emulated: a dot that should be kept in the middle. In lockstep, and no Gymnasium."""

import json
import random

import numpy as np

from playhead.capabilities import Capabilities, Episodic, StateSaving, provides
from playhead.errors import BadValue
from playhead.capture import Capture, CapturedFrame
from playhead.game import Device, Frame, Game, Measure, Scenario, World
from playhead.hookspecs import hookimpl
from playhead.input import Input
from playhead.labels import Keys
from playhead.training.recipe import Recipe

HZ, STEPS = 60, 240


class Machine(Episodic, StateSaving):
    """Time goes on by frames of 1/60 s, when somebody waits on it, and only then."""

    step_hz = HZ

    def __init__(self):
        self.frames, self.held = 0, set()

    def reset(self, *, seed=None, options=None):
        self.options = dict(options or {})
        self.random = random.Random(seed)
        self.x, self.age, self.inside = self.random.uniform(8, 24), 0, 0
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = False

    def now_ns(self):
        return round(self.frames * 1e9 / HZ)

    def sleep_until(self, time_ns):
        while self.now_ns() < time_ns - 1000 and not (self.terminated or self.truncated):
            self.step()

    def step(self):
        self.frames, self.age = self.frames + 1, self.age + 1
        drift = 0.2 if "hard" in self.options.get("mode", "") else 0.0
        self.x += ("right" in self.held) - ("left" in self.held) + self.random.uniform(-drift, drift)
        self.reward = float(abs(self.x - 16) < 4)
        self.inside += self.reward
        self.episode_return += self.reward
        self.terminated, self.truncated = not 0 <= self.x < 32, self.age >= STEPS

    def save(self):
        return json.dumps({"x": self.x, "age": self.age, "random": self.random.getstate()}).encode()

    def load(self, state):
        try:
            known = json.loads(state)
            self.x, self.age = known["x"], known["age"]
            version, numbers, gauss = known["random"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadValue("This is no state of the machine.") from error
        self.random.setstate((version, tuple(numbers), gauss))
        self.held.clear()
        self.terminated = self.truncated = False

    def measures(self):
        return {"inside": self.inside / max(1, self.age), "hard": float(self.options.get("mode") == "hard")}


class Screen(Capture):
    def __init__(self, machine):
        self._machine, self._looks = machine, 0

    @property
    def episodes(self):
        return self._machine

    @property
    def states(self):
        return self._machine

    @property
    def telemetry_names(self):
        return ("x", "lives")

    def look(self):
        machine = self._machine
        if machine.terminated or machine.truncated:
            return None
        picture = np.zeros((24, 32, 1), np.uint8)
        picture[:, max(0, int(machine.x) - 2) : int(machine.x) + 2] = 255
        self._looks += 1
        told = {} if machine.age < 10 else {"x": machine.x, "lives": 3.0, "bonus": 1.0}
        return CapturedFrame(frame_HWC=picture, time_ns=machine.now_ns(), number=self._looks, telemetry=told)

    def close(self):
        pass


class Buttons(Input):
    hears = False

    def __init__(self, machine):
        self._machine = machine

    def send(self, code, value):
        (self._machine.held.add if value else self._machine.held.discard)(code)

    def release_all(self):
        self._machine.held.clear()

    def close(self):
        self.release_all()


def machine_of(session):
    def make():
        machine = Machine()
        machine.reset(seed=session.options.get("seed"), options=session.options.get("reset"))
        session.clock = machine
        return machine

    return session.share("machine", make)


@provides(Capabilities(lockstep=True, episodes=True, states=True, kind="the emulator"))
def open_screen(session):
    return Screen(machine_of(session))


class Centred:
    """Pushes towards the middle, looking into the machine itself."""

    def __init__(self, machine):
        self._machine = machine

    def decide(self):
        return {"left": float(self._machine.x > 16.5), "right": float(self._machine.x < 15.5)}


GAME = Game(
    name="dot",
    title="Dot",
    devices={"emulated": Device(capture="machine", input="buttons")},
    frame=Frame(width=32, height=24, rate_hz=20, colour="grey", codec="lossless"),
    labels={"push": Keys("left", "right", opposites=(("left", "right"),))},
    controls={"left": "left", "right": "right"},
    recipes={
        "default": Recipe(
            length=1, batch_size=8, steps=2, warmup_steps=1, eval_every=1, val_share=0.5, workers=1,
            model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8},
        )
    },
    world=World(
        policies={"centred": Centred},
        expert="centred",
        scenarios={"regular": Scenario(), "hard": Scenario(options={"mode": "hard"})},
        measures=(Measure(name="inside", title="in the middle"), Measure(name="hard", title="hard")),
        test_options={"mode": "hard"},
    ),
)


@hookimpl
def playhead_games():
    return [GAME]


@hookimpl
def playhead_captures():
    return {"machine": "dot_game:open_screen"}


@hookimpl
def playhead_inputs():
    return {"buttons": lambda session: Buttons(machine_of(session))}
'''


@pytest.fixture
def home(installed: Callable[[str, str], Path]) -> Path:
    return installed("dot", EMULATOR)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command prints as JSON."""
    assert cli.run([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_an_emulator_is_recorded_trained_on_measured_and_played(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = told(capsys, "record", "dot", "--episodes", "2", "--scenario", "hard", "--workers", "2")
    made.sort(key=lambda one: one["seed"])  # whichever worker was first
    assert [one["seed"] for one in made] == [1, 2], "episodes have seeds"
    assert {one["loop"]["ending"] for one in made} == {"episode"}
    assert all(one["loop"]["late"] == 0 for one in made), "it waits for whoever is slow"
    recording = open_recording(Path(made[0]["path"]))
    assert (recording.header.scenario, recording.header.driver) == ("hard", "expert")
    assert set(recording.header.telemetry) == {"x", "lives"}, "also what the first frame does not tell"
    lives_T = np.asarray(recording.telemetry["lives"])
    assert math.isnan(lives_T[0])
    assert lives_T[-1] == 3.0

    assert cli.run(["train", "dot"]) == 0
    capsys.readouterr()
    assert cli.run(["evaluate", "dot", "--episodes", "1", "--seconds", "1", "--workers", "1"]) == 0
    page = capsys.readouterr().out
    assert "in the middle" in page
    assert "expert" in page
    (played,) = told(capsys, "play", "dot", "--seconds", "1")
    assert played["measures"]["hard"] == 1.0, "it is played where it was not trained"
    assert played["loop"]["late"] == 0


def test_telemetry_that_comes_later_is_said(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["record", "dot", "--seconds", "1"]) == 0
    assert "the telemetry bonus came after the first frame and is not recorded" in capfd.readouterr().err


def test_whoever_lacks_a_capability_gets_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["play", "dot", "--real-time"]) == 1
    assert "emulated" in (said := capsys.readouterr().err)
    assert "real time" in said


def test_an_open_device_begins_anew_by_seed(home: Path) -> None:
    plugins = Plugins.installed()
    game = plugins.game("dot")
    assert list(worlds_of(plugins, game)) == ["emulated"]
    with open_device(plugins, game, "emulated", options={"seed": 7}) as device:
        episodes = device.capture.episodes
        assert episodes is not None
        first = device.capture.look()
        device.input.send("right", 1.0)
        device.clock.sleep_until(10**10)
        assert (episodes.terminated, episodes.truncated) == (True, False), "apart: it left the picture"
        assert device.capture.look() is None
        device.input.release_all()
        episodes.reset(seed=7)
        again = device.capture.look()
        assert first is not None
        assert again is not None
        assert np.array_equal(first.frame_HWC, again.frame_HWC)
        assert (episodes.reward, episodes.episode_return) == (0.0, 0.0)
        episodes.reset(seed=7)
        device.clock.sleep_until(device.clock.now_ns() + 10**10)
        assert (episodes.terminated, episodes.truncated) == (False, True)


def test_a_device_is_put_back_to_how_it_was(home: Path) -> None:
    plugins = Plugins.installed()
    game = plugins.game("dot")
    assert capabilities_of(plugins, game, "emulated").states

    def played(device: OpenDevice) -> list[bytes]:
        device.input.send("left", 1.0)
        pictures = []
        for _ in range(2):
            device.clock.sleep_until(device.clock.now_ns() + 50_000_000)
            captured = device.capture.look()
            assert captured is not None
            pictures.append(captured.frame_HWC.tobytes())
        return pictures

    options = {"seed": 7, "reset": {"mode": "hard"}}
    with open_device(plugins, game, "emulated", options=options) as device:
        device.clock.sleep_until(100_000_000)
        kept = device.states.save()
        first = played(device)
        now_ns = device.clock.now_ns()
        device.states.load(kept)
        assert device.clock.now_ns() == now_ns, "the clock goes on"
        assert played(device) == first, "the same happens again, chance and all"
        with pytest.raises(BadValue, match="no state of the machine"):
            device.states.load(b"[]")


def test_what_can_neither_begin_anew_nor_be_saved_says_so(fake_device: Callable[..., Any]) -> None:
    device = fake_device().device
    with pytest.raises(BadValue, match="fake has no episodes"):
        device.episodes.reset()
    with pytest.raises(BadValue, match="fake cannot save its state"):
        device.states.save()


def test_what_declares_nothing_has_safe_defaults() -> None:
    def opener(session: Any) -> Any:
        raise AssertionError("nothing is opened to know what it can")

    @provides(lambda options: Capabilities(lockstep=not options.get("real_time"), has_window=True))
    def declared(session: Any) -> Any:
        return opener(session)

    class Plugin:
        def get(self, kind: str, name: str) -> Any:
            return {"plain": opener, "declared": declared}[name]

    game = small({"plain": ("plain", "plain"), "declared": ("declared", "plain")})
    plugins: Any = Plugin()
    assert capabilities_of(plugins, game, "plain") == Capabilities()
    assert capabilities_of(plugins, game, "declared") == Capabilities(lockstep=True, has_window=True)
    assert not capabilities_of(plugins, game, "declared", {"real_time": True}).lockstep


def test_a_session_made_by_hand_knows_what_built_in_backends_can() -> None:
    """Else keys would go out without the focus."""
    game = small({"shown": ("screen", "keyboard")})
    can = DeviceSession(game=game, name="shown", device=game.device("shown")).capabilities
    assert (can.has_window, can.has_keyboard, can.episodes) == (True, True, False)


def small(devices: dict[str, tuple[str, str]]) -> Game:
    return Game(
        name="small",
        title="Small",
        devices={name: Device(capture=capture, input=pressed) for name, (capture, pressed) in devices.items()},
        frame=Frame(width=8, height=6, rate_hz=10),
        labels={"push": Keys("left", "right")},
        controls={"left": "left", "right": "right"},
    )


class Quiet(gymnasium.Env[Any, Any]):
    """Tells nothing at its beginning, as emulators do."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012
    action_space = gymnasium.spaces.MultiBinary(2)
    observation_space = gymnasium.spaces.Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, **options: Any) -> tuple[int, dict[str, Any]]:
        self.steps = 0
        return 0, {}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return 0, 0.5, self.steps == 3, self.steps == 5, {"score": self.steps}

    def render(self) -> Any:
        return np.zeros((6, 8, 3), np.uint8)


@pytest.fixture
def quiet() -> Iterator[Game]:
    gymnasium.register("playhead-test/Quiet-v0", Quiet)
    options = {"environment": "playhead-test/Quiet-v0", "codes": ["left", "right"], "telemetry": ("score",)}
    world = Device(capture="environment", input="environment", options=options)
    yield replace(small({"world": ("environment", "environment")}), devices={"world": world})
    del gymnasium.registry["playhead-test/Quiet-v0"]


def test_an_environment_names_telemetry_that_it_tells_later(quiet: Game) -> None:
    plugins = Plugins.installed()
    with open_device(plugins, quiet, "world") as device:
        assert device.capture.telemetry_names == ("score",)
        episodes = device.capture.episodes
        assert episodes is not None
        first = device.capture.look()
        assert first is not None
        assert math.isnan(first.telemetry["score"])
        device.clock.sleep_until(100_000_000)
        later = device.capture.look()
        assert later is not None
        assert later.telemetry == {"score": 2.0}
        assert (episodes.reward, episodes.episode_return) == (0.5, 1.0)
        device.clock.sleep_until(10**9)
        assert (episodes.terminated, episodes.truncated) == (True, False)
