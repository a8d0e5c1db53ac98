"""The runs that ship: one says which buttons were pressed, of a map and a player new to it; one plays."""

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
    assert list(open_recording(Path(done.place)).layers) == ["idm"]


def test_the_player_that_ships_plays(has_core: None, tmp_path: Path) -> None:
    played = playhead.play("pokemon", scenario="wins", seconds=10, home=tmp_path)
    assert played.run == "pokemon/player/wins1"
    assert played.episodes[0].measures["steps"] > 0
