"""`playhead new-game NAME`: a package that teaches a new game, ready to be changed and tested."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from pathlib import Path
from string import Template

import click

from playhead import __version__
from playhead.cli import new_environment
from playhead.cli.context import Desk, pass_desk
from playhead.errors import BadValue

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "playhead-$name"
version = "0.1.0"
description = "playhead plugin for $title"
readme = "README.md"
requires-python = ">=3.11"
dependencies = [$dependencies]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.entry-points.playhead]
$name = "playhead_$name.game"

[tool.hatch.build.targets.wheel]
packages = ["src/playhead_$name"]
"""

README = """\
# playhead-$name

$title for [playhead](https://pypi.org/project/playhead/): record it, train a network on it, let the network play.

    python -m pip install -e .[test]
    python -m pytest                # the contract that every game passes
    playhead show $name
    playhead record $name

What to change first, all in `src/playhead_$name/game.py`: the window's title, the size of the frame, the regions,
the labels, and which key each label is.
"""

GAME = '''\
"""Everything playhead needs to know about $title."""

from __future__ import annotations

from playhead.game import Device, Frame, Game, Window
from playhead.hookspecs import hookimpl
from playhead.labels import Keys
from playhead.regions import Region

$constant = Game(
    name="$name",
    title="$title",
    # Part of the window's title is enough to find it.
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title="$title"),
                              options={"hotkeys": {"pause": "f9"}})},  # the game hears them too
    # What the network sees: small and slow enough for it, large and fast enough to play from.
    frame=Frame(width=160, height=120, rate_hz=20),
    # Parts of the frame that are read at full size and never mirrored or warped: score, speed, map.
    regions={"score": Region(x=60, y=0, width=40, height=10)},
    labels={
        "move": Keys(
            "left", "right", "jump",
            opposites=(("left", "right"),),  # never both at once
            mirror=(("left", "right"),),  # change places when the picture is mirrored
        )
    },
    controls={"left": "a", "right": "d", "jump": "space"},
    # No recipe: `playhead train` chooses one by the picture, the labels and the recordings, and says which.
    settings="Windowed mode, in the size you will always play in.",
)  # fmt: skip


@hookimpl
def playhead_games() -> list[Game]:
    """Return the one game this package teaches."""
    return [$constant]
'''

TEST = '''\
"""$title keeps playhead's contract: its data is sound, and record, train, evaluate and play run through."""

from playhead.testing import GameContract
from playhead_$name.game import $constant


class Test$constant(GameContract):
    game = $constant
'''

# File -> template. $name is the game's, $title as people write it, $constant the game's name in Python.
FILES = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "src/playhead_$name/__init__.py": '"""$title for playhead."""\n',
    "src/playhead_$name/py.typed": "",
    "src/playhead_$name/game.py": GAME,
    "tests/test_$name.py": TEST,
}
# Of one that is a Gymnasium environment.
ENVIRONMENT_FILES = {
    **FILES,
    "README.md": new_environment.README,
    "src/playhead_$name/game.py": new_environment.GAME,
    "src/playhead_$name/policy.py": new_environment.POLICY,
}


@click.command("new-game")
@click.argument("name")
@click.option("--title", default="", help="What people call the game. Default: the name, capitalised.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder in which the package's folder is made. Default: the current one.",
)
@click.option("--environment", metavar="ID", default="", help="Gymnasium environment that is the game, as "
              "CartPole-v1, or ale_py:ALE/Pong-v5 of a package.")  # fmt: skip
@pass_desk
def new_game(desk: Desk, name: str, title: str, into: Path, environment: str) -> None:
    """Write a package that teaches playhead a new game: one in a window, or a Gymnasium environment.

    Example: playhead new-game pong --title Pong
    """
    folder = write_package(name, title, into, environment, say=desk.say)
    desk.tell(folder)
    desk.say(
        f"Next: python -m pip install -e {folder}[test], python -m pytest {folder}, then change "
        f"{folder / 'src' / f'playhead_{name}' / 'game.py'}."
    )


def write_package(
    name: str, title: str, into: Path, environment: str = "", *, say: Callable[[str], object] = lambda text: None
) -> Path:
    """Write the package of a game, which may be a Gymnasium environment, and return its folder.

    `say` gets what is worth knowing of it.

    Raises:  BadValue for a name that cannot be one, or a folder that holds something already; as `facts_of`.
    """
    check_name(name)
    title = title.strip() or name.replace("_", " ").title()
    if '"' in title or "\\" in title or not title.isprintable():
        raise BadValue(f"The title {title!r} must be one line without quotation marks and backslashes.")
    folder = into / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadValue(f"{folder} exists and is not empty. Choose another name, or --into another folder.")
    needed = [f'"playhead>={__version__}"']
    values = {"name": name, "title": title, "constant": name.upper()}
    if environment:
        values |= new_environment.facts_of(environment)
        values["axes_comment"] = f"    # {values['axes']}\n" if values["axes"] else ""
        needed += [f'"{package}"' for package in new_environment.packages_of(environment)]
    values["dependencies"] = ", ".join(needed)
    for path, template in (ENVIRONMENT_FILES if environment else FILES).items():
        file = folder / Template(path).substitute(values)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = Template(template).substitute(values).replace(" \n", "\n")
        file.write_text(text, encoding="utf-8", newline="\n")
    if values.get("axes"):
        say(values["axes"])
    return folder


LONGEST = 50  # letters; it is typed in every command, and part of folders, modules and a package's name


def check_name(name: str) -> None:
    """Raise BadValue unless `name` can be a game's: typed at a prompt and part of a package's name."""
    if not (name.isascii() and name.isidentifier() and name == name.lower()) or name.startswith("_"):
        raise BadValue(
            f'"{name}" cannot be the name of a game: lower-case letters, digits and _ only, a letter first. '
            "Example: playhead new-game rocket_league."
        )
    if len(name) > LONGEST:
        raise BadValue(f"A text of {len(name)} letters cannot be the name of a game: {LONGEST} at most.")
    if keyword.iskeyword(name):
        raise BadValue(f'"{name}" is a word of Python and cannot be the name of a game. Choose another.')
