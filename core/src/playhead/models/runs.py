"""Finds runs by name: those in the home folder and those that a game's package ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import NotFound, not_found
from playhead.game import Game, resolve
from playhead.home import Home
from playhead.models.run import RUN_FILE, Run


@dataclass(frozen=True, kw_only=True)
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

        Raises:  NotFound with the nearest name.
        """
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
