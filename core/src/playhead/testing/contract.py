"""The contract that every game keeps, as a test class to subclass in three lines:

    class TestPong(GameContract):
        game = PONG

What it asks: the package is found, its data is sound and survives JSON, everything it names can be imported and
does what its place demands, and a person's whole day runs through: record, list, train, evaluate, play.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from playhead.capabilities import worlds_of
from playhead.game import Game
from playhead.home import Home
from playhead.labels import Axes, Keys, LabelSchema, check_same
from playhead.plugins import Plugins
from playhead.references import resolve
from playhead.regions import Region
from playhead.testing.collectors import check_collectors
from playhead.testing.day import Day, recipes_of
from playhead.testing.labels import check_labels, random_answer, random_labels
from playhead.testing.networks import check_steps, random_windows

# Backends of a machine with a window and keys: a test machine need not have the packages that bring them.
ELSEWHERE = frozenset({"android", "emulator", "video"})


class GameContract:
    """Subclass it and set `game`. Needs neither the game nor a display: a fake window takes the game's place."""

    game: ClassVar[Game]

    @pytest.fixture
    def plugins(self) -> Plugins:
        """Everything that is installed."""
        return Plugins.installed()

    @pytest.fixture
    def day(self, plugins: Plugins, tmp_path: Path) -> Iterator[Day]:
        """Everyday commands on the game's world, or on a fake window; skipped where nothing can be recorded."""
        if not (self.game.devices and self.game.frame and self.game.labels):
            pytest.skip(f"{self.game.name} lacks devices, a frame or labels, so it is not recorded")
        with Day(self.game, plugins, tmp_path) as day:
            yield day

    def test_its_package_is_found(self, plugins: Plugins) -> None:
        """Its entry point leads to this very game, and nothing in its plugin is broken."""
        assert plugins.game(self.game.name) == self.game, (
            f"another game is installed under the name {self.game.name}; is its entry point up to date?"
        )

    def test_its_data_survives_json(self) -> None:
        """What recordings and runs keep of a game is plain data."""
        data = json.loads(json.dumps(self.game.to_json(), allow_nan=False))
        schema = LabelSchema.from_json(data["labels"]) if self.game.labels else LabelSchema(())
        check_same(self.game.schema, schema, where="JSON", then="Mend to_json.")
        assert {name: Region.from_json(data["regions"][name]) for name in data["regions"]} == self.game.regions

    def test_its_devices_name_backends_that_exist(self, plugins: Plugins) -> None:
        """Every capture and input is registered, or one that a machine with the game has."""
        for device in self.game.devices.values():
            for kind, backend in (("capture", device.capture), ("input", device.input)):
                if backend not in ELSEWHERE:
                    plugins.get(kind, backend)

    def test_every_key_and_axis_has_a_control_or_none_has(self) -> None:
        """A label that is learned and never pressed is a mistake, unless the game is only watched."""
        if not self.game.controls:
            return
        heads = [head for head in self.game.labels.values() if isinstance(head, (Keys, Axes))]
        missing = [name for head in heads for name in head.names if name not in self.game.controls]
        assert not missing, f"{self.game.name} has controls, but none for {', '.join(missing)}"

    def test_its_conversions_give_valid_labels(self) -> None:
        """Every conversion maps any label of its source to a label of its target."""
        for conversion in self.game.conversions:
            rows = random_labels(conversion.source, 64)
            check_labels(conversion.target, conversion(rows), len(rows), conversion.name)
            alone = np.concatenate([conversion(row[None]) for row in rows])
            assert np.array_equal(alone, conversion(rows)), f"{conversion.name} converts rows not one by one"

    def test_its_recipes_train_what_the_game_has(self, plugins: Plugins) -> None:
        """Every recipe survives JSON, names what exists, and its network answers every head it learns."""
        learns = self.game.frame is not None and self.game.labels
        for name, recipe in (recipes_of(self.game) if learns else self.game.recipes).items():
            check_recipe(self.game, name, recipe, plugins)
        for name in self.game.all_recipes.keys() - self.game.recipes.keys():
            check_stated(self.game, name, self.game.all_recipes[name], plugins)

    def test_its_controller_presses_only_what_may_be_pressed(self) -> None:
        """Whatever a network answers, presses stay within their range and opposite keys are never both held."""
        for recipe in recipes_of(self.game).values() if self.game.labels else ():
            check_controller(self.game, dict(recipe.controller))

    def test_its_world_can_be_driven(self, plugins: Plugins) -> None:
        """Every scenario starts, every policy presses codes of the device, and every measure is there."""
        if self.game.world is not None:
            check_world(self.game, plugins)

    def test_what_it_names_can_be_imported(self) -> None:
        """Importers and balances lead somewhere, and take what they are called with."""
        for takes, references in (
            (("game", "path", "options"), self.game.importers),
            (("index",), self.game.balances),
        ):
            for reference in references.values():
                inspect.signature(resolve(reference)).bind(*takes)

    def test_its_collectors_take_what_they_say(self, plugins: Plugins) -> None:
        """Every collector refuses unknown options, lists what there is, and takes each part once."""
        check_collectors(self.game, plugins)

    def test_its_shipped_runs_open_and_fit(self, plugins: Plugins, tmp_path: Path) -> None:
        """Every run that comes with the package opens, fits the game and has all its weights."""
        if self.game.shipped_runs is not None:
            check_shipped_runs(self.game, plugins, Home(tmp_path, "test"))

    def test_a_person_is_told_how_to_set_it_up(self) -> None:
        """A game with a window of its own needs a list of settings: a HUD that is off cannot be read."""
        if any(device.window for device in self.game.devices.values()):
            assert self.game.settings.strip(), "say in `settings` what a person must set in the game"

    def test_a_whole_day(self, day: Day) -> None:
        """What is recorded is listed, trained on, measured, and played from."""
        day.record()
        day.list_recordings()
        day.train()
        day.evaluate()
        day.play()


def check_recipe(game: Game, name: str, recipe: Any, plugins: Plugins) -> None:
    """Assert that a recipe names what exists and that its network gives an answer for every head."""
    from playhead.models.building import build_network
    from playhead.models.network_part import model_spec
    from playhead.models.predictor import Predictor

    schema = check_stated(game, name, recipe, plugins)
    if schema is None:
        return
    spec = model_spec(game.to_json(), schema, game.needed_frame, recipe)
    predictor = Predictor(build_network(plugins, recipe.model, spec), schema)
    windows = random_windows(spec)
    predictions = predictor.predict_batch(windows)
    for head_name, head in schema.items():
        shape = predictions[head_name].shape
        assert (shape[0], shape[-1]) == (2, head.outputs), f"recipe {name}, head {head_name}"
    if predictor.network.is_stateful:
        check_steps(predictor, windows, f"recipe {name}")


def check_stated(game: Game, name: str, recipe: Any, plugins: Plugins) -> LabelSchema | None:
    """Assert that a recipe survives JSON and names what exists; return what it learns, None of no recordings."""
    from playhead.data.augment import Augmenter
    from playhead.data.windows import WindowSpec
    from playhead.training.method import method_of
    from playhead.training.recipe import Recipe

    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False))) == recipe, (
        f"recipe {name} holds something that JSON changes: use lists, numbers and texts in its mappings"
    )
    method = method_of(plugins, recipe.training)
    method.own(recipe)
    if game.frame is None or not game.labels:
        assert not method.needs_recordings, f"recipe {name} learns from recordings, and {game.name} can have none"
        return None
    for head in recipe.heads:
        game.learnable.head(head)
    schema = game.learnable.only((recipe.heads or game.schema) if method.learns_heads else ())
    for head in schema:
        assert WindowSpec.of(recipe).trusted(head), f"recipe {name} trusts the labels of nobody for {head}"
    Augmenter.of(recipe.augment, schema, game.needed_frame, game.regions, plugins)
    return schema


def check_controller(game: Game, settings: dict[str, Any]) -> None:
    """Assert that a controller's presses are of the game's controls, in range, and never opposite."""
    controller = resolve(game.controller)(game, settings)
    axes = {n for head in game.labels.values() if isinstance(head, Axes) for n in head.names}
    ranges = {code: (-1.0 if label in axes else 0.0, 1.0) for label, code in game.controls.items()}
    opposites = [
        (game.controls[a], game.controls[b])
        for head in game.labels.values()
        if isinstance(head, Keys)
        for a, b in head.opposites
        if a in game.controls and b in game.controls
    ]
    rng = np.random.default_rng(0)
    for trial in range(50):
        predictions = {name: random_answer(head, rng, trial) for name, head in game.schema.items()}
        action = dict(controller.act(predictions, float(rng.uniform(0.01, 0.5))))
        for code, value in action.items():
            assert code in ranges, f"the controller presses {code}, which is no control of {game.name}"
            low, high = ranges[code]
            assert low <= value <= high, f"the controller gives {code} the value {value}"
        for a, b in opposites:
            assert not (action.get(a) and action.get(b)), f"the controller holds {a} and {b} together"


def check_world(game: Game, plugins: Plugins) -> None:
    """Assert that every scenario of a world starts and every policy drives it with known codes."""
    from playhead.devices import open_device
    from playhead.environment import known_codes

    world = game.world
    assert world is not None
    assert not world.expert or world.expert in world.policies, f"the expert {world.expert} is none of the policies"
    device = next(worlds_of(plugins, game), None)
    assert device is not None, f"{game.name} has a world, but no device to drive it on"
    codes = known_codes(game.devices[device].options) or set(game.controls.values())
    for number, (scenario, kind) in enumerate(world.scenarios.items()):
        options = {"seed": number + 1, **({"reset": dict(kind.options)} if kind.options else {})}
        with open_device(plugins, game, device, options=options) as opened:
            first = opened.capture.look()
            assert first is not None, f"scenario {scenario} is over before it begins"
            assert first.frame_HWC.shape == game.needed_frame.shape
            session = opened.capture.episodes
            assert session is not None, f"{device} says that it has episodes, and its capture has none"
            for name, reference in world.policies.items():
                wanted = resolve(reference)(session.subject).decide()
                unknown = set(wanted) - set(codes)
                assert not unknown, f"policy {name} presses {', '.join(unknown)}, the device knows {sorted(codes)}"
            opened.clock.sleep_until(opened.clock.now_ns() + round(1e9 / game.rate_hz(device)))
            missing = [m.name for m in world.measures if m.name not in session.measures()]
            assert not missing, (
                f"the world does not measure {', '.join(missing)}: it has {list(session.measures())}"
            )
    with open_device(plugins, game, device, options={"seed": 1, "reset": dict(world.test_options)}) as opened:
        assert opened.capture.look() is not None


def check_shipped_runs(game: Game, plugins: Plugins, home: Home) -> None:
    """Assert that the runs of a game's package are whole and made for the game as it is now."""
    from playhead.models.catalogue import RunCatalogue
    from playhead.models.run import Run

    folder = Path(resolve(game.shipped_runs)())  # type: ignore[arg-type]
    assert folder.is_dir(), f"shipped_runs leads to {folder}, which is no folder"
    for run in map(Run.open, RunCatalogue(home=home, game=game).folders()):
        if run.network is None:
            assert all(run.read(name) for name in run.files), f"run {run.name} has an empty file"
            continue
        (run.check_plays(game, run.rate_hz) if run.plays else run.check_looks(game))
        run.load_model(plugins)
