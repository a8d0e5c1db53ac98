"""From what somebody asks for to the settings of a live run: of a new one, or changes of one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from playhead.decoding import setting_value
from playhead.errors import BadValue
from playhead.live.settings import Live, LiveSettings, read_settings, size_of, write_settings
from playhead.names import checked_name
from playhead.sessions.devices import choose_device
from playhead.sessions.place import Place, nested
from playhead.sessions.training import chosen_recipe
from playhead.training.method import changed_recipe
from playhead.training.recipe import Recipe

DEVICE, BINS = "device.", "bins."  # before names of settings that are the device's, and of outputs


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """What `playhead live` may be told; what is empty or 0 is the game's."""

    name: str = ""
    on: str = ""
    collectors: int = 1
    size: str = ""
    rate: float = 0.0
    recipe: str = ""
    balance: str = "v3"
    buffer: int = 25_000
    depth: int = 1
    patience: int = 600
    swap: str = "episode"
    unstick: str = "path"
    port: int = 8642
    has_player: bool = True
    seconds: float = 0.0
    address: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def folder_of(place: Place, name: str = "") -> Path:
    """Return the folder of the live runs of a game, or of one of them."""
    parent = place.home.path / "live" / checked_name(place.game.name, "the game")
    return parent / checked_name(name, "the live run") if name else parent


def settings_asked(place: Place, options: LiveOptions) -> LiveSettings:
    """Return the settings of a new live run. Raises NotFound or BadValue for what cannot be."""
    game, own = place.game, place.game.live
    texts = {name: str(value) for name, value in options.settings.items()}
    of_device = {name: setting_value(text) for name, text in taken(texts, DEVICE).items()}
    edges = edges_of(taken(texts, BINS))
    named = options.recipe or own.recipe
    recipe = chosen_recipe(place, named, texts, None, None, None)
    frame = game.needed_frame
    width, height = own.width or frame.width, own.height or frame.height
    if options.size:
        width, height = size_of(options.size)
    device = choose_device(place, options.on, {}) if options.on else _world_of(place)
    return LiveSettings(
        game=game.name, name=options.name or "new", device=device, width=width, height=height,
        rate_hz=options.rate or own.rate_hz or game.rate_hz(device), recipe_name=named, recipe=recipe.to_json(),
        balance=options.balance, depth=options.depth, patience=options.patience, buffer=options.buffer,
        edges=edges, options=nested(of_device),
    )  # fmt: skip


def taken(texts: dict[str, str], prefix: str) -> dict[str, str]:
    """Take the settings out that begin with a prefix, and return them without it."""
    found = [name for name in texts if name.startswith(prefix)]
    return {name.removeprefix(prefix): texts.pop(name) for name in found}


def edges_of(texts: Mapping[str, str]) -> dict[str, list[float]]:
    """Return the edges of bins by output, from texts as -1,0,0,1; none from an empty one. Raises BadValue."""
    edges = {}
    for output, text in ((output, text) for output, text in texts.items() if text):
        try:
            edges[output] = [float(edge) for edge in text.split(",")]
        except ValueError:
            raise BadValue(
                f"bins.{output}={text} are no edges of bins. Give numbers that rise: bins.{output}=-1,0,0,1."
            ) from None
    return edges


def _world_of(place: Place) -> str:
    """Return the device that stands in for the game. Raises BadValue without one."""
    from playhead.capabilities import capabilities_of

    for name in place.game.devices:
        if capabilities_of(place.plugins, place.game, name, {}).lockstep:
            return name
    raise BadValue(f"{place.game.name} has no world that waits for its driver. Name a device: --on DEVICE.")


def change(place: Place, named: str, balance: str, texts: Mapping[str, str]) -> LiveSettings:
    """Change what a live run learns, while it runs or before it goes on; return what is asked for now.

    Raises:  NotFound or BadValue for what cannot be, and nothing is changed.
    """
    folder = folder_of(place, named)
    if not balance and not texts:
        raise BadValue("Nothing is changed. Name what is: --balance NAME, or --set heads=NAME,NAME.")
    before, of_recipe = read_settings(folder), dict(texts)
    bins = taken(of_recipe, BINS)
    edges = {name: one for name, one in before.edges.items() if name not in bins} | edges_of(bins)
    recipe = changed_recipe(place.plugins, Recipe.from_json(before.recipe), of_recipe)
    now = msgspec.structs.replace(
        before, recipe=recipe.to_json(), balance=balance or before.balance, edges=edges, version=before.version + 1
    )
    Live.of(now, place.plugins).check_network()
    write_settings(folder, now)
    return now


def what_is_learned(settings: LiveSettings) -> str:
    """Say in a few words what a live run learns."""
    heads = ", ".join(settings.recipe.get("heads", ())) or "all heads"
    return f"{heads}, balanced by {settings.balance}"
