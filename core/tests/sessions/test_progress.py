"""What a session shows where nobody wrote a Progress of their own: nothing, or a plain line."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from cartpole import CART, SMALL

import playhead
from playhead.models.run import Run
from playhead.progress import Progress
from playhead.sessions.progress import PlainBar, progress_of


def test_nobody_hears_by_default_and_a_bar_is_a_wish() -> None:
    assert type(progress_of(None)) is type(progress_of(False)) is Progress
    assert isinstance(progress_of(True), PlainBar)
    own = Progress()
    assert progress_of(own) is own


def test_a_plain_bar_is_one_line_that_sentences_go_above(capsys: pytest.CaptureFixture[str]) -> None:
    bar = PlainBar()
    with bar.frames("record cart", 40, 25.0) as advance:
        advance(20)
        bar.note("Two \x1b[2J episodes.")
        advance(20)
    bar.step(1, 2, 0.5)
    out, err = capsys.readouterr()
    assert out == ""
    shown = [piece.strip() for piece in err.replace("\n", "\r").split("\r") if piece.strip()]
    assert shown == [
        "record cart: 20 of 40",
        r"Two \x1b[2J episodes.",
        "record cart: 40 of 40",
        "train: 1 of 2 steps, loss 0.500",
    ]


def test_items_count_on_from_those_that_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainBar().items("record doors", 3, 5) as advance:
        advance(None)
    assert "record doors: 4 of 5" in capsys.readouterr().err


def test_a_training_runs_beside_the_main_thread_and_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Run] = []

    def work() -> None:
        playhead.record(CART, episodes=2, seconds=1, home=tmp_path)
        made.append(playhead.train(CART, steps=2, settings=SMALL, home=tmp_path, progress=True))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert made[0].name == "cart/default/" + made[0].path.name
    out, err = capsys.readouterr()
    assert out == ""
    assert "2 recordings" in err
    assert "train: 2 of 2 steps" in err
