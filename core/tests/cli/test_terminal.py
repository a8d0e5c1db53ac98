"""Nothing unseen reaches the terminal, and every error becomes a sentence whose traceback is in a file."""

from __future__ import annotations

import errno
import io
import re
import sys
import tempfile
import threading
from pathlib import Path

import click
import pytest
from rich.panel import Panel
from rich.table import Table

from playhead import cli
from playhead.cli import terminal
from playhead.cli.table import lines_of

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\rc\u202ed\u200be\x9bf\udcff"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> click.Group:
    """Put commands of a test's own into the command line: `run(["fail"])`."""
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PLAYHEAD_DEBUG", raising=False)
    group = click.Group("test")
    monkeypatch.setitem(cli.COMMANDS, "fail", ("x:fail", ""))
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: type("m", (), group.commands))
    return group


def failing(group: click.Group, error: BaseException) -> None:
    @group.command("fail")
    @cli.context.pass_desk
    def fail(desk: cli.context.Desk) -> None:
        raise error


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.tell("one\ntwo  done", HOSTILE)
    terminal.say("Error: x\nDone.")
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "one\\ntwo  done"
    assert len(said.out.splitlines()) == 2
    assert said.err == "Error: x\\nDone.\n"


def test_a_cell_stays_in_its_row() -> None:
    assert lines_of(["name", "n"], [["a\nfake  9", 1], ["b", 2]]) == [
        "name        n",
        "a\\nfake  9  1",
        "b           2",
    ]


def test_what_prints_by_itself_is_made_visible_too(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.visible_streams():
        print(HOSTILE)
        sys.stderr.writelines([HOSTILE, "\n"])
        click.echo(HOSTILE, err=True)
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert text.replace("\n", "").isprintable()
        assert "\\x1b[2J" in text


def test_a_letter_that_the_terminal_lacks_is_written_out() -> None:
    inner = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    terminal.VisibleStream(inner).write("größe\udcff\n")
    inner.flush()
    assert inner.buffer.getvalue() == b"gr\\xf6\\xdfe\\udcff\n"


def test_what_rich_draws_holds_no_control_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    console = terminal.console(force_terminal=True, width=60, color_system=None)
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    console.print(Panel(table, title=HOSTILE), markup=False)
    console.print(f"[/x]{HOSTILE}", markup=False)
    text = re.sub("\x1b\\[[0-9;]*m", "", shown.getvalue())
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J" in text


ERRORS = [
    ValueError("a\nb\x1b[2J"), OSError(errno.EIO, "Input/output error"), RecursionError("deep"), MemoryError(),
    KeyError("x"), AssertionError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
    type("Odd", (BaseException,), {})(), ValueError("x" * 10_000),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_that_nobody_expected_is_one_sentence_and_a_file(
    error: BaseException, command: click.Group, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing(command, error)
    assert cli.run(["fail"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"Error: Something went wrong that playhead does not know: {type(error).__name__}")
    (file,) = (tmp_path / "home" / "errors").iterdir()
    assert str(file) in line
    assert len(line) < 800
    written = file.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in written
    assert "\x1b" not in written


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_traceback_is_shown_where_it_is_asked_for(
    how: str, command: click.Group, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(command, ValueError("x\x1b"))
    if how == "variable":
        monkeypatch.setenv("PLAYHEAD_DEBUG", "1")
    assert cli.run(["--debug", "fail"] if how == "option" else ["fail"]) == 1
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert "\x1b" not in said


def test_a_home_that_cannot_be_written_has_its_traceback_elsewhere(
    command: click.Group, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "errors").write_text("no folder")
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(elsewhere))
    failing(command, ValueError("x"))
    assert cli.run(["fail"]) == 1
    assert str(elsewhere) in capsys.readouterr().err


def test_a_file_that_cannot_be_used_is_named(command: click.Group, capsys: pytest.CaptureFixture[str]) -> None:
    failing(command, NotADirectoryError(errno.ENOTDIR, "Not a directory", "/home/x"))
    assert cli.run(["fail"]) == 1
    assert capsys.readouterr().err.startswith("Error: /home/x cannot be used: Not a directory.")


def test_an_error_in_a_thread_is_a_sentence_too(command: click.Group, capsys: pytest.CaptureFixture[str]) -> None:
    @command.command("fail")
    @cli.context.pass_desk
    def fail(desk: cli.context.Desk) -> None:
        def wrong() -> None:
            raise ValueError("beside")

        thread = threading.Thread(target=wrong)
        thread.start()
        thread.join()

    assert cli.run(["fail"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: beside" in line


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (click.Abort(), 130), (BrokenPipeError(), 0)]
)
def test_ends_that_are_none_of_these_keep_their_codes(
    error: BaseException, code: int, command: click.Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    failing(command, error)
    assert cli.run(["fail"]) == code


def test_an_endless_line_keeps_what_is_wrong_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say(f"{'x' * 65_000} is no name. Rename it.", "short")
    long, short = capsys.readouterr().err.splitlines()
    assert long.startswith("xxx")
    assert long.endswith("is no name. Rename it.")
    assert len(long) < 5_000
    assert short == "short"
