"""Every field of run.json and of a recording's header says something hostile, and every command reads it: nothing
is imported or run, nothing is written outside of the home, nothing unseen is printed, no traceback is shown."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brightside import GAME, load_plugins
from doubles import MemoryRecording, bright_side_drives

from playhead.cli import run as run_command
from playhead.cli.context import Desk
from playhead.events import Origin
from playhead.models.run import Run
from playhead.models.run_file import sealed
from playhead.names import visible
from playhead.storage.reader import open_recording
from playhead.storage.schema import ATTRIBUTE, group_json
from playhead.storage.writer import RecordingWriter
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

MARKER = "ph_marker_module"
REFERENCE = f"{MARKER}:run"
TRAVERSAL = "../../../ph_outside"
UNSEEN = "a\x1b[2J\x1b]0;t\x07\r\nfake row\u202e\u200b\x9b[/x]$(touch ph_outside)</script><img src=x onerror=y>"
LONG = "n" * 5000
Place = tuple[str | int, ...]


def store(recording: MemoryRecording, folder: Path) -> None:
    """Write a recording in memory to the disk."""
    with RecordingWriter(folder, recording.header) as writer:
        for number, frame_HWC in enumerate(recording.frames_THWC):
            labels = {name: values[number] for name, values in recording.labels.items()}
            writer.append(frame_HWC, int(recording.frame_time_ns[number]), labels, Origin.SCRIPT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one recording and of a run that learned from it."""
    home = tmp_path_factory.mktemp("deep") / "a" / "b" / "c" / "home"
    store(bright_side_drives(GAME, seed=0, count=30), home / "recordings/toy/drive-1")
    store(bright_side_drives(GAME, seed=1, count=30), home / "recordings/toy/drive-2")
    recipe = Recipe(
        steps=2, batch_size=4, warmup_steps=1, augment={"flip": 0.5}, eval_every=2, val_share=0.5,
        model_options={"channels": [4, 4], "features": 4, "hidden": 4}, controller={"threshold": 0.5},
    )  # fmt: skip
    job = TrainingJob(
        game=GAME, recipe=recipe, out=home / "runs/toy/default/1", plugins=load_plugins(),
        recordings=[open_recording(folder) for folder in sorted((home / "recordings/toy").iterdir())],
    )  # fmt: skip
    train(job)
    return home


@pytest.fixture
def watched(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home, with the marker on the path; in the end nothing was run, and nothing lies outside."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / f"{MARKER}.py").write_text("def run(*a, **k): pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(Desk, "plugins", load_plugins())
    monkeypatch.setattr(os, "system", lambda text: pytest.fail(f"a shell was given {text!r}"))
    monkeypatch.chdir(tmp_path)
    outside = made.parents[3]
    before = sorted(path for path in outside.rglob("*") if not path.is_relative_to(made))
    yield made
    assert MARKER not in sys.modules
    assert sorted(path for path in outside.rglob("*") if not path.is_relative_to(made)) == before
    assert sorted(tmp_path.iterdir()) == [folder]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yield where every text, number and container of a document lies, the document itself last."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*at, key))
    if at:
        yield at


def replaced(document: Any, place: Place, value: object) -> Any:
    """Return the document with another value there; of a mapping also with the value as a name in it."""
    changed = copy.deepcopy(document)
    inside = changed
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return changed


def everywhere(value: Any, hostile: str) -> Any:
    """Return a document in which every text and number is hostile."""
    if isinstance(value, dict):
        return {name: everywhere(one, hostile) for name, one in value.items()}
    return [everywhere(one, hostile) for one in value] if isinstance(value, list) else hostile


def variants(document: Any, hostile: str, together: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the document with a hostile text everywhere: in place of each value, and as a name in each mapping.

    What lies below the names in `together`, which is only ever shown, says it all at once.
    """
    for name in together:
        yield f"all of {name}", {**document, name: everywhere(document[name], hostile)}
    for place in places(document):
        if place[0] in together and len(place) > 2:
            continue
        yield "/".join(map(str, place)), replaced(document, place, hostile)
        value: Any = document
        for step in place:
            value = value[step]
        if isinstance(value, dict):
            named = next(iter(value.values()), 0.5)
            yield f"a name in {'/'.join(map(str, place))}", replaced(document, place, {**value, hostile: named})


def ask(capsys: pytest.CaptureFixture[str], what: str, home: Path, *args: str) -> list[str]:
    """Run a command, and return what is wrong with how it ended."""
    try:
        code = run_command([*args, "--home", str(home)])
    except BaseException as error:
        return [f"{what}: {args[0]} raises {error!r}"]
    said = capsys.readouterr()
    text = said.out + said.err
    wrong = []
    if "Traceback" in text or "does not know:" in text:
        wrong.append(f"{what}: {' '.join(args[:2])} says {said.err[-300:]}")
    if visible(text, keep="\n") != text or any(line.startswith("fake row") for line in text.splitlines()):
        wrong.append(f"{what}: {' '.join(args[:2])} shows {text!a}")
    if code not in (0, 1, 2):
        wrong.append(f"{what}: {' '.join(args[:2])} ends with {code}")
    return wrong


def walk(file: Path, all_variants: Iterator[tuple[str, bytes]], ask_all: Callable[[str], list[str]]) -> list[str]:
    """Write each variant in place of a file, ask, and put the file back."""
    before, wrong = file.read_bytes(), []
    try:
        for what, variant in all_variants:
            file.write_bytes(variant)
            wrong += ask_all(what)
    finally:
        file.write_bytes(before)
    return wrong


HOSTILE = [
    pytest.param(REFERENCE, id="reference"),
    pytest.param(TRAVERSAL, id="traversal"),
    pytest.param(UNSEEN, id="unseen"),
    pytest.param(LONG, id="long", marks=pytest.mark.slow),
    pytest.param("os:system", id="system", marks=pytest.mark.slow),
]
EVERY = (LONG, "os:system")  # those that have the time: all commands read all variants
EVALUATE = ("evaluate", "toy", "--run", "1", "--on", "none", "--windows", "8")
# Fields that name something, or that a page shows. Evaluating takes 1.5 s, so only these are evaluated by default.
NAMING = {
    "all of metrics", "all of made_with", "all of data", "recipe_name", "device", "game/name", "game/title",
    "recipe/model", "recipe/split_by", "a name in recipe/augment", "a name in recipe/controller",
}  # fmt: skip
PLAY = ("play", "toy", "--run", "1", "--on", "world", "--seconds", "0.3", "--dry-run")
RUN_COMMANDS = [
    ("show", "toy"),
    PLAY,
    ("train", "toy", "--from", "1", "--steps", "1", "--set", "batch_size=2", "--json"),
]
RECORDING_COMMANDS = [
    ("data", "list"),
    ("data", "info", "toy/drive-1"),
    ("data", "check"),
    ("data", "balance", "toy", "--skip-bad"),
    ("data", "trim", "toy/drive-1", "--dry-run"),
    ("data", "repair", "toy/drive-1", "--dry-run"),
    ("record", "toy", "--seconds", "0.2", "--workers", "1"),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_run_says_of_itself(
    hostile: str, watched: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = watched / "runs/toy/default/1/run.json"
    monkeypatch.setattr("playhead.training.supervised.train", lambda job: Run.open(file.parent))

    def ask_all(what: str) -> list[str]:
        shown = what.startswith("all of")  # and names nothing
        evaluated = hostile in EVERY or (what in NAMING and (hostile == UNSEEN or not shown))
        commands = [*RUN_COMMANDS, EVALUATE] if evaluated else RUN_COMMANDS
        if hostile not in (*EVERY, REFERENCE) and what not in NAMING:
            commands = [PLAY] if hostile == UNSEEN else []
        return [wrong for command in commands for wrong in ask(capsys, what, watched, *command)]

    together = () if hostile in EVERY else ("metrics", "made_with", "data")
    runs = variants(json.loads(file.read_text("utf-8")), hostile, together)
    wrong = walk(file, ((what, sealed(one)) for what, one in runs), ask_all)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_recording_says_of_itself(
    hostile: str, watched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = watched / "recordings/toy/drive-1/zarr.json"
    header = json.loads(file.read_text("utf-8"))["attributes"]

    page, picture = watched / "page.html", watched / "picture.png"
    looking = [
        ("data", "view", "toy/drive-1", "--out", str(page)),
        ("data", "show", "toy/drive-1", "--frames", "2", "--out", str(picture)),
    ]

    def ask_all(what: str) -> list[str]:
        reading = RECORDING_COMMANDS[:-1] if hostile == REFERENCE else RECORDING_COMMANDS[:2]
        commands = RECORDING_COMMANDS if hostile in EVERY else reading
        commands = [*commands, *looking] if hostile == UNSEEN else commands
        page.unlink(missing_ok=True)
        wrong = [wrong for command in commands for wrong in ask(capsys, what, watched, *command)]
        shown = page.read_text("utf-8") if page.exists() else ""
        if visible(shown, keep="\n\t") != shown or "<img src=x" in shown or shown.count("</script>") > 2:
            wrong.append(f"{what}: its page shows what is not seen, or is more than text")
        return wrong

    headers = variants(header[ATTRIBUTE], hostile, ())
    sealed_again = ((what, json.dumps(group_json({ATTRIBUTE: one})).encode()) for what, one in headers)
    wrong = walk(file, sealed_again, ask_all)
    assert not wrong, "\n".join(wrong)


NAMES = [
    "a b",
    "it's",
    "$(touch ph_outside)",
    "-x",
    "--dry-run",
    "fake\nrow  1",
    "\x1b[2J",
    '"`id`"',
    "\u202egpj",
    "é",
]


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("name", NAMES)
def test_a_recording_of_any_name_is_listed_in_its_row_and_repaired_by_the_command_that_is_offered(
    name: str, watched: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = tmp_path / "modules" / "home"
    folder = home / "recordings" / "toy" / name
    shutil.copytree(watched / "recordings/toy/drive-1", folder)
    (folder / "frames" / "zarr.json").unlink()
    assert not ask(capsys, name, home, "data", "list", "toy")
    assert run_command(["data", "list", "toy", "--home", str(home)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run_command(["data", "check", "--home", str(home)]) == 1
    said = capsys.readouterr()
    assert visible(said.err, keep="\n") == said.err
    offered = said.err.splitlines()[-1].partition("Repair with: ")[2]
    script = f"playhead() {{ printf '%s\\0' \"$@\"; }}\n{offered}"
    words = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.split(b"\0")
    assert words[:2] == [b"data", b"repair"]
    assert os.fsencode(f"toy/{name}") in words
