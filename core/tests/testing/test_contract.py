"""The contract passes a sound game and fails, each check by itself, a game that is wrong in one way."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
import torch

import playhead
from playhead.capture.phone import PhoneCapture
from playhead.conversions import Conversion
from playhead.devices import DeviceSession
from playhead.errors import BadValue, PlayheadError
from playhead.game import Device, Frame, Game, Measure, Scenario, Window, World
from playhead.hookspecs import hookimpl
from playhead.labels import Axes, Choice, Keys
from playhead.models.conv_lstm import ConvLstm, build
from playhead.phone import View, phone_of
from playhead.plugins import Plugins
from playhead.recording.collector import Item, Picture
from playhead.regions import Region
from playhead.testing import GameContract
from playhead.testing.day import Day
from playhead.testing.phone import FakePhone
from playhead.training.recipe import Recipe

TINY, HASTY = "playhead_tests/Tiny-v0", "playhead_tests/Hasty-v0"


class Tiny(gymnasium.Env[Any, Any]):
    """A dot that goes left and right, at 20 steps a second."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012
    action_space = gymnasium.spaces.MultiBinary(2)
    observation_space = gymnasium.spaces.Box(0, 255, (24, 32, 3), np.uint8)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.place = 16

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        if options and options.get("scenario") == "nowhere":
            raise RuntimeError("no such place")
        self.place = int(self.np_random.integers(4, 28))
        return self.render(), {"measures": {"place": self.place}}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.place = int(np.clip(self.place + action[1] - action[0], 2, 29))
        return self.render(), 0.0, False, False, {"measures": {"place": self.place}}

    def render(self) -> Any:
        picture = np.zeros((24, 32, 3), dtype=np.uint8)
        picture[10:14, self.place - 2 : self.place + 2] = 255
        return picture


gymnasium.register(TINY, entry_point=Tiny, disable_env_checker=True)


class Hasty(Tiny):
    """Is over in three of four drives before a window is full."""

    def step(self, action: Any) -> Any:
        told = super().step(action)
        self.steps = getattr(self, "steps", 0) + 1
        return *told[:2], self.steps >= (8 if self.seed % 4 == 0 else 1), *told[3:]

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.seed, self.steps = seed or 0, 0
        return super().reset(seed=seed, options=options)


gymnasium.register(HASTY, entry_point=Hasty, disable_env_checker=True)


class ToTheMiddle:
    def __init__(self, env: Any) -> None:
        self._env = env.unwrapped

    def decide(self) -> dict[str, float]:
        return {"a": float(self._env.place > 16), "d": float(self._env.place < 16)}


PONG = Game(
    name="contractpong",
    title="Contract Pong",
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title="Pong"))},
    frame=Frame(width=32, height=24, rate_hz=10),
    regions={"score": Region(x=8, y=0, width=16, height=6)},
    labels={"paddle": Keys("left", "right", opposites=(("left", "right"),), mirror=(("left", "right"),))},
    controls={"left": "a", "right": "d"},
    recipes={"default": Recipe(length=2, stride_s=0.1, model_options={"features": 8, "hidden": 8})},
    settings="Sound off.",
)
WORLD = replace(
    PONG,
    devices={
        "world": Device(
            capture="environment", input="environment", options={"environment": TINY, "codes": ["a", "d"]}
        )
    },
    world=World(
        environment=TINY,
        policies={"expert": ToTheMiddle},
        expert="expert",
        scenarios={"regular": Scenario(), "far": Scenario(options={"scenario": "far"})},
        measures=(Measure(name="place", title="place"),),
    ),
)

CLASSIFIER = replace(PONG, labels={"mood": Choice("calm", "wild")}, controls={}, regions={})
MIXED = replace(
    PONG,
    labels={
        **PONG.labels,
        "gear": Choice("low", "high"),
        "wheel": Axes("steer"),
        "foot": Axes("gas", deltas=(-0.1, 0, 0.1)),
    },
    controls={**PONG.controls, "high": "g", "steer": "x", "gas": "y"},
)
UNDRIVEN = replace(WORLD, world=None)


class Shelf:
    """A collector: one item of two parts, photographed on a phone."""

    columns: ClassVar[Mapping[str, str]] = {"thing": "S8", "side": "int64"}
    item_column, part_column = "thing", "side"
    things: tuple[str, ...] = ("ball",)

    def __init__(self, session: DeviceSession, options: Mapping[str, Any]) -> None:
        if options:
            raise BadValue(f"The shelf has no option {', '.join(options)}.")
        self.phone = phone_of(session)

    def items(self) -> list[Item]:
        return [Item(name=thing, parts=(0, 1)) for thing in self.things]

    def collect(self, item: Item) -> Iterator[Picture]:
        for side in item.parts:
            self.phone.tap(1, 1)
            yield self.picture({"thing": item.name, "side": side}, {"mood": [1]})

    def picture(self, columns: Mapping[str, Any], labels: Mapping[str, Any]) -> Picture:
        view = View(width=32, height=24)
        return Picture(
            picture=self.phone.grab(view), time_ns=self.phone.clock.now_ns(), columns=columns, labels=labels
        )


class Trusting(Shelf):
    def __init__(self, session: DeviceSession, options: Mapping[str, Any]) -> None:
        super().__init__(session, {})


class Empty(Shelf):
    things = ()


class Twice(Shelf):
    things = ("ball", "ball")


class Nameless(Shelf):
    item_column = "name"


class Greedy(Shelf):
    def collect(self, item: Item) -> Iterator[Picture]:
        yield from super().collect(Item(name=item.name, parts=(0, 1)))


class Large(Shelf):
    def collect(self, item: Item) -> Iterator[Picture]:
        for picture in super().collect(item):
            yield replace(picture, picture=self.phone.grab())


class Wild(Shelf):
    def collect(self, item: Item) -> Iterator[Picture]:
        for picture in super().collect(item):
            yield replace(picture, labels={"mood": [2]})


class Bare(Shelf):
    columns: ClassVar[Mapping[str, str]] = {"thing": "S8", "side": "int64", "colour": "S8"}


class Hasty(Shelf):
    def collect(self, item: Item) -> Iterator[Picture]:
        for picture in super().collect(item):
            yield replace(picture, time_ns=7)


def open_pocket(session: DeviceSession) -> PhoneCapture:
    return PhoneCapture.open(session, FakePhone)


def collected_by(collector: Any) -> Game:
    return replace(
        CLASSIFIER,
        devices={**PONG.devices, "phone": Device(capture="pocket", input="none")},
        collectors={"shelf": collector},
    )


SOUND = {
    "on a fake window": PONG, "on a world": WORLD, "only watched": CLASSIFIER, "all kinds of heads": MIXED,
    "a world nobody can drive": UNDRIVEN, "collected from a phone": collected_by(Shelf),
}  # fmt: skip


def installed(game: Game, **hooks: Any) -> Plugins:
    """Return plugins in which a game is taught, as if its package were installed."""
    plugin = types.ModuleType("plugin")
    own = {"playhead_games": lambda: [game], "playhead_captures": lambda: {"pocket": open_pocket}}
    for name, hook in {**own, **hooks}.items():
        setattr(plugin, name, hookimpl(hook))
    return Plugins([("plugin", plugin)], strict=True)


def contract(game: Game) -> GameContract:
    of_game: GameContract = type("TestIt", (GameContract,), {"game": game})()
    return of_game


CHECKS = [name for name in vars(GameContract) if name.startswith("test_")]


def check(name: str, game: Game, plugins: Plugins, folder: Path) -> None:
    """Run one check of the contract, handing it the fixtures it asks for."""
    method = getattr(contract(game), name)
    wanted = method.__code__.co_varnames[1 : method.__code__.co_argcount]
    with Day(game, plugins, folder) as day:
        given = {"plugins": plugins, "day": day, "tmp_path": folder}
        method(**{name: given[name] for name in wanted})


@pytest.fixture(autouse=True)
def fakes_see_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points are not what is tested here: what is installed is what a test hands in."""
    monkeypatch.setattr("playhead.installed.entry_points", lambda group: [])


@pytest.mark.parametrize("game", SOUND.values(), ids=list(SOUND))
@pytest.mark.parametrize("name", CHECKS)
def test_a_sound_game_passes(name: str, game: Game, tmp_path: Path) -> None:
    check(name, game, installed(game), tmp_path)


def with_recipe(**changes: Any) -> Game:
    return replace(PONG, recipes={"default": replace(PONG.recipes["default"], **changes)})


def with_world(**changes: Any) -> Game:
    assert WORLD.world is not None
    return replace(WORLD, world=replace(WORLD.world, **changes))


def pressing(action: Mapping[str, float]) -> Callable[..., Any]:
    return lambda game, settings: types.SimpleNamespace(act=lambda predictions, interval_s: action)


def stubborn(env: Any) -> Any:
    return types.SimpleNamespace(decide=lambda: {"space": 1.0})


class Endless(Region):
    """Says what no JSON can."""

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"x": float("inf")}


SCREEN = PONG.devices["screen"]
TWO = Conversion("two", Choice("x", "y"), Keys("a", "b"), lambda rows: rows)
FIRST = Conversion("first", Keys("a"), Keys("b"), lambda rows: np.repeat(rows[:1], len(rows), 0))
UP = Conversion("up", Keys("a"), Keys("b"), lambda rows: rows + 1)

# Which check, a game that is wrong in one way, and what must be said about it.
WRONG: list[tuple[str, Game, str]] = [
    ("survives_json", replace(PONG, regions={"far": Endless(x=0, y=0, width=4, height=4)}), "not JSON compliant"),
    ("that_exist", replace(PONG, devices={"s": replace(SCREEN, capture="sceen")}), 'No capture is called "sceen"'),
    ("that_exist", replace(PONG, devices={"s": replace(SCREEN, input="kebord")}), 'No input is called "kebord"'),
    ("has_a_control", replace(PONG, controls={"left": "a"}), "none for right"),
    ("has_a_control", replace(PONG, labels={**PONG.labels, "steer": Axes("wheel")}), "none for wheel"),
    ("valid_labels", replace(PONG, conversions=(TWO,)), r"two gives \(64, 1\), not \(64, 2\)"),
    ("valid_labels", replace(PONG, conversions=(UP,)), "up"),
    ("valid_labels", replace(PONG, conversions=(FIRST,)), "first converts rows not one by one"),
    ("game_has", with_recipe(model="conv_lstn"), 'No model is called "conv_lstn"'),
    ("game_has", with_recipe(training="supervized"), 'No training is called "supervized"'),
    ("game_has", with_recipe(heads=("padle",)), 'No label head is called "padle"'),
    ("game_has", with_recipe(augment={"flipp": 0.5}), 'No augmentation is called "flipp"'),
    ("game_has", with_recipe(augment={"flip": 1.5}), "is not a probability"),
    ("game_has", with_recipe(origins=("humans",)), 'No origin of labels is called "humans"'),
    ("game_has", with_recipe(origins=()), "trusts the labels of nobody"),
    ("game_has", with_recipe(model_options={"hiden": 8}), 'No option of the model conv_lstm is called "hiden"'),
    ("game_has", with_recipe(model_options={"channels": (4, 4)}), "holds something that JSON changes"),
    ("may_be_pressed", replace(PONG, controller=pressing({"space": 1.0})), "presses space, which is no control"),
    ("may_be_pressed", replace(PONG, controller=pressing({"a": 1.5})), r"gives a the value 1\.5"),
    ("may_be_pressed", replace(PONG, controller=pressing({"a": -1.0})), r"gives a the value -1\.0"),
    ("may_be_pressed", replace(PONG, controller=pressing({"a": 1.0, "d": 0.1})), "holds a and d together"),
    ("may_be_pressed", with_recipe(controller={"treshold": 0.4}), 'No setting of the controller is called "tres'),
    ("may_be_pressed", replace(PONG, controller="nowhere_at_all:c"), '"nowhere_at_all:c" cannot be imported'),
    ("be_driven", with_world(expert="epxert"), "the expert epxert is none of the policies"),
    ("be_driven", with_world(policies={"expert": stubborn}), "policy expert presses space"),
    ("be_driven", with_world(policies={"expert": "nowhere_at_all:E"}), '"nowhere_at_all:E" cannot be imported'),
    ("be_driven", with_world(measures=(Measure(name="plaice", title="p"),)), "does not measure plaice"),
    ("be_driven", with_world(scenarios={"far": Scenario(options={"scenario": "nowhere"})}), "no such place"),
    ("be_driven", with_world(test_options={"scenario": "nowhere"}), "no such place"),
    ("be_driven", replace(WORLD, devices=PONG.devices), "no device to drive it on"),
    ("be_driven", replace(WORLD, frame=replace(WORLD.frame, rate_hz=200)), "makes only 20 steps a second"),
    ("be_imported", replace(PONG, importers={"old": "nowhere_at_all:f"}), '"nowhere_at_all:f" cannot be imported'),
    (
        "what_they_say",
        replace(PONG, collectors={"c": "nowhere_at_all:C"}),
        '"nowhere_at_all:C" cannot be imported',
    ),
    ("what_they_say", collected_by(Trusting), "DID NOT RAISE"),
    ("what_they_say", collected_by(Empty), "the collector shelf has nothing to collect"),
    ("what_they_say", collected_by(Twice), 'names two items "ball"'),
    ("what_they_say", collected_by(Nameless), 'No column of the collector shelf is called "name"'),
    ("what_they_say", collected_by(Greedy), r"parts=\(1,\)\) gave .*0.*1"),
    ("what_they_say", collected_by(Large), r"are \(100, 200, 3\), the game's are \(24, 32, 3\)"),
    ("what_they_say", collected_by(Wild), "ball"),
    ("what_they_say", collected_by(Bare), "columns of ball"),
    ("what_they_say", collected_by(Hasty), "not taken one after the other"),
    ("shipped_runs", replace(PONG, shipped_runs=lambda: Path("nowhere")), "leads to nowhere, which is no folder"),
    ("set_it_up", replace(PONG, settings=" "), "say in `settings`"),
    ("whole_day", with_recipe(origins=("model",)), "train .*has a window to learn from"),
    ("whole_day", replace(PONG, controller=pressing({"space": 1.0})), 'play .*No control is called "space"'),
    (
        "whole_day",
        with_recipe(controller={"treshold": 0.4}),
        'evaluate .*setting of the controller is called "tres',
    ),
    ("whole_day", with_world(policies={"expert": stubborn}), 'record .*No code of this device is called "space"'),
]


@pytest.mark.parametrize(
    ("part", "game", "said"), WRONG, ids=[f"{n}-{part}" for n, (part, *_) in enumerate(WRONG)]
)
def test_a_game_that_is_wrong_in_one_way_fails_that_check(
    part: str, game: Game, said: str, tmp_path: Path
) -> None:
    (name,) = (name for name in CHECKS if part in name)
    faults = (AssertionError, PlayheadError, ValueError, RuntimeError, pytest.fail.Exception)
    with pytest.raises(faults, match=f"(?s){said}"):
        check(name, game, installed(game), tmp_path)


def test_where_drives_are_short_more_are_recorded(tmp_path: Path) -> None:
    (device,) = WORLD.devices.values()
    hasty = replace(device, options={**device.options, "environment": HASTY})
    assert WORLD.world is not None
    game = replace(WORLD, devices={"world": hasty}, world=replace(WORLD.world, environment=HASTY))
    check("test_a_whole_day", game, installed(game), tmp_path)
    assert len(playhead.recordings(game, home=tmp_path)) == 8


def test_every_check_is_seen_failing() -> None:
    seen = {part for part, *_ in WRONG}
    assert [name for name in CHECKS if not any(part in name for part in seen)] == ["test_its_package_is_found"]


def test_a_game_that_is_not_installed_fails(tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match='No game is called "contractpong"'):
        check("test_its_package_is_found", PONG, Plugins(), tmp_path)


def test_another_game_of_that_name_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="another game is installed under the name contractpong"):
        check("test_its_package_is_found", PONG, installed(replace(PONG, title="Old Pong")), tmp_path)


def test_a_shipped_run_that_is_damaged_fails(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "default" / "1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    game = replace(PONG, shipped_runs=lambda: tmp_path / "runs")
    with pytest.raises(PlayheadError, match="format_version"):
        check("test_its_shipped_runs_open_and_fit", game, installed(game), tmp_path)


def test_a_network_that_forgets_fails(tmp_path: Path) -> None:
    class Forgetful(ConvLstm):
        def step(self, prepared: Any, state: Any) -> Any:
            return super().step(prepared, self.initial_state(len(state["has_begun"])))

    game = with_recipe(model="forgetful", model_options={"stateful": True}, length=3)
    kept = installed(game, playhead_models=lambda: {"forgetful": ConvLstm})
    check("test_its_recipes_train_what_the_game_has", game, kept, tmp_path)
    plugins = installed(game, playhead_models=lambda: {"forgetful": Forgetful})
    with pytest.raises(AssertionError, match="frame by frame paddle is answered otherwise"):
        check("test_its_recipes_train_what_the_game_has", game, plugins, tmp_path)


def test_a_network_that_answers_something_else_fails(tmp_path: Path) -> None:
    def narrow(spec: Any) -> Any:
        network = build(spec)
        network.heads.layers["paddle"] = torch.nn.Linear(network.options["hidden"], 1)
        return network

    game = with_recipe(model="narrow", model_options={})
    plugins = installed(game, playhead_models=lambda: {"narrow": narrow})
    with pytest.raises(AssertionError, match="head paddle"):
        check("test_its_recipes_train_what_the_game_has", game, plugins, tmp_path)
