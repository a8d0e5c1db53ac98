"""What a player takes and refuses, and what its console says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from live.test_running import RECIPE, live_run, trained

from playhead.dead_zones import DeadZone
from playhead.live.facts import of_player
from playhead.live.player import Player, zoned
from playhead.models.run import Run
from playhead.playing.policy import RunPolicy


def test_weights_of_another_schema_are_refused_and_the_player_goes_on_with_those_it_has(tmp_path: Path) -> None:
    live, said = live_run(), list[str]()
    ours = trained(tmp_path / "ours", live, 2, hand_out_every_s=0.0)
    theirs = trained(
        tmp_path / "theirs", live_run(recipe={**RECIPE.to_json(), "heads": ["steer"]}), 2, hand_out_every_s=0.0
    )
    player = Player(live, ours.folder, say=said.append)
    run = Run.open(ours.folder)
    player._policy = RunPolicy.of(run, live.plugins, live.game, rate_hz=10, awaited=["speed"])
    assert ours.newest is not None
    assert theirs.newest is not None
    player.offer(replace(theirs.newest, batch=98))
    player.put_in()
    assert (player.status.refused, player.status.swaps) == (1, 0)
    assert said[0].startswith("The player goes on with the weights it has: ")
    player.offer(replace(ours.newest, batch=99))
    player.put_in()
    assert (player.status.refused, player.status.swaps, player.status.weights_of) == (1, 1, 99)


def test_the_console_says_answers_in_the_order_of_the_recipe_and_what_dead_zones_make_of_them() -> None:
    live = live_run(recipe={**RECIPE.to_json(), "heads": ["pedals", "steer"]})
    player = Player(live, Path("nowhere"))
    player.status.answers = {"steer": [-0.625], "pedals": [0.2]}
    zones = {"steer": DeadZone(size=0.25, gain=0.8), "pedals": DeadZone(size=0.25)}
    player.status.played = zoned(zones, live.schema, player.status.answers)
    assert of_player(player)["rows"][:2] == [["pedals", "+0.20 (+0.00)"], ["steer", "-0.62 (-0.40)"]]
    player.status.played = zoned({}, live.schema, player.status.answers)
    assert of_player(player)["rows"][0] == ["pedals", "+0.20"]
