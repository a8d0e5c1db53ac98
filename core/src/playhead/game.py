"""What playhead must know about a game, as data. Imports nothing heavy and nothing of capture, storage or torch.

Data and code are kept apart: everything that can be written as JSON goes into every recording and run
(`Game.to_json`); code is named by a Reference, `"package.module:name"`, and imported when it is used
(references.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from playhead.conversions import Conversion, with_derived
from playhead.errors import BadValue, NotFound, not_found
from playhead.events import MOTIONS
from playhead.labels import Axes, Head, Keys, LabelSchema, describe
from playhead.names import checked_name, is_name
from playhead.readings import Reading, confidence_of
from playhead.references import Reference, all_stated, resolve, stated
from playhead.regions import Region
from playhead.typed import check_fields

if TYPE_CHECKING:
    from playhead.training.recipe import Recipe


MOST_PIXELS, MOST_HZ = 16_384, 100_000  # of a side, of a rate


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The picture a network sees.

    Units:  width, height in pixels; rate_hz frames a second; quality is JPEG's, 1 to 100.
    """

    width: int
    height: int
    rate_hz: float
    colour: Literal["rgb", "grey"] = "rgb"
    codec: Literal["jpeg", "lossless"] = "jpeg"
    quality: int = 75  # 8.9 KiB, 33.4 dB a frame of the streets world (benchmarks/reading.py)

    def __post_init__(self) -> None:
        sides = 0 < self.width <= MOST_PIXELS and 0 < self.height <= MOST_PIXELS
        if not sides or not 0 < self.rate_hz <= MOST_HZ or not 1 <= self.quality <= 100:
            raise BadValue(
                f"A frame needs width and height of 1 to {MOST_PIXELS} pixels, a rate above 0 and at most "
                f"{MOST_HZ}, and a quality of 1 to 100: {self}."
            )

    @property
    def channels(self) -> int:
        """3 for rgb, 1 for grey."""
        return 3 if self.colour == "rgb" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels), as frames are stored."""
        return self.height, self.width, self.channels


@dataclass(frozen=True, kw_only=True)
class Window:
    """How to recognise the game's window: part of its title, or the name of its process."""

    title: str = ""
    process: str = ""


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where a game runs: a capture and an input backend that belong together, by name.

    `options` are plain data for the backends. `rate_hz` replaces the frame rate of the game on this device, and
    `guard` lies over the game's: a detector may never have seen what this device shows.
    """

    capture: str
    input: str
    window: Window | None = None
    rate_hz: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.options, Mapping) and "action" in self.options:  # the one option that is code
            _set(self, "options", {**self.options, "action": stated(self.options["action"])})


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named kind of episode: options for the environment's reset, and how much of its start is padding."""

    options: Mapping[str, Any] = field(default_factory=dict)
    padding_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number an episode is scored by: its name in `info["measures"]`, a heading, and which way is good.

    `kind` says what it can be, and so how sure a mean of it is (docs/intervals.md): any number, an amount from 0
    on, a count of events, a share from 0 to 1. Without one it is a share where many drives show no other values.
    """

    name: str
    title: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    kind: Literal["", "number", "amount", "count", "share"] = ""


@dataclass(frozen=True, kw_only=True)
class World:
    """What stands in for the game: a Gymnasium environment, or whatever else a device with episodes opens.

    `policies` are scripted drivers: each is called with what is played (the environment), and has
    `decide() -> {code: value}`.
    `measures` are read from `info["measures"]`; without any, the return and length of an episode are scored.
    `score` names the one that says best how well a drive went, by itself the first that is better when higher.
    `test_options` go to the environment when a network is measured, so that it never sees what it trained on.
    `shown` are options laid over the device's when the world is shown in a window of its own (`playhead world`).
    """

    environment: str = ""
    policies: Mapping[str, Reference] = field(default_factory=dict)
    expert: str = ""
    scenarios: Mapping[str, Scenario] = field(default_factory=lambda: {"regular": Scenario()})
    measures: tuple[Measure, ...] = ()
    score: str = ""
    test_options: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.policies, Mapping):
            _set(self, "policies", all_stated(self.policies))


@dataclass(frozen=True, kw_only=True)
class LiveDefaults:
    """What a live run of the game starts from, where nobody says otherwise (docs/live.md).

    `edges` are the bins of axes: balancing -> axis -> edges, as playhead/live/bins.py reads them. `size_in` names
    the mapping of the device's options that the picture's width and height go into. `watched` are options laid
    over the device's where the player drives and people look on, as for a further camera. `varied` are options of
    the world's reset: every drive of a collector draws one of the values of each. `stuck` is laid over the game's
    own in its world, which may tell more.
    Units:  width, height pixels and rate_hz frames a second; 0: those of the game's frame and device.
    """

    recipe: str = "default"
    width: int = 0
    height: int = 0
    rate_hz: float = 0.0
    size_in: str = ""
    watched: Mapping[str, Any] = field(default_factory=dict)
    varied: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    stuck: Mapping[str, Any] = field(default_factory=dict)
    edges: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Game:
    """Everything playhead needs to know about one game. See docs/plugins.md for a guided example.

    `controls` maps label names to codes of the input device; a game without controls is never played.
    `conversions` derive heads from others: one drive is learned as keys or as classes.
    `guard` says by its `kind` what may change keys before they are pressed, as plain data for playing/guards.py.
    `stuck` says when a car stands, as plain data for playing/stuck.py.
    `live` says what a live run starts from.
    `more_recipes` returns further recipes by name; it is called when somebody asks for one that `recipes` has not.
    `settings` is the checklist for the person who sets the game up.
    `devices`, `frame` and `labels` may be missing where nothing is recorded, seen or learned by label.
    """

    name: str
    title: str
    devices: Mapping[str, Device] = field(default_factory=dict)
    frame: Frame | None = None
    labels: Mapping[str, Head] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    conversions: tuple[Conversion, ...] = ()
    controller: Reference = "playhead.playing.controllers:default_controller"
    guard: Mapping[str, Any] = field(default_factory=dict)
    stuck: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    more_recipes: Reference | None = None
    shipped_runs: Reference | None = None
    world: World | None = None
    balances: Mapping[str, Reference] = field(default_factory=dict)
    importers: Mapping[str, Reference] = field(default_factory=dict)
    collectors: Mapping[str, Reference] = field(default_factory=dict)
    live: LiveDefaults = field(default_factory=LiveDefaults)
    settings: str = ""

    def __post_init__(self) -> None:
        check_game(self)
        for name in ("controller", "shipped_runs", "more_recipes"):
            _set(self, name, stated(getattr(self, name)))
        for name in ("balances", "importers", "collectors"):
            _set(self, name, all_stated(getattr(self, name)))

    @property
    def schema(self) -> LabelSchema:
        """The label heads in their order."""
        return LabelSchema.of(self.labels)

    def device(self, name: str) -> Device:
        """Return the device called `name`. Raises NotFound with the nearest name, or saying what to add."""
        if not self.devices:
            raise NotFound(
                f"{self.name} has no device, so nothing can be recorded or played. Give its Game one: "
                'devices={"screen": Device(capture="screen", input="keyboard")}.'
            )
        if name not in self.devices:
            raise not_found(f"device of {self.name}", name, self.devices)
        return self.devices[name]

    def scenario(self, name: str) -> Scenario:
        """Return a scenario of the world; without a name, its first. Raises NotFound with the nearest name."""
        scenarios = self.world.scenarios if self.world is not None else {}
        if not name:
            return next(iter(scenarios.values()), Scenario())
        if name not in scenarios:
            raise not_found(f"scenario of {self.name}", name, scenarios)
        return scenarios[name]

    @property
    def needed_frame(self) -> Frame:
        """The frame, where something looks at it. Raises NotFound saying what to add."""
        if self.frame is None:
            raise NotFound(
                f"{self.name} has no frame, so there are no pictures of it. Give its Game one: "
                "frame=Frame(width=160, height=120, rate_hz=20)."
            )
        return self.frame

    @property
    def needed_schema(self) -> LabelSchema:
        """The label heads, where something learns or writes them. Raises NotFound saying what to add."""
        if not self.labels:
            raise NotFound(
                f"{self.name} has no labels, so nothing can be recorded or learned by them. Give its Game some: "
                'labels={"move": Keys("left", "right")}.'
            )
        return self.schema

    @property
    def learnable(self) -> LabelSchema:
        """The label heads and those that conversions derive from them. Raises NotFound without any."""
        return with_derived(self.needed_schema, self.conversions)

    @property
    def all_recipes(self) -> Mapping[str, Recipe]:
        """All recipes by name, the further ones too. Raises PluginError for what returns none."""
        if self.more_recipes is None:
            return self.recipes
        return {**self.recipes, **resolve(self.more_recipes)()}

    def rate_hz(self, device: str) -> float:
        """Frames a second on that device."""
        return self.device(device).rate_hz or self.needed_frame.rate_hz

    def region(self, name: str) -> Region:
        """Return the region called `name`. Raises NotFound with the nearest name."""
        if name not in self.regions:
            raise not_found(f"region of {self.name}", name, self.regions)
        return self.regions[name]

    def to_json(self) -> dict[str, Any]:
        """Return the data part: what a recording or a run must agree with. Code is left out."""
        return {
            "name": self.name,
            "title": self.title,
            **({"frame": asdict(self.frame)} if self.frame is not None else {}),
            "labels": self.schema.to_json(),
            "regions": {name: region.to_json() for name, region in self.regions.items()},
            "controls": dict(self.controls),
            "settings": self.settings,
        }


def _set(owner: object, name: str, value: object) -> None:
    """Set a field of something frozen while it is being made."""
    object.__setattr__(owner, name, value)


LONGEST_TITLE = 1000  # letters; it is part of a window's title, and a column of a table


class _NoRecipe:
    """Stands for the class of recipes where nobody has imported it."""


def check_game(game: Game) -> None:
    """Raise BadValue or NotFound for what is wrong with a game: first with its types, then with what it says."""
    recipes = sys.modules.get("playhead.training.recipe")  # who states a recipe has imported it
    check_fields(game, "Game", {"Recipe": recipes.Recipe if recipes else _NoRecipe})
    for name in game.recipes:
        checked_name(name, f"a recipe of {game.name}")
    if not game.name.isidentifier() or game.name != game.name.lower() or not is_name(game.name):
        raise BadValue(
            f'The game name "{game.name}" must be a lower-case word, as it is typed: letters, digits, _.'
        )
    if len(game.title) > LONGEST_TITLE:
        raise BadValue(f"The title of {game.name} has {len(game.title):,} letters, {LONGEST_TITLE} at most.")
    for name, region in game.regions.items():
        frame = game.needed_frame
        if not region.fits(frame.width, frame.height):
            raise BadValue(f"Region {name} of {game.name} lies outside its {frame.width}x{frame.height} frame.")
    _check_readings(game)
    known = controllable(game)
    for name in game.controls:
        if name not in known:
            raise not_found(f"label of {game.name}", name, known)
    _check_motions(game)
    codes = list(game.controls.values())
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise BadValue(f"{game.name} gives the control {', '.join(twice)} to two labels.")
    for one in game.conversions:
        if game.labels.get(one.target_head, one.target) != one.target:
            raise BadValue(
                f"Conversion {one.name} of {game.name} gives another head than its {one.target_head}: "
                f"{describe(LabelSchema.of({one.target_head: one.target}))}."
            )
    taken = sorted(set(game.collectors) & {"human", "run", "expert", *(game.world.policies if game.world else ())})
    if taken:
        raise BadValue(f"{game.name} has a collector called {taken[0]}, which is a driver's name already.")


def _check_motions(game: Game) -> None:
    """Raise BadValue where a motion is played by what does not move, or a mouse moves what is none."""
    for head in game.labels.values():
        is_motion = isinstance(head, Axes) and head.is_motion
        for name in head.names:
            code = game.controls.get(name, "")
            if code and is_motion != (code in MOTIONS):
                wants = f"one of {', '.join(MOTIONS)}" if is_motion else "a key or an axis of a pad"
                raise BadValue(
                    f"{name} of {game.name} is controlled by {code}, and must be by {wants}: only Axes with "
                    "full_per_s are motions."
                )


def _check_readings(game: Game) -> None:
    """Raise NotFound for a reading of no region, BadValue for two of one name."""
    for name, reading in game.readings.items():
        checked_name(name, f"a reading of {game.name}")
        game.region(reading.region)
        if confidence_of(name) in game.readings:
            raise BadValue(f"{game.name} has a reading called {confidence_of(name)}: the confidence of {name} is.")


def controllable(game: Game) -> list[str]:
    """Return the label names that may have a control: keys and axes, and classes of a choice."""
    return [name for head in game.labels.values() for name in head.names]


def opposite_keys(game: Game) -> list[tuple[str, str]]:
    """Return the pairs of labels that cancel each other, over all heads."""
    return [pair for head in game.labels.values() if isinstance(head, Keys) for pair in head.opposites]


def only_or_named(game: Game, kind: str, known: Iterable[str], name: str, *, option: str) -> str:
    """Return `name`, or without one the only thing of a kind, as an importer, that the game has.

    Raises:  NotFound when it has none, or none of that name; BadValue naming the option when it has several.
    """
    names = sorted(known)
    if not names:
        raise NotFound(f"{game.name} has no {kind}: its package brings none.")
    if not name and len(names) > 1:
        raise BadValue(f"{game.name} has several {kind}s. Pass {option} {' or '.join(names)}.")
    if name and name not in names:
        raise not_found(f"{kind} of {game.name}", name, names)
    return name or names[0]


def is_playable(game: Game) -> bool:
    """Whether the game has controls at all; a classifier of pictures has none."""
    return bool(game.controls)


__all__ = [
    "Device", "Frame", "Game", "LiveDefaults", "Measure", "Reference", "Scenario", "Window", "World",
    "controllable", "is_playable", "only_or_named", "opposite_keys", "resolve",
]  # fmt: skip
