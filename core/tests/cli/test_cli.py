import errno
import subprocess
import sys

import click
import pytest

from playhead import cli
from playhead.errors import NotFound

HEAVY = {
    "torch",
    "zarr",
    "cv2",
    "lightning_fabric",
    "numpy",
    "captum",
    "matplotlib",
    "panda3d",
    "gymnasium",
    "rich",
    "av",
}


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in cli.COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from playhead import cli; assert cli.run(['--help']) == 0;"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["trian", "gta5"]) == 2
    assert 'Did you mean "train"?' in capsys.readouterr().err


def test_a_playhead_error_becomes_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def fail() -> None:
        raise NotFound("No run.")

    monkeypatch.setitem(cli.COMMANDS, "fail", (f"{__name__}:fail", ""))
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: type("m", (), {"fail": fail}))
    assert cli.run(["fail"]) == 1
    assert capsys.readouterr().err == "Error: No run.\n"


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.COMMANDS, "stop", ("x:stop", ""))
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: type("m", (), {"stop": stop}))
    assert cli.run(["stop"]) == 130


def test_a_full_disk_is_a_sentence_wherever_it_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*args: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/home/runs/1")

    monkeypatch.setattr(cli.cli, "main", full)
    assert cli.run(["train", "pong"]) == 1
    told = capsys.readouterr().err
    assert told == (
        "Error: The disk is full, while /home/runs/1 was written. Free some space, or take another disk: --home.\n"
    )
