"""What training leaves and playing opens: a folder with run.json, its files, mostly weights and a history.

A run is an artefact: which method made it, from what, with which files. One that plays holds a network, too, and
what must agree when it looks at a game: enough to play from with nothing else. Weights never go through pickle.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor, nn

import playhead
from playhead.decoding import plain
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, PlayheadError
from playhead.game import Frame, Game
from playhead.inputs import check_playable
from playhead.labels import LabelSchema, check_same
from playhead.models import ModelSpec
from playhead.models.building import build_network
from playhead.models.feature_bank import FeatureBank
from playhead.models.network import Network
from playhead.models.network_part import NetworkPart, check_frame, model_spec
from playhead.models.run_file import (
    BEST_FILE,
    FEATURES_FILE,
    FORMAT_VERSION,
    FROZEN_FILE,
    HISTORY_FILE,
    RUN_FILE,
    THEN,
    WEIGHTS_FILE,
    FileSeal,
    own_files,
    read_run_json,
    read_sealed,
    sealed,
    write_whole,
)
from playhead.models.run_history import history_bytes, read_history
from playhead.models.sequence import claimed_sequence
from playhead.models.weights import (
    all_shapes,
    frozen_weights,
    learned_weights,
    load_weights,
    read_tensors,
    weight_bytes,
)
from playhead.names import command
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a training method made, and, with a network that looks at a game, all that must agree when it plays.

    `game` is the game's data part; `recipe` names the method and holds its settings.
    `metrics`, `made_with` and `data` say how good it was, what made it, and from which recordings and other runs.
    `sequence` counts the runs of a game as they were finished: the newest has the highest, 0 says nothing.
    `files` are the digests of the files beside run.json.
    Units:  latency_s seconds between a frame and its label.
    """

    path: Path
    game: Mapping[str, Any]
    recipe_name: str
    recipe: Recipe = field(default_factory=Recipe)
    network: NetworkPart | None = None
    device: str = ""
    parameters: int = 0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = 0
    files: Mapping[str, FileSeal] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Run({self.name}: {self.recipe.training}, {self.parameters:,} parameters)"

    @property
    def name(self) -> str:
        """How the user calls it: game/recipe/folder."""
        return f"{self.game['name']}/{self.recipe_name}/{self.path.name}"

    @property
    def needed_network(self) -> NetworkPart:
        """What must agree when it plays. Raises Mismatch for a run that has no network to play with."""
        if self.network is None:
            game = str(self.game["name"])
            raise Mismatch(
                f"Run {self.name} does not play: its training method, {self.recipe.training}, made no network "
                f"that looks at {game}. Measure it: {command('evaluate', game, '--run', self.name)}."
            )
        return self.network

    @property
    def answers(self) -> bool:
        """Whether its network answers heads of labels; a detector has none."""
        return self.network is not None and bool(self.network.schema)

    @property
    def looks_ahead(self) -> bool:
        """Whether it sees what comes, as one that labels does, which nobody who plays can."""
        inputs = self.recipe.named_inputs.values()
        return self.recipe.positions_s[-1] != 0 or any(one.offsets_s[-1] > 0 for one in inputs)

    @property
    def plays(self) -> bool:
        """Whether its network answers heads of labels by what is known while playing."""
        return self.answers and not self.looks_ahead

    @property
    def detects(self) -> bool:
        """Whether its network finds boxes instead."""
        return self.network is not None and not self.network.schema

    @property
    def schema(self) -> LabelSchema:
        """The heads that were learned, in their order. Raises Mismatch without a network."""
        return self.needed_network.schema

    @property
    def frame(self) -> Frame:
        """The frame that its network looks at. Raises Mismatch without a network."""
        return self.needed_network.frame

    @property
    def rate_hz(self) -> float:
        """Frames a second of its recordings, or most of them. Raises Mismatch without a network."""
        return self.needed_network.rate_hz

    @property
    def rates(self) -> str:
        """All its rates in words, as "10 and 80". Raises Mismatch without a network."""
        return " and ".join(f"{rate_hz:g}" for rate_hz in (self.rate_hz, *self.needed_network.other_rates_hz))

    @property
    def latency_s(self) -> float:
        """Seconds between the last frame of a window and its label."""
        return self.recipe.latency_s

    @property
    def controller(self) -> Mapping[str, Any]:
        """The controller settings it plays with."""
        return self.recipe.controller

    @property
    def spec(self) -> ModelSpec:
        """What the network was built for."""
        spec = model_spec(self.game, self.schema, self.frame, self.recipe)
        return replace(spec, colours=self.needed_network.colours)

    @property
    def weights(self) -> Path:
        """The file of the weights that are used."""
        return self.path / WEIGHTS_FILE

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run's folder.

        Raises:  NotFound when there is none, Mismatch for another format version, Damaged for anything else.
        """
        folder = Path(path)
        file = folder / RUN_FILE
        try:
            told = read_run_json(folder)
            recipe = Recipe.from_json(told.recipe)
        except FileNotFoundError as error:
            raise NotFound(
                f"{folder} is not a run: it has no {RUN_FILE}. Train one: playhead train GAME."
            ) from error
        except Damaged as error:
            raise error if str(file) in str(error) else Damaged(f"{file}: {error} {THEN}") from error
        return cls(
            path=folder,
            game=told.game,
            recipe_name=told.recipe_name,
            recipe=recipe,
            network=NetworkPart.of(told, str(file)),
            device=told.device,
            parameters=told.parameters,
            metrics=told.metrics,
            made_with=told.made_with,
            data=told.data,
            sequence=told.sequence,
            files=told.files,
        )

    def save(
        self,
        network: nn.Module | None = None,
        *,
        best: Mapping[str, Tensor] | None = None,
        features: FeatureBank | None = None,
        history: Sequence[Mapping[str, Any]] | None = None,
        files: Mapping[str, bytes] | None = None,
        is_newest: bool = True,
    ) -> Run:
        """Write the run, all of it or nothing: a run.json exists only beside the files it tells of.

        `files` are a method's own, by name. Returns the run with the digests of its files, and its place among
        those of the game: the last, or with `is_newest` false the first.
        Raises:  BadValue for the name of a file that cannot be one.
        """
        contents = own_files(files or {})
        if network is not None:
            contents[WEIGHTS_FILE] = weight_bytes(learned_weights(network))
            if frozen := frozen_weights(network):
                contents[FROZEN_FILE] = weight_bytes(frozen)
        if network is not None or history is not None:
            contents[HISTORY_FILE] = history_bytes(history or ())
        if best is not None:
            contents[BEST_FILE] = weight_bytes(best)
        if features is not None:
            contents[FEATURES_FILE] = weight_bytes(features.to_tensors())
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / RUN_FILE).unlink(missing_ok=True)
        try:
            for name, data in contents.items():
                write_whole(self.path / name, data)
            with claimed_sequence(self.path.parents[1], is_newest=is_newest) as sequence:
                seals = {name: FileSeal.of(data) for name, data in contents.items()}
                saved = replace(self, sequence=sequence, files=seals)
                write_whole(self.path / RUN_FILE, sealed(saved.to_json()))
        except OSError:
            for name in contents:
                (self.path / name).unlink(missing_ok=True)
            raise
        return saved

    def to_json(self) -> Json:
        """Return what run.json holds."""
        part = self.network
        agrees = {} if part is None else part.to_json() | {"latency_s": self.latency_s}
        return {
            "format_version": FORMAT_VERSION,
            "tool_version": playhead.__version__,
            "game": dict(self.game),
            "recipe_name": self.recipe_name,
            "recipe": self.recipe.to_json(),
            **agrees,
            "device": self.device,
            "parameters": self.parameters,
            "metrics": plain(self.metrics),
            "made_with": dict(self.made_with),
            "data": dict(self.data),
            "sequence": self.sequence,
            "files": {name: msgspec.to_builtins(seal) for name, seal in self.files.items()},
        }

    def load_model(self, plugins: Plugins, *, best: bool = False) -> Network:
        """Build the network and load its weights strictly; `best` takes those of the lowest validation loss.

        Raises:  Mismatch naming missing, extra or wrongly shaped weights; Damaged for an unreadable file, one that
                 is not what was written, and numbers that are none; BadValue for options that give no network.
        """
        files = self._weight_files(BEST_FILE if best else WEIGHTS_FILE)
        found = all_shapes(files)
        try:
            network = build_network(plugins, self.recipe.model, self.spec, found=found, run=self.name)
        except (Mismatch, NotFound):
            raise
        except PlayheadError as error:
            raise Damaged(f"Run {self.name} has no network: {error} {THEN}") from error
        load_weights(network, files, run=self.name)
        return network.eval()

    def load_into(self, network: nn.Module) -> None:
        """Load the weights into a network that was built already, or any module of a method's own.

        Raises:  as `load_model`.
        """
        load_weights(network, self._weight_files(WEIGHTS_FILE), run=self.name)

    def _weight_files(self, name: str) -> dict[str, bytes]:
        """Return the files that together hold a network, by where they are."""
        names = [name, FROZEN_FILE] if self._has(FROZEN_FILE) else [name]
        return {f"Of run {self.name} {self.path / one}": self.read(one) for one in names}

    def _has(self, name: str) -> bool:
        return name in self.files or (self.path / name).is_file()

    def load_features(self) -> FeatureBank | None:
        """Return where the features of what it learned lie; None for a run that does not remember.

        Raises:  Damaged for an unreadable file, or one that is not what was written.
        """
        if not self._has(FEATURES_FILE):
            return None
        where = f"Of run {self.name} {self.path / FEATURES_FILE}"
        return FeatureBank.from_tensors(read_tensors(self.read(FEATURES_FILE), where=where))

    def history(self) -> list[Json]:
        """Return the lines of history.jsonl, one a validation or a stretch of training.

        Raises:  Damaged for lines that are none, or not those that were written.
        """
        if not self._has(HISTORY_FILE):
            return []
        return read_history(self.read(HISTORY_FILE), str(self.path / HISTORY_FILE))

    def read(self, name: str) -> bytes:
        """Return what a file of the run holds. Raises Damaged for one that is gone, or not what was written."""
        try:
            return read_sealed(self.path, name, self.files)
        except FileNotFoundError as error:
            raise Damaged(f"Run {self.name} has lost its {name}. {THEN}") from error

    def check_plays(self, game: Game, device_rate_hz: float) -> None:
        """Raise Mismatch unless this run can play `game` on a device of that rate, BadValue where nobody could."""
        self.check_looks(game)
        try:
            check_playable(self.recipe.named_inputs, self.recipe.positions_s, f"Run {self.name}")
        except BadValue as error:
            by_labels = command("evaluate", game.name, "--run", self.name, "--on", "none")
            raise BadValue(f"{error} Measure it by labels: {by_labels}.") from None
        rates_hz = (self.rate_hz, *self.needed_network.other_rates_hz)
        if not any(math.isclose(rate_hz, device_rate_hz, rel_tol=1e-6) for rate_hz in rates_hz):
            raise Mismatch(
                f"Run {self.name} was trained at {self.rates} Hz, the device gives {device_rate_hz:g} Hz. "
                f"Pass --rate {self.rate_hz:g}, or train again on recordings of {device_rate_hz:g} Hz."
            )

    def check_looks(self, game: Game, heads: Container[str] | None = None) -> None:
        """Raise Mismatch unless this run looks at `game` as it is now, with all its heads, or those of `heads`."""
        then = f"Train again: playhead train {game.name}."
        if self.game["name"] != game.name:
            raise Mismatch(f"Run {self.name} plays {self.game['name']}, not {game.name}. {then}")
        theirs = self.schema if heads is None else self.schema.only(heads)
        check_same(game.learnable.only(theirs), theirs, where=f"Run {self.name}", then=then)
        check_frame(game.needed_frame, self.frame, where=f"Run {self.name}", then=then)
        regions = {name: region.to_json() for name, region in game.regions.items()}
        if regions != dict(self.game["regions"]):
            raise Mismatch(
                f"Run {self.name} was trained with the regions {_said(self.game['regions'])}, "
                f"{game.name} has {_said(regions)}. {then}"
            )


def _said(regions: Mapping[str, Mapping[str, int]]) -> str:
    said = [f"{n} {r['x']},{r['y']} {r['width']}x{r['height']}" for n, r in sorted(regions.items())]
    return ", ".join(said) or "none"
