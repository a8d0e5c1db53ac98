"""One recording is changed by one command at a time, and what a stranger's intention names stays in its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from playhead.decoding import digest
from playhead.errors import BadValue
from playhead.home import Home
from playhead.storage.catalogue import Catalogue, describe_recording
from playhead.storage.changing import changing, settle
from playhead.storage.repair import repair_recording
from playhead.storage.writer import RecordingWriter

Recorded = Callable[..., Path]


def test_a_second_change_is_refused_and_a_look_waits_for_none(recorded: Recorded) -> None:
    folder = recorded(3)
    with changing(folder) as change:
        change.copy(1).mkdir()
        assert settle(folder.parent) == {}
        assert change.copy(1).exists()
        with pytest.raises(BadValue, match="right now"), changing(folder):
            pass
    assert not (folder.parent / ".replaced").exists()


def test_ctrl_c_between_the_renames_does_them_all(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(3)
    rename, renames = Path.rename, [0]

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "new-1":
            renames[0] += 1
            if renames[0] == 1:
                raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)

    def change_it() -> None:
        with changing(folder) as change:
            change.copy(1).mkdir()
            (change.copy(1) / "here").touch()
            change.replace()

    with pytest.raises(KeyboardInterrupt):
        change_it()
    assert (folder / "here").exists()
    assert (folder.parent / ".replaced" / f"{folder.name}-1" / "old" / "zarr.json").exists()


@pytest.mark.parametrize("name", ["../../out", "/tmp/out", "..", "", "a/b"])
def test_an_intention_names_nothing_elsewhere(recorded: Recorded, name: str, tmp_path: Path) -> None:
    folder = recorded(3)
    work = folder.parent / ".replaced" / f".changing-{folder.name}"
    (work / "new-1").mkdir(parents=True)
    for key in ("old", "backup", "names"):
        intention = {"old": folder.name, "backup": "b-1", "names": [folder.name]}
        intention[key] = [name] if key == "names" else name
        sealed = {"intention": intention, "seal": digest(intention)}
        (work / "intention.json").write_text(json.dumps(sealed))
        assert "was changed" in settle(folder.parent)[work]
        assert (work / "new-1").exists()
        assert (folder / "zarr.json").exists()
    listed = Catalogue(Home(tmp_path, "test")).recordings("pong")
    assert {info.name: bool(info.problems) for info in listed} == {folder.name: False, work.name: True}


def test_what_is_being_recorded_is_said_and_left_alone(recorded: Recorded, make_header: Callable) -> None:  # type: ignore[type-arg]
    folder = recorded(1).with_name("live")
    with RecordingWriter(folder, make_header()):
        assert "being recorded" in describe_recording(folder).problems[0]
        with pytest.raises(BadValue, match="being recorded right now"):
            repair_recording(folder)
    assert not (folder / "frames/.live").exists()
