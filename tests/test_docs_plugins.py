"""docs/plugins.md says of every hook and reference what the code says."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playhead import builtin, hookspecs
from playhead.devices import DeviceSession
from playhead.environment.making import OPTIONS
from playhead.game import Device, Frame, Game, World
from playhead.labels import Choice
from playhead.plugins import Plugins
from playhead.readings import Reading
from playhead.recording.collecting import header_of
from playhead.references import Stated

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
HOOKS = {
    name: hook for name, hook in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("playhead_")
}


def signature(name: str, function: Callable[..., Any]) -> str:
    return f"{name}{inspect.signature(function)}".replace("'", "")


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_described_with_its_signature(name: str) -> None:
    assert f"\n### `{signature(name, HOOKS[name])}`\n" in TEXT


def test_no_hook_is_described_that_does_not_exist() -> None:
    assert set(re.findall(r"^### `(\w+)", TEXT, re.MULTILINE)) == set(HOOKS)
    assert set(re.findall(r"\bplayhead_[a-z]+s\b(?=\()", TEXT)) <= set(HOOKS)


def test_the_number_of_hooks_is_right() -> None:
    numbers = {"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11}
    (said,) = re.findall(r"^(\w+) registries\.", TEXT, re.MULTILINE)
    assert numbers[said.lower()] == len(HOOKS)


def test_the_example_of_a_game_is_a_working_plugin() -> None:
    code = next(block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "PONG = Game(" in block)
    module = types.ModuleType("playhead_pong")
    exec(compile(code, "docs/plugins.md", "exec"), module.__dict__)
    assert Plugins([("pong", module)], strict=True).game("pong").title == "Pong"


def test_the_example_of_a_training_method_trains(tmp_path: Path) -> None:
    from playhead.training.job import TrainingJob
    from playhead.training.method import method_of
    from playhead.training.recipe import Recipe

    code = next(block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "class Evolve(" in block)
    module = types.ModuleType("playhead_evolution")
    sys.modules["playhead_evolution"] = module  # where a dataclass looks its types up
    exec(compile(code, "docs/plugins.md", "exec"), module.__dict__)
    plugins = Plugins([("evolution", module)], strict=True)
    recipe = Recipe(training="evolve", method={"population": 3})
    game = Game(name="battles", title="Battles")
    job = TrainingJob(game=game, recipe=recipe, out=tmp_path / "default" / "one", plugins=plugins)
    assert method_of(plugins, "evolve").train(job).read("best.txt") == b"3"


def test_the_example_of_a_collector_collects() -> None:
    from playhead.testing.collectors import check_item
    from playhead.testing.phone import FakePhone

    code = next(block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "class Doors" in block)
    module = types.ModuleType("doors")
    exec(compile(code, "docs/plugins.md", "exec"), module.__dict__)
    device = Device(capture="phone", input="none")
    game = Game(
        name="doors",
        title="Doors",
        devices={"phone": device},
        frame=Frame(width=200, height=100, rate_hz=1),
        labels={"colour": Choice("red", "green")},
    )
    session = DeviceSession(game=game, name="phone", device=device)
    session.share("phone", FakePhone)
    doors = module.Doors(session, {})
    assert [len(check_item(session, doors, item)) for item in doors.items()] == [2, 2]
    assert header_of(session, "doors", doors).columns == {"door": "S8", "side": "int64"}


def test_every_field_of_a_game_is_described() -> None:
    table = TEXT[TEXT.index("What each part is for") : TEXT.index("All of it is data")]
    for field in dataclasses.fields(Game):
        assert f"`{field.name}`" in table, field.name


def parameters(reference: Any) -> list[str]:
    """Return what something is called with; all that is given by name only counts as **options."""
    function = Stated(reference).load() if isinstance(reference, str) else reference
    taken = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    by_name = [one for one in taken if one.kind is one.KEYWORD_ONLY]
    return [one.name for one in taken if one not in by_name] + ["**options"] * bool(by_name)


# Reference -> something real that is called in that way.
CALLED = {
    "`Game.controller`": Game.__dataclass_fields__["controller"].default,
    "`Reading.reader`": Reading.__dataclass_fields__["reader"].default,
    "`Game.importers`": "playhead_gta5.importers:find_hdf5",
    "`Game.collectors`": "playhead_sideswipe.acquisition:GarageCollector",
    "`Game.shipped_runs`": "playhead_gta5.game:shipped_runs",
    "`Game.more_recipes`": "playhead_gta5.models:recipes",
    "`World.policies`": "playhead_carracing.policy:Expert",
    "the device option `action`": "playhead_carracing.game:action",
}


@pytest.mark.parametrize("place", CALLED)
def test_every_reference_says_what_it_is_called_with(place: str) -> None:
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| {place} |"))
    said = row.split("|")[2].strip(" `()")
    assert [name.strip() for name in said.split(",") if name] == parameters(CALLED[place])


def test_every_reference_field_is_in_the_table() -> None:
    fields = [
        f"{owner.__name__}.{field.name}"
        for owner in (Game, World, Reading)
        for field in dataclasses.fields(owner)
        if "Reference" in str(field.type)
    ]
    for name in fields:
        assert f"| `{name}` |" in TEXT, name


def test_the_built_in_augmentations_are_called_as_described() -> None:
    for name, reference in builtin.playhead_augmentations().items():
        assert parameters(reference)[:2] == ["schema", "frame"], name
    assert "Called with `(schema, frame, **options)`" in TEXT


@pytest.mark.parametrize(
    ("hook", "takes"),
    [
        ("captures", "session"),
        ("inputs", "session"),
        ("models", "spec"),
        ("trainings", "job"),
        ("storages", "url"),
    ],
)
def test_the_built_ins_are_called_as_described(hook: str, takes: str) -> None:
    for name, reference in getattr(builtin, f"playhead_{hook}")().items():
        assert parameters(reference) == [takes], name


def test_modules_and_classes_that_are_named_exist() -> None:
    for dotted in set(re.findall(r"`(playhead\.[a-z_.]+\.[A-Z]\w+)`", TEXT)):
        module, _, name = dotted.rpartition(".")
        assert Stated(f"{module}:{name}").load()


def test_the_table_of_an_environments_options_has_each_of_them_once() -> None:
    table = (
        TEXT[TEXT.index('`input="environment"`, and in its options:') :].partition("\n\n")[2].partition("\n\n")[0]
    )
    named = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(OPTIONS)
