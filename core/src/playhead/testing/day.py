"""A person's whole day with a game, in small: the real commands, on its world or on a fake window."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from unittest import mock

from playhead.capabilities import worlds_of
from playhead.game import Game
from playhead.home import VARIABLE
from playhead.plugins import Plugins
from playhead.testing.fakes import FAKES, on_fakes
from playhead.training.auto import default_of
from playhead.training.recipe import Recipe

EPISODES_MORE = (6, 8, 16)  # of a world whose drives end soon, as a game of cards does
SECONDS = 3.0  # of each recording, and more where a recipe's windows are longer
# A training as short as can be, on two recordings of a few seconds: not everything happens in them, they have no
# further columns to split by, and only one can be kept.
SMALL = ("steps=2", "batch_size=4", "workers=1", "warmup_steps=1", "allow_empty=true",
         "split_by=recording", "test_share=0")  # fmt: skip


def recipes_of(game: Game) -> Mapping[str, Recipe]:
    """Return the recipes of a game; the one that every game has when it states none."""
    return game.recipes or {"default": default_of(game)}


def on_fake_window(game: Game) -> Plugins:
    """Return everything installed, with one game replaced by `game`, and the fakes it runs on."""

    class WithFakes(Plugins):
        @property
        def games(self) -> dict[str, Game]:
            return {**super().games, game.name: game}

        def game(self, name: str) -> Game:
            return game if name == game.name else super().game(name)

    plugins = WithFakes.installed()
    plugins.add("playhead.testing", FAKES)
    return plugins


class Day:
    """The commands of a day, each asserted to work. A context manager; everything is kept in `folder`."""

    def __init__(self, game: Game, plugins: Plugins, folder: Path) -> None:
        policies = game.world.policies if game.world else {}
        worlds = list(worlds_of(plugins, game))
        self._world = worlds[0] if worlds and policies else ""  # nobody could drive a world without a policy
        self._driver = (game.world.expert if game.world else "") or next(iter(policies), "human")
        self._recipe_name, self._recipe = next(iter(recipes_of(game).items()))
        self._seconds = SECONDS + window_s(self._recipe)
        self._name = game.name
        self._recorded = 0
        self._is_played = bool(game.controls)
        self._plugins = plugins
        if not self._world:
            self._plugins = on_fake_window(on_fakes(game, seconds=self._seconds))
        self._doing = contextlib.ExitStack()
        self._environment = {VARIABLE: str(folder)}

    def __enter__(self) -> Day:
        self._doing.enter_context(mock.patch.dict(os.environ, self._environment))
        self._doing.enter_context(mock.patch.object(Plugins, "installed", return_value=self._plugins))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._doing.close()

    @property
    def device(self) -> str:
        """The device the day is spent on."""
        return self._world or "fake"

    def record(self) -> None:
        """Record twice, so that one recording is left to validate on; more where drives end within a window."""
        driver = self._driver if self._world else "human"
        asked = ["--on", self.device, "--driver", driver, "--workers", "1", "--seconds", f"{self._seconds:g}"]
        long = 0
        for episodes in (2, *EPISODES_MORE):
            made = json.loads(command("record", self._name, *asked, "--episodes", str(episodes), "--json"))
            self._recorded += len(made)
            long += sum(one["duration_s"] >= window_s(self._recipe) for one in made)
            if long >= 2 or not self._world:
                return

    def list_recordings(self) -> None:
        """Find all recordings, whole and with frames."""
        rows = json.loads(command("data", "list", self._name, "--json"))
        assert len(rows) == self._recorded, f"{self._recorded} recordings were made, {len(rows)} are listed"
        for row in rows:
            assert row["frames"] > 0, row
            assert not row["problems"], row

    def train(self) -> None:
        """Train two steps with the game's first recipe."""
        settings = [text for setting in SMALL for text in ("--set", setting)]
        command("train", self._name, "--recipe", self._recipe_name, "--device", "cpu", *settings)

    def evaluate(self) -> None:
        """Measure the run on the recordings kept for validation."""
        command("evaluate", self._name, "--on", "none")

    def play(self) -> None:
        """Let the run play for a second, first pressing nothing, then for real: no device here leads out.

        A game without controls is watched.
        """
        if not self._is_played:
            command("play", self._name, "--on", self.device, "--seconds", "1", "--terminal")
        else:
            alone = [] if self._world else ["--set", "strokes=[]"]  # a person's first touch would take over
            options = ["--on", self.device, "--seconds", "1", *alone]
            command("play", self._name, *options, "--dry-run")
            command("play", self._name, *options)


def window_s(recipe: Recipe) -> float:
    """Return how many seconds of frames a window of a recipe takes, its label included."""
    return recipe.window_s


def command(*args: str) -> str:
    """Run one command of playhead in this process and return what it printed; assert that it worked."""
    from playhead.cli import run

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(args))
    assert code == 0, f"playhead {' '.join(args)} failed:\n{out.getvalue()}{err.getvalue()}"
    return out.getvalue()
