"""Damaged and hostile inputs end in a sentence: never in a traceback, never hanging, never over a gigabyte.

python tests/fuzz.py --inputs 500 --seed 1              a long run, with a table
python tests/fuzz.py --seed 1 --only 42                 one input again, with all that was said
python tests/fuzz.py --inputs 500 --keep FOLDER         inputs with faults stay there
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from fuzzing import hostile
from fuzzing.judge import HANG, MEMORY, NET, OTHER, TRACEBACK, judged
from fuzzing.process import Outcome
from fuzzing.sandbox import Sandbox

TESTS = Path(__file__).parent
DEFAULT = 48  # inputs of the default run: all kinds, in half a minute on two cores


def fuzz(*options: str) -> None:
    done = subprocess.run(
        [sys.executable, str(TESTS / "fuzz.py"), *options], capture_output=True, text=True, errors="replace"
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and reads /proc")
def test_hostile_inputs_end_in_a_sentence() -> None:
    fuzz("--inputs", str(DEFAULT), "--seed", "1")


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["2", "3", "4"])
def test_500_hostile_inputs_end_in_a_sentence(seed: str) -> None:
    fuzz("--inputs", "500", "--seed", seed)


@pytest.mark.slow
def test_each_of_500_flipped_bits_is_seen() -> None:
    done = subprocess.run(
        [sys.executable, str(TESTS / "flip.py"), "500"], capture_output=True, text=True, errors="replace"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def outcome(**changes: object) -> Outcome:
    said = {"args": ("data", "list"), "code": 0, "out": "", "err": "", "seconds": 0.1, "growth": 0}
    return Outcome(**(said | changes))  # type: ignore[arg-type]


TRACE = (
    'Traceback (most recent call last):\n  File "/x/playhead/storage/reader.py", line 5, in read\nKeyError: 3\n'
)


@pytest.mark.parametrize(
    ("changes", "sort"),
    [
        ({"code": 1, "err": TRACE}, TRACEBACK),
        ({"code": 1, "err": "Error: Something. The traceback is in /gone; playhead --debug ... shows it."}, NET),
        ({"code": -9, "killed": "it went on for 60 s"}, HANG),
        ({"code": -9, "killed": "it took too much memory"}, MEMORY),
        ({"growth": 2**30 + 1}, MEMORY),
        ({"code": -11}, OTHER),
        ({"code": 1, "err": "Home /x (--home).\n"}, OTHER),
        ({"out": "name \x1b[31m"}, OTHER),
        ({"err": "name \u202e"}, OTHER),
        ({"out": f"name\n{hostile.FAKE_ROW}  1,000 frames"}, OTHER),
        ({"err": hostile.LEAKED}, OTHER),
    ],
)
def test_the_judge_sees(changes: dict[str, object], sort: str) -> None:
    assert [fault.sort for fault in judged(outcome(**changes))] == [sort]


def test_the_judge_leaves_good_endings_alone() -> None:
    assert judged(outcome(out="name  frames\n")) == []
    assert judged(outcome(code=1, err="Error: x.json is damaged. Repair it: playhead data repair x\n")) == []


def test_a_traceback_is_known_by_its_place() -> None:
    (fault,) = judged(outcome(code=1, err=TRACE))
    assert fault.what == "playhead/storage/reader.py:5 read: KeyError: 3"


def test_whatever_is_touched_is_told(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, may_read=False)
    whole = tmp_path / "home" / "whole"
    whole.mkdir()
    (whole / "file").write_text("x")
    box.healthy = [whole]
    box.lay()
    assert box.touched() == []
    (whole / "file").write_text("y")
    (box.outside / "new").write_text("z")
    box.ran.write_text("called\n")
    told = " ".join(box.touched())
    assert "healthy file" in told
    assert "written" in told
    assert "code run: called" in told


def test_what_is_changed_follows_from_the_number_alone() -> None:
    document = {"a": [1, {"b": "text"}], "c": None}
    made = [hostile.dumps(hostile.changed(document, Random(f"1/{number}"))[0]) for number in range(200)]
    assert made == [hostile.dumps(hostile.changed(document, Random(f"1/{number}"))[0]) for number in range(200)]
    assert len(set(made)) > 100
    assert document == {"a": [1, {"b": "text"}], "c": None}
