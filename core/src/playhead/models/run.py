"""What training leaves and playing opens: a folder with run.json, model.safetensors and history.jsonl.

A run is enough to play from with nothing else. Weights are never read through pickle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

import playhead
from playhead.errors import Damaged, Mismatch, NotFound, not_found
from playhead.game import Frame, Game
from playhead.home import Home
from playhead.labels import LabelSchema, check_same
from playhead.models import ModelSpec
from playhead.models.memory import FeatureMemory
from playhead.models.network import Network
from playhead.models.weights import load_weights, read_weights, save_weights
from playhead.plugins import Plugins
from playhead.references import resolve
from playhead.regions import Region
from playhead.training.recipe import Recipe

FORMAT_VERSION = 1
RUN_FILE = "run.json"
WEIGHTS_FILE = "model.safetensors"
BEST_FILE = "best.safetensors"
FEATURES_FILE = "features.safetensors"
HISTORY_FILE = "history.jsonl"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A trained network and everything that must agree when it plays.

    `game` is the game's data part. `schema` are the heads that were learned, in their order.
    `metrics`, `made_with` and `data` say how good it was, what made it, and from which recordings.
    Units:  rate_hz frames a second of the recordings; latency_s between a frame and its label.
    """

    path: Path
    game: Mapping[str, Any]
    recipe_name: str
    recipe: Recipe
    schema: LabelSchema
    frame: Frame
    rate_hz: float
    device: str = ""
    parameters: int = 0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the user calls it: game/recipe/folder."""
        return f"{self.game['name']}/{self.recipe_name}/{self.path.name}"

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
        return model_spec(self.game, self.schema, self.frame, self.recipe)

    @property
    def weights(self) -> Path:
        """The file of the weights that are used."""
        return self.path / WEIGHTS_FILE

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run's folder.

        Raises:  NotFound when there is none, Mismatch for another format version, Damaged when incomplete.
        """
        folder = Path(path)
        file = folder / RUN_FILE
        if not file.is_file():
            raise NotFound(f"{folder} is not a run: it has no {RUN_FILE}. Train one: playhead train GAME.")
        try:
            data: Json = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise Damaged(f"{file} cannot be read: {error}. Train again, or take another run.") from error
        _check_version(folder, data)
        try:
            return _from_json(folder, data)
        except (KeyError, TypeError) as error:
            raise Damaged(f"{file} is incomplete: {error!r}. Train again, or take another run.") from error

    def save(
        self,
        network: Network,
        *,
        best: Mapping[str, Tensor] | None = None,
        features: FeatureMemory | None = None,
    ) -> Run:
        """Write run.json and the weights; a run.json exists only beside complete weights. Returns itself."""
        self.path.mkdir(parents=True, exist_ok=True)
        if features is not None:
            save_weights(self.path / FEATURES_FILE, features.to_tensors())
        save_weights(self.path / WEIGHTS_FILE, network.state_dict())
        if best is not None:
            save_weights(self.path / BEST_FILE, best)
        written = self.path / f"{RUN_FILE}.part"
        written.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")
        written.replace(self.path / RUN_FILE)
        return self

    def to_json(self) -> Json:
        """Return what run.json holds."""
        return {
            "format_version": FORMAT_VERSION,
            "tool_version": playhead.__version__,
            "game": dict(self.game),
            "recipe_name": self.recipe_name,
            "recipe": self.recipe.to_json(),
            "schema": self.schema.to_json(),
            "frame": asdict(self.frame),
            "rate_hz": self.rate_hz,
            "latency_s": self.latency_s,
            "device": self.device,
            "parameters": self.parameters,
            "metrics": dict(self.metrics),
            "made_with": dict(self.made_with),
            "data": dict(self.data),
        }

    def load_model(self, plugins: Plugins, *, best: bool = False) -> Network:
        """Build the network and load its weights strictly; `best` takes those of the lowest validation loss.

        Raises:  Mismatch naming missing, extra or wrongly shaped weights; Damaged for an unreadable file.
        """
        network: Network = plugins.get("model", self.recipe.model)(self.spec)
        load_weights(network, self.path / (BEST_FILE if best else WEIGHTS_FILE), run=self.name)
        return network.eval()

    def load_features(self) -> FeatureMemory | None:
        """Return where the features of what it learned lie; None for a run that does not remember.

        Raises:  Damaged for an unreadable file.
        """
        file = self.path / FEATURES_FILE
        return FeatureMemory.from_tensors(read_weights(file, run=self.name)) if file.is_file() else None

    def history(self) -> list[Json]:
        """Return the lines of history.jsonl, one a validation or a stretch of training."""
        file = self.path / HISTORY_FILE
        if not file.is_file():
            return []
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    def check_plays(self, game: Game, device_rate_hz: float) -> None:
        """Raise Mismatch unless this run can play `game` on a device of that rate."""
        then = f"Train again: playhead train {game.name}."
        if self.game["name"] != game.name:
            raise Mismatch(f"Run {self.name} plays {self.game['name']}, not {game.name}. {then}")
        ours = LabelSchema(tuple((n, h) for n, h in game.schema.heads if n in self.schema))
        check_same(ours, self.schema, where=f"Run {self.name}", then=then)
        check_frame(game.frame, self.frame, where=f"Run {self.name}", then=then)
        regions = {name: region.to_json() for name, region in game.regions.items()}
        if regions != dict(self.game["regions"]):
            raise Mismatch(
                f"Run {self.name} was trained with the regions {_said(self.game['regions'])}, "
                f"{game.name} has {_said(regions)}. {then}"
            )
        if abs(self.rate_hz - device_rate_hz) > 1e-6 * device_rate_hz:
            raise Mismatch(
                f"Run {self.name} was trained at {self.rate_hz:g} Hz, the device gives {device_rate_hz:g} Hz. "
                f"Pass --rate {self.rate_hz:g}, or train again on recordings of {device_rate_hz:g} Hz."
            )


def model_spec(game: Mapping[str, Any], schema: LabelSchema, frame: Frame, recipe: Recipe) -> ModelSpec:
    """Return what a network is built for: from the game's data part, the heads learned and the recipe."""
    return ModelSpec(
        schema=schema,
        frame=frame,
        regions={name: Region.from_json(data) for name, data in game["regions"].items()},
        length=recipe.length,
        inputs=recipe.inputs,
        options=recipe.model_options,
    )


def check_frame(ours: Frame, theirs: Frame, *, where: str, then: str) -> None:
    """Raise Mismatch when two frames differ in size or colour; rate and codec may differ."""
    if (ours.width, ours.height, ours.colour) != (theirs.width, theirs.height, theirs.colour):
        raise Mismatch(
            f"{where} has frames of {theirs.width}x{theirs.height} {theirs.colour}, "
            f"but {ours.width}x{ours.height} {ours.colour} are needed. {then}"
        )


def _said(regions: Mapping[str, Mapping[str, int]]) -> str:
    said = [f"{n} {r['x']},{r['y']} {r['width']}x{r['height']}" for n, r in sorted(regions.items())]
    return ", ".join(said) or "none"


def _check_version(folder: Path, data: Json) -> None:
    version = data.get("format_version")
    if version == FORMAT_VERSION:
        return
    newer = isinstance(version, int) and version > FORMAT_VERSION
    then = "Update playhead." if newer else "Train again."
    raise Mismatch(f"Run {folder} has format_version {version}, this playhead reads {FORMAT_VERSION}. {then}")


def _from_json(folder: Path, data: Json) -> Run:
    return Run(
        path=folder,
        game=data["game"],
        recipe_name=data["recipe_name"],
        recipe=Recipe.from_json(data["recipe"]),
        schema=LabelSchema.from_json(data["schema"]),
        frame=Frame(**data["frame"]),
        rate_hz=data["rate_hz"],
        device=data["device"],
        parameters=data["parameters"],
        metrics=data["metrics"],
        made_with=data["made_with"],
        data=data["data"],
    )


@dataclass(frozen=True)
class RunCatalogue:
    """The runs of one game, newest first, shipped ones last."""

    home: Home
    game: Game

    def folders(self) -> list[Path]:
        """Return the folders of all runs, newest first, then the shipped ones."""
        own = sorted(_run_folders(self.home.runs(self.game.name)), key=_age, reverse=True)
        return own + sorted(self._shipped())

    def _shipped(self) -> Iterator[Path]:
        if self.game.shipped_runs is not None:
            yield from _run_folders(Path(resolve(self.game.shipped_runs)()))

    def names(self) -> list[str]:
        """Return the names of all runs, newest first."""
        return [self._name(folder) for folder in self.folders()]

    def _name(self, folder: Path) -> str:
        return f"{self.game.name}/{folder.parent.name}/{folder.name}"

    def runs(self) -> list[Run]:
        """Open all runs."""
        return [Run.open(folder) for folder in self.folders()]

    def latest(self, recipe: str = "") -> Run:
        """Open the newest run (of one recipe, if named), or a shipped one. Raises NotFound without any."""
        for folder in self.folders():
            if recipe in ("", folder.parent.name):
                return Run.open(folder)
        of = f" of the recipe {recipe}" if recipe else ""
        raise NotFound(
            f"{self.game.name} has no run{of} in {self.home.runs(self.game.name)} ({self.home.why}) "
            f"and ships none. Train one: playhead train {self.game.name}."
        )

    def find(self, name: str) -> Run:
        """Open a run by its folder, full name, recipe/folder, folder name alone, or recipe (its newest run).

        "newest" is the newest of all. Raises:  NotFound with the nearest name.
        """
        if name == "newest":
            return self.latest()
        if (Path(name) / RUN_FILE).is_file():
            return Run.open(name)
        folders = self.folders()
        for parts in (3, 2, 1):
            for folder in folders:
                if name == "/".join(self._name(folder).split("/")[-parts:]):
                    return Run.open(folder)
        for folder in folders:
            if name == folder.parent.name:
                return Run.open(folder)
        raise not_found("run", name, self.names(), then=f"Runs are in {self.home.runs(self.game.name)}.")


def _run_folders(parent: Path) -> list[Path]:
    """Return the folders RECIPE/NAME under `parent` that hold a run."""
    return [file.parent for file in parent.glob(f"*/*/{RUN_FILE}")] if parent.is_dir() else []


def _age(folder: Path) -> tuple[int, str]:
    return (folder / RUN_FILE).stat().st_mtime_ns, folder.name
