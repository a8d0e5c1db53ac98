"""Worlds whose rewards, measures or telemetry are no numbers: everything else is told, and which were none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from oddly import load_plugins

from playhead import cli
from playhead.cli.context import Desk


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "plugins", load_plugins())
        at = ["--home", str(home)]
        assert cli.run(["record", "oddly", "--episodes", "3", "--workers", "1", *at]) == 0
        assert cli.run(["train", "oddly", *at]) == 0
        yield home


def evaluated(home: Path, fault: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, object], str]:
    shutil.rmtree(home / "page", ignore_errors=True)
    asked = [
        "evaluate",
        "oddly",
        "--home",
        str(home),
        "--episodes",
        "2",
        "--workers",
        "1",
        "--out",
        str(home / "page"),
    ]
    capsys.readouterr()
    assert cli.run([*asked, "--set", f"arguments.fault={fault}"]) == 0
    page = (home / "page" / "index.html").read_text(encoding="utf-8")

    def refuse(text: str) -> None:
        raise AssertionError(text)

    scores = json.loads((home / "page" / "scores.json").read_text(), parse_constant=refuse)
    return capsys.readouterr().out, scores, page


USUAL = [
    ("nan", "return was no number in 2 of 2 rollouts of network."),
    ("some text measures", "odd was no number in 1 of 2 rollouts of network."),
    ("telemetry", "The answer of network was no number on "),
]
FURTHER = [
    ("inf", "return was no number in 2 of 2 rollouts of random."),
    ("-inf", "return was no number in 2 of 2 rollouts of expert."),
    ("none", "return was no number in 2 of 2 rollouts of network."),
    ("text", "return was no number in 2 of 2 rollouts of network."),
    ("array", "return was no number in 2 of 2 rollouts of network."),
    ("huge", "return was no number in 2 of 2 rollouts of network."),
    ("some nan", "return was no number in 1 of 2 rollouts of network."),
    ("text measures", "odd was no number in 2 of 2 rollouts of network."),
    ("missing measures", ""),
    ("some missing measures", "odd was missing in 1 of 2 rollouts of network."),
    ("no measures", ""),
    ("observation", ""),
]


@pytest.mark.parametrize(
    ("fault", "sentence"), [*USUAL, *(pytest.param(*one, marks=pytest.mark.slow) for one in FURTHER)]
)
def test_a_measure_that_is_no_number_is_said_and_the_rest_is_told(
    trained: Path, capsys: pytest.CaptureFixture[str], fault: str, sentence: str
) -> None:
    shown, scores, page = evaluated(trained, fault, capsys)
    assert sentence in shown
    assert sentence in page
    assert "nan" not in shown.lower()
    assert scores["offline"]
    assert len(scores["episodes"]) == 8  # type: ignore[arg-type]


def test_a_flipped_bit_in_the_history_costs_the_curve_only(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = trained.rglob("history.jsonl")
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"step", b"stap", 1))
    try:
        shown, scores, _ = evaluated(trained, "", capsys)
    finally:
        file.write_bytes(whole)
    assert "Note: There is no curve of the training" in shown
    assert scores["offline"]
