"""One sentence says what was found, and the page and the terminal have the same one."""

from __future__ import annotations

import re

from playhead.evaluation import plots
from playhead.evaluation.report import render_page
from playhead.evaluation.results import Evaluation
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.game import Measure

SCORE = (Measure(name="score", title="score", unit="m"),)


def table(**scores: float) -> ScoreTable:
    episodes = [
        Episode(driver=driver, seed=seed, measures={"score": score + 0.01 * seed})
        for driver, score in scores.items()
        for seed in range(4)
    ]
    return ScoreTable(episodes=episodes, measures=SCORE)


def found(**scores: float) -> Evaluation:
    return Evaluation(title="Pong", run="pong/default/1", table=table(**scores))


def test_it_says_how_far_the_network_drove_and_who_else_did() -> None:
    said = found(expert=3.0, network=2.0, always_forward=1.5, random=1.0).headline
    assert re.match(r"Score: 2\.0\d \[.+\] m on 4 unseen seeds, 50 % of the way from random to expert", said)
    assert said.endswith("(expert 3.01, always forward 1.51, random 1.01).")


def test_without_an_expert_nothing_is_compared_with_one() -> None:
    alone = found(network=2.0, random=1.0)
    assert "way" not in alone.headline
    assert "ratios" not in render_page(alone)
    assert "expert" not in alone.to_text()
    assert "ratios to the expert" in render_page(found(expert=3.0, network=2.0))


def test_it_is_the_first_sentence_of_the_page_and_the_last_line_of_the_terminal() -> None:
    evaluation = found(expert=3.0, network=2.0, random=1.0)
    assert evaluation.to_text().splitlines()[-1] == evaluation.headline
    page = render_page(evaluation)
    assert page.index('class="headline">Score: 2.0') < page.index("<h2>")
    assert evaluation.to_json()["headline"] == evaluation.headline


def test_without_anything_found_it_says_nothing() -> None:
    assert Evaluation(title="Pong", run="pong/default/1").headline == ""


def test_a_driver_has_one_colour_whoever_drives_beside_it() -> None:
    for drivers in (["network", "random"], ["expert", "network", "own"], ["own", "network"]):
        assert plots.colour_of("network", drivers) == plots.ORANGE
        assert len({plots.colour_of(one, drivers) for one in drivers}) == len(drivers)


def test_what_is_the_same_of_all_has_no_better() -> None:
    same = ScoreTable(
        episodes=[Episode(driver=who, seed=0, measures={"score": 1.0}) for who in ("a", "b")], measures=SCORE
    )
    assert "the same of all" in plots.seeds_plot(same, "score")
    assert "higher is better" in plots.seeds_plot(table(network=1, random=2), "score")
