"""Whatever a plugin does, it is named and set aside; `games`, `plugins` and `--help` go on, with exit 0."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from playhead import guarded
from playhead.cli import run
from playhead.names import visible

GOOD = """
from playhead.game import Device, Frame, Game
from playhead.hookspecs import hookimpl
from playhead.labels import Keys

def make(name="{name}", **more):
    what = dict(title="I", devices={{"screen": Device(capture="screen", input="keyboard")}},
                frame=Frame(width=8, height=8, rate_hz=1), labels={{"k": Keys("a")}})
    return Game(name=name, **{{**what, **more}})
"""
ONE = "\n@hookimpl\ndef playhead_games():\n    return [make()]\n"
Install = Callable[..., None]


def good(name: str) -> str:
    return GOOD.format(name=name)


# What is wrong -> the code of a plugin, and what is said of it.
BROKEN: dict[str, tuple[str, str]] = {
    "exits": ("import sys\nsys.exit()", "wants to end the program"),
    "exits with a text": ("import sys\nsys.exit('bye')", "wants to end the program (SystemExit: bye)"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "another base exception": ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
    "generator exit": ("raise GeneratorExit", "GeneratorExit"),
    "no text for its error": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "its text cannot be made",
    ),
    "an exit for a text of its error": (
        "class E(Exception):\n    def __str__(self): raise SystemExit(0)\nraise E", "its text cannot be made",
    ),
    "closes what it found as stdout": ("import sys\nsys.stdout.close()\nraise ValueError('x')", "ValueError: x"),
    "syntax": ("def (", "SyntaxError"),
    "endless recursion": ("def f(): f()\nf()", "RecursionError"),
    "out of memory": ("raise MemoryError", "MemoryError"),
    "a warning as an error": (
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('w')", "UserWarning",
    ),
    "hook exits": (
        good("a") + "@hookimpl\ndef playhead_games():\n    raise SystemExit(0)", "wants to end the program",
    ),
    "hook interrupts": (good("a") + "@hookimpl\ndef playhead_models():\n    raise KeyboardInterrupt", "Interrupt"),
    "a generator that raises": (
        good("a") + "@hookimpl\ndef playhead_games():\n    yield make()\n    raise RuntimeError('later')", "later",
    ),
    "a hook that returns nothing": (good("a") + "@hookimpl\ndef playhead_games():\n    pass", "TypeError"),
    "a mapping that raises": (
        good("a") + "class M(dict):\n    def items(self): raise OSError('lazy')\n"
        "@hookimpl\ndef playhead_models():\n    return M(a='json:loads')", "OSError: lazy",
    ),
    "a module that answers no questions": (
        "def __getattr__(name): raise RuntimeError('asked for ' + name)", "asked for",
    ),
    "a title that is a number": (good("a") + ONE.replace("make()", "make(title=3)"), "Game.title is of type int"),
    "a name that is none": (good("a") + ONE.replace("make()", "make(name=None)"), "Game.name is of type NoneType"),
    "a device that is a text": (
        good("a") + ONE.replace("make()", "make(devices={'s': 'screen'})"), "Game.devices['s'] is of type str",
    ),
    "devices that are a list": (good("a") + ONE.replace("make()", "make(devices=['s'])"), "Game.devices is of"),
    "a size that is a text": (
        good("a") + ONE.replace("make()", "make(frame=Frame(width='8', height=8, rate_hz=1))"), "TypeError",
    ),
    "a colour that is none": (
        good("a") + ONE.replace("make()", "make(frame=Frame(width=8, height=8, rate_hz=1, colour='red'))"),
        "Game.frame.colour is of type str, 'rgb' or 'grey' is wanted",
    ),
    "labels of numbers": (good("a") + ONE.replace("make()", "make(labels={'k': Keys(1, 2)})"), "names[0] is of"),
    "a recipe that is a mapping": (
        good("a") + ONE.replace("make()", "make(recipes={'default': {'steps': 3}})"), "Recipe is wanted",
    ),
    "a recipe that leads out": (
        "from playhead.training.recipe import Recipe\n" + good("a")
        + ONE.replace("make()", "make(recipes={'../x': Recipe()})"), "holds /",
    ),
    "an importer that is a number": (
        good("a") + ONE.replace("make()", "make(importers={'i': 3})"), "Game.importers['i'] is of type int",
    ),
    "settings of bytes": (good("a") + ONE.replace("make()", "make(settings=b'x')"), "is of type bytes"),
    "a game that is a device of windows": (good("con") + ONE, "must be a lower-case word"),
    "a command that fails": (
        good("a") + "@hookimpl\ndef playhead_commands(cli):\n    raise SystemExit(0)", "its commands are left out",
    ),
    "a command that is there": (
        good("a") + "import click\n@hookimpl\ndef playhead_commands(cli):\n"
        "    cli.add_command(click.Command('train'))", "the command train is there already",
    ),
    "a command that is none": (
        good("a") + "@hookimpl\ndef playhead_commands(cli):\n    cli.add_command(3, 'x')", "no command of click",
    ),
    "a command whose name is a number": (
        good("a") + "import click\n@hookimpl\ndef playhead_commands(cli):\n"
        "    cli.commands[3] = click.Command('three')", "no command can be called 3",
    ),
    "a command that is called like an option": (
        good("a") + "import click\n@hookimpl\ndef playhead_commands(cli):\n"
        "    cli.add_command(click.Command('--help'))", "no command can be called '--help'",
    ),
    "a recipe of things that cannot be written": (
        "from playhead.training.recipe import Recipe\n" + good("a")
        + ONE.replace("make()", "make(recipes={'default': Recipe(model_options={'x': object()})})"), "TypeError",
    ),
    "a title without an end": (good("a") + ONE.replace("make()", "make(title='T' * 10**7)"), "letters, 1000 at"),
    "an error without an end": ("raise ValueError('x' * 10**7)", "xxx..."),
    "the depth of all calls": ("import sys\nsys.setrecursionlimit(70)\nraise ValueError('x')", "ValueError: x"),
    "a finalizer that raises": (
        "class D:\n    def __del__(self): raise ValueError('del')\nD()\nraise KeyError('x')", "KeyError: 'x'",
    ),
    "a command that cannot say what it is": (
        good("a") + "import click\nclass C(click.Command):\n    def get_short_help_str(self, limit=45):\n"
        "        raise RuntimeError('mute')\n@hookimpl\ndef playhead_commands(cli):\n    cli.add_command(C('x'))",
        "RuntimeError: mute",
    ),
}  # fmt: skip


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with one module and one entry point on the path, as pip would."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    path = tmp_path / "site"
    path.mkdir()
    monkeypatch.syspath_prepend(path)

    def put(name: str, code: str, *, package: str = "", points: str = "") -> None:
        module = f"ph_{name}_{os.urandom(4).hex()}"
        (path / f"{module}.py").write_text(code, encoding="utf-8")
        info = path / f"{(package or f'x_{name}').replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        about = f"Metadata-Version: 2.1\nName: {package or f'x-{name}'}\nVersion: 1.0\n"
        (info / "METADATA").write_text(about, encoding="utf-8")
        text = points or f"[playhead]\n{name} = {module}\n"
        (info / "entry_points.txt").write_text(text, encoding="utf-8")

    return put


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_is_named_and_the_rest_works(
    what: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    code, reason = BROKEN[what]
    install("aaa", code)
    install("zzz", good("laterone") + ONE)
    for command in (["games"], ["--help"], ["plugins"]):
        assert run(command) == 0
        said = capsys.readouterr()
        if command != ["games"] or "command" not in what:  # which asks for no commands
            assert "plugin aaa is broken" in said.err
            assert reason in said.err
        if command == ["games"]:
            assert "laterone" in said.out


def test_a_plugin_prints_on_stderr_whatever_it_prints_with(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("loud", "import os, subprocess, sys\nprint('one')\nsys.__stdout__.write('two\\n')\n"
            "os.write(1, b'three\\n')\n"
            "subprocess.run([sys.executable, '-c', 'print(4)'])\n" + good("loudgame") + ONE)  # fmt: skip
    assert run(["games", "--json"]) == 0
    said = capfd.readouterr()
    assert "loudgame" in [row["name"] for row in json.loads(said.out)]
    assert all(word in said.err for word in ("one", "two", "three", "4"))


def test_what_belongs_to_the_process_is_as_before(install: Install, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, warnings\nos.chdir('/')\nsys.path.insert(0, '/elsewhere')\n"
        "sys.path.remove(sys.path[1])\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "sys.stdout = sys.stderr = None\nwarnings.simplefilter('error')\nsys.excepthook = None\n"
    )
    install("greedy", code + good("greedygame") + ONE)
    before = Path.cwd(), list(sys.path), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert run(["games"]) == 0
    assert (Path.cwd(), sys.path[:-1]) == before[:2]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before[2:]
    sys.path.remove("/elsewhere")


def test_lines_that_cannot_be_read_hide_only_their_own_package(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("torn", "", points="[playhead]\nthis is no entry point\n")
    install("odd", "", points="[playhead]\nodd = not a module!!\n")
    install("stranger", "", points="[other]\nneither is this\n")
    install("fine", good("finegame") + ONE)
    assert run(["games"]) == 0
    said = capsys.readouterr()
    assert "finegame" in said.out
    assert "plugin x-torn is broken" in said.err
    assert "plugin odd is broken" in said.err
    assert "stranger" not in said.err


def test_a_name_belongs_to_the_projects_own_package(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("pong", good("pong") + ONE.replace("make()", "make(title='the real one')"), package="playhead-pong")
    install("aaa", good("pong") + ONE)
    install("bbb", good("pong") + ONE, package="playhead-aaa")
    assert run(["games"]) == 0
    said = capsys.readouterr()
    assert "the real one" in said.out
    assert "plugin aaa is broken and left out: the game pong is already taught by plugin pong" in said.err
    assert "plugin bbb is broken" in said.err
    assert "pong is broken" not in said.err


def test_another_of_the_projects_packages_does_not_come_first_with_a_foreign_game(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("pong", "import nowhere_at_all", package="playhead-pong")
    install("aaa", good("pong") + ONE, package="playhead-aaa")
    assert run(["games"]) == 0
    assert "the game pong belongs to the package playhead-pong" in capsys.readouterr().err


def test_two_of_one_name_are_told_apart(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("twin", good("twinone") + ONE, package="a-twin")
    install("twin", good("twintwo") + ONE, package="b-twin")
    assert run(["games"]) == 0
    said = capsys.readouterr()
    assert "twinone" in said.out
    assert "twintwo" not in said.out
    assert "another plugin has this name too" in said.err


def test_a_name_of_a_plugin_moves_no_cursor(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("bad", "", points="[playhead]\n\x1b[2Jbad = nowhere_at_all\n")
    assert run(["games"]) == 0
    said = capsys.readouterr().err
    assert "\\x1b[2Jbad" in said
    assert visible(said, keep="\n") == said


ENDLESS = "import time\nwhile True:\n    time.sleep(0.05)\n"
STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        break\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("code", [ENDLESS, STUBBORN], ids=["endless", "swallows"])
def test_an_import_that_never_ends_is_named_and_named_again_by_ctrl_c(
    code: str, install: Install, tmp_path: Path
) -> None:
    install("slow", code)
    program = "import sys; from playhead import guarded, cli; guarded.SLOW_S = 0.2; sys.exit(cli.run(['games']))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as started:
        assert started.stderr is not None
        watchdog = threading.Timer(60, started.kill)
        watchdog.start()
        assert started.stderr.readline() == "Plugin slow is being imported, for 0.2 s so far. Ctrl-C ends it.\n"
        started.send_signal(signal.SIGINT)
        rest = started.stderr.read()
        assert started.wait() == 130
        watchdog.cancel()
    assert rest.strip().startswith(
        "Stopped while plugin slow is being imported. Mend or update the package of slow"
    )
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "import threading\nthreading.Thread(target=threading.Event().wait).start()",
            "a thread that does not end",
        ),
        ("import os\nos.close(2)\nraise ValueError('x')", "plugin odd is broken and left out"),
        ("import click\nclick.echo = None\nraise ValueError('x')", "plugin odd is broken and left out"),
    ],
    ids=["a thread", "stderr", "click"],
)
def test_what_a_plugin_leaves_behind_neither_silences_a_command_nor_keeps_it(
    code: str, says: str, install: Install, tmp_path: Path
) -> None:
    install("odd", code)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "playhead", "plugins"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert says in done.stderr
    assert "playhead" in done.stdout


def test_a_plugin_is_named_only_when_it_is_slow(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded.SLOW_S > 1
    install("fast", good("fastgame") + ONE)
    assert run(["games"]) == 0
    assert "so far" not in capsys.readouterr().err
