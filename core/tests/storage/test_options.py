"""What a device was opened with: written plain and bounded, and what of it a replay takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playhead.errors import Damaged
from playhead.storage.options import LONGEST, given_options, numbers_of, texts_of
from playhead.storage.schema import RecordingHeader

OWN = {
    "environment": "Streets-v0",
    "codes": ("w", "a"),
    "arguments": {"traffic": 5, "boxes": 0},
    "crop": [0, 0, 8, 8],
}
GIVEN = {
    "environment": "Streets-v0", "codes": ["w", "a"], "arguments": {"traffic": 20, "boxes": 0, "sky": "red"},
    "reset": {"at": [1.5, True]}, "rom": "/home/somebody/roms/red.gba", "real_time": False,
    "seed": 4, "rate_hz": 20,
}  # fmt: skip


def test_what_is_said_beyond_the_games_own_is_kept_and_only_numbers_are_taken() -> None:
    kept = given_options(OWN, GIVEN)
    assert kept == {
        "arguments": {"traffic": 20, "sky": "red"}, "reset": {"at": [1.5, True]}, "rom": "red.gba",
        "real_time": False,
    }  # fmt: skip
    assert numbers_of(kept) == {"arguments": {"traffic": 20}, "reset": {"at": [1.5, True]}, "real_time": False}
    assert texts_of(kept, {}) == {"arguments.sky": "red", "rom": "red.gba"}
    assert texts_of(kept, {"rom": "other.gba", "arguments": {"sky": "blue"}}) == {}


@pytest.mark.parametrize(
    "odd",
    [float("nan"), object(), {"a": {"b": {"c": {"d": 1}}}}, [[1, 2], {"a": 1}], "x" * 5000, {1: {2: 3}}, b"bytes"],
)
def test_whatever_python_gives_can_be_read_again(odd: Any, header: RecordingHeader) -> None:
    given = given_options({}, {"odd": odd})
    told = json.loads(json.dumps({**header.to_json(), "options": given}, allow_nan=False))
    assert RecordingHeader.from_json(told, where="here").options == given
    assert all(len(text) <= LONGEST for text in texts_of(given, {}).values())


def _deep(levels: int) -> Any:
    return {"deeper": _deep(levels - 1)} if levels else 1


@pytest.mark.parametrize("options", [[1], "fast", {"a": [[1]]}, {"a": "x" * 2000}, _deep(4), _deep(300)])
def test_other_options_are_damage(options: Any, header: RecordingHeader) -> None:
    with pytest.raises(Damaged, match="options of the header"):
        RecordingHeader.from_json({**header.to_json(), "options": options}, where="here")


@pytest.fixture
def header(tmp_path: Path) -> RecordingHeader:
    from doubles import small_game

    return RecordingHeader.of(small_game(), device="world", driver="expert", rate_hz=10)
