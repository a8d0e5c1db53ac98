"""What a live run is: the game at its size, the recipe, the balancing, the buffers. One JSON file in its folder.

Every part is made from it, in whatever process it lives; `playhead live set` changes it while it runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.data.windows import WindowSpec
from playhead.decoding import encode_json, read_json
from playhead.errors import BadValue, Damaged, NotFound
from playhead.game import Frame, Game, World
from playhead.inputs import check_no_answer, check_playable
from playhead.live.balancing import ALL, Strategy, combination, each, strategy_of
from playhead.live.bins import Output, chosen_bins, outputs_of
from playhead.models.run_file import write_whole
from playhead.names import is_name
from playhead.plugins import Plugins
from playhead.regions import Region
from playhead.training.recipe import Recipe

FILE = "live.json"
BUFFER = "buffer"
THEN = "Begin another with a --name of its own."
MOST_COMBINATIONS = 10_000  # of the bins of all outputs, where each is a place of its own
GO_ON = 0.9  # of a full buffer: below this nothing is drawn. Source: Sentdex/pygta5, f2a858c
_Count = Annotated[int, Meta(ge=1, le=10_000_000)]
_Side = Annotated[int, Meta(ge=8, le=16_384)]
Edges = Mapping[str, Sequence[float]]


class LiveSettings(msgspec.Struct, kw_only=True, frozen=True):
    """What a live run was asked for; plain data.

    `recipe` is the recipe with all changes. `edges` are the bins of outputs by name. `version` counts the changes
    that were made while it ran.
    Units:  width, height pixels; rate_hz frames a second; buffer samples an output; checkpoint_every batches.
    """

    game: str
    name: str
    device: str
    width: _Side
    height: _Side
    rate_hz: Annotated[float, Meta(gt=0, le=1000)]
    recipe_name: str
    recipe: dict[str, Any]
    balance: str = "v3"
    edges: dict[str, Annotated[list[float], Meta(max_length=201)]] = {}
    depth: _Count = 1
    patience: _Count = 600
    buffer: _Count = 25_000
    checkpoint_every: _Count = 250
    held_out_every: _Count = 10
    drive_s: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    options: dict[str, Any] = {}
    version: Annotated[int, Meta(ge=0, le=10_000)] = 0


@dataclass(frozen=True, kw_only=True)
class Live:
    """A live run with everything that follows from its settings."""

    settings: LiveSettings
    plugins: Plugins = field(repr=False)
    game: Game = field(repr=False)
    recipe: Recipe = field(repr=False)

    @classmethod
    def of(cls, settings: LiveSettings, plugins: Plugins) -> Live:
        """Work out a live run. Raises NotFound or BadValue for settings that make none."""
        game = sized(plugins.game(settings.game), settings)
        live = cls(
            settings=settings,
            plugins=plugins.with_game(game),
            game=game,
            recipe=Recipe.from_json(settings.recipe),
        )
        check_playable(live.recipe.named_inputs, live.recipe.positions_s, f"The recipe {settings.recipe_name}")
        check_no_answer(
            live.recipe.named_inputs, live.recipe.positions_s, min(live.recipe.latencies_s), 1 / settings.rate_hz
        )
        combinations = math.prod(len(one.bins) for one in live.outputs)
        if live.strategy.places is combination and combinations > MOST_COMBINATIONS:
            raise BadValue(
                f"The outputs have {combinations:,} combinations of bins, and {MOST_COMBINATIONS:,} can be "
                "balanced. Balance each by itself: --balance v3."
            )
        each = live.recipe.batch_size // len(live.buffers)
        if each > settings.buffer * GO_ON:
            raise BadValue(
                f"A batch takes {each} samples from each buffer, and one of {settings.buffer} gives them only "
                f"down to {GO_ON:.0%}. Take --buffer {math.ceil(each / GO_ON) + 1} or more."
            )
        return live

    def check_network(self) -> None:
        """Raise NotFound or BadValue for a recipe whose network cannot be built here. Nothing is built."""
        from playhead.models.building import plan_network
        from playhead.models.network_part import model_spec

        spec = model_spec(self.game.to_json(), self.schema, self.game.needed_frame, self.recipe)
        plan_network(self.plugins, self.recipe.model, spec)

    @property
    def schema(self) -> Any:
        """The heads that are learned, in the game's order."""
        heads = self.recipe.heads or tuple(self.game.schema)
        for name in heads:
            self.game.learnable.head(name)
        return self.game.learnable.only(heads)

    @property
    def run_names(self) -> tuple[str, ...]:
        """What its runs are called, the present one first: each change of what is learned begins another."""
        name, version = self.settings.name, self.settings.version
        return tuple(f"{name}-{number}" if number else name for number in range(version, -1, -1))

    @property
    def strategy(self) -> Strategy:
        """How sets are balanced."""
        return strategy_of(self.settings.balance)

    @property
    def outputs(self) -> list[Output]:
        """What is answered, in bins: those asked for, else the game's of this strategy, else its own."""
        own = self.game.live.edges.get(self.settings.balance, {})
        chosen = chosen_bins(self.schema)
        edges = {**{name: one for name, one in own.items() if name in chosen}, **self.settings.edges}
        return outputs_of(self.schema, edges, self.strategy.edges)

    @property
    def spec(self) -> WindowSpec:
        """Which windows are samples."""
        return WindowSpec.of(self.recipe)

    @property
    def buffers(self) -> tuple[str, ...]:
        """The names of the buffers: one an output, or one where all outputs are balanced at once."""
        return tuple(one.name for one in self.outputs) if self.strategy.places is each else (ALL,)

    @property
    def has_episodes(self) -> bool:
        """Whether its device is a world: it begins anew by seed and options, and an expert may drive in it."""
        from playhead.capabilities import capabilities_of

        return capabilities_of(self.plugins, self.game, self.settings.device, self.settings.options).episodes

    @property
    def world(self) -> World | None:
        """The world that the device is; None on a device that is none."""
        return self.game.world if self.has_episodes else None

    @property
    def device_options(self) -> dict[str, Any]:
        """What the device is opened with: the picture's size where it takes one, and what was set."""
        from playhead.devices import merged

        settings, where = self.settings, self.game.live.size_in
        sides = {"width": settings.width, "height": settings.height}
        options: dict[str, Any] = {where: sides} if where and self.has_episodes else {}
        return merged(options, {"rate_hz": settings.rate_hz}, settings.options)


def sized(game: Game, settings: LiveSettings) -> Game:
    """Return a game whose frame, and regions with it, have the size and rate of a live run."""
    frame = game.needed_frame
    from_size, to_size = (frame.width, frame.height), (settings.width, settings.height)
    regions: dict[str, Region] = {name: one.scaled(from_size, to_size) for name, one in game.regions.items()}
    changed: Frame = replace(frame, width=settings.width, height=settings.height)
    return replace(game, frame=changed, regions=regions)


def write_settings(folder: Path, settings: LiveSettings) -> None:
    """Write what a live run is, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FILE, encode_json(msgspec.to_builtins(settings), indent=1))


def read_settings(folder: Path) -> LiveSettings:
    """Read what a live run is. Raises NotFound for a folder that is none, Damaged."""
    try:
        settings = read_json(folder / FILE, LiveSettings, then=THEN)
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no live run. Begin one: playhead live GAME.") from None
    if (settings.game, settings.name) != (folder.parent.name, folder.name) or not is_name(settings.recipe_name):
        raise Damaged(f"{folder / FILE} is of another live run, or names no recipe. {THEN}")
    return settings


def size_of(text: str) -> tuple[int, int]:
    """Return width and height of a text as 480x270. Raises BadValue."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 8 <= int(width) <= 16_384 and 8 <= int(height) <= 16_384):
        raise BadValue(f"--size {text} is no size of a picture. Give width and height in pixels: --size 480x270.")
    return int(width), int(height)
