"""Numbers that people and plugins state: what is none is said, wherever it enters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import playhead
from playhead.cli import run
from playhead.errors import BadValue
from playhead.quantities import MOST_SEED, number, rate, seed, seeds


@pytest.mark.parametrize("value", [math.nan, "20", "fast", [30], None, True, 1j, np.zeros(1), {}])
def test_what_is_no_number_is_said(value: Any) -> None:
    for check in (number, rate):
        with pytest.raises(BadValue, match=r"^--rate .* is no number"):
            check(value, "--rate")


@pytest.mark.parametrize(
    ("check", "value", "sentence"),
    [
        (number, -1, "--x cannot be negative, as -1 is"),
        (number, math.inf, "--x inf must lie between 0 and"),
        (number, 10**400, "--x inf must lie between|--x 1000.* must lie between"),
        (rate, 0, "--x 0 must lie between"),
        (rate, 1e-9, "--x 1e-09 must lie between"),
        (rate, 1e9, r"--x 1e\+09 must lie between"),
        (seed, -1, "--x -1 is no whole number from 0 to 4294967295"),
        (seed, MOST_SEED + 1, "is no whole number"),
        (seed, 1.5, "is no whole number"),
        (seed, "x", "is no whole number"),
        (seed, True, "is no whole number"),
    ],
)
def test_what_lies_outside_is_said(check: Any, value: Any, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        check(value, "--x")


def test_numbers_of_any_kind_are_plain_ones() -> None:
    assert [number(value, "x") for value in (0, 0.5, np.float32(0.5), np.int64(3))] == [0, 0.5, 0.5, 3]
    assert [seed(value) for value in (0, np.uint32(MOST_SEED))] == [0, MOST_SEED]
    assert seeds(3, 2) == range(3, 5)
    with pytest.raises(BadValue, match="The last of 2 seeds"):
        seeds(MOST_SEED, 2)


@pytest.mark.parametrize("command", ["record", "play", "evaluate"])
@pytest.mark.parametrize(
    "option",
    ["--seconds=nan", "--seconds=inf", "--seconds=-1", "--latency=nan", "--latency=inf", "--seed=-1", "--seed=1.5",
     "--seed=4294967296", "--rate=0", "--rate=nan", "--rate=-5", "--rate=fast"],
)  # fmt: skip
def test_commands_take_no_such_number(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    if command == "evaluate" and "rate" in option:
        return
    assert run([command, "gta5", option]) == 1
    assert capsys.readouterr().err.startswith(f"Error: {option.partition('=')[0]} ")


@pytest.mark.parametrize(
    "asked", [{"seconds": math.nan}, {"latency": math.inf}, {"rate": 0}, {"rate": "20"}, {"seed": -1}]
)
def test_nor_does_who_calls_from_python(asked: dict[str, Any], tmp_path: Path) -> None:
    from oddly import GAME, load_plugins

    with pytest.raises(BadValue, match=f"^--{next(iter(asked))} "):
        playhead.record(GAME, home=tmp_path, plugins=load_plugins(), **asked)
