"""How well a run drives the world in a window, through real pictures and real keys, against the world in memory.

    python benchmarks/window.py [--game gta5] [--run RUN] [--drives 12] [--seed 50000]

Three times the same drives: in memory, drawn as networks see it; in memory, drawn in the size of the window and
made smaller, as the screen is; and in the window, in real time (a minute each), on an Xvfb of its own. The last
ratio is what real capture and real keys cost; the first two differ by how fine the pictures are. Needs X11.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from playhead.evaluation.paired import ratio_interval
from playhead.game import Game, World
from playhead.plugins import Plugins
from playhead.testing.display import VirtualDisplay, XPerson, run_on
from playhead.testing.shown import ShownWorld

PLAYHEAD = (sys.executable, "-m", "playhead")
Measures = list[Mapping[str, float]]


def in_memory(game: str, asked: argparse.Namespace, settings: Sequence[str]) -> Measures:
    """Let the run play the world in memory, which waits for it."""
    command = [
        *PLAYHEAD,
        "play",
        game,
        "--on",
        "world",
        "--episodes",
        str(asked.drives),
        "--seed",
        str(asked.seed),
    ]
    options = [part for text in settings for part in ("--set", text)]
    done = subprocess.run([*command, *options, *chosen(asked), "--json"], check=True, stdout=subprocess.PIPE)
    return [drive["measures"] for drive in json.loads(done.stdout)]


def in_window(game: str, asked: argparse.Namespace) -> Measures:
    """Let the run play the world in a window, which does not wait."""
    options = ("--unseen", "--wait", "--drives", str(asked.drives), "--seed", str(asked.seed), "--json")
    display = VirtualDisplay.start()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            XPerson(display.name) as person,
            ShownWorld.start(display, game, Path(folder) / "log", *options) as shown,
        ):
            shown.window(person).focus()
            playing = run_on(display, [*PLAYHEAD, "play", game, "--on", "screen", *chosen(asked)])
            said = playing.communicate()[1]
            assert playing.returncode == 0, said
            output, said = shown.process.communicate(timeout=60)
            assert shown.process.returncode == 0, said
            return [drive["measures"] for drive in json.loads(output)]
    finally:
        display.stop()


def chosen(asked: argparse.Namespace) -> list[str]:
    """Return the options that name the run."""
    return ["--run", asked.run] if asked.run else []


def shown_settings(world: World) -> list[str]:
    """Return the settings that draw the world in memory as it is drawn for a window."""
    return [f"{name}={value}" for name, value in flat(world.shown)]


def flat(options: Mapping[str, Any], outer: str = "") -> Iterator[tuple[str, Any]]:
    """Return nested options with dotted names."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{outer}{name}.")
        else:
            yield f"{outer}{name}", json.dumps(value)


def ratio_of_means(part_D: np.ndarray, whole_D: np.ndarray) -> str:
    """Return the ratio of two means over the same drives with its 95 % interval."""
    ratio = ratio_interval(part_D, whole_D)
    return f"{ratio.mean:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def report(game: Game, drives: Mapping[str, Measures]) -> None:
    """Print every measure, and the window's as a ratio to both ways in memory."""
    assert game.world is not None
    for measure in game.world.measures:
        columns = {where: np.array([drive[measure.name] for drive in rows]) for where, rows in drives.items()}
        told = ", ".join(f"{where} {values_D.mean():.3f}" for where, values_D in columns.items())
        print(f"{measure.title}: {told}")
        if measure.better == "higher" and not measure.unit:
            small, fine, seen = columns.values()
            print(f"  window / memory {ratio_of_means(seen, small)}, window / memory in its size "
                  f"{ratio_of_means(seen, fine)} (wanted .9)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--game", default="gta5")
    parser.add_argument("--run", default="")
    parser.add_argument("--drives", type=int, default=12)
    parser.add_argument("--seed", type=int, default=50000)
    asked = parser.parse_args()
    game = Plugins.installed().game(asked.game)
    assert game.world is not None, f"{asked.game} has no world"
    report(
        game,
        {
            "in memory": in_memory(asked.game, asked, ()),
            "in memory, in the window's size": in_memory(asked.game, asked, shown_settings(game.world)),
            "in the window": in_window(asked.game, asked),
        },
    )


if __name__ == "__main__":
    main()
