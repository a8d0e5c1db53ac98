"""Every example of every --help runs as it is printed; every command in the documents is one that can be typed."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import bucket
import click
import hub
import pytest

from playhead.cli import cli, run
from playhead.cli.net import Call

ROOT = Path(__file__).parents[1]
NAMED = "2026-11-21-1"  # the recording of the examples
# What would take minutes is typed as printed, and less of it behind that: of an option given twice, the last.
LESS = {
    "record gta5": "--episodes 1 --seconds 1.5",
    "calibrate crew2": "--episodes 1 --seconds 8",
    "train gta5": "--recipe quick --steps 4 --set eval_every=4 --set batch_size=4",
    "evaluate gta5": "--episodes 1 --seconds 1 --workers 1 --windows 16",
    "export gta5": "--windows 8",
    "bench gta5": "--decisions 3",
    "play gta5": "--episodes 1 --seconds 1",
}
NOT_HERE = {
    "world gta5 --drives 3": "opens a window that a person drives in: core/tests/display",
    "label pokemon play.mp4 --run idm": "needs a run that sees what comes: core/tests/sessions/test_labelling.py",
    "live gta5": "goes on until Ctrl-C, and needs Ray: games/gta5/tests/live (tox run -e live)",
    "live gta5 --collectors 2 --buffer 2000": "likewise",
    "live collect gta5 --address 127.0.0.1:6379": "needs a live run there: games/gta5/tests/live",
    "live watch gta5 --address 127.0.0.1:6379": "likewise",
    "live set gta5 monday --set heads=steer": "needs a live run: core/tests/live",
    "live balance gta5": "likewise",
    "live replay gta5": "likewise",
    "doctor gta5": "fails where the machine is too slow, as it should: core/tests/doctor",
}
LAST = ("data delete",)  # of a group: what others need is gone then
# A document may show what a plugin of its reader adds, or leave open what only they know.
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|\.\.\.|<|\[")


def commands(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command of the tree, by the words that lead to it."""
    yield words, command
    if isinstance(command, click.Group):
        with click.Context(command, obj=Call()) as context:
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from commands(inner, (*words, name))


TREE = dict(commands(cli))
EXAMPLES = [
    example
    for command in TREE.values()
    for example in re.findall(r"^\s*Example: playhead (.+?)\s*$", command.help or "", re.MULTILINE)
]
RUN = [one for one in EXAMPLES if one not in NOT_HERE]
IN_ORDER = [one for one in RUN if not one.startswith(LAST)] + [one for one in RUN if one.startswith(LAST)]


def test_every_command_has_an_example() -> None:
    without = [
        words for words, command in TREE.items() if words and "Example: playhead" not in (command.help or "")
    ]
    assert without == []


def test_what_is_left_out_or_shortened_is_still_an_example() -> None:
    assert set(NOT_HERE) <= set(EXAMPLES)
    assert all(any(one.startswith(name) for one in EXAMPLES) for name in (*LESS, *LAST))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with one recording of gta5 and some of sideswipe, a folder to work in, a bucket and a hub."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, bucket.served() as far, hub.served() as shared:
        patch.setenv("PLAYHEAD_HOME", str(home))
        patch.chdir(tmp_path_factory.mktemp("work"))
        for name, value in (far.environment() | {"HF_ENDPOINT": shared.endpoint, "HF_TOKEN": hub.KEY}).items():
            patch.setenv(name, value)
        assert run(["record", "gta5", "--episodes", "2", "--seconds", "8"]) == 0
        first = sorted((home / "recordings/gta5").glob("2*"))[0]
        first.rename(first.with_name(NAMED))
        assert run(["record", "sideswipe", "--on", "world", "--set", "sample=2"]) == 0
        yield home


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
@pytest.mark.parametrize("example", IN_ORDER)
def test_an_example_runs_as_printed(home: Path, example: str, capsys: pytest.CaptureFixture[str]) -> None:
    if example.startswith("import "):  # what another tool would have filmed: what was exported before
        for file in Path("films").iterdir():
            shutil.copy(file, f"drive{''.join(file.suffixes)}")
    less = next((words for name, words in LESS.items() if example.startswith(name)), "")
    assert run(shlex.split(f"{example} {less}")) == 0, capsys.readouterr().err


def typed() -> Iterator[tuple[str, str]]:
    """Yield each command in a block of code of the documents, by where it stands."""
    pages = [
        ROOT / "README.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("games/*/README.md"),
        *ROOT.glob("examples/*/README.md"),
    ]
    for page in sorted(pages):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            if found := re.match(r"(?: {4})?playhead ([a-z].*)", line):
                words = re.sub(r"\s+#.*|\s+\\$|`.*", "", found[1])
                if line.startswith("    ") or is_code(page, number):
                    yield f"{page.relative_to(ROOT)}:{number}", words


def is_code(page: Path, number: int) -> bool:
    before = page.read_text(encoding="utf-8").splitlines()[: number - 1]
    return sum(line.startswith("```") for line in before) % 2 == 1


@pytest.mark.parametrize(("where", "words"), [pytest.param(*one, id=one[0]) for one in typed()])
def test_a_command_in_the_documents_can_be_typed(where: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is parsed to its last option, and not run."""
    if PLACEHOLDER.search(words):
        pytest.skip("leaves something to its reader")
    path: tuple[str, ...] = ()
    rest = shlex.split(words)
    while (*path, rest[0]) in TREE:
        path = (*path, rest.pop(0))
        if not rest:
            break
    assert path, f"{words}: no such command"
    with click.Context(cli, obj=Call()) as context:
        TREE[path].make_context(path[-1], rest, parent=context)
