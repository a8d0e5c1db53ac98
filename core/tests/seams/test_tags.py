"""Recordings say where they belong; a run that left a place out is measured there."""

from __future__ import annotations

from pathlib import Path

import pytest
from cartpole import CART, SMALL

import playhead
from playhead.cli.options import parse_tags
from playhead.errors import BadValue, NotFound
from playhead.storage.reader import open_recording

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


def test_tags_are_names_and_values() -> None:
    assert parse_tags(["track=alpine", "note=a=b"]) == {"track": "alpine", "note": "a=b"}
    for text in ("alpine", "=alpine", "track="):
        with pytest.raises(BadValue, match=r"--tag .* is not of the form"):
            parse_tags([text])
