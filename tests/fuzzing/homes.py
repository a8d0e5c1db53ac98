"""Home folders that are none, cannot be read, or cannot be written."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from fuzzing import harm
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import FIRST, GAME, TRAINING, Seeds

Commands = list[tuple[str, ...]]
NOWHERE = (
    "/proc",
    "/proc/1",
    "/sys",
    "/dev/null",
    "/dev/full",
    "/dev/fd",
    "/proc/nonexistent/x",
    "/proc/self/fd",
    "/dev/null/x",
    "",
)


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Put a home together that cannot be used."""
    shutil.copytree(seeds.home, box.home, dirs_exist_ok=True)
    how = rng.choice(("nowhere", "thing", "part", "frozen", "name"))
    home = str(box.home)
    if how == "nowhere":
        home = rng.choice(NOWHERE)
        what = f"home {home!r}"
    elif how == "thing":
        what = f"home: {rng.choice(harm.THINGS)(box.home, rng)}"
    elif how == "part":
        parts = [box.home / "recordings", box.home / "runs"]
        parts += [part / GAME for part in parts] + [
            parts[1] / GAME / "default",
            box.home / "cache",
            box.home / "latency.json",
        ]
        part = rng.choice(parts)
        what = f"{part.relative_to(box.home)}: {rng.choice(harm.THINGS)(part, rng)}"
    elif how == "frozen":
        parts = [path for path in [box.home, *box.home.rglob("*")] if path.is_dir()]
        for part in [path for path in parts if len(path.relative_to(box.home).parts) < rng.choice((1, 3, 9))]:
            harm.freeze(part, rng)
        what = "nothing can be written"
    else:
        name = rng.choice(("n" * 255, "a\nb", "\x1b[31mred", "ü ä", "-home", "\udcff", "%s", "a" * 300))
        home = str(box.place / name)
        what = f"home is called {name[:20]!r}"
    return what, [(*command, "--home", home) for command in commands(rng)]


def commands(rng: Random) -> Commands:
    """Choose what is tried in it: looking and writing."""
    quick: Commands = [
        ("data", "list"),
        ("data", "list", GAME, "--json"),
        ("data", "info", f"{GAME}/{FIRST}"),
        ("data", "check"),
        ("data", "check", GAME),
        ("data", "balance", GAME),
        ("data", "repair", GAME),
        ("show", GAME),
        ("data", "trim", GAME, "--idle", "0.3"),
        ("play", GAME, "--seconds", "0.3"),
        ("show", "gta5"),
    ]
    slow: Commands = [
        ("train", GAME, *TRAINING),
        ("evaluate", GAME, "--on", "none"),
        ("record", GAME, "--on", "world", "--episodes", "1", "--seconds", "1", "--workers", "1"),
        ("play", GAME, "--seconds", "0.5", "--record"),
    ]
    return [*rng.sample(quick, 4), *rng.sample(slow, 1)]


__all__ = ["Path", "make"]
