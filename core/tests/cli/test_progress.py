"""Where stderr is no terminal, a line a minute says what a bar would show."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from playhead.cli import progress
from playhead.cli.progress import bars_of, name_column


def bars(*, is_terminal: bool) -> tuple[progress.Progress, list[float], io.StringIO]:
    now_s, out = [100.0], io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, get_time=lambda: now_s[0])
    shown = bars_of(name_column(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console)
    return shown, now_s, out


def test_into_a_file_goes_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    shown, now_s, out = bars(is_terminal=False)
    with shown:
        task = shown.add_task("train\x1b[31m", total=100)
        for _ in range(100):
            now_s[0] += 2.0
            shown.advance(task)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[1].split() for line in lines] == [["30/100"], ["60/100"], ["90/100"]]
    assert lines[0].startswith("train\\x1b[31m  30/100  0:0"), lines  # and what is left
    assert out.getvalue() == ""


def test_in_a_terminal_there_is_a_bar_and_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown, now_s, _ = bars(is_terminal=True)
    with shown:
        task = shown.add_task("train", total=100)
        for _ in range(100):
            now_s[0] += 2.0
            shown.update(task, advance=1)
    assert capsys.readouterr().err == ""
