"""Hash what must not change: seeded recordings, short trainings, and what the shipped runs press and say.

    python tests/neutral.py [FILE]

Run it before and after a change that is meant to change nothing, on one machine, and compare what it prints: a
line a thing, each with a SHA-256. It uses the commands only, in a home of its own. Recordings are compared by
their pixels, events, labels and telemetry; what says when and by which version they were made is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

GTA5 = ("record", "gta5", "--on", "world", "--driver", "expert", "--disturb", "--episodes", "3", "--seconds", "6",
        "--seed", "7", "--workers", "1")  # fmt: skip
TAUGHT = ("record", "gta5", "--on", "world", "--driver", "run", "--teacher", "expert", "--episodes", "1",
          "--seconds", "6", "--seed", "70", "--workers", "1")  # fmt: skip
PLAYED = ("play", "gta5", "--on", "world", "--seconds", "8", "--seed", "5", "--record")
GARAGE = ("record", "sideswipe", "--on", "world", "--set", "bodies=octane,aftershock,werewolf,breakout", "--set",
          "sample=6")  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        lines = list(hashes(Path(home)))
    text = "".join(f"{digest}  {name}\n" for name, digest in lines)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)
    print(text, end="")


def hashes(home: Path) -> Iterator[tuple[str, str]]:
    """Yield what each thing hashes to, by its name."""
    playhead(home, *PLAYED)
    yield "gta5: what the shipped run presses", content(newest(home / "recordings/gta5"), ("events", "frames"))
    playhead(home, *GTA5)
    yield "gta5: disturbed drives of the expert", content(home / "recordings/gta5")
    playhead(home, *TAUGHT)
    yield "gta5: a drive of the shipped run, taught", content(newest(home / "recordings/gta5"))
    for recipe, more in (("quick", ()), ("default", ()), ("quick", ("--set", "balance=changes"))):
        playhead(home, "train", "gta5", "--recipe", recipe, "--set", "steps=6", "--device", "cpu", *more)
        yield f"gta5: weights of {' '.join((recipe, *more))}", weights(home / "runs/gta5")
    scores = playhead(home, "evaluate", "gta5", "--run", "streets9", "--on", "none", "--recordings",
                      newest(home / "recordings/gta5").name, "--json")  # fmt: skip
    yield "gta5: scores of the shipped run", of_json(scores)
    playhead(home, *GARAGE)
    yield "sideswipe: pictures of the garage", content(home / "recordings/sideswipe")
    playhead(home, "train", "sideswipe", "--set", "steps=6", "--set", "allow_empty=true", "--device", "cpu")
    yield "sideswipe: weights", weights(home / "runs/sideswipe")
    scores = playhead(home, "evaluate", "sideswipe", "--run", "garage2", "--on", "none", "--recordings",
                      newest(home / "recordings/sideswipe").name, "--json")  # fmt: skip
    yield "sideswipe: scores of the shipped run", of_json(scores)


def playhead(home: Path, *arguments: str) -> str:
    env = {**os.environ, "PLAYHEAD_HOME": str(home), "OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy"}
    done = subprocess.run([sys.executable, "-m", "playhead", *arguments], env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"playhead {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def newest(folder: Path) -> Path:
    return max((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns)


def weights(folder: Path) -> str:
    file = max(folder.glob("*/*/model.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def content(folder: Path, only: tuple[str, ...] = ()) -> str:
    """Hash the chunks of all arrays below a folder; names of recordings count, what JSON says does not."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and "c" in path.parts[-6:])
    for file in sorted(path for path in files if "uuid" not in path.parts):  # drawn anew each time
        inside = file.relative_to(folder).parts
        if not only or any(part in only for part in inside):
            digest.update(b"/".join(part.encode() for part in inside if not part.startswith("20")))
            digest.update(file.read_bytes())
    return digest.hexdigest()


def of_json(text: str) -> str:
    """Hash the numbers of results, whatever they are called."""
    found = sorted(numbers({name: value for name, value in json.loads(text).items() if name != "facts"}))
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def numbers(value: object) -> Iterator[float]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)


if __name__ == "__main__":
    main()
