"""Recordings say where they belong; a run that left a place out is measured there."""

from __future__ import annotations

from pathlib import Path

import pytest
from cartpole import CART, SMALL

import playhead
from playhead import cli
from playhead.cli.options import parse_tags
from playhead.errors import BadValue, NotFound, NothingToTrain
from playhead.storage.beginnings import hold_recording
from playhead.storage.check import check_recording
from playhead.storage.marks import Mark, measure
from playhead.storage.reader import open_recording
from playhead.storage.tagging import tag_recording

SPLIT = {**SMALL, "val_share": 0.5, "split_by": "session"}


def test_a_run_is_measured_where_it_was_never_taught(tmp_path: Path) -> None:
    def record(track: str, session: str, seed: int) -> list[str]:
        tags = {"track": track, "session": session}
        return playhead.record(CART, seconds=1, episodes=2, seed=seed, tags=tags, home=tmp_path).names

    coast = [record("coast", "noon", 1), record("coast", "evening", 3)]
    alpine = record("alpine", "morning", 5)
    run = playhead.train(CART, steps=2, settings={**SPLIT, "leave_out": "track=alpine"}, home=tmp_path)
    assert run.data["test"] == sorted(alpine)
    assert run.data["validation"] in [sorted(names) for names in coast]
    found = playhead.evaluate(CART, run=run, on="none", home=tmp_path)
    asked = found.predictions
    assert {asked.recordings[number] for number in asked.recording_N} == set(alpine)
    with pytest.raises(NotFound, match="track=alpine, track=coast"):
        playhead.train(CART, steps=2, settings={**SPLIT, "leave_out": "place"}, home=tmp_path)


def test_all_recordings_of_a_command_have_its_session(tmp_path: Path) -> None:
    made = playhead.record(CART, seconds=0.3, episodes=2, workers=1, tags={"track": "coast"}, home=tmp_path)
    infos = playhead.recordings(CART, home=tmp_path)
    tags = [open_recording(info.path).header.tags for info in infos]
    assert len(made.names) == len(tags) == 2
    assert tags[0] == tags[1]
    assert set(tags[0]) == {"session", "track"}
    assert tags[0]["session"]


def test_drives_carry_their_measures_and_are_left_out_by_them(tmp_path: Path) -> None:
    playhead.record(CART, seconds=2, episodes=2, seed=1, home=tmp_path)
    playhead.record(CART, seconds=0.4, episodes=1, seed=3, home=tmp_path)
    returns = {info.name: info.measures["return"] for info in playhead.recordings(CART, home=tmp_path)}
    worst = min(returns, key=returns.__getitem__)
    between = sum(sorted(returns.values())[:2]) / 2
    run = playhead.train(CART, steps=2, settings={**SMALL, "leave_out": f"return<{between}"}, home=tmp_path)
    assert run.data["left_out"] == [worst]
    assert worst not in [entry["name"] for entry in run.data["recordings"]]
    with pytest.raises(NothingToTrain, match="leaves out all 3 recordings"):
        playhead.train(CART, steps=2, settings={**SMALL, "leave_out": "return<1e9"}, home=tmp_path)


def test_tags_can_be_given_and_taken_away_afterwards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = playhead.record(CART, seconds=0.3, home=tmp_path).segments[0].recording
    assert made is not None
    mark = Mark(state="0" * 64, files=measure(made.path)[0], bytes=measure(made.path)[1])
    mark.write(made.path)
    assert cli.run(["data", "tag", "cart", "track=alpine", "note=a=b", "--home", str(tmp_path)]) == 0
    assert "track=alpine, note=a=b" in capsys.readouterr().out
    tags = open_recording(made.path).header.tags
    assert (tags["track"], tags["note"]) == ("alpine", "a=b")
    assert tags["session"]
    assert tag_recording(made.path, {"session": "", "note": ""}) == {"track": "alpine"}
    assert check_recording(made.path) == []
    kept = Mark.read(made.path)
    assert kept is not None
    assert kept.is_whole(made.path)
    assert cli.run(["data", "tag", "track=alpine", "--home", str(tmp_path)]) == 1
    with pytest.raises(BadValue, match="being recorded"), hold_recording(made.path):
        tag_recording(made.path, {"track": "coast"})


def test_tags_are_names_and_values() -> None:
    assert parse_tags(["track=alpine", "note=a=b"]) == {"track": "alpine", "note": "a=b"}
    for text in ("alpine", "=alpine", "track="):
        with pytest.raises(BadValue, match=r"--tag .* is not of the form"):
            parse_tags([text])
