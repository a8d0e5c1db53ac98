"""A recording is known by its pictures and labels, whatever it is called and wherever it lies."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from doubles import small_game

from playhead.data.groups import copies
from playhead.data.split import split
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import NothingToTrain
from playhead.events import Origin
from playhead.storage.fingerprint import content_of, twins
from playhead.storage.marks import Mark
from playhead.storage.reader import Recording, open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

GAME = small_game()


def write(folder: Path, seed: int, *, shade: int | None = None, keys: int = 0, frames: int = 8) -> Recording:
    """Write frames of noise, or of one shade; `keys` of them have a key held."""
    rng = np.random.default_rng(seed)
    header = RecordingHeader.of(GAME, device="screen", driver="human", rate_hz=10)
    with RecordingWriter(folder, header) as writer:
        for number in range(frames):
            frame = rng.integers(0, 256, GAME.frame.shape, dtype=np.uint8)
            frame = frame if shade is None else np.full_like(frame, shade)
            labels = {name: np.full(head.columns, number < keys, head.dtype) for name, head in GAME.schema.items()}
            writer.append(frame, 10**8 * number + seed, labels, Origin.HUMAN)
    return open_recording(folder)


def test_a_copy_has_the_same_content_and_another_recording_another(tmp_path: Path) -> None:
    first, other = write(tmp_path / "a", 1, keys=3), write(tmp_path / "b", 2, keys=3)
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    copy = open_recording(tmp_path / "copy")
    assert content_of(first) == content_of(copy) != content_of(other)
    assert twins([other, copy, first]) == {"copy": "a"}
    relabelled = write(tmp_path / "c", 1, keys=5)
    assert content_of(relabelled) != content_of(first), "other labels are another import"
    assert twins([first, relabelled]) == {"c": "a"}, "but the same pictures never part"


def test_stills_are_told_apart_by_nothing_and_prove_nothing(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", 1, shade=0), write(tmp_path / "b", 2, shade=0)
    assert content_of(first) == content_of(second) == ""
    assert twins([first, second]) == {}


@pytest.mark.parametrize("seed", range(6))
def test_copies_validate_or_train_together(seed: int, tmp_path: Path) -> None:
    made = [write(tmp_path / "home" / f"r{number}", number, keys=4) for number in range(4)]
    shutil.copytree(tmp_path / "home" / "r1", tmp_path / "elsewhere" / "renamed")
    shutil.copytree(tmp_path / "home" / "r2", tmp_path / "elsewhere" / "again")
    made += [open_recording(tmp_path / "elsewhere" / name) for name in ("renamed", "again")]
    parts = split(WindowIndex.of(made, GAME.schema, WindowSpec()), 0.4, seed, test_share=0.25)
    sides = {name: side for side, part in (("train", parts.train), ("validation", parts.validation),
                                           ("test", parts.test))
             for name in {made[number].name for number in part.recording_N.tolist()}}  # fmt: skip
    assert sides["r1"] == sides["renamed"]
    assert sides["r2"] == sides["again"]
    assert set(parts.validation_groups) == {name for name, side in sides.items() if side == "validation"}


def test_a_recording_and_its_copy_are_one_and_cannot_be_parted(tmp_path: Path) -> None:
    first = write(tmp_path / "a", 1, keys=4)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    index = WindowIndex.of([first, open_recording(tmp_path / "b")], GAME.schema, WindowSpec())
    with pytest.raises(NothingToTrain, match="b shows the same pictures as a"):
        split(index, 0.5, 0)


def test_two_sessions_that_show_the_same_are_two_unless_the_same_is_done(tmp_path: Path) -> None:
    made = [write(tmp_path / f"r{number}", number, keys=4) for number in range(3)]
    other, again = write(tmp_path / "other", 1, keys=5), write(tmp_path / "again", 1, keys=4)
    assert copies([*made, other, again]) == {"r1": "again"}
    assert copies([*made, other]) == {}
    for seed in range(6):
        parts = split(WindowIndex.of([*made, again], GAME.schema, WindowSpec()), 0.3, seed)
        assert {"again", "r1"} & set(parts.validation_groups) in (set(), {"again", "r1"})
    alone = WindowIndex.of([made[1], again], GAME.schema, WindowSpec())
    assert len(split(alone, 0.5, 0).validation_groups) == 1, "one drive again and again is better than nothing"
    Mark(state="0" * 64).write(tmp_path / "again")
    with pytest.raises(NothingToTrain, match="r1 shows the same pictures as again"):
        split(alone, 0.5, 0)


def test_a_drive_that_ended_earlier_is_the_same_drive(tmp_path: Path) -> None:
    whole, part = write(tmp_path / "a", 1, keys=4), write(tmp_path / "b", 1, keys=4, frames=5)
    assert twins([part, whole]) == copies([whole, part]) == {"b": "a"}
    assert twins([whole, write(tmp_path / "c", 2, keys=4, frames=5)]) == {}
