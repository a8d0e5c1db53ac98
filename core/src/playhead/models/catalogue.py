"""Finds the runs of a game by name, and the newest. Damaged ones are said and passed over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import Mismatch, NotFound, PlayheadError, not_found
from playhead.game import Game
from playhead.home import Home
from playhead.models.run import Run
from playhead.models.run_file import RUN_FILE
from playhead.models.sequence import called, place, run_folders
from playhead.references import resolve


def _unheard(sentence: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class RunCatalogue:
    """The runs of one game, newest first, shipped ones last.

    `say` hears of runs that cannot be opened, where another one is taken instead.
    """

    home: Home
    game: Game
    say: Callable[[str], object] = _unheard

    def folders(self) -> list[Path]:
        """Return the folders of all runs, newest first, then the shipped ones."""
        own = sorted(run_folders(self.home.runs(self.game.name)), key=place, reverse=True)
        return own + sorted(self._shipped())

    def _shipped(self) -> Iterator[Path]:
        if self.game.shipped_runs is not None:
            yield from run_folders(Path(resolve(self.game.shipped_runs)()))

    def kept(self, run: Run) -> Run:
        """Return a run that may be written to: one that the game ships is copied into the home, once."""
        if run.path.resolve() not in {folder.resolve() for folder in self._shipped()}:
            return run
        folder = self.home.runs(self.game.name, run.path.parent.name) / run.path.name
        if not folder.exists():
            work = folder.with_name(f".{folder.name}-{os.getpid()}")
            shutil.copytree(run.path, work, ignore=shutil.ignore_patterns("evaluation", ".*"))
            work.rename(folder)
            self.say(f"The run {run.name} comes with the game. It is copied to {folder}.")
        return Run.open(folder)

    def names(self) -> list[str]:
        """Return the names of all runs, newest first."""
        return [self._name(folder) for folder in self.folders()]

    def _name(self, folder: Path) -> str:
        return f"{self.game.name}/{folder.parent.name}/{folder.name}"

    def runs(self) -> list[Run]:
        """Open all runs that can be opened."""
        return list(self._opened(self.folders()))

    def _opened(self, folders: Iterable[Path]) -> Iterator[Run]:
        for folder in folders:
            try:
                yield Run.open(folder)
            except PlayheadError as problem:
                self.say(f"Left aside the run {self._name(folder)}: {problem}")

    def latest(self, recipe: str = "", *, plays: bool = False) -> Run:
        """Open the newest run (of one recipe, if named; that plays, if wanted), or a shipped one.

        Raises:  NotFound without any.
        """
        wanted = (folder for folder in self.folders() if recipe in ("", folder.parent.name))
        newest = next((run for run in self._opened(wanted) if run.answers or not plays), None)
        if newest is not None:
            return newest
        of = f" of the recipe {recipe}" if recipe else " that plays" if plays and self.folders() else ""
        raise NotFound(
            f"{self.game.name} has no run{of} in {self.home.runs(self.game.name)} ({self.home.why}) "
            f"and ships none. Train one: playhead train {self.game.name}."
        )

    def player(self, name: str = "") -> Run:
        """Open a run that plays: the one called so, or the newest; one that looks ahead where there is no other.

        Raises:  NotFound; Mismatch for one that has no network that looks at the game.
        """
        playing = (run for run in self._opened(self.folders()) if run.plays)
        run = self.find(name) if name else next(playing, None) or self.latest(plays=True)
        check_plays(run)
        return run

    def labeller(self, name: str = "") -> Run:
        """Open a run that labels: the one called so, else the newest that looks ahead, else the newest.

        Raises:  NotFound.
        """
        ahead = (run for run in self._opened(self.folders()) if run.looks_ahead and run.answers)
        return self.find(name) if name else next(ahead, None) or self.latest()

    def detector(self, name: str = "") -> Run:
        """Open a run that finds boxes: the one called so, or the newest of them. Raises NotFound, Mismatch.

        By name alone: a run's file may say it, and no file says which folder is opened.
        """
        if name:
            run = self.named(name)
            if not run.detects:
                raise Mismatch(f"Run {run.name} finds no boxes. Name one that was trained by detection.")
            return run
        found = next((run for run in self._opened(self.folders()) if run.detects), None)
        if found is None:
            raise NotFound(
                f"{self.game.name} has no run that finds boxes. Train one by a recipe with "
                'training="detection" (docs/guard.md). Or go without a guard: --set guard.kind=none.'
            )
        return found

    def find(self, name: str) -> Run:
        """Open a run by its folder, full name, recipe/folder, folder name alone, or recipe (its newest run).

        "newest" is the newest of all. Raises:  NotFound with the nearest name.
        """
        return Run.open(name) if name != "newest" and _is_run(Path(name)) else self.named(name)

    def named(self, name: str) -> Run:
        """Open a run as `find` does, but by no folder. Raises as it does."""
        if name == "newest":
            return self.latest()
        folders = self.folders()
        found = called(name, [(self._name(folder), folder) for folder in folders])
        if found is not None:
            return Run.open(found)
        if any(name == folder.parent.name for folder in folders):
            return self.latest(name)
        raise not_found("run", name, self.names(), then=f"Runs are in {self.home.runs(self.game.name)}.")


def check_plays(run: Run) -> None:
    """Raise Mismatch for a run that does not play: without a network, or one that only finds boxes."""
    if not run.needed_network.schema:
        raise Mismatch(f"Run {run.name} does not play: it finds boxes. Name another: --run.")


def _is_run(folder: Path) -> bool:
    try:
        return (folder / RUN_FILE).is_file()
    except (OSError, ValueError):  # a name too long to be one, or with a zero in it
        return False
