"""The run that ships says which buttons were pressed, on a map and of a player that it has not learned from."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead.storage.reader import open_recording
from playhead_pokemon.held_out import MAPS, PLAYERS, SEEDS


def test_the_run_that_ships_labels_what_it_has_not_seen(has_core: None, tmp_path: Path) -> None:
    made = playhead.record(
        "pokemon", driver=PLAYERS[0], scenario="free", seconds=10, seed=SEEDS[-1], home=tmp_path, workers=1,
        settings={f"reset.{name}": value for name, value in MAPS.items()},
    )  # fmt: skip
    (done,) = playhead.label("pokemon", recordings=made.names, home=tmp_path)
    assert not done.why
    agreement = done.agreement["buttons"]
    assert agreement["hamming"] < 0.03
    recording = open_recording(Path(done.place))
    assert recording.layer("idm").header.origin == "model"
